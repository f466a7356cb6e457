"""What rounds asked and what their runs gave names people: it goes when nobody needs it any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session as DbSession, aliased

from data.calendars import parts
from data.programs import Term
from data.rounds import Round, Run, RunState


def forget_files(db: DbSession, before: dt.datetime, program: UUID) -> int:
    """Removes what rounds of a program asked and what their runs gave, or took away when they were undone, whose people are named in it,
    where nobody needs that any more; tells of how many rounds.

    It is needed for as long as a term lasts that is taught by one of the runs, and as long as something was done with the round since that
    instant: it was closed, a run was queued, ended or published, or waits for a worker, or for one that repairs it. Who is about to queue
    or to publish holds the round or the run meanwhile: they are waited for, and then it is looked again.
    """
    repairing = aliased(Run)
    waits = Run.state.in_([RunState.QUEUED, RunState.RUNNING])
    lasts = or_(Term.last_on.is_(None), Term.last_on >= before.date())
    taught = and_(Run.published_at.is_not(None), Run.undone_at.is_(None), lasts)
    since = or_(Run.queued_at >= before, Run.ended_at >= before, Run.published_at >= before)
    needed = (
        select(Run.round_id).join(Round, Round.id == Run.round_id).join(Term, Term.id == Round.term_id).where(or_(waits, since, taught))
    )
    repaired = select(repairing.round_id).join(Run, Run.previous_id == repairing.id).where(waits)
    kept = and_(Round.inputs.is_not(None), Round.term_id.in_(select(Term.id).where(Term.program_id == program)))
    over = select(Round.id).where(kept, Round.closed_at < before, Round.id.not_in(needed), Round.id.not_in(repaired))
    seen = db.scalars(over).all()
    _hold(db, seen)
    gone = sorted(set(seen).intersection(db.scalars(over)))
    for some in parts(gone):
        db.execute(update(Run).where(Run.round_id.in_(some)).values(result=None))
        db.execute(update(Run).where(Run.round_id.in_(some), Run.undone_at.is_not(None)).values(undo=None))
        db.execute(update(Round).where(Round.id.in_(some)).values(inputs=None))
    return len(gone)


def _hold(db: DbSession, rounds: Sequence[UUID]) -> None:
    """Holds rounds and then their runs, in the order in which others do."""
    for column in (Round.id, Run.round_id):
        for some in parts(sorted(rounds)):
            db.execute(select(column).where(column.in_(some)).order_by(column).with_for_update())
