"""Calendars that can be subscribed to, their subscriptions under secret links, and their rendered bytes by version."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import JSON, CursorResult, ForeignKey, LargeBinary, UniqueConstraint, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session as DbSession, deferred, mapped_column

from data.audit import write_down
from data.base import Base, new_id, row_of
from data.programs import Program
from data.settings import Language
from data.texts import bounded

TOKEN_BYTES = 32
"""256 bits of chance."""

USE_IS_NOTED_EVERY = dt.timedelta(hours=1)
MOST_ALARMS = 5
LONGEST_ALARM_MINUTES = 28 * 24 * 60
MOST_DAYS_BACK = 366


class FeedError(ValueError):
    """The root of what can be wrong with a wish for a subscription."""


@dataclass(eq=False)
class BadAlarms(FeedError):
    """Alarms are too many, or ring at times that are none before a session."""

    alarms: tuple[int, ...]

    def __str__(self) -> str:
        return f"alarms {list(self.alarms)}: at most {MOST_ALARMS}, each 1 to {LONGEST_ALARM_MINUTES} minutes before a session, none twice"


@dataclass(eq=False)
class BadDaysBack(FeedError):
    """The window begins after today, or too long ago."""

    days_back: int

    def __str__(self) -> str:
        return f"{self.days_back} days back: 0 to {MOST_DAYS_BACK} can be shown"


@dataclass(eq=False)
class NotSpoken(FeedError):
    """The program does not speak this language."""

    language: str
    spoken: tuple[str, ...]

    def __str__(self) -> str:
        return f"language {self.language!r}: the program speaks {', '.join(self.spoken)}"


@dataclass(eq=False)
class NoSuchSubscription(FeedError):
    """No subscription has this id."""

    given: str

    def __str__(self) -> str:
        return f"no subscription has the id {self.given!r}; `dure feed list` shows them"


@dataclass(eq=False)
class LinkRevoked(FeedError):
    """The link of a subscription was revoked, which is for good."""

    given: str

    def __str__(self) -> str:
        return f"subscription {self.given} was revoked; make a new link"


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
    """One secret link to a calendar ("my phone"); of the token only its SHA-256 is kept. A platform may have its own `key` for it.

    `rendered` are the bytes, compressed by gzip, as of `rendered_version`, right until `fresh_until`, when something leaves the window.
    """

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("calendar_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey(Calendar.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    key: Mapped[str | None]
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


@dataclass(frozen=True, slots=True)
class Link:
    """What one query tells of a secret link: enough to answer whoever has the newest bytes already.

    `version` is the calendar's, `rendered_version` that of the bytes that are kept; `rendered` are these, where they were asked for.
    """

    id: UUID
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    version: int
    rendered_version: int | None
    etag: str
    last_modified: dt.datetime | None
    fresh_until: dt.datetime | None
    rendered: bytes | None = None

    def is_right(self, now: dt.datetime) -> bool:
        """The bytes that are kept are still what the calendar shows."""
        return self.rendered_version == self.version and self.fresh_until is not None and now < self.fresh_until

    def use_is_to_be_noted(self, now: dt.datetime) -> bool:
        """It was not used in the last hour, as far as is known."""
        return self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY


def link_of(subscription: Subscription, calendar: Calendar) -> Link:
    """The link of a subscription, as its rows are now."""
    return Link(
        id=subscription.id,
        revoked_at=subscription.revoked_at,
        last_used_at=subscription.last_used_at,
        version=calendar.version,
        rendered_version=subscription.rendered_version,
        etag=subscription.rendered_etag,
        last_modified=subscription.last_modified,
        fresh_until=subscription.fresh_until,
        rendered=subscription.rendered,
    )


_KEPT = Subscription.__table__.c
LOOK_UP = (
    select(
        _KEPT.id,
        _KEPT.revoked_at,
        _KEPT.last_used_at,
        Calendar.__table__.c.version,
        _KEPT.rendered_version,
        _KEPT.rendered_etag,
        _KEPT.last_modified,
        _KEPT.fresh_until,
    )
    .join_from(Subscription.__table__, Calendar.__table__)
    .where(_KEPT.token_hash == bindparam("token_hash"))
)
"""Made once, of tables in the place of classes: clients ask for nothing as often."""
LOOK_UP_WHOLE = LOOK_UP.add_columns(_KEPT.rendered)


def hashed(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def look_up(db: DbSession, token: str, *, whole: bool = False) -> Link | None:
    """The link of a token, by one query of its index, with its bytes where the `whole` is wanted; None where nobody has ever had it."""
    row = db.connection().execute(LOOK_UP_WHOLE if whole else LOOK_UP, {"token_hash": hashed(token)}).first()
    return Link(*row) if row else None


def calendar_of(db: DbSession, program: UUID, audience: Audience, owner: str, now: dt.datetime) -> Calendar:
    """What an audience sees of a program; its row is made when it is first asked for."""
    asked = select(Calendar).where(Calendar.program_id == program, Calendar.audience == audience, Calendar.owner == owner)
    found = db.scalars(asked).first()
    if found is None:
        found = Calendar(id=new_id(), program_id=program, audience=audience, owner=owner, version=1, changed_at=now)
        db.add(found)
        db.flush()
    return found


def subscribe(  # noqa: PLR0913  each is a column
    db: DbSession,
    calendar: Calendar,
    *,
    name: str,
    language: Language,
    alarms: Sequence[int],
    days_back: int,
    key: str | None = None,
    by: str,
    now: dt.datetime,
) -> tuple[Subscription, str]:
    """A new subscription and its token, which is told this once and can be found nowhere afterwards.

    `alarms` are minutes before a session; sessions are shown from `days_back` days ago on.

    Raises
    ------
    FeedError
        The alarms or the days cannot be.
    BadText
        Nor can the name.
    """
    _refuse(alarms, days_back)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    subscription = Subscription(
        id=new_id(),
        calendar_id=calendar.id,
        token_hash=hashed(token),
        key=key,
        name=bounded(name, "the name of a subscription"),
        language=language,
        alarms=list(alarms),
        days_back=days_back,
        created_at=now,
    )
    db.add(subscription)
    of = {"audience": calendar.audience, "owner": calendar.owner}
    write_down(db, at=now, by=by, what="feed new", whom=_whom(subscription), ids={"program": calendar.program_id}, details=of)
    return subscription, token


def change(
    db: DbSession,
    given: str,
    *,
    name: str | None = None,
    language: Language | None = None,
    alarms: Sequence[int] | None = None,
    days_back: int | None = None,
    by: str,
    now: dt.datetime,
) -> Subscription:
    """Changes what is given of the subscription of an id; its link stays. Where its feed is another by that, it is rendered anew when it
    is asked for next (F17, F18).

    Raises
    ------
    NoSuchSubscription, LinkRevoked
        Nobody has it, or its link was revoked.
    BadAlarms, BadDaysBack, BadText
        The alarms, the days or the name cannot be.
    """
    subscription = subscription_of(db, given)
    if subscription.revoked_at is not None:
        raise LinkRevoked(given)
    _refuse(alarms or (), days_back or 0)
    bounded(name or "", "the name of a subscription")
    wanted = {"name": name, "language": language, "alarms": None if alarms is None else list(alarms), "days_back": days_back}
    other = {key: value for key, value in wanted.items() if value is not None and value != getattr(subscription, key)}
    for key, value in other.items():
        setattr(subscription, key, value)
    if other.keys() - {"name"}:
        subscription.rendered_version = subscription.fresh_until = None
    if other:
        write_down(
            db,
            at=now,
            by=by,
            what="feed set",
            whom=_whom(subscription),
            ids={"program": _program_of(db, subscription)},
            details={"changed": sorted(other)},
        )
        db.flush()
    return subscription


def subscription_of(db: DbSession, given: str) -> Subscription:
    """The subscription of an id, which is held: whoever else renders or changes it waits.

    Raises
    ------
    NoSuchSubscription
        Nobody has it.
    """
    subscription = row_of(db, Subscription, given, held=True)
    if subscription is None:
        raise NoSuchSubscription(given)
    return subscription


def _refuse(alarms: Sequence[int], days_back: int) -> None:
    if len(alarms) > MOST_ALARMS or len(set(alarms)) < len(alarms) or any(not 1 <= minutes <= LONGEST_ALARM_MINUTES for minutes in alarms):
        raise BadAlarms(tuple(alarms))
    if not 0 <= days_back <= MOST_DAYS_BACK:
        raise BadDaysBack(days_back)


def subscriptions(db: DbSession) -> list[tuple[Subscription, Calendar, Program]]:
    """All subscriptions, revoked ones too, oldest first."""
    asked = select(Subscription, Calendar, Program).join(Calendar, Subscription.calendar_id == Calendar.id).join(Program)
    return [(one, calendar, program) for one, calendar, program in db.execute(asked.order_by(Subscription.created_at, Subscription.id))]


def revoke(db: DbSession, given: str, *, by: str, now: dt.datetime) -> Subscription:
    """Takes the link of an id out of use at once and for good, and forgets its bytes; once more changes nothing.

    Raises
    ------
    NoSuchSubscription
        Nobody has it.
    """
    subscription = subscription_of(db, given)
    if subscription.revoked_at is None:
        subscription.revoked_at, subscription.rendered = now, None
        subscription.rendered_version = subscription.fresh_until = None
        write_down(db, at=now, by=by, what="feed revoke", whom=_whom(subscription), ids={"program": _program_of(db, subscription)})
    return subscription


def forget_revoked(db: DbSession, before: dt.datetime, program: UUID) -> int:
    """Removes links of a program that were revoked before an instant, of which nobody is told any more that they were there; tells how
    many."""
    theirs = Subscription.calendar_id.in_(select(Calendar.id).where(Calendar.program_id == program))
    return cast("CursorResult[Any]", db.execute(delete(Subscription).where(theirs, Subscription.revoked_at < before))).rowcount


def note_use(db: DbSession, subscription: UUID, now: dt.datetime) -> None:
    """Remembers when a link was used last."""
    db.get_one(Subscription, subscription).last_used_at = now


def _program_of(db: DbSession, subscription: Subscription) -> UUID:
    return db.get_one(Calendar, subscription.calendar_id).program_id


def _whom(subscription: Subscription) -> str:
    return f"subscription {subscription.id}"
