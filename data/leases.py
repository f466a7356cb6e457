"""Who works on a run: workers claim runs and hold them by leases, which they renew while they report how far they are.

A claim has a name of its own, which no other claim ever has. Every write of a worker asks whether the run is still that claim's, so that
a worker that stood still for longer than its lease, while another began anew, changes nothing any more. Instants come from the workers'
machines, whose clocks must agree within some seconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.rounds import Round, Run, RunState
from data.run_problems import NoLongerKept
from data.runs import inputs_of, number_of

MOST_CLAIMS = 5
"""A run whose workers were killed so often is not begun once more: it may be what kills them."""
WORN_OUT = f"its workers were killed {MOST_CLAIMS} times"

FAR_LEASES = 3
"""A lease that would last for more than so many usual ones was written before the clock went back: it holds no more."""

Moment = tuple[float, int, int]
"""Seconds since the run was claimed, and score and bound by then."""


@dataclass(eq=False)
class LostLease(Exception):
    """The run is no longer this claim's: its lease ran out, and another worker has begun it anew."""

    run: UUID
    by: str

    def __str__(self) -> str:
        return f"run {self.run} is no longer held by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that somebody holds, with all that solving it takes; `inputs` and `previous` are folders of ROUND.md as ZIPs."""

    run: UUID
    by: str
    inputs: bytes
    previous: bytes | None
    seed: int
    seconds: float | None
    effort: float | None
    explain_seconds: float | None
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a run has come; before there is any result, only its history is there, and empty."""

    placed: int | None = None
    score: int | None = None
    bound: int | None = None
    history: Sequence[Moment] = field(default=())

    def row(self) -> dict[str, Any]:
        """What the run's row holds of it."""
        return {"placed": self.placed, "score": self.score, "bound": self.bound, "history": [list(moment) for moment in self.history]}


def claim(db: DbSession, *, by: str, now: dt.datetime, lease: dt.timedelta, only: UUID | None = None) -> Claim | None:
    """The run that has waited longest for a worker, held from now on by the claim `by`; nothing where none waits.

    A run waits that is queued, or whose lease has run out. Asked at once, two claims never get one run. With `only` no other run is taken.
    A run that has cost `MOST_CLAIMS` workers fails, and so does one whose round's inputs are no longer kept.
    """
    waiting = _waiting(now, lease)
    mine = Run.id == only if only else Run.id.is_not(None)
    while True:
        run = db.scalar(select(Run.id).where(waiting, mine).order_by(Run.queued_at, Run.id).limit(1))
        if run is None:
            return None
        if _changed(db, and_(Run.id == run, waiting, Run.claims >= MOST_CLAIMS), state=RunState.FAILED, ended_at=now, problem=WORN_OUT):
            _note(db, run, "failed", by=by, now=now, problem=WORN_OUT)
            continue
        begun: dict[str, Any] = {"state": RunState.RUNNING, "claims": Run.claims + 1, "started_at": now}
        held: dict[str, Any] = {"leased_by": by, "leased_until": now + lease}
        if _changed(db, and_(Run.id == run, waiting), **begun, **held, **Standing().row()):
            try:
                return _claimed(db, run, by)
            except NoLongerKept as gone:
                _changed(db, Run.id == run, **_FREE, state=RunState.FAILED, ended_at=now, problem=str(gone))
                _note(db, run, "failed", by=by, now=now, problem=str(gone))


def renew(db: DbSession, claim: Claim, standing: Standing | None, *, now: dt.datetime, lease: dt.timedelta) -> bool:
    """Holds a run for another lease, and writes how far it is where that has changed; whether somebody has asked it to stop.

    Raises
    ------
    LostLease
        The run is another's now.
    """
    _write(db, claim, leased_until=now + lease, **(standing.row() if standing else {}))
    return db.scalars(select(Run.stop_asked).where(Run.id == claim.run)).one()


def finish(db: DbSession, claim: Claim, standing: Standing, *, result: bytes, ended_by: str, solver: str, now: dt.datetime) -> None:
    """Keeps the result of a run, a result's folder of ROUND.md as a ZIP; with it the run is done.

    Raises
    ------
    LostLease
        The run is another's now, and nothing is kept.
    """
    done = {"state": RunState.DONE, "ended_at": now, "ended_by": ended_by, "solver": solver, "result": result}
    _write(db, claim, **_FREE, **done, **standing.row())
    _note(db, claim.run, "solved", by=claim.by, now=now, placed=standing.placed, score=standing.score)


def fail(db: DbSession, claim: Claim, *, problem: str, now: dt.datetime) -> None:
    """Ends a run that has no result; `problem` says why in one line.

    Raises
    ------
    LostLease
        The run is another's now.
    """
    _write(db, claim, **_FREE, state=RunState.FAILED, ended_at=now, problem=problem)
    _note(db, claim.run, "failed", by=claim.by, now=now, problem=problem)


def give_back(db: DbSession, claim: Claim, *, counted: bool) -> None:
    """Lets the next worker begin a run anew; unless it is `counted`, as if this one had never begun.

    Raises
    ------
    LostLease
        The run is another's now.
    """
    _write(db, claim, **_FREE, state=RunState.QUEUED, claims=Run.claims - (0 if counted else 1), **Standing().row())


def expire(db: DbSession, before: dt.datetime) -> int:
    """Lets runs wait for a worker again, also where none looks for them, whose leases ran out before an instant; tells how many."""
    lapsed = and_(Run.state == RunState.RUNNING, Run.leased_until < before)
    values = {**_FREE, "state": RunState.QUEUED, **Standing().row()}
    done = db.execute(update(Run).where(lapsed).values(**values).execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount


_FREE: dict[str, Any] = {"leased_by": "", "leased_until": None}


def _waiting(now: dt.datetime, lease: dt.timedelta) -> ColumnElement[bool]:
    lapsed = or_(Run.leased_until <= now, Run.leased_until > now + FAR_LEASES * lease)
    return or_(Run.state == RunState.QUEUED, and_(Run.state == RunState.RUNNING, lapsed))


def _claimed(db: DbSession, run: UUID, by: str) -> Claim:
    row = db.get_one(Run, run, populate_existing=True)
    return Claim(
        run=run,
        by=by,
        inputs=inputs_of(db.get_one(Round, row.round_id)),
        previous=db.scalar(select(Run.result).where(Run.id == row.previous_id)) if row.previous_id else None,
        seed=row.seed,
        seconds=row.seconds,
        effort=row.effort,
        explain_seconds=row.explain_seconds,
        workers=row.workers,
    )


def _write(db: DbSession, claim: Claim, **values: Any) -> None:  # noqa: ANN401  any column
    if not _changed(db, and_(Run.id == claim.run, Run.leased_by == claim.by, Run.state == RunState.RUNNING), **values):
        raise LostLease(claim.run, claim.by)


def _changed(db: DbSession, which: ColumnElement[bool], **values: Any) -> bool:  # noqa: ANN401  any column
    """Whether a run that is as it should be was changed, in one step."""
    done = db.execute(update(Run).where(which).values(**values).execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount == 1


def _note(db: DbSession, run: UUID, what: str, *, by: str, now: dt.datetime, **details: Any) -> None:  # noqa: ANN401  values of JSON
    row = db.get_one(Run, run)
    term = db.get_one(Round, row.round_id).term_id
    if term is None:  # of a match nothing is kept, and what is wrong with one names its people's keys
        return
    write_down(
        db, at=now, by=by, what=what, whom=f"run {number_of(db, row)}", term=term, ids={"run": run, "round": row.round_id}, details=details
    )
