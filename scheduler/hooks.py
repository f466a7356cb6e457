"""Webhooks: what has happened is told to addresses of the program's choice, signed so that receivers know who tells it.

The signature is that of the Standard Webhooks specification: a secret from the environment, over the message's id, the moment and the
body. Receivers know a repeat by its `webhook-id`.

Each receiver is told in order, one thing after the other; receivers are told at once, so that none waits for another.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import json
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import httpx
from standardwebhooks import Webhook

from data.outbox import Message
from scheduler.mail import Failed, Fate, PostError, Sent
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
    messages: Sequence[Message],
    signer: Signer,
    clock: Callable[[], dt.datetime],
    told: Callable[[Message, Fate], None],
    *,
    stopped: Stopped = never,
    pace: Pace = USUAL,
) -> list[Message]:
    """Sends webhooks, and tells at once, in any thread, what became of each; gives those that it did not come to.

    It comes to no more of a receiver that was too slow for one, of any when the time of the batch is over, nor once it is `stopped`.
    """
    waiting: dict[str, deque[Message]] = {}
    for message in messages:
        waiting.setdefault(message.address, deque()).append(message)
    safe = httpx.create_ssl_context(trust_env=False)

    async def one_after_the_other(mine: deque[Message], ends: float) -> None:
        # a client of their own: one machine may be several receivers, each to be known by its own name
        async with httpx.AsyncClient(verify=safe, timeout=None, follow_redirects=False, trust_env=False) as client:  # noqa: S113  each call has one
            slow = False
            while mine and not slow and asyncio.get_running_loop().time() < ends:
                message = mine[0]
                fate = await _call(client, message, signer, clock(), pace.call_seconds)
                mine.popleft()
                await asyncio.to_thread(told, message, fate)
                slow = isinstance(fate, Failed) and fate.slow

    async def all_at_once() -> None:
        ends = asyncio.get_running_loop().time() + pace.batch_seconds
        await asyncio.gather(*(one_after_the_other(mine, ends) for mine in waiting.values()))

    await unless(stopped, all_at_once())
    return [message for mine in waiting.values() for message in mine]


async def _call(client: httpx.AsyncClient, message: Message, signer: Signer, now: dt.datetime, seconds: float) -> Fate:
    """Sends one webhook; redirects are not followed, and of the answer only its status counts."""
    data = {name: value for name, value in message.body.items() if name != "about"}
    told = json.dumps({"type": f"session.{message.body.get('about')}", "timestamp": message.written_at.isoformat(), "data": data})
    headers = {
        "content-type": "application/json",
        "webhook-id": str(message.id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signer.secret).sign(str(message.id), now, told),
    }
    try:
        async with asyncio.timeout(seconds):
            request = await aside(
                partial(pinned, "POST", httpx.URL(message.address), private=signer.private, headers=headers, content=told)
            )
            answer = await client.send(request, stream=True)
            await answer.aclose()
        status = answer.status_code
    except NotOutside as error:
        return Failed(str(error))
    except TimeoutError:
        return Failed("it did not answer in time", slow=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Failed(" ".join(str(error).split())[:200] or type(error).__name__)
    if 200 <= status < 300:
        return Sent()
    return Failed(f"it answered {status}", lasts=status == NO_MORE)
