"""Sessions that are no tutoring: a counselling or an orientation, planned once for a group, or for some people who are in none together.

Each has a series of its own without weekly meetings, of which nothing else is ever made. People who are in no group together are one
from then on, of that kind and without a subject, so that whatever may happen to a session may happen to theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Kind, Series, Session, State
from scheduler.changes import refuse_time
from scheduler.circle import day_of, hold
from scheduler.consequences import Deed, altered, carry_out, ids_of
from scheduler.refusals import BadMeetings, NotThere
from scheduler.term import DAY

MOST_MINUTES = 12 * 60


def plan_for_group(
    db: DbSession, group: Group, kind: Kind, at: dt.datetime, minutes: int, *, by: str, now: dt.datetime, on_day_off: bool = False
) -> Session:
    """A session of that kind of a whole group with its mentor, from an instant on.

    Raises
    ------
    Refused
        The time is past, a day off, or no day of the group or its mentor; or the session lasts no time, or half a day and more.
    Clash
        Somebody has another session then.
    """
    if not 0 < minutes <= MOST_MINUTES:
        raise BadMeetings(f"a session lasts 1 to {MOST_MINUTES} minutes, not {minutes}")
    circle = hold(db, group.id)
    refuse_time(db, circle, db.get_one(Mentor, group.mentor_id), at, now=now, on_day_off=on_day_off, kind=kind)
    on = circle.day(at)
    until = on + DAY
    series = Series(
        id=new_id(), group_id=group.id, kind=kind, meetings=[], session_minutes=minutes, from_on=on, until_on=until, produced_until=until
    )
    db.add(series)
    db.flush()
    session = Session(
        id=new_id(),
        series_id=series.id,
        group_id=group.id,
        original_start=at,
        starts_at=at,
        ends_at=at + dt.timedelta(minutes=minutes),
        mentor_id=group.mentor_id,
        state=State.PLANNED,
        sequence=0,
        changed_at=now,
        cancelled_why="",
    )
    db.add(session)
    deed = Deed(what="planned", whom=circle.name(session), ids=ids_of(session), by=by, now=now, details={"kind": kind.value})
    carry_out(db, circle.term, deed, altered(db, circle, {}, [session]))
    return session


def plan_for_people(
    db: DbSession,
    mentor: Mentor,
    mentees: Collection[Mentee],
    kind: Kind,
    at: dt.datetime,
    minutes: int,
    *,
    by: str,
    now: dt.datetime,
) -> Session:
    """A session of that kind of a mentor with some mentees of the same term, from an instant on; an orientation may lie before the term.

    Raises
    ------
    Refused
        As for a group; or a mentee is of another term or has left by then.
    Clash
        Somebody has another session then.
    """
    term = db.get_one(Term, mentor.term_id)
    from_on = min(day_of(term, now), day_of(term, at))
    for mentee in mentees:
        if mentee.term_id != term.id:
            raise NotThere(mentee.key, "is of another term")
        if mentee.left_on is not None and mentee.left_on <= day_of(term, at):
            raise NotThere(mentee.key, f"has left on {mentee.left_on}")
    taken = set(db.scalars(select(Group.key).where(Group.term_id == term.id)))
    key = next(key for key in (f"{kind.value}-{number}" for number in count(1)) if key not in taken)
    group = Group(id=new_id(), term_id=term.id, key=key, mentor_id=mentor.id, subject="", from_on=from_on, link="")
    db.add(group)
    db.flush()
    db.add_all(Membership(group_id=group.id, mentee_id=mentee.id, from_on=from_on) for mentee in mentees)
    db.flush()
    return plan_for_group(db, group, kind, at, minutes, by=by, now=now)
