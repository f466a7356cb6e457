"""Series and their dated sessions, and the database's own word against double booking.

A session is known by its series and its original start, which never changes. Who takes part in it has a booking of its time; that
nobody has two at once is kept by the database: by an exclusion constraint on PostgreSQL, by triggers on SQLite, both made by the first
migration.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, new_id
from data.groups import Group
from data.people import Mentee, Mentor, Person


class Kind(StrEnum):
    """What a session is for."""

    TUTORING = "tutoring"
    COUNSELLING = "counselling"
    ORIENTATION = "orientation"


class State(StrEnum):
    """What has become of a session; `held` is said by its mentor's record alone."""

    PLANNED = "planned"
    CANCELLED = "cancelled"
    HELD = "held"


class Presence(StrEnum):
    """Whether a mentee came."""

    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"
    EXCUSED = "excused"


class Series(Base):
    """A group's weekly repetition, [from_on, until_on) where it has an end; `meetings` are weekly starts in minutes from Monday 00:00,
    as they were at first: the original starts of its sessions are made of them."""

    __tablename__ = "series"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    group_id: Mapped[UUID] = mapped_column(ForeignKey(Group.id), index=True)
    kind: Mapped[Kind] = mapped_column(default=Kind.TUTORING)
    meetings: Mapped[list[Any]] = mapped_column(JSON)
    session_minutes: Mapped[int]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    produced_until: Mapped[dt.date | None]


class Shift(Base):
    """From a day on, the meetings of a series are at other weekly times: as many, in the same order."""

    __tablename__ = "shift"

    series_id: Mapped[UUID] = mapped_column(ForeignKey(Series.id), primary_key=True)
    from_on: Mapped[dt.date] = mapped_column(primary_key=True)
    meetings: Mapped[list[Any]] = mapped_column(JSON)


class Session(Base):
    """One dated meeting, [starts_at, ends_at); `sequence` rises with every change of time, link, people or state.

    `original_start` is its name within its series, and never changes: when it was to begin at first; of one that makes up another
    (`makes_up_id`) with a second more, or as many as keep it apart from meetings and from others like it.
    `mentor_id` is who holds it: the group's mentor, or a substitute. `changed_at` is when what a feed shows of it changed last,
    `cancelled_at` since when it has been cancelled, where it is.
    """

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("series_id", "original_start"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        Index("ix_session_mentor_id_starts_at", "mentor_id", "starts_at"),
        Index("ix_session_group_id_starts_at", "group_id", "starts_at"),
        Index("ix_session_state_starts_at", "state", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    series_id: Mapped[UUID] = mapped_column(ForeignKey(Series.id))
    group_id: Mapped[UUID] = mapped_column(ForeignKey(Group.id))
    original_start: Mapped[dt.datetime]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    mentor_id: Mapped[UUID] = mapped_column(ForeignKey(Mentor.id))
    state: Mapped[State] = mapped_column(default=State.PLANNED)
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[dt.datetime]
    cancelled_why: Mapped[str] = mapped_column(default="")
    cancelled_at: Mapped[dt.datetime | None]
    makes_up_id: Mapped[UUID | None] = mapped_column(ForeignKey("session.id"), index=True)
    topic: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    minutes_held: Mapped[int | None]
    recorded_at: Mapped[dt.datetime | None]


class Booking(Base):
    """A person's time in a session that is planned or held: nobody has two at once, whatever program they are of."""

    __tablename__ = "booking"
    __table_args__ = (Index("ix_booking_person_id_starts_at", "person_id", "starts_at"),)

    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id), primary_key=True)
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]


class Attendance(Base):
    """Whether a mentee came to a session."""

    __tablename__ = "attendance"

    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), primary_key=True)
    mentee_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id), primary_key=True)
    presence: Mapped[Presence]


class Task(Base):
    """What a mentor asks of the group until next time."""

    __tablename__ = "task"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), index=True)
    text: Mapped[str]
