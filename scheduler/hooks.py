"""Webhooks: what has happened is told to addresses of the program's choice, signed so that receivers know who tells it.

The signature is that of the Standard Webhooks specification: by each secret of the webhook, over the event's id, the moment and the body.
Receivers know a repeat by its `webhook-id`.

Each receiver is told in order, one thing after the other; receivers are told at once, so that none waits for another.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import httpx
from standardwebhooks import Webhook

from data.deliveries import Load, Outcome
from data.events import Event
from data.webhooks import derived
from scheduler.mail import PostError
from scheduler.outside import NotOutside, pinned
from scheduler.patience import Stopped, aside, never, unless

SECRET, PRIVATE = "DURE_WEBHOOK_SECRET", "DURE_WEBHOOK_PRIVATE"
NO_MORE = 410


@dataclass(eq=False)
class BadSecret(PostError):
    """The secret of webhooks is none."""

    def __str__(self) -> str:
        return f"{SECRET}: is no secret; write whsec_ and at least 24 bytes in base64"


@dataclass(frozen=True, slots=True)
class Signer:
    """What webhooks are signed with; with `private` they may go to machines of one's own network, too."""

    secret: str
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long one call may take in all, and how long after the first calls of a batch others are begun."""

    call_seconds: float = 10
    batch_seconds: float = 10


USUAL = Pace()

EVERY = dt.timedelta(seconds=5)
BATCHES = math.ceil((USUAL.batch_seconds + USUAL.call_seconds) / EVERY.total_seconds()) + 1
"""So often a batch is begun, and so many may go on at once that those of slow receivers never keep the next from beginning."""


def signer(environment: Mapping[str, str] = os.environ) -> Signer | None:
    """What the environment says of webhooks: `DURE_WEBHOOK_SECRET`, and `DURE_WEBHOOK_PRIVATE=1`; None where there is no secret.

    Raises
    ------
    BadSecret
        It is none.
    """
    secret = environment.get(SECRET, "")
    if not secret:
        return None
    try:
        if not secret.startswith("whsec_") or len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) < 24:
            raise BadSecret
    except binascii.Error:
        raise BadSecret from None
    return Signer(secret, environment.get(PRIVATE) == "1")


async def call_all(
    loads: Sequence[Load],
    signer: Signer,
    clock: Callable[[], dt.datetime],
    told: Callable[[UUID, Outcome], None],
    over: Callable[[UUID], None],
    *,
    stopped: Stopped = never,
    pace: Pace = USUAL,
) -> None:
    """Tells webhooks what they are to be told, and says at once, in any thread, what came of each call, and which webhook it is done with.

    Nothing more is told to a receiver after its first failure, to any when the time of the batch is over, nor once it is `stopped`.
    """
    safe = httpx.create_ssl_context(trust_env=False)

    async def one_after_the_other(load: Load, ends: float) -> None:
        # a client of their own: one machine may be several receivers, each to be known by its own name
        async with httpx.AsyncClient(verify=safe, timeout=None, follow_redirects=False, trust_env=False) as client:  # noqa: S113  each call has one
            for delivery, event in load.deliveries:
                if asyncio.get_running_loop().time() >= ends:
                    return
                outcome = await _call(client, load, event, signer, clock(), pace.call_seconds)
                await asyncio.to_thread(told, delivery.id, outcome)
                if outcome.problem:
                    return

    async def one_by_one(load: Load, ends: float) -> None:
        await one_after_the_other(load, ends)
        await asyncio.to_thread(over, load.webhook.id)

    async def all_at_once() -> None:
        ends = asyncio.get_running_loop().time() + pace.batch_seconds
        await asyncio.gather(*(one_by_one(load, ends) for load in loads))

    await unless(stopped, all_at_once())


async def _call(client: httpx.AsyncClient, load: Load, event: Event, signer: Signer, now: dt.datetime, seconds: float) -> Outcome:
    """Tells one event; redirects are not followed, and of the answer only its status counts."""
    body = json.dumps({"type": event.type, "timestamp": event.at.isoformat(), "data": event.data})
    known = str(event.id)
    headers = {
        "content-type": "application/json",
        "webhook-id": known,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(derived(signer.secret, one)).sign(known, now, body) for one in load.secrets),
    }
    try:
        async with asyncio.timeout(seconds):
            url = httpx.URL(load.webhook.url)
            request = await aside(partial(pinned, "POST", url, private=signer.private, headers=headers, content=body))
            answer = await client.send(request, stream=True)
            await answer.aclose()
        status = answer.status_code
    except NotOutside as error:
        return Outcome(None, str(error))
    except TimeoutError:
        return Outcome(None, "it did not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(None, " ".join(str(error).split())[:200] or type(error).__name__)
    if 200 <= status < 300:
        return Outcome(status)
    return Outcome(status, f"it answered {status}", gone=status == NO_MORE)
