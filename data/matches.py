"""Matches: rounds of platforms that keep their own data. They are solved as those of a term are, and then nothing of them is kept.

A match goes when whoever asked for it says so, a while after its result was fetched first, so that a broken line costs nobody the result,
and at the latest a day after it was asked for. Only they see it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from data.archive import packed
from data.audit import write_down
from data.calendars import parts
from data.rounds import Match, Round, RoundState, Run, RunState
from data.run_problems import RunError
from data.runs import Asked, new_run
from matching.round import Round as Given
from matching.tables import write_round

KEPT_FOR = dt.timedelta(days=1)
FETCHED_KEPT_FOR = dt.timedelta(minutes=10)
MOST_WAITING = 20
"""So many matches of one caller wait for workers at most, so that others have their turn."""


@dataclass(eq=False)
class TooManyMatches(RunError):
    """The caller has as many matches under way as anybody may have."""

    def __str__(self) -> str:
        return f"{MOST_WAITING} of your matches wait or are being solved; wait for one to end, or take one away"


def ask_match(db: DbSession, given: Given, asked: Asked, *, owner: str, now: dt.datetime, previous: bytes | None = None) -> Run:
    """Puts a round where a worker finds it; `previous` is a result's folder of ROUND.md as a ZIP whose groups are to be repaired.

    Raises
    ------
    TooManyMatches
        The owner is to wait first.
    """
    waits = Run.state.in_([RunState.QUEUED, RunState.RUNNING])
    if db.scalars(select(func.count()).select_from(Match).join(Run).where(Match.owner == owner, waits)).one() >= MOST_WAITING:
        raise TooManyMatches
    inputs = packed(lambda folder: write_round(given, folder))
    round = Round(number=1, state=RoundState.CLOSED, opened_at=now, closed_at=now, inputs=inputs)
    db.add(round)
    db.flush()
    if previous is not None:
        before = Run(round_id=round.id, number=0, state=RunState.DONE, queued_at=now, ended_at=now, result=previous)
        db.add(before)
        db.flush()
        asked = replace(asked, previous=before.id)
    run = new_run(round, 1, asked, now=now)
    db.add(run)
    db.flush()
    db.add(Match(id=run.id, owner=owner, asked_at=now))
    db.flush()
    write_down(db, at=now, by=owner, what="queued", whom=f"match {run.id}")
    return run


def own_match(db: DbSession, owner: str, match: UUID, now: dt.datetime) -> Run | None:
    """The run of a match of theirs that is kept, whether or not a job has removed what is not."""
    return db.scalars(select(Run).join(Match).where(Match.id == match, Match.owner == owner, ~is_over(now))).first()


def is_over(now: dt.datetime) -> ColumnElement[bool]:
    """Of matches, that they were fetched a while ago, or asked for a day ago."""
    return or_(Match.asked_at <= now - KEPT_FOR, and_(Match.fetched_at.is_not(None), Match.fetched_at <= now - FETCHED_KEPT_FOR))


def was_fetched(db: DbSession, match: UUID, now: dt.datetime) -> None:
    """Notes that the result of a match was given to its owner; the first time counts."""
    db.execute(update(Match).where(Match.id == match, Match.fetched_at.is_(None)).values(fetched_at=now))


def take_away(db: DbSession, match: UUID, *, by: str, now: dt.datetime) -> None:
    """Removes a match with all that is known of it, whether it has ended or not; a worker that is at it finds that out, and leaves it."""
    _remove(db, [match])
    write_down(db, at=now, by=by, what="taken away", whom=f"match {match}")


def forget_matches(db: DbSession, now: dt.datetime) -> int:
    """Removes the matches that are over, and tells how many."""
    gone = db.scalars(select(Match.id).where(is_over(now))).all()
    _remove(db, gone)
    return len(gone)


def _remove(db: DbSession, matches: Collection[UUID]) -> None:
    for some in parts(sorted(matches)):
        rounds = db.scalars(select(Run.round_id).where(Run.id.in_(some))).all()
        db.execute(delete(Match).where(Match.id.in_(some)))
        db.execute(delete(Run).where(Run.round_id.in_(rounds)))
        db.execute(delete(Round).where(Round.id.in_(rounds)))
