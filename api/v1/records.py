"""The record of a session: who came, how long it was, what it was about and what is to be done.

Its mentor, and the program's office, read and write it; what is to be done is read by whoever sees the session.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import AKey, InTerm, Ref, Text, flawed
from api.v1.finding import Key
from api.v1.meant import named_in, session_meant
from api.v1.noting import note_reading, note_told
from data.access import Right
from data.groups import Group
from data.own import sessions_held, sessions_taught
from data.people import Mentee
from data.programs import Term
from data.records import MOST_MINUTES, Record, members_of, record
from data.sessions import Attendance, Presence, Session, Task

routes = Routes("records")


class PresenceOut(Wire):
    """Whether a mentee came; null where nothing is said yet."""

    mentee: Ref
    presence: Presence | None


class PresenceIn(Wire):
    """Whether a mentee came."""

    mentee: AKey
    presence: Presence


class RecordOut(Wire):
    """The record of a session, as far as there is one."""

    session_id: UUID
    recorded_at: dt.datetime | None = Field(description="Null where there is none yet: then the session was not held, as far as is known.")
    attendance: list[PresenceOut]
    minutes_held: int | None
    topic: str
    note: str = Field(description="For the program's office.")
    tasks: list[str]


class RecordIn(Wire):
    """What is said of a session that has begun."""

    attendance: list[PresenceIn] = Field(max_length=500, description="Of each member of its day, once.")
    minutes_held: int = Field(ge=0, le=MOST_MINUTES, description="0 where nobody came.")
    topic: Text = ""
    note: Text = ""
    tasks: list[Annotated[Text, Field(min_length=1)]] = Field([], max_length=50)


class TasksOut(Wire):
    """What is to be done until next time."""

    session_id: UUID
    tasks: list[str]


@routes.get("/sessions/{session}/record", Right.RECORDS_READ)
def read_record(call: Call, session: Key, term: InTerm = None) -> RecordOut:
    """The record of a session, to its mentor and its group's."""
    found = session_meant(call, session, term, lambda sight, _: sessions_taught(sight))
    shown = _record_out(call, found)
    if found.recorded_at is not None:
        of = call.db.get_one(Term, call.db.get_one(Group, found.group_id).term_id)
        note_reading(call, of, [one.mentee.external_id for one in shown.attendance], "record read")
    return shown


@routes.put("/sessions/{session}/record", Right.RECORDS_WRITE)
def write_record(call: Call, session: Key, body: RecordIn, term: InTerm = None) -> RecordOut:
    """Records what was held, or corrects it; from then on the session is held. A mentor writes it of sessions that they hold."""
    found = session_meant(call, session, term, lambda sight, _: sessions_held(sight))
    of = call.db.get_one(Term, call.db.get_one(Group, found.group_id).term_id)
    call.refuse_stale(lambda: _record_out(call, found))
    members = members_of(call.db, found)
    known = {str(mentee.id): key for key, mentee in members.items()}
    known |= {f"ext:{key}": key for key in known.values()}
    said: dict[str, Presence] = {}
    for place, one in enumerate(body.attendance):
        key = known.get(one.mentee) or named_in(call, Mentee, of, one.mentee, f"/attendance/{place}/mentee").key
        if key in said:
            raise flawed(f"/attendance/{place}/mentee", f"{one.mentee!r}: is there twice", "write each member once")
        said[key] = one.presence
    what = Record(attendance=said, minutes=body.minutes_held, topic=body.topic, note=body.note, tasks=tuple(body.tasks))
    record(call.db, found, what, members=members, by=call.by, now=call.now)
    return _out(found, [(members[key], said[key]) for key in sorted(members)], body.tasks)


@routes.get("/sessions/{session}/tasks", Right.GROUPS_READ)
def read_tasks(call: Call, session: Key, term: InTerm = None) -> TasksOut:
    """What is to be done after a session, to all who see it."""
    found = session_meant(call, session, term)
    tasks = list(call.db.scalars(select(Task.text).where(Task.session_id == found.id).order_by(Task.id)))
    if tasks:
        of = call.db.get_one(Group, found.group_id).term_id
        note_told(call, of, (mentee.key for mentee in members_of(call.db, found).values()), "tasks read")
    return TasksOut(session_id=found.id, tasks=tasks)


def _record_out(call: Call, session: Session) -> RecordOut:
    tasks = call.db.scalars(select(Task.text).where(Task.session_id == session.id).order_by(Task.id))
    came = select(Mentee, Attendance.presence).join(Attendance, Attendance.mentee_id == Mentee.id)
    everybody: dict[Mentee, Presence | None] = dict.fromkeys(members_of(call.db, session).values())
    everybody |= dict(call.db.execute(came.where(Attendance.session_id == session.id)).all())
    return _out(session, sorted(everybody.items(), key=lambda one: one[0].key), list(tasks))


def _out(session: Session, attendance: Sequence[tuple[Mentee, Presence | None]], tasks: list[str]) -> RecordOut:
    return RecordOut(
        session_id=session.id,
        recorded_at=session.recorded_at,
        attendance=[PresenceOut(mentee=Ref(id=mentee.id, external_id=mentee.key), presence=said) for mentee, said in attendance],
        minutes_held=session.minutes_held,
        topic=session.topic,
        note=session.note,
        tasks=tasks,
    )
