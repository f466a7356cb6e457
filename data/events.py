"""What has happened, for platforms to follow: one event for each change, written in its transaction, with keys only.

Events are read in the order in which they are numbered. On PostgreSQL a number is given before its transaction is seen; so that a reader
who has come to one never misses a lower one, what is seen ends before the oldest transaction that is still under way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, CursorResult, ForeignKey, Index, Integer, delete, insert, select, text, tuple_
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, Document, new_id
from data.programs import Program

Place = tuple[int, int]
"""Where in the order of all events one is: its writer and its number."""


class Event(Base):
    """One change; `type` is such as `session.moved`. `writer` is the number of the transaction that wrote it, 0 on SQLite, which has one
    writer at a time."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_program_id_writer_number", "program_id", "writer", "number"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    writer: Mapped[int] = mapped_column(BigInteger)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id))
    type: Mapped[str]
    data: Mapped[Document]
    at: Mapped[dt.datetime] = mapped_column(index=True)

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.writer, self.number


@dataclass(eq=False)
class NoSuchEvent(Exception):
    """No event that is kept has this id."""

    given: UUID

    def __str__(self) -> str:
        return f"event {self.given} is not kept; leave `after` out to begin with the oldest that is"


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be written as an event."""

    program: UUID
    type: str
    data: Document


def happened(db: DbSession, some: Sequence[Happening], *, now: dt.datetime) -> None:
    """Writes events, in their order."""
    if some:
        writer = _writer(db)
        rows = [
            {"id": new_id(), "writer": writer, "program_id": one.program, "type": one.type, "data": one.data, "at": now} for one in some
        ]
        with db.no_autoflush:
            db.execute(insert(Event), rows)


def event_of(db: DbSession, programs: Collection[UUID], given: UUID) -> Event:
    """The event of an id, of one of these programs.

    Raises
    ------
    NoSuchEvent
        There is none, or it is kept no longer.
    """
    found = db.scalars(select(Event).where(Event.id == given, Event.program_id.in_(programs))).first()
    if found is None:
        raise NoSuchEvent(given)
    return found


def forget_events(db: DbSession, before: dt.datetime, program: UUID) -> int:
    """Removes events of a program that are older than an instant, and tells how many that were."""
    return cast("CursorResult[Any]", db.execute(delete(Event).where(Event.program_id == program, Event.at < before))).rowcount


def events_after(db: DbSession, programs: Collection[UUID], after: Place | None, types: Collection[str], *, most: int) -> Sequence[Event]:
    """The events of some programs that come after a place, or from the first on; of some types where any are named."""
    asked = select(Event).where(Event.program_id.in_(programs)).order_by(Event.writer, Event.number).limit(most)
    if db.get_bind().dialect.name == "postgresql":
        asked = asked.where(Event.writer < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    if after is not None:
        asked = asked.where(tuple_(Event.writer, Event.number) > tuple_(*after))
    if types:
        asked = asked.where(Event.type.in_(types))
    return db.scalars(asked).all()


def last_place(db: DbSession) -> Place | None:
    """The place of the last event that can be seen."""
    asked = select(Event.writer, Event.number).order_by(Event.writer.desc(), Event.number.desc()).limit(1)
    if db.get_bind().dialect.name == "postgresql":
        asked = asked.where(Event.writer < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    row = db.execute(asked).first()
    return (row[0], row[1]) if row else None


def _writer(db: DbSession) -> int:
    if db.get_bind().dialect.name != "postgresql":
        return 0
    with db.no_autoflush:
        return int(db.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one())
