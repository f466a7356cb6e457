"""Leavings that are taken back while somebody is still there: they stay, and what was cancelled or ended for it is so no more.

What a mentee's leaving ended stands in its row of the audit: memberships, and groups that nobody was left in. It comes back where nothing
has taken its place; what cannot come back is told, by its name. A leaving that is put off is taken back and begun anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed as Row, last_deed
from data.base import Document
from data.bookings import clashes, take
from data.entries import NOT_IN_THE_IMPORT
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import policy_of
from data.sessions import Series, Session, State
from scheduler.changes import refuse_time
from scheduler.circle import Circle, Look, circle_of, day_of, hold, sessions_of, tutoring_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.group_changes import looks_from, produce_again
from scheduler.refusals import AlreadySo, DayOff, InThePast, NotThere, Refused
from scheduler.term_days import last_day
from scheduler.waiting import NOBODY_IS_LEFT

MENTOR_LEFT, MENTEE_LEFT = "mentor left", "mentee left"
"""What the audit calls leavings."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: sessions that are held after all, or new; and a line for each thing that cannot come back."""

    sessions: tuple[UUID, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Coming:
    """A mentee who stays after all, where they were to leave on a day, or only until another; and what they `was` a member of."""

    mentee: Mentee
    left_on: dt.date
    until: dt.date | None
    now: dt.datetime
    was: Mapping[str, Any]

    def is_there(self, on: dt.date) -> bool:
        """Whether they are there on a day on which they would not have been."""
        return self.left_on <= on and (self.until is None or on < self.until)


@dataclass(slots=True)
class Watched:
    """Groups that somebody waits for nobody else to change, and how their sessions looked at first."""

    groups: dict[UUID, tuple[dict[UUID, Look], list[Session]]] = field(default_factory=dict)

    def hold(self, db: DbSession, group: UUID, from_on: dt.date) -> Circle:
        """Takes a group with its sessions of a day and later ones, once."""
        circle = hold(db, group)
        if group not in self.groups:
            self.groups[group] = looks_from(db, circle, from_on)
        return circle

    def changes(self, db: DbSession) -> list[Altered]:
        """The sessions that look other now."""
        db.flush()
        circles = {group: circle_of(db, db.get_one(Group, group)) for group in self.groups}
        return [one for group, (before, sessions) in self.groups.items() for one in altered(db, circles[group], before, sessions)]


def stay_mentor(db: DbSession, mentor: Mentor, *, by: str, now: dt.datetime, reason: str) -> Returned:
    """Has a mentor who was to leave stay; what was given to others or cancelled since stays so, and is told.

    Raises
    ------
    Refused
        They do not leave, or have left already, or an import took them away.
    """
    term = db.get_one(Term, mentor.term_id)
    left_on = leaves_on(term, mentor, now)
    deed = last_deed(db, term.id, MENTOR_LEFT, f"mentor {mentor.key}")
    mentor.left_on, mentor.left_why = None, ""
    db.flush()
    held = set(db.scalars(select(Group.id).where(Group.mentor_id == mentor.id)))
    made = made_again(db, held, left_on, now)
    lost = list(_lost_of_mentor(db, term, mentor, left_on, deed, now)) if deed else []
    details = {"left_on": left_on.isoformat(), "not back": len(lost)}
    done = Deed(
        what="leaving taken back", whom=f"mentor {mentor.key}", ids={"mentor": mentor.id}, by=by, now=now, reason=reason, details=details
    )
    carry_out(db, term, done, made, groups=held, people=[mentor.person_id])
    return Returned(tuple(one.session.id for one in made), tuple(lost))


def stay_mentee(db: DbSession, mentee: Mentee, *, by: str, now: dt.datetime, reason: str) -> Returned:
    """Has a mentee who was to leave stay, in the groups that they were in.

    Raises
    ------
    Refused
        They do not leave, or have left already, or an import took them away, or a group has begun a session without them.
    Clash
        Somebody would be in two sessions at once.
    """
    term, watched = db.get_one(Term, mentee.term_id), Watched()
    left_on = leaves_on(term, mentee, now)
    lost = bring_back(db, mentee, watched, None, now=now)
    changes = watched.changes(db)
    take(db, [one.session.id for one in changes])
    changes += made_again(db, watched.groups, left_on, now)
    details = {"left_on": left_on.isoformat(), "groups": _keys(db, watched.groups), "not back": len(lost)}
    done = Deed(
        what="leaving taken back", whom=f"mentee {mentee.key}", ids={"mentee": mentee.id}, by=by, now=now, reason=reason, details=details
    )
    carry_out(db, term, done, changes, groups=watched.groups, people=[mentee.person_id])
    back = [one for one in changes if one.after.state == State.PLANNED and (one.before is None or one.before.state == State.CANCELLED)]
    return Returned(tuple(one.session.id for one in back), tuple(lost))


def leaves_on(term: Term, who: Mentor | Mentee, now: dt.datetime) -> dt.date:
    """The first day without somebody who is to leave and is there until then, or leaves today.

    Raises
    ------
    NotThere, AlreadySo
        They do not leave, or an import took them away; or they have left.
    """
    if who.left_on is None:
        raise NotThere(who.key, "does not leave")
    if who.left_why == NOT_IN_THE_IMPORT:
        raise NotThere(who.key, "was taken away by an import; import them again")
    if who.left_on < day_of(term, now):
        raise AlreadySo(who.key, f"has left on {who.left_on}")
    return who.left_on


def memberships_of(db: DbSession, mentee: Mentee, on: dt.date) -> Document:
    """What a mentee is a member of, by the keys of groups, as a row of the audit keeps it before they leave on a day."""
    found: Document = {}
    rows = db.execute(
        select(Group, Membership).join(Membership).where(Membership.mentee_id == mentee.id).order_by(Group.key, Membership.from_on)
    )
    for group, row in rows:
        there = sum(one.is_there(max(on, group.from_on)) for one in circle_of(db, group).everybody)
        was = found.setdefault(group.key, {"until_on": _iso(group.until_on), "members": there, "from_until": []})
        was["from_until"].append([row.from_on.isoformat(), _iso(row.until_on)])
    return found


def bring_back(db: DbSession, mentee: Mentee, watched: Watched, until: dt.date | None, *, now: dt.datetime) -> list[str]:
    """Makes the rows of a mentee who is to leave, and those of their groups and sessions, what they would be if they stayed, of sessions
    only until a day where one is named; gives a line for each that cannot be.

    Raises
    ------
    InThePast
        A group of theirs has begun a session without them.
    """
    term = db.get_one(Term, mentee.term_id)
    deed = last_deed(db, term.id, MENTEE_LEFT, f"mentee {mentee.key}")
    coming = _Coming(mentee, leaves_on(term, mentee, now), until, now, deed.details.get("was", {}) if deed else {})
    ended = select(Group.key).join(Membership).where(Membership.mentee_id == mentee.id, Membership.until_on == coming.left_on)
    keys = sorted({*coming.was, *db.scalars(ended)})
    groups = {group.key: group for group in db.scalars(select(Group).where(Group.term_id == term.id, Group.key.in_(keys)))}
    mentee.left_on, mentee.left_why = None, ""
    db.flush()
    lost = [f"{key}: is there no more" for key in keys if key not in groups]
    for _, group in sorted(groups.items()):
        spans = _spans(coming, db, group)
        if not spans:
            continue
        circle = watched.hold(db, group.id, coming.left_on)
        for session in sessions_of(db, group):
            if session.state != State.CANCELLED and session.starts_at <= now and circle.day(session.starts_at) >= coming.left_on:
                raise InThePast(circle.name(session))
        problems = list(_why_not_again(coming, db, circle))
        if not problems:
            problems += _rejoin(coming, db, group, spans)
            problems += _hold_again(coming, db, circle_of(db, group))
        lost += problems
    return lost


def made_again(db: DbSession, groups: Collection[UUID], from_on: dt.date, now: dt.datetime) -> list[Altered]:
    """New sessions of groups' meetings that were not produced since somebody was to be away."""
    made: list[Altered] = []
    for group in sorted(groups):
        row = db.get_one(Group, group)
        series = tutoring_of(db, row)
        if series is not None:
            made += altered(db, circle_of(db, row), {}, produce_again(db, series, max(from_on, series.from_on), now))
    return made


def _spans(coming: _Coming, db: DbSession, group: Group) -> list[tuple[dt.date, dt.date | None]]:
    """A mentee's times in a group that their leaving ended; in one that is newer than that, until the group's end."""
    was, left_on = coming.was.get(group.key), coming.left_on
    if was is None:
        theirs = select(Membership.from_on).where(Membership.group_id == group.id, Membership.mentee_id == coming.mentee.id)
        return [(from_on, group.until_on) for from_on in db.scalars(theirs.where(Membership.until_on == left_on))]
    ended_on = _date(was["until_on"])
    if ended_on is not None and ended_on <= left_on:
        return []
    spans = [(dt.date.fromisoformat(from_on), _date(until_on)) for from_on, until_on in was["from_until"]]
    return [(from_on, until_on) for from_on, until_on in spans if until_on is None or until_on > left_on]


def _why_not_again(coming: _Coming, db: DbSession, circle: Circle) -> Iterator[str]:
    """Why a mentee cannot be of a group again: it has ended otherwise, has become full, or meets when they are elsewhere."""
    group, left_on, was = circle.group, coming.left_on, coming.was.get(circle.group.key)
    if group.until_on is not None and (group.until_on < left_on or (group.until_on == left_on and was is None)):
        yield f"{group.key}: has ended on {group.until_on}"
        return
    others = sum(one.is_there(max(left_on, group.from_on)) for one in circle.everybody if one.mentee_id != coming.mentee.id)
    allowed = policy_of(circle.term, last_day(circle.term, coming.now)).group.max_size
    most = min(allowed, db.get_one(Mentor, group.mentor_id).max_size or allowed)
    if was is not None and others >= max(most, was["members"]):
        yield f"{group.key}: is full"
        return
    for session in sessions_of(db, group):
        if session.state == State.PLANNED and coming.is_there(circle.day(session.starts_at)):
            busy = clashes(db, [coming.mentee.person_id], session.starts_at, session.ends_at, [session.id])
            yield from (f"{group.key}: {one}" for one in busy)


def _rejoin(coming: _Coming, db: DbSession, group: Group, spans: Collection[tuple[dt.date, dt.date | None]]) -> Iterator[str]:
    """Gives a mentee their times in a group back, and the group its own where it ended with them."""
    was, left_on = coming.was.get(group.key), coming.left_on
    if was is not None and group.until_on == left_on:
        group.until_on = _date(was["until_on"])
        for series in db.scalars(select(Series).where(Series.group_id == group.id, Series.until_on == left_on)):
            series.until_on = group.until_on if series.meetings else series.until_on
    for from_on, until_on in spans:
        ends = min((day for day in (until_on, group.until_on) if day), default=None)
        row = db.get(Membership, (group.id, coming.mentee.id, from_on))
        if row is None and from_on >= left_on:
            db.add(Membership(group_id=group.id, mentee_id=coming.mentee.id, from_on=from_on, until_on=ends))
        elif row is not None and row.until_on == left_on:
            row.until_on = ends
        elif row is None or (row.until_on is not None and row.until_on < left_on):
            yield f"{group.key}: they are no member of it any more"
    db.flush()


def _hold_again(coming: _Coming, db: DbSession, circle: Circle) -> Iterator[str]:
    """Has sessions held after all that were cancelled since nobody was left; tells which cannot be, and why."""
    for session in sessions_of(db, circle.group):
        on = circle.day(session.starts_at)
        theirs = any(one.mentee_id == coming.mentee.id and one.is_there(on) for one in circle.everybody)
        if session.state == State.CANCELLED and session.cancelled_why == NOBODY_IS_LEFT and theirs and coming.is_there(on):
            why = _why_not_held(db, circle, session, coming.now)
            if why:
                yield f"{circle.name(session)} stays cancelled; {why}"
            else:
                session.state, session.cancelled_why = State.PLANNED, ""


def _why_not_held(db: DbSession, circle: Circle, session: Session, now: dt.datetime) -> str:
    """Why a cancelled session cannot be held; where its day is off, it waits for that from now on."""
    if db.scalars(select(Session.id).where(Session.makes_up_id == session.id, Session.state != State.CANCELLED)).first():
        return "it is made up"
    mentor = db.get_one(Mentor, session.mentor_id)
    try:
        refuse_time(db, circle, mentor, session.starts_at, now=now, on_day_off=False)
    except DayOff as off:
        session.cancelled_why = off.why
        return str(off)
    except Refused as refused:
        return str(refused)
    people = {mentor.person_id, *(member.person for member in circle.members(circle.day(session.starts_at)))}
    return next((str(one) for one in clashes(db, people, session.starts_at, session.ends_at)), "")


def _lost_of_mentor(db: DbSession, term: Term, mentor: Mentor, left_on: dt.date, deed: Row, now: dt.datetime) -> Iterator[str]:
    """What others hold now of a mentor's sessions, or what was cancelled since they were to leave."""
    for key in deed.details.get("groups", ()):
        group = db.scalars(select(Group).where(Group.term_id == term.id, Group.key == key)).first()
        if group is None:
            yield f"{key}: is there no more"
            continue
        circle = circle_of(db, group)
        for session in sessions_of(db, group):
            if session.starts_at <= now or circle.day(session.starts_at) < left_on:
                continue
            if session.state == State.CANCELLED and session.cancelled_at is not None and session.cancelled_at >= deed.at:
                yield f"{circle.name(session)} stays cancelled; {session.cancelled_why}"
            elif session.state == State.PLANNED and session.mentor_id != mentor.id:
                yield f"{circle.name(session)} is held by {db.get_one(Mentor, session.mentor_id).key}"


def _keys(db: DbSession, groups: Collection[UUID]) -> list[str]:
    return sorted(db.get_one(Group, group).key for group in groups)


def _iso(on: dt.date | None) -> str | None:
    return on.isoformat() if on else None


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
