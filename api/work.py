"""`dure worker`: solves queued runs until it is told to end, and says on standard error what it does."""

from __future__ import annotations

import datetime as dt
import logging

from api.edge import now, opened
from api.exits import Exit
from api.interrupt import stoppable
from scheduler.worker import Pace, work

log = logging.getLogger(__name__)


def work_until_stopped(lease_seconds: float) -> Exit:
    """Works until Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with opened() as engine, stoppable() as stopped:
        log.info("a worker looks for runs")
        work(engine, stopped, now=now, pace=Pace(lease=dt.timedelta(seconds=lease_seconds)))
    return Exit.DONE
