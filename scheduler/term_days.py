"""A term of the database as the days of `scheduler.term`: with its closures, and its country's holidays in its program's language."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from sqlalchemy.orm import Session as DbSession

from data.closures import closures_of
from data.programs import Program, Term as TermRow
from data.settings import settings_of
from scheduler.circle import day_of
from scheduler.term import Closure, Term, public_holidays, working_weekends

YEAR = dt.timedelta(days=366)
BEFORE = dt.timedelta(weeks=8)
"""So long before a term people may be oriented for it; who says more has mistyped."""
OPEN_YEARS = 30
"""The holidays of an open-ended term are known for so many years from its first day."""


def days_of(db: DbSession, term: TermRow) -> Term:
    """The days of a term; its holidays are known beyond its end, for what is made up there, and for the weeks before it.

    Raises
    ------
    NoSuchCountry, NoSuchZone, EndsBeforeItBegins
        The row holds what cannot be.
    """
    last_on = term.last_on or term.first_on + OPEN_YEARS * YEAR
    language = settings_of(db.get_one(Program, term.program_id).settings).languages[0]
    return Term(
        zone=term.zone,
        first_on=term.first_on,
        last_on=term.last_on,
        holidays=dict(_holidays(term.country, language, term.first_on - BEFORE, last_on + YEAR)) if term.country else {},
        closures=tuple(
            Closure(first_on=one.first_on, last_on=one.last_on, name=one.name, school=one.school) for one in closures_of(db, term.id)
        ),
    )


def last_day(term: TermRow, now: dt.datetime) -> dt.date:
    """The last day of a term; of an open-ended one that of the year to come, for who says more has mistyped."""
    return term.last_on or max(term.first_on, day_of(term, now)) + YEAR


def holidays_within(term: TermRow, days: Term) -> dict[dt.date, str]:
    """The public holidays of a term, for a year where it is open-ended."""
    last_on = term.last_on or term.first_on + YEAR
    return {on: name for on, name in days.holidays.items() if term.first_on <= on <= last_on}


def working_days(term: TermRow) -> list[dt.date]:
    """The days of a term's weekends on which its country works for a bridge day, for a year where it is open-ended.

    Raises
    ------
    NoSuchCountry
        Nobody knows them.
    """
    return working_weekends(term.country, term.first_on, term.last_on or term.first_on + YEAR) if term.country else []


@lru_cache(maxsize=64)
def _holidays(country: str, language: str, first_on: dt.date, last_on: dt.date) -> tuple[tuple[dt.date, str], ...]:
    """They are looked up in every transaction, and take milliseconds to find."""
    return tuple(public_holidays(country, language, first_on, last_on).items())
