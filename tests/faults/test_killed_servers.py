"""Servers are killed (kill -9) while they are polled, tick and send mail: whatever they or the database have said still holds."""

from __future__ import annotations

import datetime as dt
import random
import signal
import threading
import time
from collections import Counter
from itertools import cycle
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, func, select

from data.database import reading, transaction
from data.outbox import About, Message
from data.sessions import Booking, Session
from scheduler.changes import move
from scheduler.jobs import produce_sessions, remind
from scheduler.outbox import LEASE
from tests.faults.posted import deliver_the_rest, repeats
from tests.faults.subscribers import polled, refuse_wrong, subscribers
from tests.faults.told import Told
from tests.scheduler.lessons import half_a_week_from, lessons, let_them_meet
from tests.scheduler.mailbox import SENDER, Mailbox
from tests.serving import serving

GROUPS = 8
AT_ONCE = dt.timedelta(minutes=50)
"""So soon the first sessions begin: people are reminded of them at once, and mailed what changes."""
MINUTE = dt.timedelta(minutes=1)
WHILE_SECONDS = (0.1, 1.5)
"""So long a server works before it is killed."""


def test_of_servers_that_are_killed_no_answer_and_no_change_is_lost(
    database: Engine, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_servers(database, tmp_path, told, monkeypatch, 2)


@pytest.mark.long
def test_of_many_servers_that_are_killed_no_answer_and_no_change_is_lost(
    database: Engine, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_servers(database, tmp_path, told, monkeypatch, 20)


def kill_servers(database: Engine, folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    """Starts servers one after the other, each polled by subscribers while sessions are moved, and kills each."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    moving = cycle(lessons(database, [now + AT_ONCE] * GROUPS, meeting=half_a_week_from(now)))
    let_them_meet(database)
    box, chance = Mailbox(seconds=0.01), random.Random(3)
    monkeypatch.setenv("DURE_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
    monkeypatch.setenv("DURE_MAIL_FROM", SENDER)
    people = subscribers(database, [f"m-{n:03}" for n in range(3)])
    answers, changes, moved, slowest = Counter[int](), 0, dict[UUID, dt.datetime](), 0.0
    with box.up():
        for _ in range(kills):
            began = time.monotonic()
            with serving(database, folder) as server, httpx.Client(base_url=server.url, timeout=60) as client:
                slowest = max(slowest, time.monotonic() - began)
                answers += polled(client, people)
                killer = threading.Timer(chance.uniform(*WHILE_SECONDS), server.process.kill)
                killer.start()
                try:
                    while True:
                        session = next(moving)
                        moved[session] = _move(database, session)
                        changes += 1
                        answers += polled(client, people)
                except httpx.TransportError:
                    killer.join()
        with serving(database, folder) as server, httpx.Client(base_url=server.url, timeout=60) as client:
            produce_sessions(database, lambda: now)
            answers += polled(client, people)
            refuse_wrong(database, people)
            server.ended(signal.SIGTERM)
        later = dt.datetime.now(dt.UTC) + LEASE
        remind(database, lambda: later)
        deliver_the_rest(database, box, later)
    twice = repeats(database, box)
    with reading(database) as db:
        starts = dict(db.execute(select(Session.id, Session.starts_at)).all())
        about = Counter(message.body["about"] for message in db.scalars(select(Message)))
        bookings = db.scalars(select(func.count()).select_from(Booking).group_by(Booking.session_id)).all()
    assert {session: starts[session] for session in moved} == moved
    assert about[About.MOVED] == 2 * changes > 0
    assert about[About.REMINDER] >= 2 * GROUPS
    assert twice <= kills
    assert set(bookings) == {2}
    assert len(bookings) == len(starts) >= 8 * GROUPS
    told.tell(
        f"{database.dialect.name}: {kills} kills of servers, which tick too: "
        f"the slowest up after {slowest:.1f} s; {changes} sessions moved, all there; answers {_counted(answers)}, all right; "
        f"{len(box.arrived)} mails arrived, {twice} of them twice; {len(starts)} sessions produced",
        kills=kills,
    )


def _move(database: Engine, session: UUID) -> dt.datetime:
    with transaction(database) as db:
        row = db.get_one(Session, session)
        move(db, row, row.starts_at + MINUTE, by="office", now=dt.datetime.now(dt.UTC))
        return row.starts_at


def _counted(answers: Counter[int]) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
