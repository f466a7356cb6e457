"""Whether the service is alive, and whether it can do its work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from api.feeds import Clock
from data.database import DatabaseError, reading, refuse_other_version
from data.ticks import last_tick
from scheduler.jobs import HEARTBEAT

LATE = dt.timedelta(minutes=2)
"""A ticker that has not ticked for so long does not."""


def add_health(app: FastAPI, engine: Engine, clock: Clock, trouble: Callable[[], str] | None) -> None:
    """Adds the routes `/healthz` (200 as long as anything is answered) and `/readyz` (200, or 503 with what is wrong).

    `trouble` says what keeps the solver worker of this process from its work; None where there is no worker.
    """

    async def alive(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(_: Request) -> Response:
        fine, parts = await run_in_threadpool(_state, engine, clock())
        if trouble is not None:
            fault = trouble()
            fine, parts = fine and not fault, parts | {"worker": fault or "ok"}
        return JSONResponse(parts, 200 if fine else 503)

    app.add_route("/healthz", alive)
    app.add_route("/readyz", ready)


def _state(engine: Engine, now: dt.datetime) -> tuple[bool, dict[str, str]]:
    """Whether all is well, and each part: the database, its version, and how long ago a ticker ticked."""
    try:
        refuse_other_version(engine)
        with reading(engine) as db:
            ticked_at = last_tick(db, HEARTBEAT)
    except DatabaseError as bad:
        return False, {"database": "ok", "migrations": str(bad)}
    except DBAPIError as bad:
        return False, {"database": type(bad.orig).__name__}
    except PoolTimeout:
        return False, {"database": "busy"}
    parts = {"database": "ok", "migrations": "ok"}
    if ticked_at is None:
        return False, parts | {"ticker": "has never ticked; `dure serve` and `dure tick` do"}
    ago = now - ticked_at
    if ago < -LATE:
        return False, parts | {"ticker": "has not ticked since the clock was set back"}
    return ago <= LATE, parts | {"ticker": f"ticked {max(round(ago.total_seconds()), 0)} seconds ago"}
