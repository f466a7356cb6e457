"""Days that close, open again, or are no more of their term while it runs: its calendars follow.

What is planned on a day that closes is cancelled, with the closure's name as the reason, unless somebody of the group is of another
school than the one that closes. When the days are open again, it is held after all (`scheduler.waiting`). So it is with days that an
import takes from the term or gives to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session as DbSession

from data.calendars import parts
from data.closures import close_days, closures_from
from data.groups import Group, Membership
from data.people import Mentor
from data.programs import Closure, Term
from data.sessions import Series, Session, State
from data.terms import term_name
from data.texts import LONGEST
from scheduler.circle import Circle, day_of, hold, looks_of, sessions_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.produce import produce
from scheduler.term import DAY, Term as Days, instant
from scheduler.term_days import days_of
from scheduler.waiting import HAS_ENDED, OUTSIDE, Waiting, waiting_in, why_not

Stretches = Sequence[tuple[dt.date, dt.date]]
"""Days from one to another, both included."""

FAR = dt.date(9000, 1, 1)
"""Later than any day of an open-ended term."""

Changing = Callable[[Circle, Session], bool]
"""Changes a session of a group, or leaves it; whether it did."""


def close(  # noqa: PLR0913  each is a column
    db: DbSession,
    term: Term,
    first_on: dt.date,
    last_on: dt.date,
    *,
    why: str,
    school: str = "",
    key: str | None = None,
    by: str,
    now: dt.datetime,
) -> list[Session]:
    """Closes a term from a day to another, both included, to everybody or to one school; gives the sessions that this cancels. A platform
    may have a `key` of its own for the closure.

    Raises
    ------
    TermProblem
        The days are none of the term, or the last lies before the first.
    """
    was = days_of(db, term)
    closure = close_days(db, term, first_on, last_on, why=why, school=school, key=key)
    deed = _deed(db, term, "days closed", [closure], by=by, now=now)
    return _changed(db, term, [(first_on, last_on)], _cancelling(was, days_of(db, term)), deed, whatever=True)


def reopen(db: DbSession, term: Term, first_on: dt.date, *, school: str = "", by: str, now: dt.datetime) -> list[Session]:
    """Takes back the closures that begin on a day, of everybody or of one school; gives the sessions that are held after all.

    Raises
    ------
    NoSuchClosure
        There is none.
    Clash
        Somebody has another session at the time of one of them.
    """
    return take_back(db, term, closures_from(db, term, first_on, school=school), by=by, now=now)


def take_back(db: DbSession, term: Term, closures: Sequence[Closure], *, by: str, now: dt.datetime) -> list[Session]:
    """Takes back closures that begin on the same day for the same people; gives the sessions that are held after all.

    Raises
    ------
    Clash
        Somebody has another session at the time of one of them.
    """
    waiting = waiting_in(db, term, days_of(db, term))
    deed = _deed(db, term, "days opened", closures, by=by, now=now)
    for closure in closures:
        db.delete(closure)
    db.flush()
    return _held_again(db, term, [(one.first_on, one.last_on) for one in closures], waiting, deed)


def move(  # noqa: PLR0913  each is a column
    db: DbSession,
    term: Term,
    closure: Closure,
    first_on: dt.date,
    last_on: dt.date,
    *,
    why: str,
    school: str = "",
    by: str,
    now: dt.datetime,
) -> tuple[list[Session], list[Session]]:
    """Makes a closure one of other days, of other people or of another name; gives the sessions that this cancels, and those that are held
    after all. What is so already changes nothing.

    Raises
    ------
    TermProblem
        As `close` does.
    Clash
        Somebody has another session at the time of one that is held after all.
    """
    if (closure.first_on, closure.last_on, closure.name, closure.school) == (first_on, last_on, why, school):
        return [], []
    was = days_of(db, term)
    waiting, opened = waiting_in(db, term, was), _deed(db, term, "days opened", [closure], by=by, now=now)
    before = [(closure.first_on, closure.last_on)]
    close_days(db, term, first_on, last_on, why=why, school=school, instead_of=closure)
    closed = _deed(db, term, "days closed", [closure], by=by, now=now)
    cancelled = _changed(db, term, [(first_on, last_on)], _cancelling(was, days_of(db, term)), closed, whatever=True)
    return cancelled, _held_again(db, term, before, waiting, opened)


def _held_again(db: DbSession, term: Term, stretches: Stretches, waiting: Waiting, deed: Deed) -> list[Session]:
    """What waits for days that are open now is held after all; gives the sessions."""
    changed = _changed(db, term, stretches, _restoring(db, term, waiting), deed, whatever=True)
    made = _produced_again(db, term, min(first_on for first_on, _ in stretches), by=deed.by, now=deed.now)
    return [*(one for one in changed if one.state == State.PLANNED), *made]


def follow_days(db: DbSession, term: Term, was: Days, *, by: str, now: dt.datetime) -> None:
    """What is planned follows a term whose first or last day has become another than it `was`.

    What is planned on a day that is none of the term any more is cancelled; it is held after all when the day is one again. Days that are
    new ones of the term get their sessions: groups that were to begin with the term do so.

    Raises
    ------
    Clash
        Somebody has another session at the time of one that is held after all.
    """
    days, whom, today = days_of(db, term), _whom(db, term), day_of(term, now)

    def cancel(_: Circle, session: Session) -> bool:
        planned = session.state == State.PLANNED
        if planned:
            session.state, session.cancelled_why = State.CANCELLED, OUTSIDE
        return planned

    _changed(db, term, _but(was, days), cancel, Deed(what="sessions cancelled", whom=whom, by=by, now=now, reason=OUTSIDE))
    waiting = replace(waiting_in(db, term, was), reasons=frozenset({OUTSIDE}))
    _changed(db, term, _but(days, was), _restoring(db, term, waiting), Deed(what="sessions restored", whom=whom, by=by, now=now))
    if days.first_on < was.first_on and today < was.first_on:
        begins = max(days.first_on, today)
        _begin_earlier(db, term, was.first_on, begins)
        _produced_again(db, term, begins, by=by, now=now)
    if term.last_on and was.last_on and term.last_on > was.last_on:
        short = select(Series).join(Group).where(Group.term_id == term.id, Series.produced_until < term.last_on)
        if series := db.scalars(short.order_by(Series.id)).all():
            produce(db, series, term.last_on, now, by=by)


def follow_holidays(db: DbSession, term: Term, was: Days, *, by: str, now: dt.datetime) -> None:
    """What is planned follows a term of which other days are public holidays than they `were`, or which makes up otherwise.

    What is planned on a new holiday is cancelled, and what was cancelled for one that is none any more is held after all. What is left
    out from now on is made up as the term says now; what is made up already stays so.

    Raises
    ------
    Clash
        Somebody has another session at the time of one that is held after all.
    """
    days, whom, today = days_of(db, term), _whom(db, term), day_of(term, now)
    new, old = (sorted(one.holidays.keys() - other.holidays.keys()) for one, other in ((days, was), (was, days)))
    waiting = waiting_in(db, term, was)
    _changed(db, term, [(on, on) for on in new], _cancelling(was, days), Deed(what="sessions cancelled", whom=whom, by=by, now=now))
    restored = Deed(what="sessions restored", whom=whom, by=by, now=now)
    _changed(db, term, [(on, on) for on in old], _restoring(db, term, waiting), restored)
    _produced_again(db, term, max(today, term.first_on), by=by, now=now)


def _cancelling(was: Days, days: Days) -> Changing:
    """Cancels what is planned on a day that is off now, and was not; what stands on a day off was put there."""

    def cancel(circle: Circle, session: Session) -> bool:
        on = circle.day(session.starts_at)
        schools = {member.school for member in circle.members(on)}
        reason = days.off(on, schools)
        if session.state != State.PLANNED or not reason or was.off(on, schools):
            return False
        session.state, session.cancelled_why = State.CANCELLED, reason
        return True

    return cancel


def _but(one: Days, other: Days) -> Stretches:
    """The days of a term but for those of another."""
    last_on = one.last_on or FAR
    found = [(one.first_on, min(last_on, other.first_on - DAY)), (max(one.first_on, (other.last_on or FAR) + DAY), last_on)]
    return [(first, last) for first, last in found if first <= last]


def _begin_earlier(db: DbSession, term: Term, was: dt.date, begins: dt.date) -> None:
    """Groups that were to begin on a day do so on an earlier one, with all who were their members from the first."""
    groups = db.scalars(select(Group.id).where(Group.term_id == term.id, Group.from_on == was)).all()
    for some in parts(groups):
        db.execute(update(Membership).where(Membership.group_id.in_(some), Membership.from_on == was).values(from_on=begins))
        db.execute(update(Series).where(Series.group_id.in_(some), Series.from_on == was).values(from_on=begins))
        db.execute(update(Group).where(Group.id.in_(some)).values(from_on=begins))


def _restoring(db: DbSession, term: Term, waiting: Waiting) -> Changing:
    """Has what waits for its day held after all, where it can be."""
    days = days_of(db, term)

    def restore(circle: Circle, session: Session) -> bool:
        on, mentor = circle.day(session.starts_at), db.get_one(Mentor, session.mentor_id)
        if not waiting.has(session) or not circle.members(on) or (mentor.left_on is not None and on >= mentor.left_on):
            return False
        still = why_not(circle, days, on)
        if still == HAS_ENDED:
            return False
        if not days.has(on) and not days.has(circle.day(session.original_start)):
            still = OUTSIDE
        if still:  # it waits for something else now
            session.cancelled_why = still
        else:
            session.state, session.cancelled_why = State.PLANNED, ""
        return True

    return restore


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


def _changed(db: DbSession, term: Term, stretches: Stretches, change: Changing, deed: Deed, *, whatever: bool = False) -> list[Session]:
    """Changes what is to come on some days, group by group, with all that follows; gives what has changed. The deed is written down where
    anything has, or `whatever` has."""
    changes: list[Altered] = []
    for group in _groups_on(db, term, stretches):
        circle = hold(db, group)
        coming = [
            one for one in sessions_of(db, circle.group) if one.starts_at > deed.now and _lies_in(stretches, circle.day(one.starts_at))
        ]
        before = looks_of(db, circle, coming)
        changes += altered(db, circle, before, [one for one in coming if change(circle, one)])
    if changes or whatever:
        carry_out(db, term, deed, changes)
    return [one.session for one in changes]


def _groups_on(db: DbSession, term: Term, stretches: Stretches) -> list[UUID]:
    """The groups that have sessions on some days, in one order, whoever changes them."""
    found: set[UUID] = set()
    for first_on, last_on in stretches:
        first, end = (instant(term.zone, on, 0) for on in (first_on, last_on + DAY))
        asked = select(Session.group_id).join(Group, Session.group_id == Group.id).where(Group.term_id == term.id)
        found.update(db.scalars(asked.where(Session.starts_at >= first, Session.starts_at < end)))
    return sorted(found)


def _lies_in(stretches: Stretches, on: dt.date) -> bool:
    return any(first_on <= on <= last_on for first_on, last_on in stretches)


def _deed(db: DbSession, term: Term, what: str, closures: Sequence[Closure], *, by: str, now: dt.datetime) -> Deed:
    """What is done to closures that begin on the same day for the same people."""
    reason = ", ".join(one.name for one in closures)[:LONGEST]  # each of them may be as long
    days = {"from": str(closures[0].first_on), "to": " ".join(str(one.last_on) for one in closures), "school": closures[0].school}
    return Deed(what=what, whom=_whom(db, term), by=by, now=now, reason=reason, details=days)


def _whom(db: DbSession, term: Term) -> str:
    return f"term {term_name(db, term)}"
