"""Delivers what waits in the outbox: at least once, the longest due first.

Messages are claimed in one transaction, sent outside of any, and marked one by one. A process that is killed between the last two sends a
message again, with the same Message-ID, once its lease is over. Late messages are sent, however late they are, but for
reminders whose session has begun. While the mail server is away nothing is given up: all wait in their order until it is back.

However slow the other side is, a batch ends well within its lease, and at once where this process is told to end: what was not sent by
then is due again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import EmailMessage
from functools import partial
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.database import AWAY, reading, transaction
from data.outbox import Channel, Message, claim, give_up, mark_failed, mark_sent, put_back
from scheduler import mail
from scheduler.letters import NotToBeSent, letter_of
from scheduler.mail import Failed, Fate, MailServer, Sent, post
from scheduler.patience import LOOK_SECONDS, Stopped, never

LEASE = dt.timedelta(minutes=15)
"""Longer than a batch can take, and than the database is waited for: by its end nobody sends what was claimed, or says anything of it."""

BATCH = 20
"""So many are claimed at a time."""

BATCHES = 20
"""So often mails are claimed in one tick."""

AWAY_SECONDS = 600
"""Until so long after messages were claimed the database is waited for, where it is away: well within their lease, so that nothing is
said of a message that another process may have by then."""

Result = TypeVar("Result")

Clock = Callable[[], dt.datetime]


def deliver_mail(engine: Engine, clock: Clock, server: MailServer, *, stopped: Stopped = never, pace: mail.Pace = mail.USUAL) -> None:
    """Sends what is due by mail, as long as the server is there and quick enough. Late: all that still makes sense. Twice, or two at once:
    each claims others. Never: all waits in the outbox."""

    def written(message: Message) -> EmailMessage | Failed:
        try:
            return surely(partial(reading, engine), partial(letter_of, message=message, sender=server.sender, now=clock()))
        except NotToBeSent as error:
            return Failed(str(error), lasts=True)

    def told(message: Message, fate: Fate) -> None:
        surely(writing, partial(_mark, message=message, fate=fate, now=clock()))

    writing = partial(transaction, engine)
    for _ in range(BATCHES):
        if stopped():
            return
        surely = Surely(stopped)
        with transaction(engine) as db:
            claimed = claim(db, Channel.MAIL, now=clock(), lease=LEASE, most=BATCH)
        if not claimed:
            return
        untried = asyncio.run(post(server, claimed, written, told, stopped=stopped, pace=pace))
        if untried.messages:
            surely(writing, partial(put_back, messages=untried.messages, problem=untried.problem))
            return


def _mark(db: DbSession, *, message: Message, fate: Fate, now: dt.datetime) -> None:
    match fate:
        case Sent():
            mark_sent(db, message, now=now)
        case Failed(problem, lasts=True):
            give_up(db, message, problem, now=now)
        case Failed(problem):
            mark_failed(db, message, problem, now=now)


class Surely:
    """Does something about messages that are claimed now, again and again while the database is away: else they would wait for their lease
    to end. All of it together ends `AWAY_SECONDS` after it was begun with."""

    def __init__(self, stopped: Stopped) -> None:
        self._stopped, self._until = stopped, time.monotonic() + AWAY_SECONDS

    def __call__(self, unit: Callable[[], AbstractContextManager[DbSession]], what: Callable[[DbSession], Result]) -> Result:
        """What comes of it."""
        while True:
            try:
                with unit() as db:
                    return what(db)
            except AWAY:
                if self._stopped() or time.monotonic() > self._until:
                    raise
            time.sleep(LOOK_SECONDS)
