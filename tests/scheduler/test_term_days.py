"""A term of the database has the days of its country, its program's language and its closures."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine

from data.closures import close_days
from data.database import reading, transaction
from data.programs import Program
from data.terms import NewTerm, find_term, make_term
from scheduler.term import NoSuchCountry, Term
from scheduler.term_days import days_of, working_days

NOW = dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)
MAY_5 = dt.date(2026, 5, 5)


def term_of(
    database: Engine,
    country: str,
    *languages: str,
    first_on: dt.date = dt.date(2026, 2, 2),
    last_on: dt.date | None = dt.date(2026, 6, 19),
) -> tuple[Term, list[dt.date]]:
    """The days of a term that is made and closed for a week, and those of its weekends on which people work."""
    with transaction(database) as db:
        new = NewTerm(zone="Asia/Seoul", first_on=first_on, last_on=last_on, country=country)
        term = make_term(db, "tutoring/spring", new, by="test", now=NOW)
        if languages:
            db.get_one(Program, term.program_id).settings = {"languages": list(languages)}
        close_days(db, term, dt.date(2026, 4, 20), dt.date(2026, 4, 24), why="시험", school="Andong Middle")
    with reading(database) as db:
        found = find_term(db, "spring")
        return days_of(db, found), working_days(found)


@pytest.mark.parametrize(
    ("languages", "name"),
    [
        pytest.param((), "어린이날", id="Korean is the usual first"),
        pytest.param(("en", "ko"), "Children's Day", id="English before Korean"),
        pytest.param(("zh-TW",), "어린이날", id="what the library cannot say in it is said in the country's own"),
    ],
)
def test_holidays_are_named_in_the_programs_first_language(database: Engine, languages: tuple[str, ...], name: str) -> None:
    days, _ = term_of(database, "KR", *languages)
    assert days.off(MAY_5) == name


def test_taiwan_has_its_own_names_and_its_working_saturdays_are_known(database: Engine) -> None:
    days, working = term_of(database, "TW", "zh-TW", first_on=dt.date(2025, 2, 3), last_on=dt.date(2026, 12, 31))
    assert days.off(dt.date(2026, 4, 4)) == "兒童節"
    assert working == [dt.date(2025, 2, 8)]  # for a day off at the New Year before; there are none from 2026 on
    assert not days.off(working[0])


def test_closures_are_days_off_of_whom_they_concern(database: Engine) -> None:
    days, _ = term_of(database, "")
    assert days.off(dt.date(2026, 4, 22), ["Andong Middle"]) == "시험"
    assert days.off(dt.date(2026, 4, 22), ["Andong Middle", "Muan Middle"]) == ""
    assert days.off(MAY_5) == ""  # of no country


def test_holidays_are_known_after_a_terms_end(database: Engine) -> None:
    ended, _ = term_of(database, "KR")
    assert ended.off(dt.date(2026, 8, 15)) == "광복절"


def test_an_open_ended_term_knows_its_holidays_for_decades(database: Engine) -> None:
    days, working = term_of(database, "KR", last_on=None)
    assert days.last_on is None
    assert days.off(dt.date(2055, 8, 15)) == "광복절"
    assert working == []


def test_a_country_that_nobody_knows_is_told(database: Engine) -> None:
    with pytest.raises(NoSuchCountry, match="the public holidays of 'Korea' are not known; write a code of two letters, such as KR"):
        term_of(database, "Korea")
