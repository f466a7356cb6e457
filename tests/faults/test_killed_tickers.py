"""Tickers are killed (kill -9) in the middle of their work: nothing that was written is lost, and nothing is half done."""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from data.database import reading, transaction
from data.groups import Group, Membership
from data.outbox import About, Message, Notice, about_session, write
from data.people import Mentee, Person
from data.sessions import Booking, Session
from scheduler.jobs import produce_sessions, remind
from scheduler.outbox import LEASE, deliver_mail
from tests.command import COMMAND
from tests.scheduler.lessons import lessons
from tests.scheduler.mailbox import SENDER, Mailbox

GROUPS = 30
WHILE_SECONDS = 0.3
"""So long at most a ticker works before it is killed."""


def test_of_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine) -> None:
    kill_tickers(database, 4)


@pytest.mark.long
def test_of_many_tickers_that_are_killed_nothing_is_lost_and_nothing_half_done(database: Engine) -> None:
    kill_tickers(database, 35)


def kill_tickers(database: Engine, kills: int) -> None:
    """Starts tickers one after the other, each with new mails to send, and kills each at a moment that chance chooses."""
    start = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=50)
    sessions = lessons(database, [start] * GROUPS)
    _let_them_meet(database)
    box, chance = Mailbox(seconds=0.01), random.Random(5)
    with box.up():
        for n in range(kills):
            with transaction(database) as db:
                people = db.scalars(select(Person)).all()
                body = about_session(About.CHANGED, sessions[n % GROUPS])
                notices = [Notice(key=f"{n}:{one.key}", address=one.email, body=body, person_id=one.id) for one in people]
                assert write(db, notices, now=dt.datetime.now(dt.UTC)) == 2 * GROUPS
            before = len(box.arrived)
            with subprocess.Popen([COMMAND, "tick"], stdout=subprocess.DEVNULL, env=_environment(database, box)) as ticker:
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
        while True:
            before = len(box.arrived)
            deliver_mail(database, lambda: later, box.server)
            if len(box.arrived) == before:
                break
    with reading(database) as db:
        messages = db.scalars(select(Message)).all()
        made = db.execute(select(func.count()).select_from(Session)).scalar_one()
        bookings = _bookings(db.scalars(select(Booking.session_id)))
    arrived = Counter(box.ids)
    repeats = len(box.arrived) - len(arrived)
    told = f"{kills} kills, {len(messages)} mails written, {len(arrived)} arrived, {repeats} of them twice, {made} sessions"
    print(f"{database.dialect.name}: {told}")  # noqa: T201
    assert set(arrived) == {f"<{message.id}@{SENDER.partition('@')[2]}>" for message in messages}
    assert {(message.due_at, message.given_up_at) for message in messages} == {(None, None)}
    assert [message.key.partition(":")[0] for message in messages].count("reminder") >= 2 * GROUPS
    assert sum(message.body["about"] == About.CHANGED for message in messages) == 2 * GROUPS * kills
    assert repeats <= kills
    assert len(bookings) == made >= 8 * GROUPS
    assert set(bookings) == {2}


def _bookings(sessions: Iterable[UUID]) -> list[int]:
    """How many people are booked for each session."""
    return list(Counter(sessions).values())


def _let_them_meet(database: Engine) -> None:
    """The mentees become members of their groups, so that there are sessions to produce."""
    with transaction(database) as db:
        mentees = {mentee.key[1:]: mentee.id for mentee in db.scalars(select(Mentee))}
        for group in db.scalars(select(Group)):
            db.add(Membership(group_id=group.id, mentee_id=mentees[group.key[1:]], from_on=group.from_on))


def _environment(database: Engine, box: Mailbox) -> Mapping[str, str]:
    address = database.url.render_as_string(hide_password=False)
    post = {"DURE_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "DURE_MAIL_FROM": SENDER}
    return {**os.environ, **post, "DURE_DATABASE_URL": address, "PYTHONPATH": str(Path(__file__).parents[2])}
