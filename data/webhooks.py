"""Webhooks: addresses that are told of a program's events, each in the order of these, and what became of each delivery.

No secret of a webhook is kept, and none need be encrypted: each is made anew, whenever it is wanted, from the service's own secret in the
environment (`DURE_WEBHOOK_SECRET`) and from a random number that is kept, by HMAC-SHA256. Whoever has only the database can sign nothing;
whoever changes the service's secret gives every webhook another, and tells them so. Two may live at once, and then both sign.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.audit import write_down
from data.base import Base, new_id, row_of
from data.event_types import EVENT_TYPES
from data.events import Event, Place, event_of, last_place
from data.programs import Program

MOST_SECRETS = 2
LONGEST_URL = 2000


class WebhookError(Exception):
    """The root of what can be wrong with a webhook."""


@dataclass(eq=False)
class NoSuchWebhook(WebhookError):
    """No webhook has this id."""

    given: str

    def __str__(self) -> str:
        return f"no webhook has the id {self.given!r}; `dure webhook list` shows them"


@dataclass(eq=False)
class NoSuchWebhookSecret(WebhookError):
    """The webhook has no such secret."""

    given: str

    def __str__(self) -> str:
        return f"the webhook has no secret {self.given!r}; look at what it has"


@dataclass(eq=False)
class BadUrl(WebhookError):
    """It is no address that can be told."""

    given: str

    def __str__(self) -> str:
        return f"{self.given!r} is no address; write https://..."


@dataclass(eq=False)
class UnknownTypes(WebhookError):
    """These are no types of events."""

    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"{', '.join(map(repr, self.given))}: no such events; take of {', '.join(EVENT_TYPES)}"


@dataclass(eq=False)
class SecretsLimit(WebhookError):
    """A webhook keeps at least one secret and has two at most."""

    def __str__(self) -> str:
        return f"a webhook has one secret, and {MOST_SECRETS} while its receiver changes over; add or take away the other first"


@dataclass(eq=False)
class Disabled(WebhookError):
    """The webhook is disabled, so that it cannot be tried out."""

    webhook: UUID
    why: str

    def __str__(self) -> str:
        return f"webhook {self.webhook} is disabled ({self.why}) and is told nothing; enable it first"


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


class Webhook(Base):
    """An address that is told of the events of some types, or of all where none is named.

    Of the events up to the place `writer`, `number` deliveries were laid out. `failures` are those in a row since anything arrived, and
    before `due_at` nothing is tried again; a process has it until `leased_until`. One that is disabled says why. A platform may have
    its own `key` for it.
    """

    __tablename__ = "webhook"
    __table_args__ = (UniqueConstraint("program_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id), index=True)
    key: Mapped[str | None]
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]
    disabled_why: Mapped[str] = mapped_column(default="")
    writer: Mapped[int] = mapped_column(BigInteger, default=0)
    number: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime | None]
    leased_until: Mapped[dt.datetime | None]


class WebhookSecret(Base):
    """A secret by which a webhook's calls are signed: made of its id and the service's own; one that is `old` is the service's own
    itself, with which older programs signed for all."""

    __tablename__ = "webhook_secret"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey(Webhook.id, ondelete="CASCADE"), index=True)
    old: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime]


class Delivery(Base):
    """One event that is told to one webhook; `failed_since` its first try, where that and all others failed."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("webhook_id", "event_id"), Index("ix_delivery_webhook_id_state", "webhook_id", "state"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey(Webhook.id, ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"), index=True)
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    made_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)
    failed_since: Mapped[dt.datetime | None]
    tried_at: Mapped[dt.datetime | None]
    status: Mapped[int | None]
    problem: Mapped[str] = mapped_column(default="")


def derived(own: str, secret: WebhookSecret) -> str:
    """The text of a secret, `whsec_...`, from the service's own."""
    if secret.old:
        return own
    key = base64.b64decode(own.removeprefix("whsec_"))
    return "whsec_" + base64.b64encode(hmac.digest(key, b"webhook\0" + secret.id.bytes, hashlib.sha256)).decode()


def make_webhook(
    db: DbSession, program: Program, url: str, types: Sequence[str], own: str, *, key: str | None = None, by: str, now: dt.datetime
) -> tuple[Webhook, str]:
    """Makes a webhook, which is told of what happens from now on, with a `key` of the platform's where it has one; gives it with its first
    secret.

    Raises
    ------
    BadUrl, UnknownTypes
        It cannot be told, or of nothing of the kind.
    """
    writer, number = last_place(db) or (0, 0)
    webhook = Webhook(
        id=new_id(),
        program_id=program.id,
        key=key,
        url=read_url(url),
        types=read_types(types),
        made_at=now,
        writer=writer,
        number=number,
        failures=0,
    )
    db.add(webhook)
    db.flush()
    note(db, webhook, "webhook made", by=by, now=now)
    return webhook, derived(own, _new_secret(db, webhook, now))


def change_webhook(
    db: DbSession,
    webhook: Webhook,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    enabled: bool | None = None,
    by: str,
    now: dt.datetime,
) -> None:
    """Changes where it is, what it is told, and whether it is; one that is enabled again gets what it missed. What is so already is not
    written down.

    Raises
    ------
    BadUrl, UnknownTypes
        As at first.
    """
    if url is not None and read_url(url) != webhook.url:
        webhook.url, webhook.failures, webhook.due_at = url, 0, None
    if types is not None and (wanted := read_types(types)) != webhook.types:
        webhook.types = wanted
    if enabled is True and webhook.disabled_at is not None:
        webhook.disabled_at, webhook.disabled_why, webhook.failures, webhook.due_at = None, "", 0, None
    if enabled is False and webhook.disabled_at is None:
        webhook.disabled_at, webhook.disabled_why = now, f"by {by}"
    if db.is_modified(webhook):
        if not webhook.failures:  # what waits has not failed yet where it is now
            db.execute(update(Delivery).where(Delivery.webhook_id == webhook.id).values(failed_since=None))
        note(db, webhook, "webhook changed", by=by, now=now)
        db.flush()


def close_webhook(db: DbSession, webhook: Webhook, *, by: str, now: dt.datetime) -> None:
    """Removes a webhook, its secrets and its deliveries."""
    note(db, webhook, "webhook closed", by=by, now=now)
    for table in (Delivery, WebhookSecret):
        db.execute(delete(table).where(table.webhook_id == webhook.id))
    db.delete(webhook)
    db.flush()


def add_webhook_secret(db: DbSession, webhook: Webhook, own: str, *, by: str, now: dt.datetime) -> tuple[WebhookSecret, str]:
    """Gives it another secret beside the one that it has: both sign until one is taken away.

    Raises
    ------
    SecretsLimit
        It has two.
    """
    if len(webhook_secrets(db, [webhook.id])) >= MOST_SECRETS:
        raise SecretsLimit
    made = _new_secret(db, webhook, now)
    note(db, webhook, "webhook secret added", by=by, now=now)
    return made, derived(own, made)


def take_webhook_secret(db: DbSession, webhook: Webhook, given: str, *, by: str, now: dt.datetime) -> None:
    """Takes a secret away.

    Raises
    ------
    NoSuchWebhookSecret
        It has none of this id.
    SecretsLimit
        It is its last.
    """
    secrets = webhook_secrets(db, [webhook.id])
    found = next((one for one in secrets if str(one.id) == given), None)
    if found is None:
        raise NoSuchWebhookSecret(given)
    if len(secrets) == 1:
        raise SecretsLimit
    db.delete(found)
    note(db, webhook, "webhook secret taken", by=by, now=now)
    db.flush()


def webhook_of(db: DbSession, given: str) -> Webhook:
    """The webhook of an id, which is held.

    Raises
    ------
    NoSuchWebhook
        There is none.
    """
    found = row_of(db, Webhook, given, held=True)
    if found is None:
        raise NoSuchWebhook(given)
    return found


def webhooks_of(db: DbSession, programs: Collection[UUID]) -> Sequence[Webhook]:
    """The webhooks of some programs, the oldest first."""
    return db.scalars(select(Webhook).where(Webhook.program_id.in_(programs)).order_by(Webhook.id)).all()


def webhook_secrets(db: DbSession, webhooks: Collection[UUID]) -> Sequence[WebhookSecret]:
    """The secrets of some, the oldest first."""
    return db.scalars(select(WebhookSecret).where(WebhookSecret.webhook_id.in_(webhooks)).order_by(WebhookSecret.id)).all()


def try_out(db: DbSession, webhook: Webhook, *, by: str, now: dt.datetime) -> Delivery:
    """Has a webhook told that it is tried out, whatever types it wants.

    Raises
    ------
    Disabled
        It is told nothing.
    """
    if webhook.disabled_at is not None:
        raise Disabled(webhook.id, webhook.disabled_why)
    (event,) = note(db, webhook, "webhook tested", by=by, now=now)
    made = Delivery(id=new_id(), webhook_id=webhook.id, event_id=event, made_at=now, tries=0)
    webhook.due_at = None
    db.add(made)
    db.flush()
    return made


def replay(db: DbSession, webhook: Webhook, after: UUID | None, *, by: str, now: dt.datetime) -> None:
    """Has a webhook told again, in their order, of all that came after an event, or of all that is kept.

    Raises
    ------
    NoSuchEvent
        It is none that is kept.
    """
    place = event_of(db, [webhook.program_id], after).place if after else (0, 0)
    later = select(Event.id).where(Event.program_id == webhook.program_id, or_(*_later(place)))
    db.execute(delete(Delivery).where(Delivery.webhook_id == webhook.id, Delivery.event_id.in_(later)))
    webhook.writer, webhook.number = min(place, (webhook.writer, webhook.number))
    webhook.due_at = None
    note(db, webhook, "webhook replayed", by=by, now=now)
    db.flush()


def send_again(db: DbSession, webhook: Webhook, delivery: Delivery, *, by: str, now: dt.datetime) -> None:
    """Has a webhook told again of one thing, under the same id."""
    delivery.state, delivery.made_at, delivery.problem = DeliveryState.WAITING, now, ""
    delivery.failed_since = webhook.due_at = None
    note(db, webhook, "webhook replayed", by=by, now=now)
    db.flush()


def read_url(url: str) -> str:
    """An address that can be told.

    Raises
    ------
    BadUrl
        It is none.
    """
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        fine = False
    if not fine or not url.isprintable() or " " in url or "#" in url or len(url) > LONGEST_URL:
        raise BadUrl(url[:200])
    return url


def read_types(types: Sequence[str]) -> list[str]:
    """Types of events, each once.

    Raises
    ------
    UnknownTypes
        Some are none.
    """
    unknown = tuple(one for one in types if one not in EVENT_TYPES)
    if unknown:
        raise UnknownTypes(unknown)
    return sorted(set(types))


def _later(place: Place) -> list[Any]:
    writer, number = place
    return [Event.writer > writer, (Event.writer == writer) & (Event.number > number)]


def _new_secret(db: DbSession, webhook: Webhook, now: dt.datetime) -> WebhookSecret:
    made = WebhookSecret(id=new_id(), webhook_id=webhook.id, old=False, made_at=now)
    db.add(made)
    db.flush()
    return made


def note(db: DbSession, webhook: Webhook, what: str, *, by: str, now: dt.datetime) -> list[UUID]:
    """Writes down what was done to a webhook, and gives the id of its event."""
    ids = {"program": webhook.program_id, "webhook": webhook.id}
    return write_down(db, at=now, by=by, what=what, whom=f"webhook {webhook.id}", ids=ids)
