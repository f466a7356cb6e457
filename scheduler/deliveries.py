"""Delivers events to webhooks: at least once, to each receiver in their order, to all receivers at once.

A webhook is held in one transaction, told outside of any, and what came of each call is noted one by one. A process that is killed between
the last two tells an event again, with the same webhook-id, once its lease is over. After a failure nothing is tried with a receiver for a
while (`data.webhooks.STEPS`); whoever was away gets all that waits, in its order, at the first try after it is back.
"""

from __future__ import annotations

import asyncio
from functools import partial
from uuid import UUID

from sqlalchemy import Engine

from data.database import reading, transaction
from data.deliveries import Outcome, due_webhooks, let_go, take_load, tell_outcome
from scheduler.hooks import USUAL, Pace, Signer, call_all
from scheduler.outbox import LEASE, Clock, Surely
from scheduler.patience import Stopped, never


def deliver_hooks(engine: Engine, clock: Clock, signer: Signer, *, stopped: Stopped = never, pace: Pace = USUAL) -> None:
    """Tells webhooks what they are to be told, some of it to each. Late: all of it, but for what failed for three days. Twice, or
    several at once: each holds others, and lets each go when it has heard, so that none waits for a slow one. Never: all waits."""
    with reading(engine) as db:
        due = due_webhooks(db, clock())
    loads = []
    for one in due:
        with transaction(engine) as db:
            load = take_load(db, one, now=clock(), lease=LEASE)
        if load is not None:
            loads.append(load)
    if not loads:
        return
    held = {load.webhook.id for load in loads}
    surely, writing = Surely(stopped), partial(transaction, engine)

    def told(delivery: UUID, outcome: Outcome) -> None:
        surely(writing, partial(tell_outcome, delivery=delivery, outcome=outcome, now=clock()))

    def over(webhook: UUID) -> None:
        held.discard(webhook)
        surely(writing, partial(let_go, webhook=webhook))

    asyncio.run(call_all(loads, signer, clock, told, over, stopped=stopped, pace=pace))
    for webhook in list(held):
        over(webhook)
