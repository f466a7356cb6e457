"""How groups stand, from a day on, as a document from which they can be made so again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, insert, inspect, select, update
from sqlalchemy.orm import Session as DbSession

from data.base import Base, Document, Instant
from data.bookings import members_of
from data.calendars import parts
from data.groups import Group, Membership
from data.sessions import Series, Session, Shift, State
from scheduler.term import Term, instant
from scheduler.waiting import OUTSIDE

Table = type[Base]

PUT_BACK: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (Group, ("id", "mentor_id", "until_on")),
    (Series, ("id", "until_on", "produced_until")),
    (Session, ("id", "starts_at", "ends_at", "mentor_id", "state", "cancelled_why")),
)
"""What a repair changes in rows that stay."""

PUT_ANEW: tuple[Table, ...] = (Shift, Membership)
"""Rows that come and go."""


def snapshot_of(db: DbSession, groups: Collection[UUID], from_on: dt.date, days: Term) -> Document:
    """How groups of a term with these days stand: they, their series, times and members, and their sessions that start on a day or later;
    and which of these were put on a day without sessions, for somebody wished so."""
    db.flush()
    begins = instant(days.zone, from_on, 0)
    return {
        "groups": [str(group) for group in sorted(groups)],
        "from_on": from_on.isoformat(),
        "put_on_days_off": [str(session) for session in sorted(_on_days_off(db, groups, begins, days))],
        **{table.__tablename__: _rows(db, table, names, groups, begins) for table, names in PUT_BACK},
        **{table.__tablename__: _rows(db, table, tuple(inspect(table).columns.keys()), groups, begins) for table in PUT_ANEW},
    }


def restore(db: DbSession, document: Document, days: Term) -> None:
    """Makes groups what they were, but for sessions on days that have closed since, or are none of the term any more: these stay off.
    Bookings, and sessions that were not there, are not its business."""
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
    off = _on_days_off(db, groups, instant(days.zone, dt.date.fromisoformat(document["from_on"]), 0), days)
    for session in off.keys() - {UUID(one) for one in document.get("put_on_days_off", ())}:
        one = db.get_one(Session, session)
        one.state, one.cancelled_why = State.CANCELLED, off[session]
    db.flush()


def _on_days_off(db: DbSession, groups: Collection[UUID], begins: dt.datetime, days: Term) -> dict[UUID, str]:
    """The planned sessions of groups, from an instant on, of days without sessions, and why there are none on them."""
    members, found = members_of(db, groups), dict[UUID, str]()
    asked = select(Session.id, Session.group_id, Session.starts_at)
    asked = asked.where(Session.state == State.PLANNED, Session.starts_at >= begins)
    for some in parts(sorted(groups)):
        for session, group, starts_at in db.execute(asked.where(Session.group_id.in_(some))):
            on = starts_at.astimezone(ZoneInfo(days.zone)).date()
            there = {member.school for member in members.get(group, ()) if member.is_there(on)}
            if why := days.off(on, there) or ("" if days.has(on) else OUTSIDE):
                found[session] = why
    return found


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
