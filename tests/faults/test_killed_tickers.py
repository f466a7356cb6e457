"""Tickers are killed (kill -9) in the middle of their work: nothing that was written is lost, and nothing is half done."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, or_, select

from data.database import reading, transaction
from data.outbox import About, Message, Notice, about_session, write
from data.people import Person
from data.programs import Program
from data.sessions import Booking, Session
from scheduler.jobs import produce_sessions, remind
from scheduler.outbox import LEASE
from tests.faults.posted import deliver_the_rest, repeats
from tests.faults.processes import begun, is_writing, spread, wait_until
from tests.faults.told import Told
from tests.scheduler.lessons import lessons, let_them_meet
from tests.scheduler.mailbox import SENDER, Mailbox

GROUPS = 12
MAILS = 2 * GROUPS
"""So many people are written to in each turn."""
WEEKS = 2
"""Of so many more weeks sessions are produced in each turn."""


class Stage(StrEnum):
    """How far a ticker was with its mails when it was killed."""

    BEFORE = "before their first mail"
    BETWEEN = "between two mails"
    AFTER = "after their last"


def test_of_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine, told: Told) -> None:
    kill_tickers(database, told, 2)


@pytest.mark.long
def test_of_many_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine, told: Told) -> None:
    kill_tickers(database, told, 25)


def kill_tickers(database: Engine, told: Told, kills: int) -> None:
    """Starts tickers one after the other, each with new sessions to produce and new mails to send, and kills each.

    The first is told to end when its mails are sent; the others are killed at moments that are spread over as long as that took.
    """
    start = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=50)
    sessions = lessons(database, [start] * GROUPS)
    let_them_meet(database)
    box, stages = Mailbox(seconds=0.01), Counter[Stage]()
    with box.up():
        _give_work(database, 0, sessions[0])
        with _ticking(database, box) as ticker:
            takes = wait_until(lambda: len(box.arrived) >= MAILS)
            ticker.terminate()
            ticker.communicate()
        for n, share in enumerate(spread(kills, random.Random(5)), start=1):
            _give_work(database, n, sessions[n % GROUPS])
            before, since = len(box.arrived), dt.datetime.now(dt.UTC)
            with _ticking(database, box) as ticker:
                time.sleep(share * takes)
                ticker.kill()
                ticker.communicate()
            wait_until(lambda: not is_writing(database), pause=0.01)
            stages[Stage.BEFORE if len(box.arrived) == before else Stage.BETWEEN if _waits(database, since) else Stage.AFTER] += 1
            with reading(database) as db:
                assert set(_bookings(db.scalars(select(Booking.session_id)))) == {2}
        later = dt.datetime.now(dt.UTC) + LEASE
        remind(database, lambda: later)
        produce_sessions(database, lambda: later)
        deliver_the_rest(database, box, later)
    twice = repeats(database, box)
    with reading(database) as db:
        messages = db.scalars(select(Message)).all()
        made = db.execute(select(func.count()).select_from(Session)).scalar_one()
        bookings = _bookings(db.scalars(select(Booking.session_id)))
    counted = ", ".join(f"{stages[stage]} {stage}" for stage in Stage)
    told.tell(
        f"{database.dialect.name}: {kills} kills of tickers: "
        f"{counted} (all takes {takes:.2f} s); {len(messages)} mails written, all arrived, {twice} of them twice; {made} sessions produced",
        kills=kills,
    )
    assert [message.key.partition(":")[0] for message in messages].count("reminder") >= MAILS
    assert sum(message.body["about"] == About.CHANGED for message in messages) == MAILS * (kills + 1)
    assert twice <= kills
    assert len(bookings) == made >= (8 + kills * WEEKS) * GROUPS
    assert set(bookings) == {2}
    assert 2 * (kills - stages[Stage.AFTER]) >= kills, counted
    assert 5 * stages[Stage.BETWEEN] >= kills, counted


def _give_work(database: Engine, n: int, session: UUID) -> None:
    """A mail to everybody, and some weeks whose sessions are yet to be produced."""
    with transaction(database) as db:
        people = db.scalars(select(Person)).all()
        notices = [
            Notice(key=f"{n}:{one.key}", address=one.email, body=about_session(About.CHANGED, session), person_id=one.id) for one in people
        ]
        assert write(db, notices, now=dt.datetime.now(dt.UTC)) == MAILS
        db.scalars(select(Program)).one().settings = {"horizon_days": 56 + 7 * WEEKS * n}


@contextmanager
def _ticking(database: Engine, box: Mailbox) -> Iterator[subprocess.Popen[str]]:
    """A ticker that has begun to write."""
    with begun(database, "tick", DURE_SMTP_URL=f"smtp://127.0.0.1:{box.port}", DURE_MAIL_FROM=SENDER) as ticker:
        wait_until(lambda: is_writing(database), pause=0.002)
        yield ticker


def _waits(database: Engine, since: dt.datetime) -> bool:
    """Whether a ticker that began at that instant has left a mail unsent, which it had claimed or not; others had claimed theirs before."""
    with reading(database) as db:
        its_own = or_(Message.due_at <= dt.datetime.now(dt.UTC), Message.due_at >= since + LEASE)
        return db.scalars(select(Message.id).where(its_own)).first() is not None


def _bookings(sessions: Iterable[UUID]) -> list[int]:
    """How many people are booked for each session."""
    return list(Counter(sessions).values())
