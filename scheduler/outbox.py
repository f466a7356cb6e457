"""Delivers what waits in the outbox: at least once, the longest due first.

Messages are claimed in one transaction, sent outside of any, and marked one by one. A process that is killed between the last two sends a
message again, with the same Message-ID or webhook-id, once its lease is over. Late messages are sent, however late they are, but for
reminders whose session has begun. While the mail server is away nothing is given up: all wait in their order until it is back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from email.message import EmailMessage

from sqlalchemy import Engine

from data.database import reading, transaction
from data.outbox import Channel, Message, claim, give_up, mark_failed, mark_sent, put_back
from scheduler.hooks import Signer, call
from scheduler.letters import NotToBeSent, letter_of
from scheduler.mail import Failed, Fate, MailServer, Sent, post

LEASE = dt.timedelta(minutes=15)
"""Longer than a batch can take."""

BATCH = 20
"""So many are claimed at a time."""

BATCHES = 20
"""So often mails are claimed in one tick."""

Clock = Callable[[], dt.datetime]


def deliver_mail(engine: Engine, clock: Clock, server: MailServer) -> None:
    """Sends what is due by mail, as long as the server is there."""

    def written(message: Message) -> EmailMessage | Failed:
        with reading(engine) as db:
            try:
                return letter_of(db, message, sender=server.sender, now=clock())
            except NotToBeSent as error:
                return Failed(str(error), lasts=True)

    def told(message: Message, fate: Fate) -> None:
        _mark(engine, clock, message, fate)

    for _ in range(BATCHES):
        claimed = _claim(engine, clock, Channel.MAIL)
        if not claimed:
            return
        untried = asyncio.run(post(server, claimed, written, told))
        if untried.messages:
            with transaction(engine) as db:
                put_back(db, untried.messages, untried.problem)
            return


def deliver_hooks(engine: Engine, clock: Clock, signer: Signer) -> None:
    """Sends what is due to webhooks."""
    for message in _claim(engine, clock, Channel.WEBHOOK):
        _mark(engine, clock, message, call(message, signer, clock()))


def _claim(engine: Engine, clock: Clock, channel: Channel) -> list[Message]:
    with transaction(engine) as db:
        return claim(db, channel, now=clock(), lease=LEASE, most=BATCH)


def _mark(engine: Engine, clock: Clock, message: Message, fate: Fate) -> None:
    with transaction(engine) as db:
        match fate:
            case Sent():
                mark_sent(db, message, now=clock())
            case Failed(problem, lasts=True):
                give_up(db, message, problem, now=clock())
            case Failed(problem):
                mark_failed(db, message, problem, now=clock())
