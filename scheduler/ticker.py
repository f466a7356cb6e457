"""What keeps jobs going in a process: it ticks while it leads, and looks every few seconds whether it does.

APScheduler runs the jobs, from a store in memory and in UTC: what is to happen stands in the service's own tables, and each job asks
them anew. It waits by the clock on the wall, which may be set: no job ever waits for longer than its own interval from now.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine

from data.database import AWAY, why_away
from scheduler.leader import lead_of

LOG = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
"""Gives the instant that it is."""

CHECK_SECONDS = 5.0
"""So often a ticker looks whether it leads: another takes over within that time and that of its first jobs."""

ANY_SECONDS = 10 * 366 * 86_400
"""APScheduler's usual grace for what is late is a second."""


def utc_now() -> dt.datetime:
    """The machine's clock."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again, `every` so often, by what stands in the database at the moment that the clock gives.

    However late it is, it runs at once, and once for all of its times that have passed; beside itself only as often as `at_once`
    says. Where the database cannot be used, that is told in one line, and it runs again the next time.
    """

    name: str
    work: Callable[[Engine, Clock], object]
    every: dt.timedelta
    at_once: int = 1

    def run(self, engine: Engine, clock: Clock) -> None:
        """Runs it once."""
        try:
            self.work(engine, clock)
        except AWAY as error:
            LOG.warning("%s: the database cannot be used: %s", self.name, why_away(error))


class Ticker:
    """Runs jobs in threads of its own, from `start` to `stop`, in exactly one process of all that share a database."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], *, clock: Clock = utc_now, check_seconds: float = CHECK_SECONDS) -> None:
        self._engine, self._jobs, self._clock, self._check_seconds = engine, jobs, clock, check_seconds
        self._lead = lead_of(engine)
        self._ends = threading.Event()
        self._ticking: BackgroundScheduler | None = None
        self._thread = threading.Thread(target=self._watch, name="ticker", daemon=True)

    def start(self) -> None:
        """Begins to ask for the lead, and to tick while it has it."""
        self._thread.start()

    def stop(self) -> None:
        """Lets the jobs that run come to their end, and leaves the lead to others."""
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ends.is_set():
            try:
                self._look()
            except Exception:
                LOG.exception("ticking broke down; another process may tick, and this one asks again in %.0f seconds", self._check_seconds)
                self._rest(wait=False)
                self._lead.give_up()
            self._ends.wait(self._check_seconds)
        self._rest(wait=True)
        self._lead.give_up()

    def _look(self) -> None:
        """Ticks where this process leads, and does not where it does not."""
        leads = self._lead.is_mine()
        if leads and self._ticking is None:
            LOG.info("this process ticks from now on")
            self._ticking = self._begin()
        elif not leads and self._ticking is not None:
            LOG.warning("another process may tick from now on")
            self._rest(wait=False)
        elif self._ticking is not None:
            _hurry(self._ticking)

    def _rest(self, *, wait: bool) -> None:
        """Begins no job any more, and waits for those that run, or does not."""
        ticking, self._ticking = self._ticking, None
        if ticking is not None:
            ticking.shutdown(wait=wait)

    def _begin(self) -> BackgroundScheduler:
        threads = max(1, sum(job.at_once for job in self._jobs))
        ticking = BackgroundScheduler(timezone=dt.UTC, executors={"default": ThreadPoolExecutor(threads)})
        for job in self._jobs:
            ticking.add_job(
                job.run,
                IntervalTrigger(seconds=job.every.total_seconds(), timezone=dt.UTC),
                (self._engine, self._clock),
                id=job.name,
                name=job.name,
                next_run_time=utc_now(),
                misfire_grace_time=ANY_SECONDS,
                coalesce=True,
                max_instances=job.at_once,
            )
        ticking.start()
        return ticking


def _hurry(ticking: BackgroundScheduler) -> None:
    """Lets jobs run now that would wait for longer than their interval, because the clock was set back."""
    now = utc_now()
    for job in ticking.get_jobs():
        if job.next_run_time - now > job.trigger.interval:
            job.modify(next_run_time=now)
