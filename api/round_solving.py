"""`dure round solve`: queues a run, has it solved by a worker or here, and shows how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import Engine

from api.edge import BY, now
from api.exits import Exit, complain
from api.interrupt import stoppable
from api.live import Watch, shown
from data.archive import unpack
from data.database import reading, transaction
from data.rounds import Round, Run, RunState
from data.runs import Asked, inputs_of, name_of, queue
from data.terms import find_term
from matching.limits import Progress
from matching.tables import read_round
from scheduler.worker import solve_next

WORKERS_SECONDS = 1.5
"""Workers look for runs each second: where none has begun by then, none is there, or all are busy."""
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for; `wait` where a worker solves it."""

    term: str
    asked: Asked
    wait: bool
    quiet: bool


def fulfil(engine: Engine, wish: Wish) -> Exit:
    """Queues the run; on SQLite it is solved here, unless a worker begins with it at once."""
    with transaction(engine) as db:
        run = queue(db, find_term(db, wish.term), wish.asked, by=BY, now=now())
        called, round = name_of(db, run), run.round_id
    here = engine.dialect.name == "sqlite" and not _begun_elsewhere(engine, run.id)
    if not here and not wish.wait:
        far = f"`dure round show {called}` says how far it is"
        sys.stdout.write(f"{called}: a worker solves it; {far}, and with `--wait` this command waits\n")
        return Exit.DONE
    began = time.monotonic()
    requests = _requests(engine, round)
    with stoppable() as stopped, shown(requests, lambda: time.monotonic() - began, quiet=wish.quiet) as watch:
        while here and not stopped() and _read(engine, run.id).state is RunState.QUEUED:  # again, where its solver was killed
            if not solve_next(engine, now=now, asked=stopped, watch=watch, only=run.id):
                time.sleep(LOOK_SECONDS)
        ended = _followed(engine, run.id, watch, stopped)
    return _said(called, ended, requests)


def _begun_elsewhere(engine: Engine, run: UUID) -> bool:
    until = time.monotonic() + WORKERS_SECONDS
    while time.monotonic() < until:
        if _read(engine, run).state is not RunState.QUEUED:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _followed(engine: Engine, run: UUID, watch: Watch, stopped: Callable[[], bool]) -> Run:
    """The run when it has ended, or when somebody does not want to wait any more."""
    while (found := _read(engine, run)).state in {RunState.QUEUED, RunState.RUNNING} and not stopped():
        if found.placed is not None and found.score is not None and found.bound is not None:
            seconds = max((now() - (found.started_at or now())).total_seconds(), 0.0)
            watch(Progress(seconds=seconds, placed=found.placed, score=found.score, bound=found.bound))
        time.sleep(LOOK_SECONDS)
    return found


def _read(engine: Engine, run: UUID) -> Run:
    with reading(engine) as db:
        return db.get_one(Run, run)


def _requests(engine: Engine, round: UUID) -> int:
    """How many requests a closed round has."""
    with reading(engine) as db:
        inputs = inputs_of(db.get_one(Round, round))
    with TemporaryDirectory(prefix="dure-") as folder:
        asked = read_round(unpack(inputs, Path(folder)))
    return sum(len(mentee.requests) for mentee in asked.mentees)


def _said(called: str, run: Run, requests: int) -> Exit:
    """Says how it ended."""
    if run.state is RunState.FAILED:
        complain([f"{called}: {run.problem}"])
        return Exit.NO_RESULT
    if run.state is not RunState.DONE or run.score is None or run.bound is None:
        sys.stdout.write(f"{called} goes on; `dure round stop {called}` ends it with the best it has\n")
        return Exit.DONE
    best = f"at most {(run.bound - run.score) / max(abs(run.bound), 1):.2%} from the best, ended by {run.ended_by}"
    how = "proven best" if run.score == run.bound else best
    sys.stdout.write(f"{called}: {run.placed:,} of {requests:,} requests, score {run.score:,}, {how}\n")
    return Exit.DONE
