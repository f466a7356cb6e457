"""What a person wishes of how they are spoken to: when they are reminded of sessions, and in which language.

Reminders go by mail; who wishes none gets none, and has the alarms of their calendar, which are its subscription's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import null, or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.feeds import LONGEST_ALARM_MINUTES, MOST_ALARMS, FeedError, NotSpoken
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.settings import settings_of


@dataclass(eq=False)
class BadReminders(FeedError):
    """Reminders are too many, or come at times that are none before a session."""

    minutes: tuple[int, ...]

    def __str__(self) -> str:
        most = f"at most {MOST_ALARMS}, each 1 to {LONGEST_ALARM_MINUTES} minutes before a session, none twice"
        return f"reminders {list(self.minutes)}: {most}"


def wish_reminders(db: DbSession, who: Mentor | Mentee, minutes: Sequence[int] | None, *, by: str, now: dt.datetime) -> None:
    """Reminds a person so many minutes before each session, of whatever term; none of them is never, None as their programs do.

    Raises
    ------
    BadReminders
        They cannot be.
    """
    given = tuple(minutes or ())
    if len(given) > MOST_ALARMS or len(set(given)) < len(given) or any(not 1 <= one <= LONGEST_ALARM_MINUTES for one in given):
        raise BadReminders(given)
    person = db.get_one(Person, who.person_id)
    wanted = None if minutes is None else sorted(given, reverse=True)
    if person.reminders != wanted:
        person.reminders = wanted
        _write_down(db, who, {"reminders": wanted}, by=by, now=now)


def wish_language(db: DbSession, who: Mentor | Mentee, language: str, *, by: str, now: dt.datetime) -> None:
    """Speaks to a person in a language that their program speaks; feeds that they subscribe to keep their own.

    Raises
    ------
    NotSpoken
        It is another.
    """
    program = db.get_one(Program, db.get_one(Term, who.term_id).program_id)
    languages = settings_of(program.settings).languages
    if language not in languages:
        raise NotSpoken(language, tuple(languages))
    person = db.get_one(Person, who.person_id)
    if person.language != language:
        person.language = language
        _write_down(db, who, {"language": language}, by=by, now=now)


def people_with_wishes(db: DbSession, term: UUID, on: dt.date) -> list[tuple[Mentor | Mentee, Person]]:
    """Those of a term, without who has left by a day, who are reminded otherwise than their program says; mentors first, by their keys."""
    found: list[tuple[Mentor | Mentee, Person]] = []
    kinds: tuple[type[Mentor | Mentee], ...] = (Mentor, Mentee)
    for kind in kinds:
        asked = select(kind, Person).join(Person, Person.id == kind.person_id)
        asked = asked.where(kind.term_id == term, or_(kind.left_on.is_(None), kind.left_on > on))
        rows: Sequence[Any] = db.execute(asked.where(Person.reminders.is_not(null()))).all()
        found += sorted(((who, person) for who, person in rows if person.reminders is not None), key=lambda row: row[0].key)
    return found


def _write_down(db: DbSession, who: Mentor | Mentee, details: dict[str, object], *, by: str, now: dt.datetime) -> None:
    whom = f"{'mentor' if isinstance(who, Mentor) else 'mentee'} {who.key}"
    write_down(db, at=now, by=by, what="wish changed", whom=whom, term=who.term_id, ids={whom.partition(" ")[0]: who.id}, details=details)
    db.flush()
