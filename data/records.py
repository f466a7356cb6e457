"""The record of a session: who came, how long it was, what it was about and what is to be done; only with it is a session held.

Its mentor writes it once the session is over, for each member of that day, and may correct it. The audit keeps the attendance and the
minutes there were before, and of the texts only which of them changed: they may name people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Date, bindparam, delete, insert, or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import Base, Document, new_id
from data.calendars import touch_groups
from data.groups import Group, Membership
from data.people import Mentee
from data.programs import Term
from data.sessions import Attendance, Presence, Session, State, Task
from data.texts import bounded

MOST_MINUTES = 24 * 60


class RecordError(ValueError):
    """The root of what can be wrong with a record."""


@dataclass(eq=False)
class NothingToRecord(RecordError):
    """The session is cancelled, or is not over."""

    why: str

    def __str__(self) -> str:
        return f"no record can be written: the session {self.why}"


@dataclass(eq=False)
class WrongMembers(RecordError):
    """The attendance is not that of the members of that day."""

    missing: tuple[str, ...]
    strange: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"nothing is said of {', '.join(self.missing)}"] * bool(self.missing)
        parts += [f"{', '.join(self.strange)}: no member on that day"] * bool(self.strange)
        return "; ".join(parts)


@dataclass(eq=False)
class BadMinutes(RecordError):
    """The session lasted so long as none can, or nobody came and it lasted."""

    minutes: int

    def __str__(self) -> str:
        return f"{self.minutes} minutes: a session lasts 1 to {MOST_MINUTES}, and none where nobody came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a mentor says of a session: the presence of each member by their key, and the minutes that it lasted."""

    attendance: Mapping[str, Presence]
    minutes: int
    topic: str = ""
    note: str = ""
    tasks: tuple[str, ...] = ()


_ON = bindparam("on", type_=Date())
_MEMBERS = (
    select(Mentee)
    .join(Membership, Membership.mentee_id == Mentee.id)
    .where(Membership.group_id == bindparam("group"), Membership.from_on <= _ON)
    .where(or_(Membership.until_on.is_(None), Membership.until_on > _ON))
    .where(or_(Mentee.left_on.is_(None), Mentee.left_on > _ON))
    .order_by(Mentee.key)
)


def members_of(db: DbSession, session: Session) -> dict[str, Mentee]:
    """The members of a session's group on its day, by key."""
    on = session.starts_at.astimezone(_zone(db, session)).date()
    return {mentee.key: mentee for mentee in db.scalars(_MEMBERS, {"group": session.group_id, "on": on})}


def _zone(db: DbSession, session: Session) -> ZoneInfo:
    """The zone of a session's term."""
    return ZoneInfo(db.get_one(Term, db.get_one(Group, session.group_id).term_id).zone)


def record_of(db: DbSession, session: Session) -> Record | None:
    """What is recorded of a session; None where nothing is yet."""
    if session.recorded_at is None:
        return None
    rows = db.execute(
        select(Mentee.key, Attendance.presence)
        .join(Mentee, Mentee.id == Attendance.mentee_id)
        .where(Attendance.session_id == session.id)
        .order_by(Mentee.key)
    )
    tasks = db.scalars(select(Task.text).where(Task.session_id == session.id).order_by(Task.id))
    return Record(
        attendance={row.key: row.presence for row in rows},
        minutes=session.minutes_held or 0,
        topic=session.topic,
        note=session.note,
        tasks=tuple(tasks),
    )


def record(
    db: DbSession, session: Session, said: Record, *, members: Mapping[str, Mentee] | None = None, by: str, now: dt.datetime
) -> None:
    """Writes the record of a session, or corrects it; from the first one on the session is held. `members` are those of its day, by their
    keys, where somebody knows them who has locked it and its group.

    Raises
    ------
    RecordError
        The session is cancelled or is not over; or the members or the minutes are not what they can be.
    BadText
        What it says cannot be kept.
    """
    for what, text in (("the topic", said.topic), ("the note", said.note), *(("a task", one) for one in said.tasks)):
        bounded(text, what)
    if members is None:
        db.refresh(session, with_for_update=True)  # whoever else changes it waits
    if session.state == State.CANCELLED:
        raise NothingToRecord("is cancelled")
    if session.ends_at > now:
        raise NothingToRecord(f"ends at {session.ends_at.astimezone(_zone(db, session)):%Y-%m-%d %H:%M}")
    members = members_of(db, session) if members is None else members
    missing, strange = sorted(members.keys() - said.attendance.keys()), sorted(said.attendance.keys() - members.keys())
    if missing or strange:
        raise WrongMembers(tuple(missing), tuple(strange))
    came = any(presence in {Presence.PRESENT, Presence.LATE} for presence in said.attendance.values())
    if not (1 if came else 0) <= said.minutes <= (MOST_MINUTES if came else 0):
        raise BadMinutes(said.minutes)
    before, first = record_of(db, session), session.state != State.HELD
    if before == said:
        return
    session.topic, session.note, session.minutes_held = said.topic, said.note, said.minutes
    session.recorded_at, session.changed_at = now, max(now, session.changed_at)
    if first:
        session.state = State.HELD
        session.sequence += 1
    for table in (Attendance, Task) if before else ():
        db.execute(delete(table).where(table.session_id == session.id))
    came_to = [{"session_id": session.id, "mentee_id": members[key].id, "presence": presence} for key, presence in said.attendance.items()]
    tasks = [{"id": new_id(), "session_id": session.id, "text": text} for text in said.tasks]
    for kind, rows in ((Attendance, came_to), (Task, tasks)):
        if rows:
            db.execute(insert(Base.metadata.tables[kind.__tablename__]), rows)
    db.flush()
    touch_groups(db, [session.group_id], now)
    group = db.get_one(Group, session.group_id)
    write_down(
        db,
        at=now,
        by=by,
        what="recorded" if first else "record corrected",
        whom=f"session {session.id} of group {group.key}",
        term=group.term_id,
        ids={"session": session.id, "group": group.id},
        details=_details(before, said),
    )
    db.flush()


def _details(before: Record | None, said: Record) -> Document:
    """What the audit keeps of a record, and what it was before."""
    texts = [name for name in ("topic", "note", "tasks") if before and getattr(before, name) != getattr(said, name)]
    was = {"was": {"attendance": dict(before.attendance), "minutes": before.minutes}, "changed": texts} if before else {}
    return {"attendance": dict(said.attendance), "minutes": said.minutes, **was}


def lacking(db: DbSession, term: Term, now: dt.datetime) -> list[Session]:
    """The sessions of a term that are over, not cancelled, and have no record, in order of time: they are asked for, and never held."""
    return list(
        db.scalars(
            select(Session)
            .join(Group, Group.id == Session.group_id)
            .where(Group.term_id == term.id, Session.state == State.PLANNED, Session.ends_at <= now)
            .order_by(Session.starts_at, Session.id)
        )
    )
