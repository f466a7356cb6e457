"""The solver worker: claims one run after another, has it solved in a process of its own, and writes how far it is and what comes out.

Its lease is renewed by this process and not by the solver's, however busy that is with compiled code. Where the database does not answer
for a while, the solver goes on, and what is to be written is tried again. A worker that is told to end gives its run back; one that is
killed leaves it to the next, which begins anew when the lease has run out. Nothing of a run is to be seen before it is whole, so that
nothing is lost with it.

No fault ends a worker, not even one that nobody has foreseen: whatever it was leaves nothing behind but a lease, and may be over soon.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import assert_never
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.database import AWAY, transaction, why_away
from data.leases import Claim, LostLease, Moment, Standing, claim, fail, finish, give_back, renew
from matching.limits import Progress
from scheduler.solving import Died, Job, Nothing, Solved, Solving, solving

log = logging.getLogger(__name__)

Stopped = Callable[[], bool]
Watch = Callable[[Progress], None]
Told = Callable[[str], None]
"""Hears what keeps a worker from its work; nothing, when it works again."""

BROKEN = "the solver broke down, as its log tells: it ended with status"

MOST_MOMENTS = 500
"""Of a history that grows beyond so many moments while the run goes on, every other one is dropped; the result has all."""
SLICE_SECONDS = 0.2
"""So long it takes at most to see that the worker is told to end."""
LONGEST_SECONDS = 60.0
"""So long a worker waits at most after a fault; after the first, as long as between two looks, then twice as long each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a lease lasts, how often it is renewed with news of the run, and how often an idle worker looks for one."""

    lease: dt.timedelta = dt.timedelta(seconds=20)
    report_seconds: float = 0.5
    look_seconds: float = 1.0


USUAL = Pace()


def work(engine: Engine, stopped: Stopped, *, now: Callable[[], dt.datetime], pace: Pace = USUAL, told: Told = lambda _: None) -> None:
    """Solves what is queued, one run after another, until it is told to end; `now` is the clock of the leases."""
    wait = pace.look_seconds
    while not stopped():
        try:
            held = _claimed(engine, now, pace, None)
            told("")
            if held is not None:
                _Holding(engine, held, now, pace, stopped).solve()
        except Exception as fault:
            log.exception("the solver worker broke down; it goes on in %.0f seconds", wait)
            told(type(fault).__name__)
            _pause(wait, stopped)
            wait = min(2 * wait, LONGEST_SECONDS)
        else:
            wait = pace.look_seconds
            if held is None:
                _pause(wait, stopped)


class Worker:
    """A worker in a thread of its own, from `start` to `stop`."""

    def __init__(self, engine: Engine, *, now: Callable[[], dt.datetime], pace: Pace = USUAL) -> None:
        self._ends, self._fault = threading.Event(), ""
        words = {"now": now, "pace": pace, "told": self._hear}
        self._thread = threading.Thread(target=work, args=(engine, self._ends.is_set), kwargs=words, name="solver worker")

    def start(self) -> None:
        """Begins to look for runs."""
        self._thread.start()

    def stop(self) -> None:
        """Gives back the run that is being solved, if one is."""
        self._ends.set()
        self._thread.join()

    def trouble(self) -> str:
        """What keeps it from its work: nothing as a rule, else the kind of the last fault, as the log tells."""
        return self._fault if self._thread.is_alive() else "it has ended"

    def _hear(self, fault: str) -> None:
        self._fault = fault


def solve_next(
    engine: Engine,
    *,
    now: Callable[[], dt.datetime],
    pace: Pace = USUAL,
    asked: Stopped = lambda: False,
    watch: Watch = lambda _: None,
    only: UUID | None = None,
) -> bool:
    """Solves the run that has waited longest, or `only` that one; whether there was one.

    When it is `asked` to, here or in the database, it ends with the best it has.
    """
    held = _claimed(engine, now, pace, only)
    if held is None:
        return False
    _Holding(engine, held, now, pace, lambda: False).solve(asked, watch)
    return True


def _claimed(engine: Engine, now: Callable[[], dt.datetime], pace: Pace, only: UUID | None) -> Claim | None:
    """The run that is held from now on; none where none waits, or the database does not answer."""
    name = f"{platform.node()}:{os.getpid()}:{new_id()}"
    try:
        with transaction(engine) as db:
            return claim(db, by=name, now=now(), lease=pace.lease, only=only)
    except AWAY as error:
        log.warning("the database does not answer: %s", why_away(error))
        return None


@dataclass(frozen=True, slots=True)
class _Holding:
    """A worker at work on a run that it holds."""

    engine: Engine
    held: Claim
    now: Callable[[], dt.datetime]
    pace: Pace
    stopped: Stopped

    def solve(self, asked: Stopped = lambda: False, watch: Watch = lambda _: None) -> None:
        """Solves the run, and writes what became of it, unless it is another's by then; once the worker is `stopped`, it is given back."""
        log.info("run %s: begun", self.held.run)
        try:
            self._solve(asked, watch)
        except LostLease as lost:
            log.warning("%s", lost)

    def _solve(self, asked: Stopped, watch: Watch) -> None:
        held = self.held
        job = Job(
            inputs=held.inputs,
            previous=held.previous,
            seed=held.seed,
            seconds=held.seconds,
            effort=held.effort,
            explain_seconds=held.explain_seconds,
            workers=held.workers,
            began=time.monotonic(),
        )
        with solving(job) as solver:
            ended = self._attend(solver, asked, watch)
        match ended:
            case Solved():
                self._write(lambda db: _finish(db, held, ended, self.now()))
                log.info("run %s: %d placed, score %d", held.run, ended.placed, ended.score)
            case Nothing():
                self._write(lambda db: fail(db, held, problem=ended.problem, now=self.now()))
                log.info("run %s: %s", held.run, ended.problem)
            case Died(status) if status >= 0:
                self._write(lambda db: fail(db, held, problem=f"{BROKEN} {status}", now=self.now()))
                log.error("run %s: %s %d", held.run, BROKEN, status)
            case Died(status):
                self._write(lambda db: give_back(db, held, counted=True))
                log.error("run %s: its solver was killed by signal %d", held.run, -status)
            case None:
                self._write(lambda db: give_back(db, held, counted=False))
                log.info("run %s: given back", held.run)
            case _:
                assert_never(ended)

    def _attend(self, solver: Solving, asked: Stopped, watch: Watch) -> Solved | Nothing | Died | None:
        """Renews the lease until the solver has ended, or this worker is told to."""
        desk = _Desk()
        due, stopping = time.monotonic(), False
        while not self.stopped():
            news = solver.news(min(max(due - time.monotonic(), 0.0), SLICE_SECONDS))
            if isinstance(news, Progress):
                desk.take(news)
                watch(news)
            elif news is not None:
                return news
            wanted = asked()
            if time.monotonic() >= due:
                due = time.monotonic() + self.pace.report_seconds
                wanted = self._report(desk.standing()) or wanted
            if wanted and not stopping:
                stopping = True
                solver.stop()
        return None

    def _report(self, standing: Standing | None) -> bool:
        """Renews the lease; whether somebody has asked in the database that the run stops.

        Where the database does not answer, that is made good next time: the lease lasts for many of them.
        """
        try:
            with transaction(self.engine) as db:
                return renew(db, self.held, standing, now=self.now(), lease=self.pace.lease)
        except AWAY as error:
            log.warning("run %s: the database does not answer: %s", self.held.run, why_away(error))
            return False

    def _write(self, what: Callable[[DbSession], None]) -> None:
        """Writes what became of the run, again and again until the database takes it; one that is told to end tries once."""
        while True:
            try:
                with transaction(self.engine) as db:
                    what(db)
            except AWAY as error:
                log.warning("run %s: the database does not answer: %s", self.held.run, why_away(error))
            else:
                return
            if self.stopped():
                return
            _pause(self.pace.look_seconds, self.stopped)


class _Desk:
    """What there is to report of a run."""

    def __init__(self) -> None:
        self._history: list[Moment] = []
        self._last: Progress | None = None
        self._told: Progress | None = None

    def take(self, progress: Progress) -> None:
        """Takes note of how far the run is."""
        self._last = progress

    def standing(self) -> Standing | None:
        """How far the run is, where that has changed since this was asked last."""
        now, told = self._last, self._told
        if now is None or (told and (told.placed, told.score, told.bound) == (now.placed, now.score, now.bound)):
            return None
        self._told = now
        self._history.append((round(now.seconds, 3), now.score, now.bound))
        if len(self._history) > MOST_MOMENTS:
            del self._history[1:-1:2]
        return Standing(placed=now.placed, score=now.score, bound=now.bound, history=tuple(self._history))


def _finish(db: DbSession, held: Claim, solved: Solved, now: dt.datetime) -> None:
    standing = Standing(placed=solved.placed, score=solved.score, bound=solved.bound, history=solved.history)
    finish(db, held, standing, result=solved.folder, ended_by=solved.ended_by, solver=f"dure {version('dure')}", now=now)


def _pause(seconds: float, stopped: Stopped) -> None:
    """Waits, but not for longer than until the worker is told to end."""
    until = time.monotonic() + seconds
    while not stopped() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
