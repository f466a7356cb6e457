"""People who leave a term before its end, and the sessions that need another mentor since.

A mentee who leaves is taken out of all groups. A mentor's sessions are neither cancelled nor given to anybody: they are listed until a
repair, a substitute or a cancellation settles them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from data.bookings import take
from data.calendars import parts
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Session, State
from data.texts import bounded
from scheduler.circle import circle_of, day_of, hold, sessions_of
from scheduler.consequences import Altered, Deed, carry_out
from scheduler.group_changes import refuse_day, take_out
from scheduler.refusals import AlreadySo, InThePast, OutsideTheTerm
from scheduler.returns import MENTEE_LEFT, MENTOR_LEFT, Watched, bring_back, leaves_on, made_again, memberships_of
from scheduler.term import DAY


def leave_mentor(db: DbSession, mentor: Mentor, on: dt.date, *, by: str, now: dt.datetime, reason: str) -> list[Session]:
    """Lets a mentor teach no more from a day on, and gives the sessions that need another, in order of time.

    Whoever is to leave may leave on an earlier or a later day instead.

    Raises
    ------
    Refused
        The mentor leaves on that day already or has left, or the day is past or none of the term, or they have begun a session on it or
        later.
    BadText
        The reason cannot be kept.
    """
    term = db.get_one(Term, mentor.term_id)
    was = _refuse_left(term, mentor, on, now)
    _refuse_day(term, on, now)
    theirs = select(Session).where(Session.mentor_id == mentor.id, Session.state != State.CANCELLED).order_by(Session.starts_at, Session.id)
    left = [session for session in db.scalars(theirs) if day_of(term, session.starts_at) >= on]
    for session in left:
        if session.starts_at <= now:
            raise InThePast(circle_of(db, db.get_one(Group, session.group_id)).name(session))
    mentor.left_on, mentor.left_why = on, bounded(reason, "the reason")
    db.flush()
    groups = {session.group_id for session in left}
    held = set(db.scalars(select(Group.id).where(Group.mentor_id == mentor.id))) if was is not None and was < on else set()
    made = made_again(db, held, was, now) if was is not None else []
    keys = sorted(db.get_one(Group, group).key for group in groups | held)
    details = {"left_on": on.isoformat(), "need_repair": len(left), "groups": keys}
    deed = Deed(what=MENTOR_LEFT, whom=f"mentor {mentor.key}", ids={"mentor": mentor.id}, by=by, now=now, reason=reason, details=details)
    carry_out(db, term, deed, made, groups=groups | held, people=[mentor.person_id])
    return left


def leave_mentee(db: DbSession, mentee: Mentee, on: dt.date, *, by: str, now: dt.datetime, reason: str) -> list[str]:
    """Lets a mentee learn no more from a day on, in any group of the term.

    Whoever is to leave may leave on an earlier or a later day instead: what cannot come back until that is told, a line each.

    Raises
    ------
    Refused
        The mentee leaves on that day already or has left, or the day is past or none of the term, or a group of theirs has begun a session
        on it or later.
    BadText
        The reason cannot be kept.
    """
    term, watched = db.get_one(Term, mentee.term_id), Watched()
    was = _refuse_left(term, mentee, on, now)
    _refuse_day(term, on, now)
    first = on if was is None else min(on, was)
    for group in _groups_from(db, mentee, first):
        watched.hold(db, group.id, first)
    lost = bring_back(db, mentee, watched, on, now=now) if was is not None else []
    had, groups = memberships_of(db, mentee, on), _groups_from(db, mentee, on)
    for group in groups:
        circle = watched.hold(db, group.id, first)
        refuse_day(db, circle, on, now)
        take_out(db, circle, mentee, on)
    mentee.left_on, mentee.left_why = on, bounded(reason, "the reason")
    changes = watched.changes(db)
    if was is not None and was < on:
        take(db, [one.session.id for one in changes])
        changes += made_again(db, watched.groups, was, now)
    details = {"left_on": on.isoformat(), "groups": [group.key for group in groups], "was": had}
    deed = Deed(what=MENTEE_LEFT, whom=f"mentee {mentee.key}", ids={"mentee": mentee.id}, by=by, now=now, reason=reason, details=details)
    carry_out(db, term, deed, changes, groups=watched.groups, people=[mentee.person_id])
    return lost


def take_out_of_all(db: DbSession, term: Term, keys: Sequence[str], *, by: str, now: dt.datetime, reason: str) -> list[Mentee]:
    """Takes mentees whom an import leaves out of all their groups: from today on, or from tomorrow where a session of today has begun;
    gives those of whom one has, who are still there today."""
    changes: list[Altered] = []
    stay: dict[UUID, Mentee] = {}
    today, touched = day_of(term, now), set[UUID]()
    for some in parts(keys):
        for mentee in db.scalars(select(Mentee).where(Mentee.term_id == term.id, Mentee.key.in_(some)).order_by(Mentee.key)).all():
            for group in _groups_from(db, mentee, today):
                circle = hold(db, group.id)
                begun = any(one.starts_at <= now and circle.day(one.starts_at) == today for one in sessions_of(db, circle.group))
                if begun and any(one.mentee_id == mentee.id and one.is_there(today) for one in circle.everybody):
                    stay[mentee.id] = mentee
                if begun and circle.group.until_on == today + DAY:
                    continue
                changes += take_out(db, circle, mentee, today + DAY if begun else today)
                touched.add(group.id)
    if touched:
        carry_out(db, term, Deed(what="mentees gone", whom=f"term {term.key}", by=by, now=now, reason=reason), changes, groups=touched)
    return list(stay.values())


def _groups_from(db: DbSession, mentee: Mentee, on: dt.date) -> Sequence[Group]:
    """The groups that a mentee is in on a day or later, by their keys."""
    return db.scalars(
        select(Group)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.mentee_id == mentee.id)
        .where(or_(Membership.until_on.is_(None), Membership.until_on > on), or_(Group.until_on.is_(None), Group.until_on > on))
        .order_by(Group.key)
        .distinct()
    ).all()


def need_repair(db: DbSession, term: Term, now: dt.datetime) -> list[Session]:
    """The planned sessions to come whose mentor has left by then, in order of time."""
    rows = db.execute(
        select(Session, Mentor.left_on)
        .join(Mentor, Mentor.id == Session.mentor_id)
        .where(Mentor.term_id == term.id, Session.state == State.PLANNED, Session.starts_at > now)
        .order_by(Session.starts_at, Session.id)
    )
    return [session for session, left_on in rows if left_on is not None and left_on <= day_of(term, session.starts_at)]


def _refuse_day(term: Term, on: dt.date, now: dt.datetime) -> None:
    """Does nothing where people may leave a term on a day: none that is past, nor outside the term."""
    if on < day_of(term, now):
        raise InThePast(str(on))
    if on < term.first_on or (term.last_on is not None and on > term.last_on):
        raise OutsideTheTerm(on, term.first_on, term.last_on)


def _refuse_left(term: Term, who: Mentor | Mentee, on: dt.date, now: dt.datetime) -> dt.date | None:
    """The day on which somebody was to leave so far, where they may leave on another, and None where they were not to leave."""
    if who.left_on is None:
        return None
    if who.left_on == on:
        raise AlreadySo(who.key, f"has left on {who.left_on}")
    return leaves_on(term, who, now)
