"""Links that are mailed: to sign in, to set a new password, to accept a role. Each is good once, and for a short while.

Of what a link ends in only the SHA-256 is kept here; the words themselves stand in the message that carries them, until that is sent.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, new_id
from data.clients import hashed
from data.outbox import About, Notice, write


class Purpose(StrEnum):
    """What a link is for."""

    SIGN_IN = "sign-in"
    PASSWORD = "password"  # noqa: S105  what it sets
    INVITE = "invite"


LIVES = {
    Purpose.SIGN_IN: dt.timedelta(minutes=10),
    Purpose.PASSWORD: dt.timedelta(minutes=30),
    Purpose.INVITE: dt.timedelta(days=7),
}
MOST_AN_HOUR = 5
"""So many are mailed to an address within an hour for each purpose."""

ABOUT = {Purpose.SIGN_IN: About.SIGN_IN, Purpose.PASSWORD: About.PASSWORD, Purpose.INVITE: About.INVITED}


class MailedLink(Base):
    """A link that was mailed to an address."""

    __tablename__ = "mailed_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[Purpose]
    email: Mapped[str] = mapped_column(index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)
    used_at: Mapped[dt.datetime | None]


class LinkError(Exception):
    """The root of what can be wrong with a mailed link."""


@dataclass(eq=False)
class LinkIsOver(LinkError):
    """It was used, is too old, or never was."""

    def __str__(self) -> str:
        return "this link is good no more; ask for a new one"


def mail_link(db: DbSession, purpose: Purpose, email: str, base: str, *, sent: bool = True, program: str = "", now: dt.datetime) -> bool:
    """Mails a link that begins with `base`, and ends those that somebody asked for before, for the same: each is of one request.

    False where an address has had so many of late that this one is not sent. Where it is not to be `sent` at all, that takes as long.
    """
    recent = select(func.count()).select_from(MailedLink).where(MailedLink.email == email, MailedLink.purpose == purpose)
    if db.scalars(recent.where(MailedLink.made_at > now - dt.timedelta(hours=1))).one() >= MOST_AN_HOUR:
        return False
    if purpose is not Purpose.INVITE:  # which they did not ask for
        end_links(db, email, of=purpose, now=now)
    text = secrets.token_urlsafe(32)
    ends = now + LIVES[purpose]
    row = MailedLink(id=new_id(), purpose=purpose, email=email, hash=hashed(text), made_at=now, ends_at=ends)
    db.add(row)
    body = {"about": ABOUT[purpose].value, "link": f"{base}#{text}", "ends_at": ends.isoformat(), "program": program}
    write(db, [Notice(key=f"{purpose}:{row.id}", address=email, body=body)] if sent else [], now=now)
    return sent


def use_link(db: DbSession, purpose: Purpose, text: str, *, now: dt.datetime) -> str:
    """The address of whoever shows a link, which is then good no more; two at once do not both get it.

    Raises
    ------
    LinkIsOver
        It was good no more.
    """
    used = update(MailedLink).where(MailedLink.hash == hashed(text), MailedLink.purpose == purpose)
    used = used.where(MailedLink.ends_at > now, MailedLink.used_at.is_(None)).values(used_at=now).returning(MailedLink.email)
    email = db.scalars(used).first()
    if email is None:
        raise LinkIsOver
    return email


def end_links(db: DbSession, email: str, *, of: Purpose | None = None, now: dt.datetime) -> None:
    """None that was mailed to an address, of a purpose where one is named, is good any more."""
    theirs = (MailedLink.email == email) & (MailedLink.purpose == of if of else MailedLink.purpose.is_not(None))
    db.execute(update(MailedLink).where(theirs, MailedLink.used_at.is_(None)).values(used_at=now))


def forget_mailed(db: DbSession, now: dt.datetime) -> int:
    """Removes links that are long over, and tells how many that were."""
    over = delete(MailedLink).where(MailedLink.ends_at <= now - dt.timedelta(days=1))
    return cast("CursorResult[Any]", db.execute(over)).rowcount
