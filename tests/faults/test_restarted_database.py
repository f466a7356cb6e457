"""PostgreSQL is stopped and started while a server is polled and ticks: whatever was said holds, and all goes on by itself."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, func, select, text

from data.database import migrate, open_database, reading, transaction
from data.outbox import About, Message
from data.rounds import Run, RunState
from data.runs import Asked
from data.sessions import Booking, Session
from data.ticks import last_tick
from scheduler.changes import move
from scheduler.jobs import HEARTBEAT
from tests.bench.rounds import make_round
from tests.faults.posted import repeats
from tests.faults.processes import begun, is_writing, wait_until
from tests.faults.restartable import Mode, Restartable, restartable
from tests.faults.subscribers import Subscriber, polled, refuse_wrong, subscribers
from tests.faults.test_killed_publishing import FIRST, MENTORS, two_runs
from tests.faults.told import Told
from tests.runs import closed_term, queued
from tests.scheduler.lessons import half_a_week_from, lessons, let_them_meet
from tests.scheduler.mailbox import SENDER, Mailbox
from tests.serving import serving
from tests.sessions import dump

GROUPS = 6
AWAY_SECONDS = 2.0
TIMES = 3
WITHIN_SECONDS = 30
"""So long everything may take to go on when the database is back."""
MINUTE = dt.timedelta(minutes=1)

IMMEDIATE = pytest.param(Mode.IMMEDIATE, id="immediate")
MODES = pytest.mark.parametrize("mode", [pytest.param(Mode.FAST, id="fast"), IMMEDIATE])
QUICK = pytest.mark.parametrize("mode", [pytest.param(Mode.FAST, id="fast", marks=pytest.mark.long), IMMEDIATE])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restartable]:
    """A server of PostgreSQL that only tests here use."""
    with restartable(tmp_path_factory.mktemp("restarted")) as server:
        yield server


@pytest.fixture
def database(server: Restartable, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database on it, up to date and empty."""
    name = f"dure_{abs(hash(request.node.name))}"
    own = open_database(server.url)
    with own.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    own.dispose()
    engine = open_database(server.url.set(database=name))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.mark.long
@MODES
def test_a_server_that_is_polled_and_ticks_goes_on(
    mode: Mode, server: Restartable, database: Engine, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    moving = cycle(lessons(database, [now + 50 * MINUTE] * GROUPS, meeting=half_a_week_from(now)))
    let_them_meet(database)
    box = Mailbox(seconds=0.01)
    monkeypatch.setenv("DURE_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
    monkeypatch.setenv("DURE_MAIL_FROM", SENDER)
    people = subscribers(database, [f"m-{n:03}" for n in range(3)])
    answers, moved, changes, slowest = Counter[int](), dict[UUID, dt.datetime](), 0, 0.0
    with box.up(), serving(database, tmp_path) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        answers += polled(client, people)
        for _ in range(TIMES):
            for session in (next(moving) for _ in range(GROUPS)):
                moved[session] = _move(database, session)
                changes += 1
                answers += polled(client, people)
            server.stop(mode)
            until = time.monotonic() + AWAY_SECONDS
            while time.monotonic() < until:
                away = polled(client, people)
                assert set(away) == {503}
                answers += away
                assert client.get("/readyz").status_code == 503
                assert client.get("/healthz").status_code == 200
            server.start()
            back_at, began = dt.datetime.now(dt.UTC), time.monotonic()
            wait_until(lambda: client.get("/readyz").status_code == 200, WITHIN_SECONDS)
            wait_until(lambda: _right(client, people), WITHIN_SECONDS)
            wait_until(lambda: _ticked(database) > back_at, WITHIN_SECONDS)  # noqa: B023  it is called at once
            slowest = max(slowest, time.monotonic() - began)
            answers += polled(client, people)
            refuse_wrong(database, people)
        posted = wait_until(lambda: _waiting(database) == 0, WITHIN_SECONDS)
        assert served.process.poll() is None
        assert "Traceback" not in served.said.read_text()
    twice = repeats(database, box)
    with reading(database) as db:
        starts = dict(db.execute(select(Session.id, Session.starts_at)).all())
        about = Counter(message.body["about"] for message in db.scalars(select(Message)))
        bookings = db.scalars(select(func.count()).select_from(Booking).group_by(Booking.session_id)).all()
    assert {session: starts[session] for session in moved} == moved
    assert about[About.MOVED] == 2 * changes
    assert twice <= TIMES
    assert set(bookings) == {2}
    assert len(bookings) == len(starts) >= 8 * GROUPS
    assert slowest < WITHIN_SECONDS
    told.tell(
        f"PostgreSQL stopped ({mode.name.lower()}) and started {TIMES} times under a server: all right after {slowest:.1f} s at most; "
        f"answers {dict(sorted(answers.items()))}, all right; {changes} sessions moved, all there; "
        f"{len(box.arrived)} mails arrived, {twice} of them twice, the last after {posted:.1f} s; {len(starts)} sessions produced"
    )


@pytest.mark.long
@MODES
def test_a_worker_solves_on_and_its_result_is_kept_once(mode: Mode, server: Restartable, database: Engine, told: Told) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), Asked(seconds=10.0, workers=1))
    with begun(database, "worker"):
        wait_until(lambda: _run(database, run).placed)
        server.stop(mode)
        time.sleep(AWAY_SECONDS)
        server.start()
        seconds = wait_until(lambda: _run(database, run).state is RunState.DONE)
    assert (_run(database, run).claims, _run(database, run).leased_by) == (1, "")
    told.tell(f"PostgreSQL stopped ({mode.name.lower()}) and started under a worker: its run was done {seconds:.1f} s later, claimed once")


@QUICK
def test_a_publishing_that_loses_the_database_is_told_in_one_line_and_nothing_of_it_is_left(
    mode: Mode, server: Restartable, database: Engine, told: Told
) -> None:
    two_runs(database, 4 * MENTORS)
    with reading(database) as db:
        before = dump(db)
    with begun(database, "round", "publish", FIRST) as publishing:
        wait_until(lambda: is_writing(database), pause=0.005)
        server.stop(mode)
        said, complained = publishing.communicate()
        assert (publishing.returncode, said, complained.count("\n")) == (2, "", 1)
        assert complained.startswith("the database cannot be used: ")
    with begun(database, "round", "publish", FIRST) as publishing:
        _, again = publishing.communicate()
        assert (publishing.returncode, again.count("\n")) == (2, 1)
    server.start()
    with reading(database) as db:
        assert dump(db) == before
    with begun(database, "round", "publish", FIRST) as publishing:
        said, _ = publishing.communicate()
        assert publishing.returncode == 0
    told.tell(
        f"PostgreSQL stopped ({mode.name.lower()}) under a publishing: refused ({complained.strip()}), nothing changed; done afterwards"
    )


def _move(database: Engine, session: UUID) -> dt.datetime:
    with transaction(database) as db:
        row = db.get_one(Session, session)
        move(db, row, row.starts_at + MINUTE, by="office", now=dt.datetime.now(dt.UTC))
        return row.starts_at


def _right(client: httpx.Client, people: list[Subscriber]) -> bool:
    return set(polled(client, people)) <= {200, 304}


def _ticked(database: Engine) -> dt.datetime:
    with reading(database) as db:
        return last_tick(db, HEARTBEAT) or dt.datetime.min.replace(tzinfo=dt.UTC)


def _waiting(database: Engine) -> int:
    with reading(database) as db:
        return len(db.scalars(select(Message.id).where(Message.due_at.is_not(None))).all())


def _run(database: Engine, run: UUID) -> Run:
    with reading(database) as db:
        return db.get_one(Run, run)
