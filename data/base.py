"""What all tables share: their registry, the names of their constraints, and the types of their columns."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, Table, Uuid
from sqlalchemy.orm import DeclarativeBase, Session as DbSession
from sqlalchemy.types import TypeDecorator

Document = dict[str, Any]
"""A value of JSON, of a shape that its column tells."""


class Instant(TypeDecorator[dt.datetime]):
    """An instant: aware and in UTC on both sides, whatever the database keeps.

    SQLite keeps text without a zone, in an order that is that of time. Raises `ValueError` where an instant has no zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[dt.datetime]:
        """What both sides are, to whoever reads a value from a text."""
        return dt.datetime

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """What the database is given."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002  the library passes it
        """What it gives back."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  the library's own way
        dt.datetime: Instant,
        UUID: Uuid,
        Document: JSON,
        # Their words are kept as text: a type of the database's own could not be given a new one in a transaction.
        StrEnum: Enum(StrEnum, native_enum=False, length=16, values_callable=lambda cases: [case.value for case in cases]),
    }


Row = TypeVar("Row", bound=Base)


def rows_of(kind: type[Base]) -> Table:
    """The table of a kind of rows, for statements that write many of them: as such they need not be looked at one by one."""
    return Base.metadata.tables[kind.__tablename__]


def row_of(db: DbSession, kind: type[Row], given: str, *, held: bool = False) -> Row | None:
    """The row whose id somebody typed, which is `held` until the transaction ends where that is said; None where there is none, or where
    it is no id."""
    try:
        return db.get(kind, UUID(given), with_for_update=held or None)
    except ValueError:
        return None


def new_id() -> UUID:
    """A key for a row: later ones sort after earlier ones, and nobody can guess them (RFC 9562, version 7)."""
    return uuid_utils.compat.uuid7()
