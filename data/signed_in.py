"""Who is signed in: a browser shows a random token in a cookie, of which only the SHA-256 is kept, until it ends or is ended.

A visit ends after twelve hours without a request, and after a week in any case.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, Select, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.access import OFFICE, Actor
from data.base import Base, new_id
from data.clients import hashed
from data.grants import Account, Part, part_of
from data.programs import Program
from data.settings import settings_of

IDLE = dt.timedelta(hours=12)
WHOLE = dt.timedelta(days=7)
FRESH = dt.timedelta(minutes=15)
"""For so long after signing in, what guards an account may be changed."""
NOTED_EVERY = dt.timedelta(minutes=5)


class Visit(Base):
    """One browser that is signed in: from which network address, and what it calls itself. `signed_in_at` is when they showed who they
    are, which an identity provider may have seen before they came here; None where it does not say. They showed `two_factors` by a code
    besides a password, by a passkey, or to an identity provider that says so, or that is known to ask for them."""

    __tablename__ = "visit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[dt.datetime] = mapped_column(index=True)
    signed_in_at: Mapped[dt.datetime | None]
    two_factors: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[dt.datetime]
    source: Mapped[str]
    agent: Mapped[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """When somebody showed who they are, None where that is not known, and whether by `two_factors`."""

    at: dt.datetime | None
    two_factors: bool


class VisitError(Exception):
    """The root of what can be wrong with a visit."""


@dataclass(eq=False)
class NoSuchVisit(VisitError):
    """The account has none of this id."""

    given: str

    def __str__(self) -> str:
        return f"nobody is signed in by {self.given!r}; look at what is listed"


@dataclass(eq=False)
class NotFresh(VisitError):
    """Who asks has signed in too long ago for what they ask, or nobody knows when."""

    def __str__(self) -> str:
        return f"this is done within {FRESH.seconds // 60} minutes of signing in; sign in again"


def enter(db: DbSession, account: Account, shown: Shown, *, source: str, agent: str, now: dt.datetime) -> str:
    """A new visit's token, which is kept nowhere."""
    text = secrets.token_urlsafe(32)
    how = {"signed_in_at": shown.at, "two_factors": shown.two_factors}
    db.add(Visit(account_id=account.id, hash=hashed(text), source=source, agent=agent[:200], made_at=now, seen_at=now, **how))
    return text


def visit_of(db: DbSession, text: str, *, now: dt.datetime) -> Visit | None:
    """The visit of a token; None where it is none, or has ended."""
    return db.scalars(_living(now).where(Visit.hash == hashed(text))).first()


def actor_of_visit(db: DbSession, visit: Visit) -> Actor:
    """Who is signed in."""
    who = visit.account_id
    part = part_of(db, account=who)
    guarded = frozenset[UUID]() if visit.two_factors else _guarded(db, part)
    return Actor(f"account {who}", part.standings, account=who, offices=part.offices, homes=part.homes, guarded=guarded)


def _guarded(db: DbSession, part: Part) -> frozenset[UUID]:
    """The programs that ask two factors of somebody for what they are there, and the organisations that have such a program."""
    asked = {one.program for one in part.standings if one.role in OFFICE}
    homes = {one.organisation for one in part.offices}
    if not asked and not homes:
        return frozenset()
    theirs = or_(Program.id.in_(asked), Program.organisation_id.in_(homes))
    found = db.execute(select(Program.id, Program.organisation_id, Program.settings).where(theirs))
    ask = [(program, home) for program, home, settings in found if settings_of(settings).two_factors]
    return frozenset(one for both in ask for one in both)


def note_visit(db: DbSession, visit: UUID, *, now: dt.datetime) -> None:
    """It is still used."""
    db.execute(update(Visit).where(Visit.id == visit).values(seen_at=now))


def refuse_stale_visit(visit: Visit, *, now: dt.datetime) -> None:
    """Does nothing where somebody has just signed in.

    Raises
    ------
    NotFresh
        That was too long ago, or nobody knows when.
    """
    if visit.signed_in_at is None or visit.signed_in_at <= now - FRESH:
        raise NotFresh


def visits(db: DbSession, account: UUID, *, now: dt.datetime) -> Sequence[Visit]:
    """All that an account has, the oldest first."""
    return db.scalars(_living(now).where(Visit.account_id == account).order_by(Visit.id)).all()


def end_visit(db: DbSession, account: UUID, given: str) -> None:
    """Ends one of an account's, at once.

    Raises
    ------
    NoSuchVisit
        It has none of this id.
    """
    try:
        wanted = UUID(given)
    except ValueError:
        raise NoSuchVisit(given) from None
    if not _count(db.execute(delete(Visit).where(Visit.id == wanted, Visit.account_id == account))):
        raise NoSuchVisit(given)


def end_visits(db: DbSession, account: UUID, *, but: UUID | None = None) -> int:
    """Ends all of an account's but for one, and tells how many that were."""
    return _count(db.execute(delete(Visit).where(Visit.account_id == account, Visit.id != but if but else Visit.id.is_not(None))))


def forget_visits(db: DbSession, now: dt.datetime) -> int:
    """Removes those that have ended, and tells how many that were."""
    return _count(db.execute(delete(Visit).where(or_(Visit.seen_at <= now - IDLE, Visit.made_at <= now - WHOLE))))


def _living(now: dt.datetime) -> Select[Visit]:
    return select(Visit).join(Account).where(Visit.seen_at > now - IDLE, Visit.made_at > now - WHOLE, Account.closed_at.is_(None))


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount
