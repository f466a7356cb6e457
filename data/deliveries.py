"""What webhooks are told next, and what became of it: in the order of events, again after failures, no more after three days of them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.event_types import EVENT_TYPES, TESTED
from data.events import Event, events_after
from data.webhooks import Delivery, DeliveryState, Webhook, WebhookSecret, note, webhook_secrets

STEPS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
"""So long after each failure in a row a webhook is tried again, and after more as long as after the last of them."""

TRIED_FOR = dt.timedelta(days=3)
"""A delivery that failed for so long, since it was first tried, is given up; the next is tried then."""

AHEAD = 100
"""So many deliveries of a webhook are laid out ahead of their turn."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: it arrived, or there was a problem; `status` is what the receiver answered, None where it did not."""

    status: int | None
    problem: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """What one webhook is to be told next, in its order: the deliveries with their events, and the secrets that sign."""

    webhook: Webhook
    secrets: Sequence[WebhookSecret]
    deliveries: Sequence[tuple[Delivery, Event]]


def due_webhooks(db: DbSession, now: dt.datetime) -> list[UUID]:
    """Those that have something to be told, and may be; one whose wait is longer than any counts, too: the clock was set back."""
    enabled = Webhook.disabled_at.is_(None)
    rested = or_(Webhook.due_at.is_(None), Webhook.due_at <= now, Webhook.due_at > now + 2 * STEPS[-1])
    found = db.scalars(select(Webhook).where(enabled, rested).order_by(Webhook.id)).all()
    return [one.id for one in found if not _is_held(one, now) and (_waits(db, one) or _fresh(db, one, most=1))]


def take_load(db: DbSession, webhook: UUID, *, now: dt.datetime, lease: dt.timedelta) -> Load | None:
    """Holds a webhook for as long as the lease, and lays out what it is to be told; None where another process has it."""
    found = db.scalars(select(Webhook).where(Webhook.id == webhook).with_for_update(skip_locked=True)).first()
    if found is None or _is_held(found, now):
        return None
    fresh = _fresh(db, found, most=AHEAD)
    known = set(
        db.scalars(select(Delivery.event_id).where(Delivery.webhook_id == webhook, Delivery.event_id.in_([one.id for one in fresh])))
    )
    db.add_all(Delivery(id=new_id(), webhook_id=webhook, event_id=one.id, made_at=now, tries=0) for one in fresh if one.id not in known)
    if fresh:
        found.writer, found.number = fresh[-1].place
    found.leased_until = now + lease
    db.flush()
    asked = select(Delivery, Event).join(Event).where(Delivery.webhook_id == webhook, Delivery.state == DeliveryState.WAITING)
    rows = db.execute(asked.order_by(Event.writer, Event.number).limit(AHEAD)).all()
    return Load(found, webhook_secrets(db, [webhook]), [(row[0], row[1]) for row in rows])


def tell_outcome(db: DbSession, delivery: UUID, outcome: Outcome, *, now: dt.datetime) -> None:
    """Notes what became of a delivery, and of its webhook: after a failure nothing is tried with it for a while, 410 disables it."""
    told = db.get(Delivery, delivery)
    if told is None or told.state is not DeliveryState.WAITING:
        return
    webhook = db.get_one(Webhook, told.webhook_id, with_for_update=True)
    told.tries, told.tried_at, told.status, told.problem = told.tries + 1, now, outcome.status, outcome.problem
    if not outcome.problem:
        told.state, webhook.failures, webhook.due_at = DeliveryState.SENT, 0, None
        return
    if outcome.gone:
        webhook.disabled_at, webhook.disabled_why = now, outcome.problem
        note(db, webhook, "webhook disabled", by="ticker", now=now)
        return
    webhook.due_at = now + _jittered(STEPS[min(webhook.failures, len(STEPS) - 1)], webhook)
    webhook.failures += 1
    told.failed_since = told.failed_since or now
    if told.failed_since <= now - TRIED_FOR:
        told.state = DeliveryState.GIVEN_UP
    db.flush()


def let_go(db: DbSession, webhook: UUID) -> None:
    """Others may have it."""
    db.execute(update(Webhook).where(Webhook.id == webhook).values(leased_until=None))


def forget_deliveries(db: DbSession, before: dt.datetime, program: UUID) -> int:
    """Removes the deliveries of events of a program that are older than an instant, and tells how many."""
    old = select(Event.id).where(Event.program_id == program, Event.at < before)
    return cast("CursorResult[Any]", db.execute(delete(Delivery).where(Delivery.event_id.in_(old)))).rowcount


def _jittered(step: dt.timedelta, webhook: Webhook) -> dt.timedelta:
    """A step, up to a fifth longer or shorter: another for each webhook and each time, so that receivers are not all tried at once."""
    spread = hashlib.sha256(webhook.id.bytes + webhook.failures.to_bytes(4)).digest()[0] / 255
    return step * (0.8 + 0.4 * spread)


def _is_held(webhook: Webhook, now: dt.datetime) -> bool:
    return webhook.leased_until is not None and now < webhook.leased_until <= now + dt.timedelta(hours=1)


def _waits(db: DbSession, webhook: Webhook) -> bool:
    waiting = (Delivery.webhook_id == webhook.id, Delivery.state == DeliveryState.WAITING)
    return db.scalar(select(func.count()).select_from(select(Delivery.id).where(*waiting).limit(1).subquery())) == 1


def _fresh(db: DbSession, webhook: Webhook, *, most: int) -> Sequence[Event]:
    """The next events that it is not told of yet; of tests only those who are tried out hear."""
    types = webhook.types or [one for one in EVENT_TYPES if one != TESTED]
    return events_after(db, [webhook.program_id], (webhook.writer, webhook.number), types, most=most)
