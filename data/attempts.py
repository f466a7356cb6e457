"""Tries to sign in that failed: after five in a quarter of an hour with one account, or from one address, no more are taken for a while.

A try counts as failed from its beginning until it has succeeded, so that many at once are no more than five. They are kept in the database,
which all processes share, and of accounts and addresses only hashes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Index, LargeBinary, delete, func, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, new_id

MOST = 5
WITHIN = dt.timedelta(minutes=15)


class Attempt(Base):
    """A try of one account, or from one address; `of` is a SHA-256."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_of_at", "of", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    of: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[dt.datetime] = mapped_column(index=True)


class AttemptError(Exception):
    """The root of what is wrong with a try."""


@dataclass(eq=False)
class TooManyAttempts(AttemptError):
    """There were as many as are taken."""

    seconds: int

    def __str__(self) -> str:
        return f"there were too many tries; wait {self.seconds} seconds"


@dataclass(frozen=True, slots=True)
class Try:
    """A try that has begun."""

    account: bytes
    rows: Sequence[UUID]


def begin(db: DbSession, email: str, source: str, *, now: dt.datetime) -> Try:
    """Counts a try with an account, there or not, from an address.

    Raises
    ------
    TooManyAttempts
        It is one too many.
    """
    account, address = _account(email), _hash(f"address\0{network_of(source)}")
    if db.get_bind().dialect.name == "postgresql":  # of an SQLite file there is one writer, and others wait for it
        for lock in sorted(int.from_bytes(of[:8], signed=True) for of in (account, address)):
            db.execute(select(func.pg_advisory_xact_lock(lock)))
    rows = []
    for of in (account, address):
        asked = select(Attempt.at).where(Attempt.of == of, Attempt.at > now - WITHIN).order_by(Attempt.at.desc())
        recent = db.scalars(asked.limit(MOST)).all()
        if len(recent) == MOST:
            raise TooManyAttempts(int((recent[-1] + WITHIN - now).total_seconds()) + 1)
        rows.append(new_id())
        db.add(Attempt(id=rows[-1], of=of, at=now))
    db.flush()
    return Try(account, rows)


def undone(db: DbSession, tried: Try) -> None:
    """It was neither a failure nor a success: it is as if it had not been."""
    db.execute(delete(Attempt).where(Attempt.id.in_(tried.rows)))


def succeeded(db: DbSession, tried: Try) -> None:
    """It was no failure, and earlier ones with the account are forgotten."""
    db.execute(delete(Attempt).where(Attempt.id.in_(tried.rows) | (Attempt.of == tried.account)))


def forget_tries(db: DbSession, email: str) -> None:
    """Removes those with an account, by its address."""
    db.execute(delete(Attempt).where(Attempt.of == _account(email)))


def forget_attempts(db: DbSession, now: dt.datetime) -> int:
    """Removes what counts no more, and tells how much that was."""
    return cast("CursorResult[Any]", db.execute(delete(Attempt).where(Attempt.at <= now - WITHIN))).rowcount


def network_of(source: str) -> str:
    """Whom an address stands for: itself, and of IPv6 the network of 64 bits that one customer has whole."""
    try:
        read = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if read.version == 4:
        return str(read)
    return str(read.ipv4_mapped) if read.ipv4_mapped else str(ip_network((read, 64), strict=False))


def _account(email: str) -> bytes:
    return _hash(f"account\0{email}")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
