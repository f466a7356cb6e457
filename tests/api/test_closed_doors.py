"""What somebody may not read or write is told in one line, with status 2 (ROUND.md, Exits)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from matching.resultfiles import write_result
from tests import small
from tests.api.shown import RESULT, ROSTER
from tests.workbooks import sheets_of, write_workbook

NOBODY = 65_534
DENIED = "(Permission denied)"
ANOTHER = "ask for leave to read it, or give another"
READABLE = "give a file that can be read"
WITH_GROUPS = "give a result folder, with groups.csv in it"


def invoke(*words: str | Path) -> tuple[int, str]:
    """The status of a command and what it tells of errors; makes sure that it says nothing else."""
    ended = CliRunner().invoke(app, [str(word) for word in words])
    assert ended.stdout == ""
    return ended.exit_code, ended.stderr


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of somebody who may not read everything, with a round, a workbook and a result, while the tests run as that user.

    Root may read everything, and becomes somebody else meanwhile.
    """
    folder = Path(tempfile.mkdtemp())
    small.write(folder / "round")
    write_workbook(folder / "book.xlsx", sheets_of(folder / "round"))
    write_result(RESULT, folder / "result", roster=ROSTER)
    for words in (("check", folder / "round"), ("show",), ("report", "--out", os.devnull)):  # loads whatever a command imports
        CliRunner().invoke(app, [*map(str, words), str(folder / "result")])
    (folder / "empty").mkdir()
    root = os.geteuid() == 0
    if root:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            pytest.skip(f"nobody but root may use {folder.parent}")
        yield folder
    finally:
        if root:
            os.setresuid(0, 0, 0)
        for path in folder.iterdir():
            path.chmod(0o700)
        shutil.rmtree(folder)


def test_a_folder_or_file_that_may_not_be_read_is_told(place: Path) -> None:
    """Nobody may look into the round and the result, nor read the workbook."""
    round, result, book = place / "round", place / "result", place / "book.xlsx"
    ways: list[Callable[[], tuple[int, str]]] = [
        lambda: invoke("match", round, "--out", place / "new"),
        lambda: invoke("match", round / "below", "--out", place / "new"),
        lambda: invoke("match", book, "--out", place / "new"),
        lambda: invoke("check", round, result),
        lambda: invoke("show", result),
        lambda: invoke("show", result / "below"),
        lambda: invoke("report", result, "--out", place / "page.html"),
        lambda: invoke("match", round, "--out", result),
    ]
    for path in (round, result, book):
        path.chmod(0)
    assert [way() for way in ways] == [
        (2, f"round: cannot be looked into {DENIED}; {ANOTHER}\n"),
        (2, f"below: cannot be looked into {DENIED}; {ANOTHER}\n"),
        (2, f"book.xlsx: cannot be read {DENIED}; {READABLE}\n"),
        (2, f"round: cannot be looked into {DENIED}; {ANOTHER}\n"),
        (2, f"result: cannot be looked into {DENIED}; {WITH_GROUPS}\n"),
        (2, f"below: cannot be looked into {DENIED}; {WITH_GROUPS}\n"),
        (2, f"result: cannot be looked into {DENIED}; {WITH_GROUPS}\n"),
        (2, f"result: cannot be looked into {DENIED}; name a new or empty folder\n"),
    ]


def test_a_result_that_may_not_be_read_is_told_of_a_good_round(place: Path) -> None:
    """A result that cannot be read is faulty to the judge, whatever the cause, and bad input to a repair."""
    round, result = place / "round", place / "result"
    result.chmod(0)
    told = f"result: cannot be looked into {DENIED}; {WITH_GROUPS}\n"
    assert invoke("check", round, result) == (1, told)
    assert invoke("check", round, result, "--previous", result) == (2, told)
    assert invoke("match", round, "--out", place / "new", "--previous", result) == (2, told)
    assert not (place / "new").exists()


@pytest.mark.parametrize("name", sorted(small.FILES))
def test_a_single_file_of_a_round_that_may_not_be_read_is_told(name: str, place: Path) -> None:
    (place / "round" / name).chmod(0)
    status, told = invoke("match", place / "round", "--out", place / "new")
    assert (status, told.splitlines()[0]) == (2, f"{name}: cannot be read {DENIED}; {READABLE}")


@pytest.mark.parametrize("name", ["groups.csv", "unplaced.csv", "advice.csv", "changes.csv", "summary.json", "roster.json"])
def test_a_single_file_of_a_result_that_may_not_be_read_is_told(name: str, place: Path) -> None:
    (place / "result" / name).touch()
    (place / "result" / name).chmod(0)
    status, told = invoke("show", place / "result")
    assert (status, told.splitlines()[0].partition(";")[0]) == (2, f"{name}: cannot be read {DENIED}")


def test_a_place_that_may_not_be_written_is_told(place: Path) -> None:
    round, empty = place / "round", place / "empty"
    empty.chmod(0o500)
    told = "cannot be written; name a new or empty folder\n"
    assert invoke("match", round, "--out", empty) == (2, f"empty: {told}")
    assert invoke("match", round, "--out", empty / "new") == (2, f"new: {told}")
    page = empty / "page.html"
    assert invoke("report", place / "result", "--out", page) == (
        2,
        f"{page}: cannot be written {DENIED}; name a file in a folder that is there\n",
    )
