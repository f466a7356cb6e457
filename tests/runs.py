"""Rounds and runs for tests: a term whose first round is closed, and runs of it that wait for a worker."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psutil
from sqlalchemy import Engine

from data.database import transaction
from data.programs import Term
from data.runs import Asked, close_round, open_round, queue
from matching.round import Round
from tests.terms import demo_term

NOW = dt.datetime(2026, 2, 20, 3, 0, tzinfo=dt.UTC)


def closed_term(database: Engine, round: Round | None = None) -> Term:
    """A term with a closed round, by default the demo's."""
    term = demo_term(database, round)
    with transaction(database) as db:
        open_round(db, term, by="manager", now=NOW)
        close_round(db, term, by="manager", now=NOW)
    return term


def queued(database: Engine, term: Term, asked: Asked | None = None, *, now: dt.datetime = NOW) -> UUID:
    """The id of another run of a term's last round."""
    with transaction(database) as db:
        return queue(db, term, asked or Asked(), by="manager", now=now).id


def solvers() -> list[psutil.Process]:
    """The processes in which runs are being solved."""
    children = psutil.Process().children(recursive=True)
    return [one for one in children if "spawn_main" in " ".join(one.cmdline())]
