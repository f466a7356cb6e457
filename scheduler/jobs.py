"""What ticks: each job, how often it runs, and what becomes of it where it is late, run twice, or never.

However late a job is, it runs once for all of its times that have passed. Each asks the database what is due at the moment that its clock
gives; what it does has a key there, so that running it twice, or in two processes at once, does nothing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.outbox import Notice, forget, unwritten, write
from data.ticks import tick
from scheduler.hooks import Signer
from scheduler.mail import MailServer
from scheduler.outbox import deliver_hooks, deliver_mail
from scheduler.reminders import due_asks, due_reminders
from scheduler.ticker import Clock, Job

HEARTBEAT = "ticker"
"""The name under which `data.ticks` knows when this has ticked last."""

KEPT_FOR = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Post:
    """How messages leave; those of a kind without a way out stay in the outbox."""

    mail: MailServer | None = None
    hooks: Signer | None = None


def jobs(post: Post) -> Sequence[Job]:
    """The table of jobs."""
    table = [
        Job("heartbeat", beat, dt.timedelta(seconds=10)),
        Job("remind", remind, dt.timedelta(seconds=30)),
        Job("ask for records", ask_for_records, dt.timedelta(minutes=5)),
        Job("forget", forget_messages, dt.timedelta(hours=6)),
    ]
    if post.mail is not None:
        table.append(Job("deliver mail", partial(deliver_mail, server=post.mail), dt.timedelta(seconds=5)))
    if post.hooks is not None:
        table.append(Job("deliver webhooks", partial(deliver_hooks, signer=post.hooks), dt.timedelta(seconds=5)))
    return table


def beat(engine: Engine, clock: Clock) -> None:
    """Notes that this process ticks. Late or never: others see that it does not."""
    with transaction(engine) as db:
        tick(db, HEARTBEAT, clock())


def remind(engine: Engine, clock: Clock) -> int:
    """Writes the reminders that are due, and tells how many. Late: those whose sessions have not begun, one for each person and session.
    Twice: nothing. Never: nobody is reminded."""
    return _write_due(engine, clock(), due_reminders)


def ask_for_records(engine: Engine, clock: Clock) -> int:
    """Asks mentors for the records that are due, and tells how many. Late: once for each session of the last 14 days. Twice: nothing.
    Never: nobody is asked, and managers see the sessions nevertheless."""
    return _write_due(engine, clock(), due_asks)


def forget_messages(engine: Engine, clock: Clock) -> int:
    """Removes messages 90 days after they were sent or given up, and tells how many. Late, twice: all the same. Never: they stay."""
    with transaction(engine) as db:
        return forget(db, clock() - KEPT_FOR)


def _write_due(engine: Engine, now: dt.datetime, due: Callable[[DbSession, dt.datetime], list[Notice]]) -> int:
    """Writes only where there is something new, so that looking keeps no writer waiting."""
    with reading(engine) as db:
        fresh = unwritten(db, due(db, now))
    if not fresh:
        return 0
    with transaction(engine) as db:
        return write(db, fresh, now=now)
