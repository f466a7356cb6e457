"""`dure audit list`: who did what, as people read it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from tests.api.typed import Typed, typed
from tests.sessions import at, taught_term

__all__ = ["typed"]

MOVED = (
    "2026-03-09 12:00:00+0900  tutoring/spring  g-1@2026-03-10T19:00: moved, by command line; school trip "
    "(from: 2026-03-10 19:00, to: 2026-03-13 18:00, sessions: 1)"
)
RECORDED = "2026-03-09 13:00:00+0900  tutoring/spring  g-1@2026-03-05T19:00: recorded, by command line"
LEFT = (
    "2026-03-11 12:00:00+0900  tutoring/spring  mentee s-2: mentee left, by command line "
    "(left_on: 2026-03-16, groups: g-1 g-2, sessions: 6)"
)
NAMES = "2026-03-12 03:00:00+0000  -  program tutoring: setting changed, by command line (setting: names, value: given)"


@pytest.fixture
def done(database: Engine, typed: Typed) -> Iterator[Typed]:
    """A term in which some things were done, and one without."""
    taught_term(database)
    taught_term(database, city="other", zone="America/New_York")
    for when, words in (
        ("2026-03-09 12:00", "session move city/tutoring/spring g-1@2026-03-10 2026-03-13T18:00 --why 'school trip'"),
        ("2026-03-09 13:00", "session record city/tutoring/spring g-1@2026-03-05 s-1=present s-2=late --minutes 50"),
        ("2026-03-11 12:00", "leave mentee city/tutoring/spring s-2 --from 2026-03-16"),
        ("2026-03-12 12:00", "program set city/tutoring names given"),
    ):
        with time_machine.travel(at(when), tick=False):
            result = typed(*shlex.split(words))
        assert result.exit_code == 0, result.output
    with time_machine.travel(at("2026-03-13 12:00"), tick=False):
        yield typed


NONE = "there are no such rows"

SHOWN: dict[str, list[str]] = {
    "": [NAMES, LEFT, RECORDED, MOVED],
    "--term city/tutoring/spring": [LEFT, RECORDED, MOVED],
    "--term other/tutoring/spring": [NONE],
    "--program city/tutoring": [NAMES, LEFT, RECORDED, MOVED],
    "--term city/tutoring/spring --since 2026-03-11": [LEFT],
    "--since 2026-03-13": [NONE],
    "--about TRIP": [MOVED],
    "--about g-2": [LEFT],
    "--about 100%": [NONE],
    "--rows 3": [NAMES, LEFT, RECORDED, "and 1 more, earlier: --page 2 shows the next"],
    "--rows 3 --page 2": [MOVED],
    "--rows 3 --page 3": [NONE],
}


def test_what_was_done_is_shown_by_keys_and_by_the_clock_of_the_term(done: Typed) -> None:
    for words, shown in SHOWN.items():
        result = done("audit", "list", *words.split())
        assert result.exit_code == 0
        assert [line.partition(" (attendance")[0] for line in result.output.splitlines()] == shown, words
    assert done("feed", "new", "city/tutoring/spring", "--mentor", "m-1").exit_code == 0
    shown = done("audit", "list", "--program", "city/tutoring", "--about", "feed new").output.splitlines()
    assert len(shown) == 1
    assert shown[0].endswith("(audience: mentor, owner: m-1)")


def test_a_key_is_not_looked_for_in_a_longer_one(done: Typed) -> None:
    for words in (
        ("group", "end", "city/tutoring/spring", "g-2", "--from", "2026-03-25", "--why", "asked by s-1. no more"),
        ("session", "cancel", "city/tutoring/spring", "g-1@2026-03-19", "--why", "s-10 and s-1b and as-1 and s-1.5 asked"),
    ):
        result = done(*words)
        assert result.exit_code == 0, result.output
    by_key = done("audit", "list", "--about", "S-1").output
    assert "asked by s-1." in by_key
    assert "s-10" not in by_key
    assert "recorded" in by_key  # its attendance is among the details
    assert "s-10 and s-1b" in done("audit", "list", "--about", "s-1b").output  # nobody is called so: it is any text
    assert "s-10 and s-1b" in done("audit", "list", "--about", "s-").output


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param("--term autumn", "there is no term 'autumn'", id="no such term"),
        pytest.param("--program sport", "'sport' is no program", id="no such program"),
        pytest.param("--since soon", "--since: 'soon' is no date", id="no day"),
        pytest.param("--term spring --program tutoring", "--term, --program: are two", id="two at once"),
    ],
)
def test_what_cannot_be_looked_for_is_one_line(typed: Typed, words: str, line: str) -> None:
    result = typed("audit", "list", *words.split())
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert result.output.startswith(line)
