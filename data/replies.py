"""What was answered to requests that bear an `Idempotency-Key`, kept in the transaction of their effect: a retry gets it again.

An answer may hold a secret that is shown once, or names: it is kept encrypted with its key, and of the key only a hash.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import CursorResult, LargeBinary, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, Document, new_id

KEPT_FOR = dt.timedelta(hours=24)


class Reply(Base):
    """An answer; `key` and `request` are SHA-256, of who asked with which key, and of the method, the path and the body. Of whom it tells
    is of the organisation, where who asked was something in no other."""

    __tablename__ = "reply"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    request: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int]
    headers: Mapped[Document]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    organisation_id: Mapped[UUID | None]


class ReplyError(Exception):
    """The root of what can be wrong with a key for retries."""


@dataclass(eq=False)
class KeyTaken(ReplyError):
    """The key was used for another request."""

    def __str__(self) -> str:
        return "this Idempotency-Key was used for another request; take a new one for each"


@dataclass(eq=False)
class StillRunning(ReplyError):
    """The first request with this key has not ended."""

    def __str__(self) -> str:
        return "the first request with this Idempotency-Key is still running; try again in a moment"


@dataclass(eq=False)
class AnswerErased(ReplyError):
    """What was answered may have named somebody who was erased since; what was asked for is done."""

    def __str__(self) -> str:
        return "this was done, and its answer was erased with somebody's data; look at what there is now"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Retriable:
    """A request that may come again: who asks, with which key, and the SHA-256 of what is asked; and in which organisation they are
    anything, where that is one."""

    caller: str
    key: str
    request: bytes
    organisation: UUID | None = None

    @property
    def known_by(self) -> bytes:
        """What it is found by."""
        return hashlib.sha256(f"{self.caller}\0{self.key}".encode()).digest()

    @property
    def seal(self) -> Fernet:
        """What its answer is encrypted with."""
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"answer\0{self.caller}\0{self.key}".encode()).digest()))


def earlier(db: DbSession, asked: Retriable, *, now: dt.datetime) -> Answer | None:
    """What was answered before; None where this is the first time, which nobody else then is until the transaction ends.

    Raises
    ------
    KeyTaken
        Something else was answered.
    StillRunning
        Somebody is at it.
    AnswerErased
        It was done, and the answer is kept no more.
    """
    if db.get_bind().dialect.name == "postgresql":  # of an SQLite file there is one writer, and others wait for it
        lock = int.from_bytes(asked.known_by[:8], signed=True)
        if not db.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise StillRunning
    found = db.scalars(select(Reply).where(Reply.key == asked.known_by)).first()
    if found is None:
        return None
    if found.at <= now - KEPT_FOR:
        db.delete(found)
        db.flush()
        return None
    if found.request != asked.request:
        raise KeyTaken
    if not found.body:
        raise AnswerErased
    return Answer(found.status, found.headers, asked.seal.decrypt(found.body))


def keep(db: DbSession, asked: Retriable, answer: Answer, *, now: dt.datetime) -> None:
    """Keeps an answer for retries."""
    sealed = asked.seal.encrypt(answer.body)
    of = {"key": asked.known_by, "request": asked.request, "organisation_id": asked.organisation}
    db.add(Reply(**of, status=answer.status, headers=dict(answer.headers), body=sealed, at=now))


def empty_replies(db: DbSession, organisation: UUID) -> None:
    """Forgets what all answers said that may tell of an organisation's people, and not that they were given: a retry still has no second
    effect."""
    theirs = or_(Reply.organisation_id == organisation, Reply.organisation_id.is_(None))
    db.execute(update(Reply).where(theirs).values(headers={}, body=b""))


def forget_replies(db: DbSession, now: dt.datetime) -> int:
    """Removes what is too old to be asked for again, and tells how much that was."""
    return cast("CursorResult[Any]", db.execute(delete(Reply).where(Reply.at <= now - KEPT_FOR))).rowcount
