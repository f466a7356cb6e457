"""A round that is sent as a ZIP of the contract's files, and may be a bomb: what it unpacks to is bounded before it is looked at.

It holds mentors.csv, mentees.csv and policy.toml, pairs.csv and peers.csv where there are any, all of them in one folder or in none; and in
a folder `previous` a result's files, where its groups are to be repaired.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from data.archive import packed
from data.for_people import SIGN_FILE, read_tables
from data.unpacking import unpacked
from matching.faults import BadRound
from matching.resultfiles import FILES as RESULT_FILES, read_groups
from matching.round import Round
from matching.tables import read_round

ROUND_FILES = ("mentors.csv", "mentees.csv", "policy.toml", "pairs.csv", "peers.csv")
PREVIOUS = "previous/"
KEPT_OF_PREVIOUS = ("groups.csv", "members.csv")


def round_of_zip(body: bytes) -> tuple[Round, bytes | None]:
    """The round, and the folder of the result that is to be repaired, as a ZIP, where there is one.

    Raises
    ------
    BadRound, BadResult
        With every fault of the archive, or else of its files.
    """
    files = _unpacked(body, lambda name: name in ROUND_FILES or _is_of_previous(name))
    with TemporaryDirectory(prefix="dure-") as held:
        folder = Path(held)
        _write(folder / "round", {name: text for name, text in files.items() if not name.startswith(PREVIOUS)})
        round = read_round(folder / "round")
        before = {name.removeprefix(PREVIOUS): text for name, text in files.items() if name.startswith(PREVIOUS)}
        if not before:
            return round, None
        kept = {name: before[name] for name in KEPT_OF_PREVIOUS if name in before}
        _write(folder / "previous", kept)
        read_groups(folder / "previous")
        return round, packed(lambda made: _write(made, kept))


def tables_of_zip(body: bytes) -> Round:
    """A round's tables, also those that were written for people.

    Raises
    ------
    BadRound
        With every fault of the archive, or else of its files.
    """
    files = _unpacked(body, lambda name: name in {*ROUND_FILES, SIGN_FILE})
    with TemporaryDirectory(prefix="dure-") as held:
        _write(Path(held), files)
        return read_tables(Path(held))


def _is_of_previous(name: str) -> bool:
    return name.startswith(PREVIOUS) and name.removeprefix(PREVIOUS) in RESULT_FILES


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text)


def _unpacked(body: bytes, takes: Callable[[str], bool]) -> dict[str, bytes]:
    return unpacked(body, takes, "a round", f"send only {', '.join(ROUND_FILES)}", BadRound)
