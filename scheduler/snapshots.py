"""How groups stand, from a day on, as a document from which they can be made so again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, inspect, select, update
from sqlalchemy.orm import Session as DbSession

from data.base import Base, Document, Instant
from data.calendars import parts
from data.groups import Group, Membership
from data.sessions import Series, Session, Shift
from scheduler.term import instant

Table = type[Base]

PUT_BACK: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (Group, ("id", "mentor_id", "until_on")),
    (Series, ("id", "until_on", "produced_until")),
    (Session, ("id", "starts_at", "ends_at", "mentor_id", "state", "cancelled_why")),
)
"""What a repair changes in rows that stay."""

PUT_ANEW: tuple[Table, ...] = (Shift, Membership)
"""Rows that come and go."""


def snapshot_of(db: DbSession, groups: Collection[UUID], from_on: dt.date, zone: str) -> Document:
    """How groups stand: they, their series, times and members, and their sessions that start on a day of the zone or later."""
    db.flush()
    begins = instant(zone, from_on, 0)
    return {
        "groups": [str(group) for group in sorted(groups)],
        "from_on": from_on.isoformat(),
        **{table.__tablename__: _rows(db, table, names, groups, begins) for table, names in PUT_BACK},
        **{table.__tablename__: _rows(db, table, tuple(inspect(table).columns.keys()), groups, begins) for table in PUT_ANEW},
    }


def restore(db: DbSession, document: Document) -> None:
    """Makes groups what they were. Bookings, and sessions that were not there, are not its business."""
    db.flush()
    groups = [UUID(group) for group in document["groups"]]
    for some in parts(groups):
        db.execute(delete(Shift).where(Shift.series_id.in_(select(Series.id).where(Series.group_id.in_(some)))))
        db.execute(delete(Membership).where(Membership.group_id.in_(some)))
    for table, _ in PUT_BACK:
        if rows := _read(table, document):
            db.execute(update(table), rows)
    for anew in PUT_ANEW:
        if rows := _read(anew, document):
            db.execute(insert(anew), rows)
    db.expire_all()


def _rows(db: DbSession, table: Table, names: tuple[str, ...], groups: Iterable[UUID], begins: dt.datetime) -> list[dict[str, Any]]:
    columns = [inspect(table).columns[name] for name in names]
    found: list[dict[str, Any]] = []
    for some in parts(sorted(groups)):
        rows = db.execute(_of_groups(select(*columns), table, some, begins))
        found += [{name: _written(value) for name, value in zip(names, row, strict=True)} for row in rows]
    return found


def _of_groups(asked: Select[Any], table: Table, groups: Collection[UUID], begins: dt.datetime) -> Select[Any]:
    if table is Group:
        return asked.where(Group.id.in_(groups))
    if table is Shift:
        return asked.where(Shift.series_id.in_(select(Series.id).where(Series.group_id.in_(groups))))
    if table is Session:
        return asked.where(Session.group_id.in_(groups), Session.starts_at >= begins)
    return asked.where(inspect(table).columns["group_id"].in_(groups))


def _written(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, str)) else value


def _read(table: Table, document: Document) -> list[dict[str, Any]]:
    columns = inspect(table).columns
    kinds = {name: dt.datetime if isinstance(column.type, Instant) else column.type.python_type for name, column in columns.items()}
    return [{name: _typed(kinds[name], value) for name, value in row.items()} for row in document[table.__tablename__]]


def _typed(kind: type[Any], value: object) -> object:
    if not isinstance(value, str):
        return value
    return kind.fromisoformat(value) if issubclass(kind, dt.date) else kind(value)
