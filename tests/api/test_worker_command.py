"""`dure worker` in processes of its own: killed, its run is taken over and nothing is lost; told to end, it leaves in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import Engine, select

from data.archive import unpack
from data.audit import Deed
from data.database import reading
from data.rounds import Run, RunState
from data.runs import Asked
from matching.check import check
from matching.resultfiles import read_result
from tests.bench.rounds import make_round
from tests.command import COMMAND
from tests.runs import closed_term, queued


@contextmanager
def worker(database: Engine, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `dure worker` on this database, gone at the end of the block."""
    environment = {**os.environ, "DURE_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    with subprocess.Popen([COMMAND, "worker", *words], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def row(database: Engine, run: UUID) -> Run:
    with reading(database) as db:
        return db.get_one(Run, run)


def wait_until(true: Callable[[], object], seconds: float = 120) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never came"
        time.sleep(0.02)
    return time.monotonic() - began


def holder(database: Engine, run: UUID) -> int:
    """The process that holds a run, or 0."""
    return int((row(database, run).leased_by or ":0:").split(":")[-2])


def take_over(database: Engine, folder: Path, *, lease_seconds: int, within: float) -> None:
    """Kills the one of two workers that holds a run; the other takes it over in time, and its result is whole and the only one."""
    round = make_round("rural", 1)
    run = queued(database, closed_term(database, round), Asked(seconds=within + 5, workers=1))
    with ExitStack() as both:
        workers = {one.pid: one for one in (both.enter_context(worker(database, "--lease", str(lease_seconds))) for _ in range(2))}
        wait_until(lambda: row(database, run).placed)
        first = holder(database, run)
        family = psutil.Process(first).children(recursive=True)
        assert family
        workers[first].kill()
        seconds = wait_until(lambda: holder(database, run) not in {0, first})
        print(f"{database.dialect.name}: begun anew after {seconds:.1f} s")  # noqa: T201  the figure is wanted
        assert seconds <= within
        assert holder(database, run) in workers
        wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family), 30)
        wait_until(lambda: row(database, run).state is RunState.DONE)
    with reading(database) as db:
        kept = db.get_one(Run, run)
        assert kept.result is not None
        found = read_result(unpack(kept.result, folder / "result"))
        assert db.scalars(select(Deed.what).where(Deed.whom == "run 1.1")).all() == ["queued", "solved"]
    verdict = check(round, found.groups, ())
    assert (list(verdict.faults), verdict.score, kept.score, kept.claims) == ([], found.score, found.score, 2)


def test_when_a_worker_is_killed_another_takes_over_its_run(database: Engine, tmp_path: Path) -> None:
    take_over(database, tmp_path, lease_seconds=3, within=8)


@pytest.mark.long
def test_when_a_worker_is_killed_another_takes_over_its_run_within_30_seconds(database: Engine, tmp_path: Path) -> None:
    take_over(database, tmp_path, lease_seconds=20, within=30)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_that_is_told_to_end_gives_its_run_back(database: Engine) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), Asked(effort=10.0))
    with worker(database) as process:
        wait_until(lambda: row(database, run).placed)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    kept = row(database, run)
    assert (kept.state, kept.claims, kept.leased_by, kept.placed) == (RunState.QUEUED, 0, "", None)
