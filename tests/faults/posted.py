"""Whether all mails that were written have arrived."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import Engine, select

from data.database import reading
from data.outbox import About, Message
from scheduler.outbox import deliver_mail
from tests.scheduler.mailbox import SENDER, Mailbox


def deliver_the_rest(database: Engine, box: Mailbox, at: dt.datetime) -> None:
    """Delivers what still waits, by a clock that shows an instant, until nothing more arrives."""
    while True:
        before = len(box.arrived)
        deliver_mail(database, lambda: at, box.server)
        if len(box.arrived) == before:
            return


def repeats(database: Engine, box: Mailbox) -> int:
    """How many mails arrived that had arrived already; makes sure that all have that were written, and no others.

    Only reminders of what was moved meanwhile need not.
    """
    with reading(database) as db:
        messages = db.scalars(select(Message)).all()
    assert {message.due_at for message in messages} <= {None}
    arrived = Counter(box.ids)
    unsaid = {_id(message) for message in messages if message.given_up_at and message.body["about"] == About.REMINDER}
    assert set(arrived) | unsaid == {_id(message) for message in messages}
    return len(box.arrived) - len(arrived)


def _id(message: Message) -> str:
    return f"<{message.id}@{SENDER.partition('@')[2]}>"
