"""Messages that wait to be sent: each is written in the transaction that caused it, sent at least once, and known by its key."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Document, new_id
from data.people import Person


class Channel(StrEnum):
    """How a message leaves."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Message(Base):
    """A message; `key` says what it is about, so that nothing is said twice. `due_at` is when it is tried next; None once it is sent
    or given up (`given_up_at`)."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_due_at", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[Channel]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey(Person.id), index=True)
    address: Mapped[str]
    body: Mapped[Document]
    written_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[dt.datetime | None]
    given_up_at: Mapped[dt.datetime | None]
