"""Days that close, or open again, while a term runs: its calendars follow.

What is planned on a day that closes is cancelled, with the closure's name as the reason, unless somebody of the group is of another
school than the one that closes. When the days are open again, it is held after all, where it is not made up elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.calendars import parts
from data.groups import Group
from data.people import Mentor
from data.programs import Closure, Term
from data.sessions import Series, Session, State
from data.terms import close_days, closures_of, open_days, term_name
from scheduler.calendar import days_of
from scheduler.circle import Circle, hold, looks_of, sessions_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.produce import produce
from scheduler.term import DAY, instant

Changing = Callable[[Circle, Session], bool]
"""Changes a session of a group, or leaves it; whether it did."""


def close(
    db: DbSession, term: Term, first_on: dt.date, last_on: dt.date, *, why: str, school: str = "", by: str, now: dt.datetime
) -> list[Session]:
    """Closes a term from a day to another, both included, to everybody or to one school; gives the sessions that this cancels.

    Raises
    ------
    TermProblem
        The days are none of the term, or the last lies before the first.
    """
    was = days_of(db, term)
    closure = close_days(db, term, first_on, last_on, why=why, school=school, by=by, now=now)
    days = days_of(db, term)

    def cancel(circle: Circle, session: Session) -> bool:
        on = circle.day(session.starts_at)
        schools = {member.school for member in circle.members(on)}
        reason = days.off(on, schools)
        if session.state != State.PLANNED or not reason or was.off(on, schools):  # what stands on a day off was put there
            return False
        session.state, session.cancelled_why = State.CANCELLED, reason
        return True

    return _changed(db, term, [closure], cancel, Deed(what="sessions cancelled", whom=_whom(db, term), by=by, now=now, reason=why))


def reopen(db: DbSession, term: Term, first_on: dt.date, *, school: str = "", by: str, now: dt.datetime) -> list[Session]:
    """Takes back the closures that begin on a day, of everybody or of one school; gives the sessions that are held after all.

    Raises
    ------
    NoSuchClosure
        There is none.
    Clash
        Somebody has another session at the time of one of them.
    """
    there = closures_of(db, term.id)
    closures, names = [one for one in there if (one.first_on, one.school) == (first_on, school)], {one.name for one in there}
    open_days(db, term, first_on, school=school, by=by, now=now)
    days = days_of(db, term)
    made_up = set(db.scalars(select(Session.makes_up_id).join(Group, Session.group_id == Group.id).where(Group.term_id == term.id)))

    def restore(circle: Circle, session: Session) -> bool:
        on = circle.day(session.starts_at)
        if session.state != State.CANCELLED or session.cancelled_why not in names or session.id in made_up:
            return False
        members, mentor = circle.members(on), db.get_one(Mentor, session.mentor_id)
        has_ended = circle.group.until_on is not None and on >= circle.group.until_on
        if not members or has_ended or (mentor.left_on is not None and on >= mentor.left_on):
            return False
        still = days.off(on, {member.school for member in members})
        if still:  # by another closure, which it waits for now
            session.cancelled_why = still
        else:
            session.state, session.cancelled_why = State.PLANNED, ""
        return True

    changed = _changed(db, term, closures, restore, Deed(what="sessions restored", whom=_whom(db, term), by=by, now=now))
    made = _produced_again(db, term, first_on, by=by, now=now)
    return [*(one for one in changed if one.state == State.PLANNED), *made]


def _produced_again(db: DbSession, term: Term, first_on: dt.date, *, by: str, now: dt.datetime) -> list[Session]:
    """New sessions of meetings that were left out when they were produced, for the days were closed then."""
    series = db.scalars(select(Series).join(Group).where(Group.term_id == term.id, Series.produced_until >= first_on)).all()
    again: dict[dt.date, list[Series]] = {}
    for one in series:
        if one.meetings and one.produced_until is not None:
            again.setdefault(one.produced_until, []).append(one)
            one.produced_until = first_on - DAY
    db.flush()
    made = [session for until, some in again.items() for session in produce(db, some, until, now, by=by).sessions]
    return [session for some in parts(made) for session in db.scalars(select(Session).where(Session.id.in_(some)))]


def _changed(db: DbSession, term: Term, closures: Sequence[Closure], change: Changing, deed: Deed) -> list[Session]:
    """Changes what is to come on the days of closures, group by group, with all that follows; gives what has changed."""
    changes: list[Altered] = []
    for group in _groups_on(db, term, closures):
        circle = hold(db, group)
        coming = [
            one for one in sessions_of(db, circle.group) if one.starts_at > deed.now and _lies_in(closures, circle.day(one.starts_at))
        ]
        before = looks_of(db, circle, coming)
        changes += altered(db, circle, before, [one for one in coming if change(circle, one)])
    if changes:
        carry_out(db, term, deed, changes)
    return [one.session for one in changes]


def _groups_on(db: DbSession, term: Term, closures: Iterable[Closure]) -> list[UUID]:
    """The groups that have sessions on the days of closures, in one order, whoever changes them."""
    found: set[UUID] = set()
    for one in closures:
        first, end = (instant(term.zone, on, 0) for on in (one.first_on, one.last_on + DAY))
        asked = select(Session.group_id).join(Group, Session.group_id == Group.id).where(Group.term_id == term.id)
        found.update(db.scalars(asked.where(Session.starts_at >= first, Session.starts_at < end)))
    return sorted(found)


def _lies_in(closures: Iterable[Closure], on: dt.date) -> bool:
    return any(one.first_on <= on <= one.last_on for one in closures)


def _whom(db: DbSession, term: Term) -> str:
    return f"term {term_name(db, term)}"
