"""Reads a round from a folder, a workbook or frames, and writes one to a folder (ROUND.md, In).

Every fault of what is read is told at once, and nothing is guessed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from matching.columns import MENTEES, MENTORS, pairs, peers
from matching.csvfile import Row, read_csv, write_csv
from matching.faults import BadFile, BadRound, Fault, Faults, short
from matching.folders import closed
from matching.kinds import Known
from matching.policy import read_policy_file, read_policy_rows, write_policy
from matching.round import Policy, Round
from matching.rows import Columns, Rows, read_rows
from matching.workbook import Sheets

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")

POLICY_FILE = "policy.toml"


class _Tables(Protocol):
    """Where the tables of a round come from."""

    def called(self, table: str) -> str:
        """How faults name a table."""

    def names(self) -> Iterable[str]:
        """What all that is there is called."""

    def holds(self, table: str) -> bool:
        """Whether the table is there."""

    def rows(self, table: str) -> Iterator[Row]:
        """Its rows, the header first."""


class _Folder:
    """Tables that are files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def called(self, table: str) -> str:
        return f"{table}.csv"

    def names(self) -> Iterable[str]:
        return (path.name for path in self._folder.iterdir())

    def holds(self, table: str) -> bool:
        return os.path.lexists(self._folder / self.called(table))  # a link to nowhere is read, and that told

    def rows(self, table: str) -> Iterator[Row]:
        return read_csv(self._folder / self.called(table))


class _Frames:
    """Tables that are pandas frames; a frame's first row counts as line 2, as if a header stood above it."""

    def __init__(self, frames: dict[str, DataFrame]) -> None:
        self._frames = frames

    def called(self, table: str) -> str:
        return table

    def names(self) -> Iterable[str]:
        return self._frames

    def holds(self, table: str) -> bool:
        return table in self._frames

    def rows(self, table: str) -> Iterator[Row]:
        frame = self._frames[table].astype(object)
        yield 1, [str(name) for name in frame.columns]
        yield from enumerate(frame.where(frame.notna(), None).itertuples(index=False, name=None), start=2)


def read_round(path: Path) -> Round:
    """Reads a round from a folder of files, or from one XLSX workbook with the same tables as sheets.

    Raises
    ------
    BadRound
        With every fault; `file` in them is a file's name, or `book.xlsx[sheet]`.
    """
    faults = Faults()
    if why := closed(path):
        raise BadRound((Fault(path.name or str(path), 0, "", why, "ask for leave to read it, or give another"),))
    if path.is_dir():
        folder = path
        return _read(_Folder(folder), lambda: _policy_of(folder, faults), faults)
    if path.suffix.lower() != ".xlsx" or not path.is_file():
        problem = "is neither a folder nor an XLSX workbook" if path.exists() else "is missing"
        mend = "give a folder with mentors.csv, mentees.csv and policy.toml, or a workbook"
        raise BadRound((Fault(str(path), 0, "", problem, mend),))  # as it was given: a name says not where it was looked for
    try:
        with closing(Sheets(path)) as sheets:
            return _read(sheets, lambda: _policy_sheet(sheets, faults), faults)
    except BadFile as bad:
        raise BadRound((bad.fault,)) from None


def name_of(path: Path, table: str) -> str:
    """How faults name a table of the round at this path."""
    return f"{path.name}[{table}]" if path.suffix.lower() == ".xlsx" and not path.is_dir() else f"{table}.csv"


def round_from_frames(
    mentors: DataFrame, mentees: DataFrame, policy: Policy, pairs: DataFrame | None = None, peers: DataFrame | None = None
) -> Round:
    """Makes a round of pandas frames with the columns of the files; cells may have types of their own.

    Raises
    ------
    BadRound
        With every fault; `file` in them is `mentors`, `mentees`, `pairs` or `peers`, and `line` counts a header as 1.
    """
    import pandas as pd

    given: dict[str, object] = {"mentors": mentors, "mentees": mentees, "pairs": pairs, "peers": peers}
    frames = {name: table for name, table in given.items() if isinstance(table, pd.DataFrame)}
    others = [name for name, table in given.items() if name not in frames and (table is not None or name in {"mentors", "mentees"})]
    if others:
        mend = "give a DataFrame with the columns of"
        raise BadRound(tuple(Fault(name, 0, "", "is no pandas frame", f"{mend} {name}.csv") for name in others))
    return _read(_Frames(frames), lambda: policy, Faults())


def _read(tables: _Tables, policy: Callable[[], Policy | None], faults: Faults) -> Round:
    mentors = _required(tables, "mentors", MENTORS, faults)
    mentees = _required(tables, "mentees", MENTEES, faults)
    rules = policy()
    mentor = Known(mentors.keys, "mentor_id", tables.called("mentors"))
    mentee = Known(mentees.keys, "mentee_id", tables.called("mentees"))
    said_of_pairs = _optional(tables, "pairs", pairs(mentor, mentee), faults)
    said_of_peers = _optional(tables, "peers", peers(mentee), faults)
    if rules is None or faults.found:
        raise faults.error(BadRound)
    return Round(
        policy=rules, mentors=tuple(mentors.values), mentees=tuple(mentees.values), pairs=tuple(said_of_pairs), peers=tuple(said_of_peers)
    )


def _required(tables: _Tables, table: str, columns: Columns[T], faults: Faults) -> Rows[T]:
    if tables.holds(table):
        return read_rows(tables.called(table), tables.rows(table), columns, faults)
    needed = ", ".join(column.name for column in columns.columns if column.required)
    mend = _renamed(tables, table) or f"add it, with the columns {needed}"
    faults.add(Fault(tables.called(table), 0, "", "is missing", mend))
    return Rows(keys=None)


def _optional(tables: _Tables, table: str, columns: Columns[T], faults: Faults) -> list[T]:
    return read_rows(tables.called(table), tables.rows(table), columns, faults).values if tables.holds(table) else []


def _renamed(tables: _Tables, table: str) -> str:
    """What to rename, where a table is called nearly as it should be."""
    alike = [name for name in tables.names() if name.strip().casefold() in (table, f"{table}.csv")]
    return f"rename {short(alike[0])} to {table}{alike[0].strip()[len(table) :].lower()}" if alike else ""


def _policy_of(folder: Path, faults: Faults) -> Policy | None:
    if os.path.lexists(folder / POLICY_FILE):
        return read_policy_file(folder / POLICY_FILE, faults)
    faults.add(Fault(POLICY_FILE, 0, "", "is missing", "add it, with time_zone, term_start and term_end in [program]"))
    return None


def _policy_sheet(sheets: Sheets, faults: Faults) -> Policy | None:
    if sheets.holds("policy"):
        return read_policy_rows(sheets.called("policy"), sheets.rows("policy"), faults)
    faults.add(Fault(sheets.called("policy"), 0, "", "is missing", "add it, with the columns part, key, value"))
    return None


def write_round(round: Round, folder: Path) -> None:
    """Writes a round as files into a folder, which is made where it is missing; reading them gives an equal round.

    Columns that nobody fills are left out, and so are pairs.csv and peers.csv where they would be empty. Files
    that are in the folder already are written over, and others left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / POLICY_FILE).write_text(write_policy(round.policy), encoding="utf-8", newline="\n")
    nobody = Known(None, "", "")
    _write(folder / "mentors.csv", MENTORS, round.mentors)
    _write(folder / "mentees.csv", MENTEES, round.mentees)
    if round.pairs:
        _write(folder / "pairs.csv", pairs(nobody, nobody), round.pairs)
    if round.peers:
        _write(folder / "peers.csv", peers(nobody), round.peers)


def _write(path: Path, columns: Columns[T], rows: Sequence[T]) -> None:
    cells = {column.name: [column.written(row) for row in rows] for column in columns.columns}
    used = [column.name for column in columns.columns if column.required or any(cells[column.name])]
    write_csv(path, used, zip(*(cells[name] for name in used), strict=True))
