"""Webhooks: where a program's events are told, and what became of each delivery. A secret is told once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import select

from api.problems import Problem, no_such
from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key, id_or_none, is_called, own_key, program_of
from api.v1.meant import only
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.events import Event
from data.programs import Program
from data.webhooks import (
    Delivery,
    DeliveryState,
    Webhook,
    add_webhook_secret,
    change_webhook,
    close_webhook,
    make_webhook,
    replay,
    send_again,
    take_webhook_secret,
    try_out,
    webhook_secrets,
)
from scheduler.hooks import SECRET, signer

routes = Routes("webhooks")

Url = Annotated[str, Field(max_length=2000, examples=["https://example.org/dure"])]
Types = Annotated[list[str], Field(max_length=200, description="Types of events, as `/v1/events` names them; all where none is named.")]


class WebhookSecretOut(Wire):
    """A secret, but not its text."""

    id: UUID
    created_at: dt.datetime


class WebhookOut(Wire):
    """A webhook; while it is disabled it is told nothing."""

    id: UUID
    external_id: str | None = Field(description="The platform's own key, where it was put under one.")
    program_id: UUID
    url: str
    types: list[str]
    enabled: bool
    disabled_at: dt.datetime | None
    disabled_reason: str
    failures: int = Field(description="In a row, since anything arrived.")
    next_try_at: dt.datetime | None = Field(description="Before then nothing is tried.")
    created_at: dt.datetime
    secrets: list[WebhookSecretOut]


class WebhookIn(Wire):
    """A wish for a webhook."""

    url: Url
    types: Types = Field(default_factory=list)


class WebhookPatch(Wire):
    """What is to be otherwise; what is left out stays."""

    url: Url | None = None
    types: Types | None = None
    enabled: bool | None = None


class WebhookMade(Wire):
    """A new webhook, with its first secret."""

    webhook: WebhookOut
    secret: str


class WebhookPut(Wire):
    """A webhook; one that is new with its first secret."""

    webhook: WebhookOut
    secret: str | None = Field(description="Null where it was there already, since a secret is told once.")


class SecretMade(Wire):
    """A new secret, which is not told again."""

    id: UUID
    secret: str


class DeliveryOut(Wire):
    """What became of telling one event to one webhook."""

    id: UUID
    event_id: UUID
    type: str
    state: DeliveryState
    tries: int
    last_try_at: dt.datetime | None
    last_status: int | None
    problem: str
    next_try_at: dt.datetime | None = Field(description="The earliest; null where it waits for its turn alone, or is over.")


@routes.get("/programs/{program}/webhooks", Right.WEBHOOKS_READ)
def list_webhooks(call: Call, program: Key, after: After = None, limit: Limit = USUAL) -> Page[WebhookOut]:
    """The webhooks of a program, the oldest first."""
    asked = select(Webhook).where(Webhook.program_id == program_of(call, program).id)
    return paged(call, asked, [Webhook.id], lambda rows: _shown(call, [row[0] for row in rows]), after, limit)


@routes.post("/programs/{program}/webhooks", Right.WEBHOOKS_WRITE)
def add_webhook(call: Call, program: Key, body: WebhookIn) -> WebhookMade:
    """Makes a webhook, which is told of what happens from now on."""
    return _make(call, program_of(call, program), body, None)


@routes.put("/programs/{program}/webhooks/{webhook}", Right.WEBHOOKS_WRITE)
def put_webhook(call: Call, program: Key, webhook: Key, body: WebhookIn) -> WebhookPut:
    """Makes a webhook, or makes it what is sent, where it is there already: it keeps its secrets, and stays disabled where it is so."""
    found = program_of(call, program)
    there = call.db.scalars(select(Webhook).where(Webhook.program_id == found.id, is_called(Webhook, webhook)).with_for_update()).first()
    if there is None:
        return WebhookPut(**dict(_make(call, found, body, own_key(webhook, "webhook"))))
    call.refuse_stale(lambda: _shown(call, [there])[0])
    change_webhook(call.db, there, url=body.url, types=body.types, by=call.by, now=call.now)
    return WebhookPut(webhook=_shown(call, [there])[0], secret=None)


@routes.get("/webhooks/{webhook}", Right.WEBHOOKS_READ)
def read_webhook(call: Call, webhook: Key) -> WebhookOut:
    """One of them."""
    return _shown(call, [_meant(call, webhook)])[0]


@routes.patch("/webhooks/{webhook}", Right.WEBHOOKS_WRITE)
def patch_webhook(call: Call, webhook: Key, body: WebhookPatch) -> WebhookOut:
    """Changes where it is, what it is told, and whether; one that is enabled again gets what it missed."""
    found = _meant(call, webhook)
    call.refuse_stale(lambda: _shown(call, [found])[0])
    change_webhook(call.db, found, url=body.url, types=body.types, enabled=body.enabled, by=call.by, now=call.now)
    return _shown(call, [found])[0]


@routes.delete("/webhooks/{webhook}", Right.WEBHOOKS_WRITE)
def remove_webhook(call: Call, webhook: Key) -> None:
    """Removes a webhook with what waits for it."""
    found = _meant(call, webhook)
    call.refuse_stale(lambda: _shown(call, [found])[0])
    close_webhook(call.db, found, by=call.by, now=call.now)


@routes.post("/webhooks/{webhook}/secrets", Right.WEBHOOKS_WRITE)
def rotate_webhook_secret(call: Call, webhook: Key) -> SecretMade:
    """Gives it another secret: calls bear a signature by each, until one is taken away."""
    made, text = add_webhook_secret(call.db, _meant(call, webhook), _own(), by=call.by, now=call.now)
    return SecretMade(id=made.id, secret=text)


@routes.delete("/webhooks/{webhook}/secrets/{webhook_secret}", Right.WEBHOOKS_WRITE)
def end_webhook_secret(call: Call, webhook: Key, webhook_secret: Key) -> None:
    """Takes a secret away, but not the last."""
    take_webhook_secret(call.db, _meant(call, webhook), webhook_secret, by=call.by, now=call.now)


@routes.get("/webhooks/{webhook}/deliveries", Right.WEBHOOKS_READ)
def list_deliveries(
    call: Call, webhook: Key, state: DeliveryState | None = None, after: After = None, limit: Limit = USUAL
) -> Page[DeliveryOut]:
    """What a webhook was told or is to be told, in the order in which that was laid out."""
    found = _meant(call, webhook)
    asked = select(Delivery, Event.type).join(Event).where(Delivery.webhook_id == found.id)
    if state is not None:
        asked = asked.where(Delivery.state == state)
    return paged(call, asked, [Delivery.id], lambda rows: [_delivery_out(found, row[0], row[1]) for row in rows], after, limit)


@routes.post("/webhooks/{webhook}/test", Right.WEBHOOKS_WRITE, 202)
def test_webhook(call: Call, webhook: Key) -> DeliveryOut:
    """Tells it an event of the type `webhook.tested` soon; one that is disabled is refused."""
    found = _meant(call, webhook)
    call.refuse_stale(lambda: _shown(call, [found])[0])
    made = try_out(call.db, found, by=call.by, now=call.now)
    return _delivery_out(found, made, call.db.scalars(select(Event.type).where(Event.id == made.event_id)).one())


@routes.post("/webhooks/{webhook}/replay", Right.WEBHOOKS_WRITE, 202)
def replay_webhook(
    call: Call, webhook: Key, after: Annotated[UUID | None, Query(description="The id of an event; all that is kept without it.")] = None
) -> WebhookOut:
    """Tells it again, in their order, of all events after one, or of all that are kept."""
    found = _meant(call, webhook)
    call.refuse_stale(lambda: _shown(call, [found])[0])
    replay(call.db, found, after, by=call.by, now=call.now)
    return _shown(call, [found])[0]


@routes.post("/webhooks/{webhook}/deliveries/{delivery}/replay", Right.WEBHOOKS_WRITE, 202)
def replay_delivery(call: Call, webhook: Key, delivery: Key) -> DeliveryOut:
    """Tells it again of one thing, under the same id."""
    found = _meant(call, webhook)
    asked = select(Delivery, Event.type).join(Event).where(Delivery.webhook_id == found.id, Delivery.id == id_or_none(delivery))
    row = call.db.execute(asked).first()
    if row is None:
        raise no_such("delivery")
    send_again(call.db, found, row[0], by=call.by, now=call.now)
    return _delivery_out(found, row[0], row[1])


def _make(call: Call, program: Program, body: WebhookIn, key: str | None) -> WebhookMade:
    made, secret = make_webhook(call.db, program, body.url, body.types, _own(), key=key, by=call.by, now=call.now)
    call.made(f"/webhooks/{made.id}")
    return WebhookMade(webhook=_shown(call, [made])[0], secret=secret)


def _own() -> str:
    """The service's own secret."""
    own = signer()
    if own is None:
        raise Problem(409, "no-webhooks", "this service signs no webhooks", f"ask its operator to set {SECRET}")
    return own.secret


def _meant(call: Call, key: str) -> Webhook:
    asked = select(Webhook).where(is_called(Webhook, key), Webhook.program_id.in_(call.actor.programs(call.right)))
    return only(call.db.scalars(asked.with_for_update() if call.changes else asked).all(), "webhook", key)


def _shown(call: Call, webhooks: list[Webhook]) -> list[WebhookOut]:
    secrets: dict[UUID, list[WebhookSecretOut]] = {one.id: [] for one in webhooks}
    for secret in webhook_secrets(call.db, list(secrets)):
        secrets[secret.webhook_id].append(WebhookSecretOut(id=secret.id, created_at=secret.made_at))
    return [
        WebhookOut(
            id=one.id,
            external_id=one.key,
            program_id=one.program_id,
            url=one.url,
            types=one.types,
            enabled=one.disabled_at is None,
            disabled_at=one.disabled_at,
            disabled_reason=one.disabled_why,
            failures=one.failures,
            next_try_at=one.due_at,
            created_at=one.made_at,
            secrets=secrets[one.id],
        )
        for one in webhooks
    ]


def _delivery_out(webhook: Webhook, one: Delivery, type_: str) -> DeliveryOut:
    return DeliveryOut(
        id=one.id,
        event_id=one.event_id,
        type=type_,
        state=one.state,
        tries=one.tries,
        last_try_at=one.tried_at,
        last_status=one.status,
        problem=one.problem,
        next_try_at=webhook.due_at if one.state is DeliveryState.WAITING and webhook.disabled_at is None else None,
    )
