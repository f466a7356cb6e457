"""What has happened, for platforms to follow: one event for each change, written in its transaction, with keys only.

Events are read in the order in which they are numbered. On PostgreSQL a number is given before its transaction is seen; so that a reader
who has come to one never misses a lower one, what is seen ends before the oldest transaction that is still under way.

Each PostgreSQL server counts its transactions by itself. `EventServer` keeps on which one events are written and from which number on
its transactions count; once the tables are on another, as after a dump and its restore, it counts from beyond all that was kept.
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
    """One change; `type` is such as `session.moved`. `writer` is the number of the transaction that wrote it, counted from
    `EventServer.start`; 0 on SQLite, which has one writer at a time."""

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


class EventServer(Base):
    """The PostgreSQL server on which events are written, by the identifier that it was given when it was made: the number of each of its
    transactions counts on from `start`. There is one row, and on SQLite none."""

    __tablename__ = "event_server"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identifier: Mapped[int] = mapped_column(BigInteger)
    start: Mapped[int] = mapped_column(BigInteger)


_START = "(SELECT start FROM event_server WHERE identifier = (SELECT system_identifier FROM pg_control_system()))"
"""Where this server's numbers begin; null where nothing was written on it yet."""

_WRITER = text(f"SELECT {_START} + pg_current_xact_id()::text::bigint")
_ENDED = text(f"coalesce({_START} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 9223372036854775807)")
"""The first writer that may be under way; what another server wrote has ended."""

_MOVED_HERE = text("""
    INSERT INTO event_server (id, identifier, start)
    SELECT 1, system_identifier, 1 + greatest(0, (SELECT max(writer) FROM event), (SELECT max(writer) FROM webhook))
    FROM pg_control_system()
    ON CONFLICT (id) DO UPDATE SET identifier = excluded.identifier, start = excluded.start
    WHERE event_server.identifier <> excluded.identifier
""")
"""A second writer at the same time waits for the first, and then changes nothing."""


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


_EVENT = Base.metadata.tables[Event.__tablename__]


def happened(db: DbSession, some: Sequence[Happening], *, now: dt.datetime) -> list[UUID]:
    """Writes events, in their order, and gives their ids."""
    if not some:
        return []
    writer = _writer(db)
    ids = [new_id() for _ in some]
    rows = [
        {"id": id_, "writer": writer, "program_id": one.program, "type": one.type, "data": one.data, "at": now}
        for id_, one in zip(ids, some, strict=True)
    ]
    with db.no_autoflush:
        db.execute(insert(_EVENT), rows)
    return ids


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
        asked = asked.where(Event.writer < _ENDED)
    if after is not None:
        asked = asked.where(tuple_(Event.writer, Event.number) > tuple_(*after))
    if types:
        asked = asked.where(Event.type.in_(types))
    return db.scalars(asked).all()


def last_place(db: DbSession) -> Place | None:
    """The place of the last event that can be seen."""
    asked = select(Event.writer, Event.number).order_by(Event.writer.desc(), Event.number.desc()).limit(1)
    if db.get_bind().dialect.name == "postgresql":
        asked = asked.where(Event.writer < _ENDED)
    row = db.execute(asked).first()
    return (row[0], row[1]) if row else None


def _writer(db: DbSession) -> int:
    if db.get_bind().dialect.name != "postgresql":
        return 0
    with db.no_autoflush:
        writer = db.execute(_WRITER).scalar_one()
        if writer is None:
            db.execute(_MOVED_HERE)
            writer = db.execute(_WRITER).scalar_one()
    return int(writer)
