"""Runs of the demo term that are done, solved once for all tests."""

from __future__ import annotations

import datetime as dt
import time
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from data.archive import packed
from data.programs import Term
from data.rounds import Round as RoundRow, RoundState, Run, RunState
from matching import solve
from matching.limits import Limits
from matching.result import Result
from matching.resultfiles import write_result
from matching.round import Round
from matching.tables import write_round
from tests.terms import demo_round

SOLVED_AT = dt.datetime(2027, 2, 20, 3, tzinfo=dt.UTC)


@cache
def demo_result() -> Result:
    """What comes of the demo round in a second."""
    return solve(demo_round(), limits=Limits(effort=0.2), workers=1, clock=time.monotonic)


def done_run(db: DbSession, term: Term, result: Result | None = None, *, round: Round | None = None, previous: Run | None = None) -> Run:
    """A run with a result, by default the demo round's, of a new round of the term."""
    asked, given = round or demo_round(), result or demo_result()
    number = (db.scalar(select(func.max(RoundRow.number)).where(RoundRow.term_id == term.id)) or 0) + 1
    inputs = packed(lambda folder: write_round(asked, folder))
    row = RoundRow(term_id=term.id, number=number, state=RoundState.CLOSED, opened_at=SOLVED_AT, closed_at=SOLVED_AT, inputs=inputs)
    db.add(row)
    db.flush()
    run = Run(
        round_id=row.id,
        number=1,
        state=RunState.DONE,
        queued_at=SOLVED_AT,
        ended_at=SOLVED_AT,
        previous_id=previous.id if previous else None,
        result=packed(lambda folder: write_result(given, folder)),
    )
    db.add(run)
    db.flush()
    return run
