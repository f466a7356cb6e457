"""One session seen closely: when it was to be and is, who takes part and came, what is recorded, and what was said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.groups import Group
from data.outbox import Message
from data.people import Mentor, Person
from data.programs import Program
from data.records import Record, members_of, record_of
from data.sessions import Presence, Session
from data.settings import settings_of
from scheduler.circle import Circle, circle_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message about a session: what it tells, to whom (a person's key, or a webhook's address), and what became of it.

    One that was neither sent nor given up waits until `due_at`.
    """

    about: str
    to: str
    due_at: dt.datetime | None
    sent_at: dt.datetime | None
    given_up_at: dt.datetime | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUp:
    """All about one session, with people by their keys and other sessions by their names.

    `at_first` is when it was to start before anything was changed, None of one that makes up another. `presence` has all its members,
    with None for those of whom nothing is recorded. `usual_mentor` is the group's.
    """

    at_first: dt.datetime | None
    usual_mentor: str
    presence: Mapping[str, Presence | None]
    record: Record | None
    recorded_at: dt.datetime | None
    link: str
    makes_up: str
    made_up_by: tuple[str, ...]
    uid: str
    sequence: int
    changed_at: dt.datetime
    said: tuple[Said, ...]


def close_up(db: DbSession, session: Session) -> CloseUp:
    """What is known of a session."""
    circle = circle_of(db, db.get_one(Group, session.group_id))
    settings = settings_of(db.get_one(Program, circle.term.program_id).settings)
    record = record_of(db, session)
    members: dict[str, Presence | None] = dict.fromkeys(members_of(db, session))
    made_up_by = db.scalars(select(Session).where(Session.makes_up_id == session.id).order_by(Session.starts_at, Session.id))
    return CloseUp(
        at_first=session.original_start if session.makes_up_id is None else None,
        usual_mentor=db.get_one(Mentor, circle.group.mentor_id).key,
        presence=members | dict(record.attendance) if record else members,
        record=record,
        recorded_at=session.recorded_at,
        link=circle.group.link or settings.link.format(group=circle.group.key),
        makes_up=_named(db, circle, session.makes_up_id),
        made_up_by=tuple(circle.name(one) for one in made_up_by),
        uid=f"{session.id}@dure",
        sequence=session.sequence,
        changed_at=session.changed_at,
        said=said_of(db, session),
    )


def _named(db: DbSession, circle: Circle, session: UUID | None) -> str:
    return circle.name(db.get_one(Session, session)) if session else ""


def said_of(db: DbSession, session: Session) -> tuple[Said, ...]:
    """The messages about a session that are kept, in the order in which they were written: their keys name it."""
    asked = select(Message, Person.key).join(Person, Person.id == Message.person_id, isouter=True)
    rows = db.execute(asked.where(Message.key.contains(str(session.id))).order_by(Message.written_at, Message.id))
    return tuple(
        Said(
            about=message.key.partition(":")[0],
            to=person or message.address,
            due_at=message.due_at,
            sent_at=message.sent_at,
            given_up_at=message.given_up_at,
            problem=message.problem,
        )
        for message, person in rows
    )
