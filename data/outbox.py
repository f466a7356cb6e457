"""Messages that wait to be sent: each is written in the transaction that caused it, sent at least once, and known by its key.

A message about a session says only what it is about and which session: its words are made when it is sent, of what holds then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, ForeignKey, Index, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, Document, new_id
from data.people import Person

AT_ONCE = 500
"""A statement takes only so many values."""

BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))
"""So long after each failed try a message is tried again; after one more failure it is given up."""


class Channel(StrEnum):
    """How a message leaves."""

    MAIL = "mail"


class About(StrEnum):
    """What a message about a session tells."""

    REMINDER = "reminder"
    RECORD = "record"  # asks its mentor for one
    ADDED = "added"
    MOVED = "moved"
    CHANGED = "changed"  # its link, or who takes part
    CANCELLED = "cancelled"
    LEFT = "left"  # it takes place without them
    PUBLISHED = "published"  # no session, but groups of a run
    PUT_BACK = "put back"  # a run's groups are as they were before its repair
    WITHDRAWN = "withdrawn"  # what was published is no more
    SIGN_IN = "sign in"  # a link of somebody's own, as the two that follow
    PASSWORD = "password"  # noqa: S105  a new one is to be set
    INVITED = "invited"
    PASSWORD_SET = "password set"  # noqa: S105  what guards an account has changed, as in the two that follow
    FACTOR_ADDED = "factor added"
    FACTOR_TAKEN = "factor taken"


SECRET = "link"  # noqa: S105  a name
"""What of a message is gone once it is sent or given up: a link that lets somebody in."""

INVITING = (About.ADDED, About.MOVED, About.CHANGED, About.CANCELLED, About.LEFT)
"""What comes with an invitation, which enters the session into a calendar of its reader's own or strikes it out there."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be said to an address at once, and once for its key."""

    key: str
    address: str
    body: Document
    person_id: UUID | None = None
    channel: Channel = Channel.MAIL


def about_session(about: About, session: UUID, **more: object) -> Document:
    """The body of a message about a session."""
    return {"about": about.value, "session": str(session), **more}


def write(db: DbSession, notices: Iterable[Notice], *, now: dt.datetime) -> int:
    """Puts into the outbox what is not there yet by its key, and tells how much that is; a second writer at the same time adds nothing."""
    rows = [
        {
            "id": new_id(),
            "key": notice.key,
            "channel": notice.channel,
            "person_id": notice.person_id,
            "address": notice.address,
            "body": notice.body,
            "written_at": now,
            "due_at": now,
            "tries": 0,
            "problem": "",
        }
        for notice in notices
    ]
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    added = 0
    for at in range(0, len(rows), AT_ONCE):
        statement = dialect.insert(Message).values(rows[at : at + AT_ONCE]).on_conflict_do_nothing(index_elements=["key"])
        added += len(db.scalars(statement.returning(Message.id)).all())
    return added


def unwritten(db: DbSession, notices: Sequence[Notice]) -> list[Notice]:
    """Those of the notices that are not in the outbox by their keys."""
    known: set[str] = set()
    for at in range(0, len(notices), AT_ONCE):
        known |= set(db.scalars(select(Message.key).where(Message.key.in_([notice.key for notice in notices[at : at + AT_ONCE]]))))
    return [notice for notice in notices if notice.key not in known]


def claim(db: DbSession, channel: Channel, *, now: dt.datetime, lease: dt.timedelta, most: int) -> list[Message]:
    """Takes up to so many messages that are due, the longest due first, and keeps others from them for as long as the lease.

    Who took them says of each what became of it; where nothing is heard of them by then, the messages are due again. A message that
    was written in the future is due too, and one that would wait for longer than any does: the clock was set back since.
    """
    waits = enumerate(max(lease, wait) for wait in (dt.timedelta(), *BACK_OFF))
    too_long = (and_(Message.tries == tries, Message.due_at > now + longest) for tries, longest in waits)
    timely = or_(Message.due_at <= now, Message.written_at > now, *too_long)
    due = and_(Message.channel == channel, Message.due_at.is_not(None), timely)
    first = Message.due_at, Message.id
    asked = select(Message).where(due).order_by(*first).limit(most).with_for_update(skip_locked=True)
    found = list(db.scalars(asked))
    db.expunge_all()
    leased = [{"id": message.id, "due_at": now + lease, "written_at": min(message.written_at, now)} for message in found]
    if leased:
        db.execute(update(Message), leased)
    return found


def mark_sent(db: DbSession, message: Message, *, now: dt.datetime) -> None:
    """It has arrived as far as we can know."""
    _settle(db, message, sent_at=now, due_at=None, problem="", **_without_secret(message))


def mark_failed(db: DbSession, message: Message, problem: str, *, now: dt.datetime) -> None:
    """It is tried again later, each time after a longer while, and after the longest given up."""
    if message.tries >= len(BACK_OFF):
        give_up(db, message, problem, now=now)
    else:
        _settle(db, message, due_at=now + BACK_OFF[message.tries], tries=message.tries + 1, problem=problem)


def give_up(db: DbSession, message: Message, problem: str, *, now: dt.datetime) -> None:
    """It is tried no more, and shown to whom it concerns."""
    _settle(db, message, due_at=None, tries=message.tries + 1, problem=problem, given_up_at=now, **_without_secret(message))


def put_back(db: DbSession, messages: Iterable[Message], problem: str) -> None:
    """They are due as they were before: they could not even be tried."""
    for message in messages:
        _settle(db, message, due_at=message.due_at, problem=problem)


def _without_secret(message: Message) -> dict[str, Document]:
    if SECRET not in message.body:
        return {}
    return {"body": {name: value for name, value in message.body.items() if name != SECRET}}


def _settle(db: DbSession, message: Message, **values: object) -> None:
    """Writes what became of a message, unless it was sent by then, by another who had it after this one's lease."""
    db.execute(update(Message).where(Message.id == message.id, Message.sent_at.is_(None)).values(**values))


def unsent(db: DbSession) -> Sequence[Message]:
    """What waits, by the time when it is due, and after that what was given up."""
    waits = select(Message).where(Message.sent_at.is_(None))
    return db.scalars(waits.order_by(Message.given_up_at.is_not(None), Message.due_at, Message.id)).all()


def forget(db: DbSession, before: dt.datetime) -> int:
    """Removes what was sent or given up before an instant, and tells how many messages that were."""
    old = or_(Message.sent_at < before, Message.given_up_at < before)
    return cast("CursorResult[Any]", db.execute(delete(Message).where(old))).rowcount
