"""A list that is empty says so, and what would bring something into it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.api.typed import Typed, typed
from tests.terms import demo_term

__all__ = ["typed"]


@pytest.mark.parametrize("words", ["term list", "program list", "feed list", "outbox list", "unrecorded", "audit list"])
def test_a_list_of_an_empty_database_says_in_one_line_that_there_is_nothing(typed: Typed, words: str) -> None:
    told = typed(*words.split())
    assert told.exit_code == 0
    assert len(told.output.splitlines()) == 1
    assert told.output.startswith(("there are no ", "no ", "nothing "))


def test_a_list_of_a_term_without_rounds_says_in_one_line_what_makes_some(typed: Typed, database: Engine) -> None:
    demo_term(database)
    told = {
        words: typed(*words.split(), "2026-spring").output
        for words in (
            *("round list", "group list", "leave list", "remind list", "session list"),
            *("session lacking", "timetable list", "timetable clashes", "timetable fetch"),
        )
    }
    assert {words: output.count("\n") for words, output in told.items()} == dict.fromkeys(told, 1)
    assert "`dure round open`" in told["round list"]
    assert "`dure round publish`" in told["session list"]
    assert "`dure timetable add`" in told["timetable list"]


def test_a_list_that_leaves_others_out_says_only_that_there_are_none_such(typed: Typed, database: Engine) -> None:
    demo_term(database)
    assert typed("session", "list", "2026-spring", "--mentor", "m-02").output == "there are no such sessions\n"
    assert typed("audit", "list", "--about", "nobody at all").output == "there are no such rows\n"
