"""What was published is taken back: things are as they were before, in calendars too, as long as no session of it was held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session as DbSession

from data.audit import write_down
from data.base import Document
from data.bookings import take
from data.calendars import parts, touch_groups
from data.groups import Group, Membership
from data.outbox import About, Message, Notice, about_session, write
from data.programs import Term
from data.rounds import Run
from data.runs import name_of
from data.sessions import Series, Session, Shift, State
from data.telling import invited
from scheduler.announce import Theirs, announce, groups_by_person
from scheduler.circle import Look, circle_of, looks_of, sessions_of, tutoring_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.gone import remembered
from scheduler.letters import gone_session
from scheduler.publish import standing, term_of
from scheduler.results import PublishError, short_name
from scheduler.snapshots import restore
from scheduler.term import instant
from scheduler.term_days import days_of

NOBODYS: Theirs = {}


@dataclass(eq=False)
class NotStanding(PublishError):
    """The run is not what is published now."""

    run: str
    standing: str | None

    def __str__(self) -> str:
        return f"run {self.run} is not published; " + (f"run {self.standing} is" if self.standing else "nothing is")


@dataclass(eq=False)
class WasHeld(PublishError):
    """A session of it was held."""

    run: str
    session: str

    def __str__(self) -> str:
        return f"run {self.run} cannot be undone: {self.session} was held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What went: groups and sessions that are there no more, of which some were `changed` since they were planned; and how many groups are
    `back` as they were before a repair."""

    groups: int
    sessions: int
    changed: int
    back: int


def undo(db: DbSession, run: Run, now: dt.datetime, by: str) -> Undone:
    """Takes back the publishing of a run: its groups and their sessions are there no more, their people's time is free again, and what
    was not said yet is not said.

    Whoever was told is told of this too: which groups are theirs again, or that none are; and who was invited to a session by mail, that
    it is off. Feeds lose the sessions, and say when they last changed. The run remembers what went (`scheduler.gone`).

    Raises
    ------
    NotStanding
        The run is not what is published now.
    WasHeld
        A session of it was held.
    """
    term = term_of(db, run)
    other = standing(db, term)
    if other is None or other.id != run.id:
        raise NotStanding(name_of(db, run), name_of(db, other) if other else None)
    document = run.undo or {}
    made = [UUID(group) for group in document.get("made", ())]
    refuse_held(db, run, Session.group_id, made)
    told = _take_back_notices(db, run)
    before: Document = document.get("before", {})
    touched = [UUID(group) for group in before.get("groups", ())]
    were, again, changed = groups_by_person(db, [*made, *touched]), NOBODYS, changed_since(db, run, [*made, *touched])
    touch_groups(db, made, now)
    if before:
        sessions = _put_back(db, term, run, made, before, now=now, by=by)
        again = groups_by_person(db, touched, from_on=dt.date.fromisoformat(before["from_on"]))
    else:
        run.undo = remembered(db, made, ())
        sessions = remove(db, term, made, now)
        details = {"groups": len(made), "sessions": sessions}
        write_down(db, at=now, by=by, what="undone", whom=short_name(db, run), term=term.id, ids={"run": run.id}, details=details)
    announce(db, run, term, {person: again[person] for person in again.keys() & told}, About.PUT_BACK, now)
    announce(db, run, term, {person: were[person] for person in (were.keys() - again.keys()) & told}, About.WITHDRAWN, now)
    run.undone_at = now
    db.flush()
    return Undone(groups=len(made), sessions=sessions, changed=changed, back=len(touched))


def _put_back(db: DbSession, term: Term, run: Run, made: Collection[UUID], before: Document, *, now: dt.datetime, by: str) -> int:
    """Undoes a repair: its groups go, and those that it touched are as they were, with the sessions that they had; those of days that have
    closed since are cancelled."""
    groups = [UUID(group) for group in before["groups"]]
    had = [UUID(session["id"]) for session in before["session"]]
    refuse_held(db, run, Session.id, had)
    begins = instant(term.zone, dt.date.fromisoformat(before["from_on"]), 0)
    touch_groups(db, groups, now)
    looks: dict[UUID, Look] = {}
    extra: list[UUID] = []
    for group in groups:
        circle = circle_of(db, db.get_one(Group, group))
        series = tutoring_of(db, circle.group)
        sessions = [one for one in sessions_of(db, circle.group) if one.starts_at >= begins or one.id in set(had)]
        looks |= looks_of(db, circle, sessions)
        extra += [one.id for one in sessions if series is not None and one.series_id == series.id and one.id not in set(had)]
    refuse_held(db, run, Session.id, extra)
    run.undo = remembered(db, made, extra)
    remove_sessions(db, term, extra, now)
    count = remove(db, term, made, now) + len(extra)
    restore(db, before, days_of(db, term))
    changes: list[Altered] = []
    for group in groups:
        circle = circle_of(db, db.get_one(Group, group))
        theirs = [one for one in sessions_of(db, circle.group) if one.id in looks]
        changes += altered(db, circle, looks, theirs)
    take(db, had)
    details = {"groups": len(made), "put back": len(groups)}
    deed = Deed(what="undone", whom=short_name(db, run), by=by, now=now, ids={"run": run.id}, details=details)
    carry_out(db, term, deed, changes, groups=groups)
    return count


def changed_since(db: DbSession, run: Run, groups: Collection[UUID]) -> int:
    """How many sessions of groups were moved, cancelled or otherwise changed since a run was published."""
    changed = select(func.count()).select_from(Session).where(Session.changed_at > run.published_at, Session.sequence > 0)
    return sum(db.scalars(changed.where(Session.group_id.in_(some))).one() for some in parts(sorted(groups)))


def refuse_held(db: DbSession, run: Run, column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> None:
    """Does nothing where no session of these groups, or none of these sessions, was held.

    Raises
    ------
    WasHeld
        One was.
    """
    for some in parts(sorted(ids)):
        held = select(Session).where(column.in_(some), Session.state == State.HELD).order_by(Session.starts_at).limit(1)
        if session := db.scalars(held).first():
            raise WasHeld(name_of(db, run), circle_of(db, db.get_one(Group, session.group_id)).name(session))


def remove(db: DbSession, term: Term, groups: Collection[UUID], now: dt.datetime) -> int:
    """Removes groups with all that hangs on them, and says how many sessions that were."""
    db.flush()
    sessions = [one for some in parts(sorted(groups)) for one in db.scalars(select(Session.id).where(Session.group_id.in_(some)))]
    remove_sessions(db, term, sessions, now)
    for some in parts(sorted(groups)):
        db.execute(delete(Shift).where(Shift.series_id.in_(select(Series.id).where(Series.group_id.in_(some)))))
        db.execute(delete(Series).where(Series.group_id.in_(some)))
        db.execute(delete(Membership).where(Membership.group_id.in_(some)))
        db.execute(delete(Group).where(Group.id.in_(some)))
    db.expire_all()
    return len(sessions)


def remove_sessions(db: DbSession, term: Term, sessions: Collection[UUID], now: dt.datetime) -> None:
    """Removes sessions, their bookings, and mail about them that was not sent; who was invited to one by mail is told that it is off."""
    gone = {str(session) for session in sessions}
    waiting = db.execute(select(Message.id, Message.body).where(Message.sent_at.is_(None), Message.given_up_at.is_(None)))
    unsaid = [message for message, body in waiting if body.get("session") in gone]
    for some in parts(unsaid):
        db.execute(delete(Message).where(Message.id.in_(some)))
    _strike_out(db, term, invited(db, set(sessions)), now)
    for ids in parts(sorted(sessions)):
        db.execute(update(Session).where(Session.makes_up_id.in_(ids)).values(makes_up_id=None))
        db.execute(delete(Session).where(Session.id.in_(ids)))


def _strike_out(db: DbSession, term: Term, whom: Mapping[UUID, Mapping[UUID, str]], now: dt.datetime) -> None:
    """Has those who were invited to sessions that lie ahead strike them out of their calendars. The mails hold what is to be told:
    when they leave, the sessions are there no more."""
    told = select(Session, Series.kind, Group.subject)
    asked = told.join(Series, Session.series_id == Series.id).join(Group, Session.group_id == Group.id)
    notices = [
        Notice(
            key=f"{About.CANCELLED}:{session.id}:{session.sequence + 1}:{person}",
            address=address,
            body=about_session(About.CANCELLED, session.id, gone=gone_session(session, kind, subject, term, now)),
            person_id=person,
        )
        for some in parts(sorted(whom))
        for session, kind, subject in db.execute(asked.where(Session.id.in_(some), Session.starts_at > now))
        for person, address in whom[session.id].items()
    ]
    write(db, notices, now=now)


def _take_back_notices(db: DbSession, run: Run) -> set[UUID]:
    """Removes what was not said yet of a publishing, and gives the persons who were told."""
    mine = Message.key.startswith(f"{About.PUBLISHED}:{run.id}:", autoescape=True)
    db.execute(delete(Message).where(mine, Message.sent_at.is_(None), Message.given_up_at.is_(None)))
    told = db.scalars(select(Message.person_id).where(mine, Message.sent_at >= run.published_at))
    return {person for person in told if person}
