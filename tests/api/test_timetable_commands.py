"""`dure timetable` takes mentors' calendars in, and what is busy there out of rounds; whatever cannot be is told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine

from tests.api.typed import Typed, typed
from tests.scheduler.served import Page
from tests.scheduler.test_timetables import lectures
from tests.sessions import at, taught_term

__all__ = ["typed"]


@pytest.fixture(autouse=True)
def _before_the_term() -> Iterator[None]:
    with time_machine.travel(at("2026-03-01 12:00"), tick=False):
        yield


def test_a_file_is_taken_in_listed_and_removed(database: Engine, typed: Typed, tmp_path: Path) -> None:
    taught_term(database)
    file = tmp_path / "m-1.ics"
    file.write_bytes(lectures("MO19"))
    line = "m-1: a file, read 2026-03-01 03:00 UTC; busy Mon 19:00-20:00; left Mon 09:00-19:00; Mon 20:00-22:00\n"
    assert typed("timetable", "add", "spring", "m-1", file).output == line
    assert typed("timetable", "list", "spring").output == line
    clashing = typed("timetable", "clashes", "spring").output.splitlines()
    assert [one.split()[0] for one in clashing] == [f"g-3@2026-03-{day:02}T19:00" for day in (2, 9, 16, 23)]
    assert typed("timetable", "remove", "spring", "m-1").output == "m-1: has no timetable any more\n"
    assert typed("timetable", "list", "spring").output.startswith("no mentor has handed in a timetable; ")


def test_an_address_is_subscribed_to_read_again_and_never_shown(database: Engine, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    taught_term(database)
    monkeypatch.setenv("DURE_TIMETABLE_HOSTS", "127.0.0.1")
    page = Page(lectures("MO09"))
    with page.up() as address:
        told = [typed("timetable", "add", "spring", "m-1", address).output]
        page.body = lectures("MO10")
        told.append(typed("timetable", "fetch", "spring").output)
        page.status = 410
        told.append(typed("timetable", "fetch", "spring", "m-1").output)
    start = "m-1: an address at 127.0.0.1, read 2026-03-01 03:00 UTC; busy "
    assert told == [
        f"{start}Mon 09:00-10:00; left Mon 10:00-22:00\n",
        f"{start}Mon 10:00-11:00; left Mon 09:00-10:00; Mon 11:00-22:00\n",
        f"{start}Mon 10:00-11:00; left Mon 09:00-10:00; Mon 11:00-22:00; now 127.0.0.1: answered 410\n",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(("add", "spring", "m-1", "none.ics"), "none.ics: No such file or directory", id="no file"),
        pytest.param(("add", "spring", "m-1", "/"), "/: Is a directory", id="a folder"),
        pytest.param(("add", "spring", "m-1", __file__), "the timetable is no calendar; hand in an .ics file", id="another file"),
        pytest.param(("add", "spring", "m-9", __file__), "m-9: there is no such mentor", id="no such mentor"),
        pytest.param(("add", "autumn", "m-1", __file__), "there is no term 'autumn'", id="no such term"),
        pytest.param(("add", "spring", "m-1", "https://127.0.0.1/x"), "127.0.0.1: 127.0.0.1 is not on the public internet", id="inside"),
        pytest.param(("add", "spring", "m-1", "file:///etc/passwd"), "the address does not begin with https://", id="no address"),
        pytest.param(("remove", "spring", "m-1"), "m-1: has no timetable", id="nothing to remove"),
        pytest.param(("fetch", "spring", "m-1"), "m-1: has no timetable", id="nothing to fetch"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(database: Engine, typed: Typed, words: tuple[str, ...], line: str) -> None:
    taught_term(database)
    ended = typed("timetable", *words)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith(line)
    assert typed("timetable", "list", "spring").output.startswith("no mentor has handed in a timetable; ")
