"""`dure term`: terms are made, changed, shown, closed and removed; whatever cannot be is told in one line and changes nothing."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import Engine

from data.database import reading, transaction
from data.demo import ROUND
from data.runs import Asked, queue
from data.terms import find_term
from tests.api.typed import Typed, typed
from tests.sessions import at, dump, taught_term

__all__ = ["typed"]

SPRING = ("term", "new", "tutoring/spring", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "2026-06-19", "--country", "KR")


def test_a_term_is_made_closed_shown_and_opened_again(typed: Typed) -> None:
    assert typed(*SPRING, "--name", "봄학기").output == "tutoring/spring: 2026-03-02 to 2026-06-19, Asia/Seoul, 봄학기\n"
    assert (
        typed("term", "close", "spring", "2026-04-20", "2026-04-24", "--why", "Exams").output
        == "2026-04-20 to 2026-04-24: Exams\nno sessions cancelled\n"
    )
    assert (
        typed("term", "close", "spring", "2026-05-04", "--school", "Muan").output
        == "2026-05-04: closed (Muan only)\nno sessions cancelled\n"
    )
    shown = typed("term", "show", "tutoring/spring").output.splitlines()
    assert shown[:4] == [
        "tutoring/spring: 2026-03-02 to 2026-06-19, Asia/Seoul, 봄학기",
        "0 mentors, 0 mentees",
        "public holidays: KR; meetings left out are made up: no",
        "  2026-03-02 삼일절 대체 휴일",
    ]
    assert shown[-3:] == ["closed:", "  2026-04-20 to 2026-04-24: Exams", "  2026-05-04: closed (Muan only)"]
    assert typed("term", "reopen", "spring", "2026-04-20").exit_code == 0
    assert (
        typed("term", "reopen", "spring", "2026-05-04", "--school", "Muan").output
        == "2026-05-04: open again (Muan only)\nno sessions restored\n"
    )
    assert typed("term", "show", "spring").output.endswith("closed: never\n")


def test_working_saturdays_of_taiwan_are_shown(typed: Typed) -> None:
    typed("term", "new", "a/b", "--zone", "Asia/Taipei", "--from", "2025-01-01", "--to", "2025-06-30", "--country", "TW")
    assert "  2025-02-08 is worked, for a bridge day" in typed("term", "show", "b").output.splitlines()


def test_a_term_is_changed_and_what_is_planned_follows(database: Engine, typed: Typed) -> None:
    taught_term(database)
    with time_machine.travel(at("2026-03-09 12:00"), tick=False):
        assert typed("term", "set", "spring", "--to", "2026-03-25", "--name", "Spring", "--make-up", "next").output.splitlines() == [
            "tutoring/spring: 2026-03-02 to 2026-03-25, Asia/Seoul, Spring",
            "1 sessions cancelled:",
            "  g-1@2026-03-26T19:00 to 20:00  math  m-1 with s-1, s-2  cancelled: not a day of the term",
        ]
        assert typed("term", "set", "spring", "--to", "none", "--name", "none", "--country", "KR").output.splitlines() == [
            "tutoring/spring: 2026-03-02 without an end, Asia/Seoul",
            "1 sessions restored:",
            "  g-1@2026-03-26T19:00 to 20:00  math  m-1 with s-1, s-2  planned",
        ]
        assert typed("term", "set", "spring", "--country", "none").output.splitlines() == [
            "tutoring/spring: 2026-03-02 without an end, Asia/Seoul",
            "no sessions are others by that",
        ]


def test_a_term_without_groups_is_removed_with_whoever_is_of_no_other(database: Engine, typed: Typed) -> None:
    taught_term(database)
    with reading(database) as db:
        before = {name: rows for name, rows in dump(db).items() if name not in {"deed", "event", "calendar", "organisation", "program"}}
    typed("term", "new", "city/tutoring/autumn", "--zone", "Asia/Tokyo", "--from", "2026-09-01")
    typed("import", "autumn", ROUND)
    typed("term", "close", "autumn", "2026-09-10")
    typed("round", "open", "autumn")
    typed("round", "close", "autumn")
    with transaction(database) as db:
        queue(db, find_term(db, "autumn"), Asked(), by="x", now=at("2026-08-01 12:00"))
    assert typed("term", "set", "autumn", "--zone", "Asia/Taipei").output.startswith("tutoring/autumn")
    assert typed("term", "remove", "autumn").output == "run tutoring/autumn:1.1 is being solved; stop it first\n"
    typed("round", "stop", "autumn:1.1")
    assert typed("term", "remove", "autumn").output == "tutoring/autumn: removed\n"
    with reading(database) as db:
        assert {name: rows for name, rows in dump(db).items() if name in before} == before
    kept = typed("term", "remove", "spring")
    assert kept.output == (
        "tutoring/spring has 3 groups, with what was held and recorded in them; only a term without groups can be removed\n"
    )
    assert kept.exit_code == 2


def test_all_terms_are_listed(typed: Typed) -> None:
    assert typed("term", "list").output == "there are no terms; `dure term new` makes one\n"
    typed(*SPRING)
    typed("term", "new", "english/always", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--make-up", "next")
    assert typed("term", "list").output.splitlines() == [
        "english/always: 2026-03-02 without an end, Asia/Seoul",
        "tutoring/spring: 2026-03-02 to 2026-06-19, Asia/Seoul",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(("new", "x/y", "--zone", "Asia/Seoul", "--from", "soon"), "--from: 'soon' is no date", id="no date"),
        pytest.param(("new", "x/y", "--zone", "Seoul", "--from", "2026-03-02"), "'Seoul' is no IANA zone", id="no zone"),
        pytest.param(("new", "xy", "--zone", "Asia/Seoul", "--from", "2026-03-02"), "'xy' is no name of a term", id="no name"),
        pytest.param(
            ("new", "x/y", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--country", "Korea"),
            "the public holidays of 'Korea' are not known",
            id="no country",
        ),
        pytest.param(
            ("new", "x/y", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--make-up", "maybe"),
            "--make-up: 'maybe' is none of these; write no, end, next",
            id="no way to make up",
        ),
        pytest.param(("new", "x/y", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "2026-03-01"), "the last day", id="backward"),
        pytest.param(SPRING[1:], "there is a term 'tutoring/spring' already", id="there already"),
        pytest.param(("show", "autumn"), "there is no term 'autumn'; there is tutoring/spring", id="unknown"),
        pytest.param(("close", "spring", "2026-07-01"), "no day from 2026-07-01 to 2026-07-01 lies in tutoring/spring", id="outside"),
        pytest.param(("close", "spring", "2026-04-24", "2026-04-20"), "the last day 2026-04-20 lies before", id="a backward closure"),
        pytest.param(
            ("new", "x/y", "--zone", "Asia/Seoul", "--from", "9999-12-31"),
            "--from: 9999-12-31 is too far away; write a day of the years 2000 to 2199",
            id="a term at the end of the calendar",
        ),
        pytest.param(
            ("new", "x/y", "--zone", "Asia/Seoul", "--from", "9998-12-31", "--country", "KR"),
            "--from: 9998-12-31 is too far",
            id="holidays",
        ),
        pytest.param(
            ("new", "x/y", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "9999-12-31", "--country", "KR"),
            "--to: 9999-12-31 is too far away",
            id="a term up to the end of the calendar",
        ),
        pytest.param(("close", "spring", "0001-01-01", "9999-12-31"), "FROM: 0001-01-01 is too far away", id="closed for ever"),
        pytest.param(
            ("close", "spring", "2026-03-01", "2026-06-20"), "2026-03-01 to 2026-06-20 is longer than tutoring/spring", id="a long closure"
        ),
        pytest.param(("reopen", "spring", "2026-04-20"), "no closure begins on 2026-04-20", id="not closed"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(typed: Typed, words: tuple[str, ...], line: str) -> None:
    typed(*SPRING)
    before = typed("term", "show", "spring").output
    ended = typed("term", *words)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith(line)
    assert typed("term", "list").output.count("\n") == 1
    assert typed("term", "show", "spring").output == before
