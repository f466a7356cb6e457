"""What rounds asked and gave is not taken away from somebody who begins to need it while it is looked for."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.forgetting import forget_files
from data.programs import Term
from data.rounds import Round, Run
from data.runs import Asked, queue
from scheduler.publish import publish
from tests.solved import SOLVED_AT, done_run
from tests.terms import demo_term

LATER = SOLVED_AT + dt.timedelta(days=500)
LONG_ENOUGH = 0.5
"""Seconds in which whoever does not wait has looked long since."""


def queued(db: DbSession, term: Term, _: Run) -> None:
    queue(db, term, Asked(), by="manager", now=LATER)


def queued_to_repair(db: DbSession, term: Term, run: Run) -> None:
    queue(db, term, Asked(previous=run.id), by="manager", now=LATER)


def published(db: DbSession, _: Term, run: Run) -> None:
    publish(db, run, LATER, "manager")


@pytest.mark.parametrize(
    ("rounds", "begin"),
    [
        pytest.param(1, queued, id="a run of the round is queued"),
        pytest.param(2, queued_to_repair, id="another round's run is queued that repairs it"),
        pytest.param(1, published, id="it is published"),
    ],
)
def test_what_somebody_begins_to_need_meanwhile_is_kept(
    database: Engine, rounds: int, begin: Callable[[DbSession, Term, Run], None]
) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        db.execute(update(Term).values(last_on=None))
        run, *_ = [done_run(db, db.get_one(Term, term.id)) for _ in range(rounds)]
        if rounds > 1:  # the newer one is not looked for
            db.execute(update(Round).where(Round.number == rounds).values(closed_at=LATER))
    forgotten: list[int] = []

    def forget() -> None:
        with transaction(database) as db:
            forgotten.append(forget_files(db, LATER - dt.timedelta(days=365), term.program_id))

    looking = threading.Thread(target=forget)
    with transaction(database) as db:
        begin(db, db.get_one(Term, term.id), db.get_one(Run, run.id))
        looking.start()
        looking.join(LONG_ENOUGH)
        assert looking.is_alive()  # it waits
    looking.join()
    assert forgotten == [0]
    with reading(database) as db:
        inputs, result = db.execute(select(Round.inputs, Run.result).join(Run, Run.round_id == Round.id).where(Run.id == run.id)).one()
        assert inputs is not None
        assert result is not None
