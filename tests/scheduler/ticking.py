"""A process that ticks, for tests to kill: it tells on a line of its own each time that its job has run.

`python -m tests.scheduler.ticking ADDRESS CHECK_SECONDS EVERY_SECONDS`; for each line on its standard input it sets its clock by so many
seconds.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time

import time_machine
from sqlalchemy import Engine

from data.database import open_database
from scheduler.ticker import Clock, Job, Ticker


def main(address: str, check_seconds: str, every_seconds: str) -> None:
    """Ticks until its standard input ends."""
    engine = open_database(address)

    def told(_engine: Engine, clock: Clock) -> None:
        print(os.getpid(), time.monotonic(), clock().isoformat(), flush=True)  # noqa: T201  its test reads it

    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        ticker = Ticker(engine, [Job("tell", told, dt.timedelta(seconds=float(every_seconds)))], check_seconds=float(check_seconds))
        ticker.start()
        for line in sys.stdin:
            clock.shift(dt.timedelta(seconds=float(line)))
        ticker.stop()
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
