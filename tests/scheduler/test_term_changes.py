"""A term gets other days, another country or another way of making up while it runs, and what is planned follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from data.database import reading, transaction
from data.programs import MakeUp, Term
from data.sessions import Session
from data.term_settings import as_it_is
from data.terms import TermProblem
from scheduler.finding import session_named
from scheduler.term import TermError
from scheduler.term_changes import change_term
from tests.sessions import at, booked, deeds, dump, taught_term, touched

FIRST_ON = dt.date(2026, 4, 6)
"""A Monday: the four weeks from it on have Children's Day (Tuesday, 5 May 2026) behind them, and the 3rd of May, a Sunday, at their end."""

NOW = at("2026-04-08 12:00")


def make(database: Engine, term: Term, **other: Any) -> dict[str, list[str]]:  # noqa: ANN401  whatever a term is made of
    """What becomes of which sessions of the term when it is made something other: their groups and days."""
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        changed = change_term(db, row, replace(as_it_is(row), **other), by="office", now=NOW)
        found = {}
        for what, sessions in changed.items():
            rows = sorted((db.get_one(Session, one) for one in sessions), key=lambda one: (one.starts_at, one.id))
            if rows:
                found[what] = [f"{one.starts_at:%m-%d}" for one in rows]
        return found


def test_days_that_are_none_of_the_term_any_more_have_no_sessions_and_get_them_back(database: Engine) -> None:
    term = taught_term(database, first_on=FIRST_ON)
    gone = ["04-27", "04-28", "04-29", "04-30"]
    assert make(database, term, last_on=dt.date(2026, 4, 26)) == {"cancelled": gone}
    with reading(database) as db:
        assert deeds(db) == [("term changed", "term tutoring/spring"), ("sessions cancelled", "term tutoring/spring")]
        assert {"g-1", "m-1", "program", "s-1"} <= set(touched(db))
        assert booked(db, session_named(db, term, "g-1@2026-04-28")) == []
    assert make(database, term, last_on=dt.date(2026, 5, 10)) == {"restored": gone, "new": ["05-04", "05-05", "05-06", "05-07"]}
    with reading(database) as db:
        assert booked(db, session_named(db, term, "g-1@2026-04-28")) == ["m-1", "s-1", "s-2"]


def test_holidays_of_another_country_are_left_out_and_made_up_and_those_of_none_are_not(database: Engine) -> None:
    term = taught_term(database, first_on=FIRST_ON)
    make(database, term, last_on=dt.date(2026, 5, 10))
    childrens_day = "g-1@2026-05-05"
    assert make(database, term, country="KR") == {"cancelled": ["05-05"]}
    with reading(database) as db:
        held = session_named(db, term, childrens_day)
        assert (held.sequence, held.cancelled_why, booked(db, held)) == (1, "어린이날", [])
    assert make(database, term, country="") == {"restored": ["05-05"]}
    assert make(database, term, country="KR", last_on=dt.date(2026, 4, 26)) == {"cancelled": ["04-27", "04-28", "04-29", "04-30", *WEEK]}
    with reading(database) as db:
        assert session_named(db, term, childrens_day).cancelled_why == "not a day of the term"


WEEK = ["05-04", "05-05", "05-06", "05-07"]


def test_meetings_that_were_left_out_are_made_up_from_the_day_on_which_the_term_says_so(database: Engine) -> None:
    term = taught_term(database, first_on=FIRST_ON)
    make(database, term, country="KR")
    assert make(database, term, last_on=dt.date(2026, 5, 10))["new"] == ["05-04", "05-06", "05-07"]
    assert make(database, term, make_up=MakeUp.END) == {"new": ["05-12"]}
    assert make(database, term, make_up=MakeUp.NO) == {}
    with reading(database) as db:
        assert booked(db, session_named(db, term, "g-1@2026-05-12")) == ["m-1", "s-1", "s-2"]


REFUSED: dict[str, dict[str, Any]] = {
    "tutoring/spring is so already; name something that is to be another": {},
    "tutoring/spring has groups that meet by the clock of Asia/Seoul; leave --zone out": {"zone": "Asia/Taipei"},
    "'Mars' is no IANA zone, such as Asia/Seoul": {"zone": "Mars"},
    "the last day 2026-04-05 lies before the first, 2026-04-06": {"last_on": dt.date(2026, 4, 5)},
    "the public holidays of 'Narnia' are not known": {"country": "Narnia"},
}


def test_what_cannot_be_changes_nothing(database: Engine) -> None:
    term = taught_term(database, first_on=FIRST_ON)
    with reading(database) as db:
        before = dump(db)
    for told, other in REFUSED.items():
        with pytest.raises((TermProblem, TermError)) as refused:
            make(database, term, **other)
        assert str(refused.value).startswith(told)
    with reading(database) as db:
        assert dump(db) == before
