"""One process of several ticks: real ones are started and killed here, and their clocks set."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from scheduler.leader import lead_of
from scheduler.ticker import Job, Ticker

SHORT, LONG = "0.2", "5"
DAY_SECONDS = 86_400


class Process:
    """A ticking process, and the moments (by the clock that nobody sets) at which it told that its job had run."""

    def __init__(self, database: Engine, check_seconds: str, every_seconds: str) -> None:
        words = [sys.executable, "-m", "tests.scheduler.ticking", database.url.render_as_string(hide_password=False)]
        self._process = subprocess.Popen(
            [*words, check_seconds, every_seconds], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ticks: list[float] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.ticks.append(float(line.split()[1]))

    def set_clock(self, seconds: int) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> int:
        assert self._process.stdin
        self._process.stdin.close()
        status = self._process.wait(150)
        self._reader.join()
        assert self._process.stdout
        self._process.stdout.close()
        return status


@contextmanager
def processes(database: Engine, number: int, check_seconds: str = SHORT, every_seconds: str = "0.1") -> Iterator[list[Process]]:
    started = [Process(database, check_seconds, every_seconds) for _ in range(number)]
    try:
        yield started
    finally:
        for one in started:
            one.end()


def until(holds: Callable[[], object], most_seconds: float = 150) -> None:
    end = time.monotonic() + most_seconds
    while not holds():
        assert time.monotonic() < end, "nothing has happened for too long"
        time.sleep(0.01)


def leader(of: list[Process]) -> Process:
    until(lambda: any(one.ticks for one in of))
    return next(one for one in of if one.ticks)


def test_of_three_processes_one_ticks(database: Engine) -> None:
    with processes(database, 3) as three:
        first = leader(three)
        until(lambda: len(first.ticks) > 10)
        time.sleep(3 * float(SHORT))
        assert [bool(one.ticks) for one in three].count(True) == 1


def test_another_takes_over_from_one_that_was_killed(database: Engine) -> None:
    with processes(database, 2) as both:
        first = leader(both)
        [second] = [one for one in both if one is not first]
        until(lambda: len(first.ticks) > 3)
        assert not second.ticks
        first.kill()
        killed = time.monotonic()
        until(lambda: second.ticks)
    assert second.ticks[0] - killed < 30
    assert second.ticks[0] > first.ticks[-1]


@pytest.mark.long
@pytest.mark.parametrize("again", range(3))
def test_with_its_usual_times_another_takes_over_within_30_seconds(database: Engine, again: int) -> None:
    with processes(database, 2, LONG, "5") as both:
        first = leader(both)
        [second] = [one for one in both if one is not first]
        time.sleep(again)
        first.kill()
        killed = time.monotonic()
        until(lambda: second.ticks)
    print(f"{database.dialect.name}: handed over after {second.ticks[0] - killed:.1f} s")  # noqa: T201  the figure is wanted
    assert second.ticks[0] - killed < 30


@pytest.mark.parametrize("days", [pytest.param(1, id="a day on"), pytest.param(-1, id="a day back")])
def test_a_clock_that_is_set_stalls_nothing(database: Engine, days: int) -> None:
    with processes(database, 1, SHORT, "0.5") as [one]:
        leader([one])
        one.set_clock(days * DAY_SECONDS)
        was = time.monotonic()
        before = len(one.ticks)
        until(lambda: len(one.ticks) > before + 3)
    assert one.ticks[before + 3] - was < 60


def test_a_leader_gives_the_lead_to_another(database: Engine) -> None:
    one, other = lead_of(database), lead_of(database)
    assert one.is_mine()
    assert not other.is_mine()
    assert one.is_mine()
    one.give_up()
    assert other.is_mine()
    assert not one.is_mine()
    other.give_up()


def test_whose_connection_is_ended_leads_no_more_and_asks_anew(database: Engine) -> None:
    if database.dialect.name == "sqlite":
        pytest.skip("its lock is a file's")
    one, other = lead_of(database), lead_of(database)
    assert one.is_mine()
    with database.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    until(other.is_mine)
    assert not one.is_mine()
    other.give_up()
    until(one.is_mine)
    one.give_up()


def test_a_ticker_that_breaks_down_leaves_the_lead_to_another_and_asks_again(database: Engine, caplog: pytest.LogCaptureFixture) -> None:
    twice = Job("of one name", lambda _engine, _clock: None, dt.timedelta(seconds=1))
    ticker, other = Ticker(database, [twice, twice], check_seconds=0.05), lead_of(database)
    ticker.start()
    try:
        until(lambda: caplog.text.count("ticking broke down") > 1)
        until(other.is_mine)
    finally:
        ticker.stop()
        other.give_up()
