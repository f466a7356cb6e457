"""The web app: what it is made of. Nothing is opened here; whoever makes it gives it its database and its clock."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from sqlalchemy import Engine

from api.access import OwnSiteOnly, SafeHeaders
from api.docs import add_docs
from api.feeds import Clock, KeptFeeds, add_feeds
from api.heads import Heads
from api.health import add_health
from api.limits import LimitedBodies
from api.polls import polls_of
from api.v1.door import ROOT, Door
from api.v1.limits import Limits
from api.v1.rooms import add_v1


def create_app(engine: Engine, clock: Clock, trouble: Callable[[], str] | None = None, *, limits: Limits | None = None) -> KeptFeeds:
    """The app on a database; `clock` tells the instant, aware, `trouble` what keeps the solver worker beside it from its work, where one
    is, and `limits` how often a caller may ask, where that is not as often as usual."""
    app = FastAPI(title="Dure", docs_url=None, redoc_url=None, redirect_slashes=False)
    add_feeds(app, engine, clock)
    add_health(app, engine, clock, trouble)
    add_v1(app, Door(engine, clock, limits or Limits()))
    add_docs(app)
    app.add_middleware(Heads, root=ROOT)
    for part in (LimitedBodies, OwnSiteOnly, SafeHeaders):  # the last is asked first
        app.add_middleware(part)
    return KeptFeeds(app, polls_of(engine, clock))
