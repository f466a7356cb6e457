"""What may happen to one session: it is moved, cancelled, taken back from that, made up, or held by a substitute once.

A session that has a record is changed no more. Whatever is refused has changed nothing by then. What follows from a change is
brought about by `scheduler.consequences`: a session keeps its UID through all of them (F5).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.groups import Group
from data.people import Mentor
from data.records import members_of
from data.sessions import Kind, Series, Session, State
from data.texts import bounded
from matching.kinds import TEACHES
from scheduler.circle import Circle, hold, looks_of
from scheduler.consequences import Deed, altered, carry_out, ids_of
from scheduler.produce import MAKE_UP_WEEKS
from scheduler.refusals import AlreadySo, DayOff, InThePast, NotThere, OutsideTheTerm, WrongState
from scheduler.term import DAY, WEEK_DAYS
from scheduler.term_days import BEFORE, days_of, last_day

SECOND = dt.timedelta(seconds=1)


def move(
    db: DbSession, session: Session, to: dt.datetime, *, by: str, now: dt.datetime, reason: str = "", on_day_off: bool = False
) -> None:
    """Moves a planned session so that it starts at an instant; it lasts as long as before. Its members are then those of the new day.

    Raises
    ------
    Refused
        It is not planned, starts then already, or that is past, a day off, or no day of the group or the mentor.
    Clash
        Somebody has another session then.
    """
    circle = hold(db, session.group_id, session)
    _refuse_state(circle, session, State.PLANNED)
    if to == session.starts_at:
        raise AlreadySo(circle.name(session), "starts then")
    refuse_time(db, circle, db.get_one(Mentor, session.mentor_id), to, now=now, on_day_off=on_day_off, kind=kind_of(db, session))
    before, named = looks_of(db, circle, [session]), circle.name(session)
    session.starts_at, session.ends_at = to, to + (session.ends_at - session.starts_at)
    deed = Deed(
        what="moved",
        whom=named,
        ids=ids_of(session),
        by=by,
        now=now,
        reason=reason,
        details={"from": circle.wall(before[session.id].starts_at), "to": circle.wall(to)},
    )
    carry_out(db, circle.term, deed, altered(db, circle, before, [session]))


def cancel(db: DbSession, session: Session, *, by: str, now: dt.datetime, reason: str) -> None:
    """Cancels a planned session; feeds show it so for as long as the program's settings say.

    Raises
    ------
    Refused
        It is not planned.
    BadText
        The reason cannot be kept.
    """
    circle = hold(db, session.group_id, session)
    _refuse_state(circle, session, State.PLANNED)
    before = looks_of(db, circle, [session])
    session.state, session.cancelled_why = State.CANCELLED, bounded(reason, "the reason")
    deed = Deed(what="cancelled", whom=circle.name(session), ids=ids_of(session), by=by, now=now, reason=reason)
    carry_out(db, circle.term, deed, altered(db, circle, before, [session]))


def restore(db: DbSession, session: Session, *, by: str, now: dt.datetime, reason: str = "") -> None:
    """Takes the cancellation of a session back that has not begun and is not made up elsewhere.

    Raises
    ------
    Refused
        It is not cancelled, past, made up, makes up what is not cancelled, or is no day of the group or the mentor any more.
    Clash
        Somebody has another session then.
    """
    circle = hold(db, session.group_id, session)
    _refuse_state(circle, session, State.CANCELLED)
    _refuse_made_up(db, circle, session)
    if session.makes_up_id:
        _refuse_state(circle, db.get_one(Session, session.makes_up_id), State.CANCELLED)
    holds, kind = db.get_one(Mentor, session.mentor_id), kind_of(db, session)
    refuse_time(db, circle, holds, session.starts_at, now=now, on_day_off=True, kind=kind)
    before = looks_of(db, circle, [session])
    session.state, session.cancelled_why = State.PLANNED, ""
    deed = Deed(what="restored", whom=circle.name(session), ids=ids_of(session), by=by, now=now, reason=reason)
    carry_out(db, circle.term, deed, altered(db, circle, before, [session]))


def make_up(
    db: DbSession, session: Session, at: dt.datetime, *, by: str, now: dt.datetime, reason: str = "", on_day_off: bool = False
) -> Session:
    """A new session of the group in the place of a cancelled one, of its length, held by the group's mentor.

    Raises
    ------
    Refused
        The session is not cancelled or is made up already, or the time is past, a day off, or no day of the group or the mentor.
    Clash
        Somebody has another session then.
    """
    circle = hold(db, session.group_id, session)
    refuse_making_up(db, circle, session)
    holds, kind = db.get_one(Mentor, circle.group.mentor_id), kind_of(db, session)
    refuse_time(db, circle, holds, at, now=now, on_day_off=on_day_off, kind=kind)
    made = Session(
        id=new_id(),
        series_id=session.series_id,
        group_id=session.group_id,
        original_start=_own_start(db, session, at),
        starts_at=at,
        ends_at=at + (session.ends_at - session.starts_at),
        mentor_id=circle.group.mentor_id,
        state=State.PLANNED,
        sequence=0,
        changed_at=now,
        cancelled_why="",
        makes_up_id=session.id,
    )
    db.add(made)
    deed = Deed(
        what="made up", whom=circle.name(session), ids=ids_of(session), by=by, now=now, reason=reason, details={"at": circle.wall(at)}
    )
    carry_out(db, circle.term, deed, altered(db, circle, {}, [made]))
    return made


def substitute(db: DbSession, session: Session, mentor: Mentor, *, by: str, now: dt.datetime, reason: str = "") -> None:
    """Has a planned session held by another mentor of the term, or by the group's own again.

    Raises
    ------
    Refused
        The session is not planned or has begun, or the mentor holds it already, is of another term or has left by then.
    Clash
        The mentor has another session then.
    """
    circle = hold(db, session.group_id, session)
    _refuse_state(circle, session, State.PLANNED)
    if mentor.id == session.mentor_id:
        raise AlreadySo(circle.name(session), f"held by {mentor.key}")
    refuse_time(db, circle, mentor, session.starts_at, now=now, on_day_off=True, kind=kind_of(db, session))
    held_by = db.get_one(Mentor, session.mentor_id).key
    before = looks_of(db, circle, [session])
    session.mentor_id = mentor.id
    details = {"from": held_by, "to": mentor.key}
    deed = Deed(what="substituted", whom=circle.name(session), ids=ids_of(session), by=by, now=now, reason=reason, details=details)
    carry_out(db, circle.term, deed, altered(db, circle, before, [session]))


def kind_of(db: DbSession, session: Session) -> Kind:
    """Of what kind a session is."""
    return db.get_one(Series, session.series_id).kind


def unfit(db: DbSession, session: Session, mentor: Mentor) -> str:
    """Why a mentor would not be matched with the members of a session for its subject, by what they teach in their term; empty where
    they would, or where the session has no subject."""
    subject = db.get_one(Group, session.group_id).subject
    if not subject:
        return ""
    grades = [(one.lowest, one.highest) for one in TEACHES.read(mentor.subjects) if one.subject == subject]
    if not grades:
        return f"{mentor.key} does not teach {subject} in this term"
    others = [
        f"{key} (grade {mentee.grade})"
        for key, mentee in members_of(db, session).items()
        if not any(lowest <= mentee.grade <= highest for lowest, highest in grades)
    ]
    return f"{mentor.key} does not teach {subject} to {', '.join(others)}" if others else ""


def refuse_time(
    db: DbSession, circle: Circle, mentor: Mentor, at: dt.datetime, *, now: dt.datetime, on_day_off: bool, kind: Kind = Kind.TUTORING
) -> None:
    """Does nothing where a session of the group could be held at an instant by a mentor, as far as days tell.

    People are oriented before their first session, so that an orientation may lie in the weeks before the term, too.

    Raises
    ------
    Refused
        The instant is past, the day is off, or neither one of the term nor of the weeks after it in which it makes up what was left out,
        or the group or the mentor is not there on it.
    """
    group, on = circle.group, circle.day(at)
    first_on = circle.term.first_on - (BEFORE if kind is Kind.ORIENTATION else 0 * DAY)
    if at <= now:
        raise InThePast(circle.wall(at))
    if on < group.from_on or (group.until_on is not None and on >= group.until_on):
        raise NotThere(group.key, f"does not meet on {on}")
    last_on = last_day(circle.term, now) + MAKE_UP_WEEKS * WEEK_DAYS * DAY
    if not first_on <= on <= last_on:
        raise OutsideTheTerm(on, first_on, last_on)
    members = circle.members(on)
    if not members:
        raise NotThere(group.key, f"has no members on {on}")
    if mentor.term_id != circle.term.id:
        raise NotThere(mentor.key, "is of another term")
    if mentor.left_on is not None and on >= mentor.left_on:
        raise NotThere(mentor.key, f"has left on {mentor.left_on}")
    why = "" if on_day_off else days_of(db, circle.term).off(on, {member.school for member in members})
    if why:
        raise DayOff(on, why)


def _refuse_state(circle: Circle, session: Session, wanted: State) -> None:
    if session.state != wanted:
        raise WrongState(circle.name(session), session.state.value, wanted.value)


def refuse_making_up(db: DbSession, circle: Circle, session: Session) -> None:
    """Does nothing where a session is cancelled and not made up yet.

    Raises
    ------
    WrongState, AlreadySo
        It is not cancelled, or is made up.
    """
    _refuse_state(circle, session, State.CANCELLED)
    _refuse_made_up(db, circle, session)


def _refuse_made_up(db: DbSession, circle: Circle, session: Session) -> None:
    others = db.scalars(select(Session).where(Session.makes_up_id == session.id, Session.state != State.CANCELLED))
    for other in others:
        raise AlreadySo(circle.name(session), f"made up by {circle.name(other)}")


def _own_start(db: DbSession, session: Session, at: dt.datetime) -> dt.datetime:
    """The original start of a session that makes up another of its series, by which the series knows it for good: the time that it is
    made up at plus a second, or one more for each such session that was made at that time before.

    Weekly meetings begin with a minute, so that none ever has the same.
    """
    taken = set(db.scalars(select(Session.original_start).where(Session.series_id == session.series_id, Session.original_start > at)))
    start = at + SECOND
    while start in taken:
        start += SECOND
    return start
