"""Tickers are killed (kill -9) in the middle of their work: nothing that was written is lost, and nothing is half done."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from data.database import reading, transaction
from data.outbox import About, Message, Notice, about_session, write
from data.people import Person
from data.sessions import Booking, Session
from scheduler.jobs import produce_sessions, remind
from scheduler.outbox import LEASE
from tests.faults.posted import deliver_the_rest, repeats
from tests.faults.processes import begun
from tests.faults.told import Told
from tests.scheduler.lessons import lessons, let_them_meet
from tests.scheduler.mailbox import SENDER, Mailbox

GROUPS = 12
WHILE_SECONDS = 0.3
"""So long at most a ticker works before it is killed."""


def test_of_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine, told: Told) -> None:
    kill_tickers(database, told, 2)


@pytest.mark.long
def test_of_many_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine, told: Told) -> None:
    kill_tickers(database, told, 25)


def kill_tickers(database: Engine, told: Told, kills: int) -> None:
    """Starts tickers one after the other, each with new mails to send, and kills each at a moment that chance chooses."""
    start = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=50)
    sessions = lessons(database, [start] * GROUPS)
    let_them_meet(database)
    box, chance = Mailbox(seconds=0.01), random.Random(5)
    with box.up():
        for n in range(kills):
            with transaction(database) as db:
                people = db.scalars(select(Person)).all()
                body = about_session(About.CHANGED, sessions[n % GROUPS])
                notices = [Notice(key=f"{n}:{one.key}", address=one.email, body=body, person_id=one.id) for one in people]
                assert write(db, notices, now=dt.datetime.now(dt.UTC)) == 2 * GROUPS
            before = len(box.arrived)
            with begun(database, "tick", DURE_SMTP_URL=f"smtp://127.0.0.1:{box.port}", DURE_MAIL_FROM=SENDER) as ticker:
                end = time.monotonic() + 150
                while len(box.arrived) == before:
                    assert time.monotonic() < end
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, WHILE_SECONDS))
                ticker.kill()
            with reading(database) as db:
                assert set(_bookings(db.scalars(select(Booking.session_id)))) <= {2}
        later = dt.datetime.now(dt.UTC) + LEASE
        remind(database, lambda: later)
        produce_sessions(database, lambda: later)
        deliver_the_rest(database, box, later)
    twice = repeats(database, box)
    with reading(database) as db:
        messages = db.scalars(select(Message)).all()
        made = db.execute(select(func.count()).select_from(Session)).scalar_one()
        bookings = _bookings(db.scalars(select(Booking.session_id)))
    line = f"{kills} kills of tickers: {len(messages)} mails written, all arrived, {twice} of them twice; {made} sessions produced"
    told.tell(f"{database.dialect.name}: {line}", kills=kills)
    assert [message.key.partition(":")[0] for message in messages].count("reminder") >= 2 * GROUPS
    assert sum(message.body["about"] == About.CHANGED for message in messages) == 2 * GROUPS * kills
    assert twice <= kills
    assert len(bookings) == made >= 8 * GROUPS
    assert set(bookings) == {2}


def _bookings(sessions: Iterable[UUID]) -> list[int]:
    """How many people are booked for each session."""
    return list(Counter(sessions).values())
