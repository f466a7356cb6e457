"""The web app: what it is made of. Nothing is opened here; whoever makes it gives it its database and its clock."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from sqlalchemy import Engine

from api.feeds import Clock, KeptFeeds, add_feeds
from api.health import add_health
from api.limits import LimitedBodies
from api.polls import polls_of


def create_app(engine: Engine, clock: Clock, trouble: Callable[[], str] | None = None) -> KeptFeeds:
    """The app on a database; `clock` tells the instant, aware, and `trouble` what keeps the solver worker beside it from its work, where
    one is."""
    app = FastAPI(title="Dure", openapi_url=None)
    add_feeds(app, engine, clock)
    add_health(app, engine, clock, trouble)
    app.add_middleware(LimitedBodies)
    return KeptFeeds(app, polls_of(engine, clock))
