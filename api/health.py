"""Whether the service is alive, and whether it can do its work."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from data.database import NotUpToDate, refuse_other_version


def health_routes(engine: Engine) -> list[BaseRoute]:
    """The routes `/healthz` (200 as long as anything is answered) and `/readyz` (200, or 503 with what is wrong)."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(_: Request) -> Response:
        parts = await run_in_threadpool(_state, engine)
        return JSONResponse(parts, 200 if all(state == "ok" for state in parts.values()) else 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _state(engine: Engine) -> dict[str, str]:
    try:
        refuse_other_version(engine)
    except NotUpToDate as bad:
        return {"database": "ok", "migrations": str(bad)}
    except SQLAlchemyError as bad:
        return {"database": type(bad).__name__}
    return {"database": "ok", "migrations": "ok"}
