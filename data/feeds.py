"""Calendars that can be subscribed to, their subscriptions under secret links, and their rendered bytes by version."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from data.base import Base, new_id
from data.programs import Program


class Audience(StrEnum):
    """Whose calendar it is."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    GROUP = "group"
    SCHOOL = "school"
    PROGRAM = "program"


class Calendar(Base):
    """What one audience sees of a program, through all its terms; `owner` is the id of the person or the group, the school's name,
    or empty for the whole program.

    `version` rises, and `changed_at` with it, in the transaction that changes anything that the calendar shows.
    """

    __tablename__ = "calendar"
    __table_args__ = (UniqueConstraint("program_id", "audience", "owner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id))
    audience: Mapped[Audience]
    owner: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[dt.datetime]


class Subscription(Base):
    """One secret link to a calendar ("my phone"); of the token only its SHA-256 is kept.

    `rendered` are the bytes, compressed by gzip, as of `rendered_version`, right until `fresh_until`, when something leaves the window.
    """

    __tablename__ = "subscription"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey(Calendar.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    alarms: Mapped[list[Any]] = mapped_column(JSON, default=list)
    days_back: Mapped[int] = mapped_column(default=60)
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    rendered_version: Mapped[int | None]
    rendered_etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[dt.datetime | None]
    fresh_until: Mapped[dt.datetime | None]
    rendered: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
