"""Subscriptions for tests, each to the calendar of somebody in a term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.feeds import Audience, Calendar, Subscription, calendar_of, subscribe
from data.groups import Group
from data.people import Person
from data.programs import Program, Term
from data.settings import Language
from scheduler.calendars import Shown, shown
from tests.taught import a_group, a_session
from tests.terms import demo_term

NOW = dt.datetime(2027, 3, 10, 3, tzinfo=dt.UTC)
"""A Wednesday at noon in Seoul, in the second week of the demo's term."""

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2027, 3, 2, 10, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription, and its token."""

    row: Subscription
    token: str

    @property
    def path(self) -> str:
        return f"/feeds/{self.token}.ics"


def a_taught_term(database: Engine, weeks: int = 4, **settings: object) -> Term:
    """The demo's term, in which m-01 meets s-01 and s-02 on Tuesdays at 19:00 for so many weeks from 2 March on, in the group g-1."""
    term = demo_term(database)
    with transaction(database) as db:
        db.get_one(Program, term.program_id).settings = dict(settings)
        series = a_group(db, term, "g-1", meetings="Tue 19:00")
        for week in range(weeks):
            session = a_session(db, series, FIRST + week * 7 * DAY)
            session.changed_at = FIRST - DAY
    return term


def subscribed(
    database: Engine,
    term: Term,
    audience: Audience,
    owner: str = "",
    *,
    language: Language = Language.EN,
    alarms: Sequence[int] = (),
    days_back: int = 60,
) -> Subscribed:
    """A new subscription; `owner` is the key of a person or a group, or the name of a school."""
    with transaction(database) as db:
        calendar = calendar_of(db, term.program_id, audience, _owner(db, audience, owner), NOW)
        row, token = subscribe(db, calendar, name="my phone", language=language, alarms=alarms, days_back=days_back, by="test", now=NOW)
    return Subscribed(row, token)


def _owner(db: DbSession, audience: Audience, owner: str) -> str:
    match audience:
        case Audience.MENTOR | Audience.MENTEE:
            return str(db.scalars(select(Person.id).where(Person.key == owner)).one())
        case Audience.GROUP:
            return str(db.scalars(select(Group.id).where(Group.key == owner)).one())
    return owner


def seen(database: Engine, subscription: Subscribed, now: dt.datetime = NOW) -> Shown:
    """What a subscriber sees at a moment."""
    with reading(database) as db:
        row = db.get_one(Subscription, subscription.row.id)
        return shown(db, row, db.get_one(Calendar, row.calendar_id), now)
