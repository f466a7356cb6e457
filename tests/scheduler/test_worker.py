"""A worker solves what is queued, tells how far it is at least each second, and leaves nothing behind in any way that it may end."""

from __future__ import annotations

import datetime as dt
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from data.archive import unpack
from data.database import reading, transaction
from data.leases import claim
from data.rounds import Run, RunState
from data.runs import Asked, ask_to_stop
from matching.check import check
from matching.resultfiles import read_result
from matching.round import Pair, PairRule, Round
from matching.tables import read_round
from scheduler.worker import Pace, solve_next, work
from tests import small
from tests.bench.rounds import make_round
from tests.runs import closed_term, queued, solvers

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What the database does here is the same in both kinds; it is tested with the leases."""
LONG = Asked(effort=100.0)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def little(tmp_path: Path) -> Round:
    """A round that takes no time."""
    return read_round(small.write(tmp_path / "little"))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def row(database: Engine, run: UUID) -> Run:
    with reading(database) as db:
        return db.get_one(Run, run)


def result(database: Engine, run: UUID) -> bytes:
    with reading(database) as db:
        found = db.get_one(Run, run).result
    assert found is not None
    return found


@contextmanager
def working(database: Engine, pace: Pace = Pace()) -> Iterator[Callable[[], None]]:  # noqa: B008  a frozen value
    """A worker at work in a thread; gives what tells it to end, and waits until it has."""
    ending = threading.Event()
    thread = threading.Thread(target=work, args=(database, ending.is_set), kwargs={"now": now, "pace": pace})

    def end() -> None:
        ending.set()
        thread.join()

    thread.start()
    try:
        yield end
    finally:
        end()


def wait_until(true: Callable[[], object], seconds: float = 200) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def test_a_queued_run_is_solved_and_its_result_judged_right(database: Engine, little: Round, tmp_path: Path) -> None:
    run = queued(database, closed_term(database, little), Asked(seed=3))
    assert solve_next(database, now=now)
    assert not solve_next(database, now=now)
    kept, found = row(database, run), read_result(unpack(result(database, run), tmp_path / "result"))
    verdict = check(little, found.groups, ())
    assert (list(verdict.faults), verdict.score) == ([], found.score)
    assert (kept.state, kept.placed, kept.score, kept.bound) == (RunState.DONE, found.placed, found.score, found.bound)
    assert (kept.ended_by, found.seed, kept.solver.split()[0], kept.leased_by) == (found.ended_by, 3, "dure", "")
    assert kept.history == [list(moment) for moment in found.history]
    assert (tmp_path / "result" / "roster.json").exists()


@ON_SQLITE
def test_a_repair_says_what_it_changes(database: Engine, little: Round, tmp_path: Path) -> None:
    term = closed_term(database, little)
    first = queued(database, term)
    solve_next(database, now=now)
    second = queued(database, term, Asked(previous=first))
    solve_next(database, now=now)
    folder = unpack(result(database, second), tmp_path / "result")
    assert (folder / "changes.csv").exists()
    assert read_result(folder).changes == ()


@ON_SQLITE
def test_a_round_that_cannot_hold_what_it_requires_fails_in_one_line(database: Engine, little: Round) -> None:
    never = Pair(mentor="m-2", mentee="s-1", subject="math", rule=PairRule.REQUIRE)
    run = queued(database, closed_term(database, replace(little, pairs=(never,))))
    solve_next(database, now=now)
    assert (row(database, run).state, row(database, run).problem) == (
        RunState.FAILED,
        "1 rows cannot all hold: pairs.csv:2: m-2, s-1, math: require",
    )


def test_a_run_that_is_asked_to_stop_keeps_its_best_and_has_told_how_far_it_is_each_second(database: Engine, tmp_path: Path) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), LONG)
    renewed: set[dt.datetime] = set()
    last: Run | None = None
    with working(database):
        wait_until(lambda: row(database, run).leased_until)
        until = None
        while (seen := row(database, run)).state is RunState.RUNNING:
            assert seen.leased_until is not None
            renewed.add(seen.leased_until)
            if until is None and seen.placed:
                until = time.monotonic() + 3
            if until is not None and time.monotonic() > until and not seen.stop_asked:
                last = seen
                with transaction(database) as db:
                    ask_to_stop(db, seen, by="manager", now=now())
            time.sleep(0.02)
    kept, found = row(database, run), read_result(unpack(result(database, run), tmp_path / "result"))
    assert (kept.state, kept.ended_by) == (RunState.DONE, "interrupt")
    assert last is not None
    assert last.score is not None
    assert last.bound is not None
    assert found.score >= last.score
    assert found.bound <= last.bound
    assert last.history[-1][1:] == [last.score, last.bound]
    assert len(renewed) > 5
    gaps = [later - sooner for sooner, later in itertools.pairwise(sorted(renewed))]
    assert max(gaps) <= SECOND, f"{max(gaps)} between two reports"


@ON_SQLITE
def test_a_worker_that_is_told_to_end_gives_its_run_back_and_leaves_no_process(database: Engine) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), LONG)
    with working(database) as end:
        wait_until(lambda: row(database, run).placed)
        assert len(solvers()) == 1
        end()
        kept = row(database, run)
        assert (kept.state, kept.claims, kept.leased_by, kept.placed, kept.history) == (RunState.QUEUED, 0, "", None, [])
        assert solvers() == []


@ON_SQLITE
def test_a_run_whose_solver_is_killed_is_begun_anew(database: Engine, little: Round) -> None:
    run = queued(database, closed_term(database, little))
    with working(database):
        wait_until(solvers)
        solvers()[0].kill()
        wait_until(lambda: row(database, run).state is RunState.DONE)
    assert row(database, run).claims == 2


@ON_SQLITE
def test_a_solver_leaves_ctrl_c_to_its_worker_from_its_first_moment_on(database: Engine, little: Round) -> None:
    run = queued(database, closed_term(database, little))
    with working(database):
        wait_until(solvers)
        solvers()[0].send_signal(signal.SIGINT)  # it has not even imported anything yet
        wait_until(lambda: row(database, run).state not in {RunState.QUEUED, RunState.RUNNING})
    assert (row(database, run).state, row(database, run).claims) == (RunState.DONE, 1)


@ON_SQLITE
def test_a_worker_that_has_lost_its_lease_stops_solving_and_keeps_nothing(database: Engine) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), LONG)
    with working(database):
        wait_until(lambda: row(database, run).placed)
        with transaction(database) as db:
            assert claim(db, by="another", now=now() + 20 * SECOND, lease=20 * SECOND, only=run)
        wait_until(lambda: solvers() == [])
    assert (row(database, run).state, row(database, run).leased_by) == (RunState.RUNNING, "another")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_worker_goes_on_when_the_database_has_been_away(database: Engine) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), Asked(seconds=6.0, workers=1))
    with working(database):
        for _ in range(3):
            wait_until(lambda: row(database, run).placed)
            with transaction(database) as db:
                others = "pid <> pg_backend_pid() AND datname = current_database()"
                db.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))  # noqa: S608  it is all ours
            time.sleep(0.3)
        wait_until(lambda: row(database, run).state is RunState.DONE)
    assert row(database, run).claims == 1
