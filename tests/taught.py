"""Groups and sessions for tests, put into the database as they are, without bookings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Series, Session
from matching.week import read_meetings

HOUR = dt.timedelta(hours=1)


def a_group(
    db: DbSession,
    term: Term,
    key: str,
    *,
    mentor: str = "m-01",
    members: Sequence[str] = ("s-01", "s-02"),
    meetings: str = "Tue 19:00; Thu 19:00",
    from_on: dt.date | None = None,
) -> Series:
    """The series of a new group, from a day on, by default the term's first."""
    first = from_on or term.first_on
    holds = db.scalars(select(Mentor.id).where(Mentor.term_id == term.id, Mentor.key == mentor)).one()
    group = Group(id=new_id(), term_id=term.id, key=key, mentor_id=holds, subject="math", from_on=first)
    db.add(group)
    db.flush()
    for mentee in db.scalars(select(Mentee.id).where(Mentee.term_id == term.id, Mentee.key.in_(members))):
        db.add(Membership(group_id=group.id, mentee_id=mentee, from_on=first))
    series = Series(id=new_id(), group_id=group.id, meetings=list(read_meetings(meetings)), session_minutes=60, from_on=first)
    db.add(series)
    db.flush()
    return series


def a_session(db: DbSession, series: Series, starts_at: dt.datetime) -> Session:
    """A new session of an hour, held by the group's mentor."""
    session = Session(
        id=new_id(),
        series_id=series.id,
        group_id=series.group_id,
        original_start=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        mentor_id=db.get_one(Group, series.group_id).mentor_id,
        changed_at=starts_at,
    )
    db.add(session)
    db.flush()
    return session
