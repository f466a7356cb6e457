"""Rounds of a term are opened and closed, and their runs queued and stopped: what people do; workers' part is `data.leases`.

A run is called by its term and two numbers: `tutoring/2026-spring:3.2` is run 2 of round 3.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from data.archive import packed, unpack
from data.audit import write_down
from data.calendars import parts
from data.consents import without_consent
from data.people import Mentee
from data.programs import Term
from data.roster import round_of, until_they_leave, without_people
from data.rounds import Round, RoundState, Run, RunState
from data.run_problems import (
    BadRoundName,
    BadRunName,
    ConsentGone,
    HasEnded,
    NobodyAsks,
    NobodyMay,
    NoLongerKept,
    NoResult,
    NoRound,
    NoRun,
    NoSuchRound,
    NothingOpen,
    NotOpen,
    OtherTerm,
    StillOpen,
    TooSoon,
)
from data.terms import day_in, find_term, term_name
from data.timetables import without_busy
from matching.limits import Limits
from matching.tables import read_round, write_round

OPEN_ENDED_DAYS = 182
"""The groups of an open-ended term are planned for half a year."""

NAME = re.compile(r"(?P<term>.+):(?P<round>\d{1,6})\.(?P<run>\d{1,6})", re.ASCII)
ROUND_NAME = re.compile(r"(?P<term>.+):(?P<round>\d{1,6})", re.ASCII)
NEVER_BEGUN = "stopped before a worker began with it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a round is to be solved; `previous` is a run whose groups are to be repaired.

    Raises
    ------
    BadLimit
        A limit cannot be.
    """

    seed: int = 0
    seconds: float | None = None
    effort: float | None = None
    explain_seconds: float | None = None
    workers: int = 2
    previous: UUID | None = None

    def __post_init__(self) -> None:
        Limits(seconds=self.seconds, effort=self.effort, explain_seconds=self.explain_seconds)


def open_round(db: DbSession, term: Term, *, by: str, now: dt.datetime) -> Round:
    """Opens the next round of a term.

    Raises
    ------
    StillOpen
        Another one is open.
    """
    last = _last(db, term)
    if last and last.state is RoundState.OPEN:
        raise StillOpen(last.number)
    round = Round(term_id=term.id, number=last.number + 1 if last else 1, state=RoundState.OPEN, opened_at=now)
    db.add(round)
    db.flush()
    write_down(db, at=now, by=by, what="opened", whom=f"round {round.number}", term=term.id, ids={"round": round.id})
    return round


def close_round(db: DbSession, term: Term, *, by: str, now: dt.datetime, from_on: dt.date | None = None, only: UUID | None = None) -> Round:
    """Closes the open round of a term, or `only` that one: its people and its policy as they are now are what its runs solve, whatever
    becomes of them.

    What mentors' timetables say is busy is taken out of their availability. Who has left by the first day that its groups meet on, which
    is `from_on` or what `begins` says, is not in it; who leaves later is available until then. Of whom no guardian's consent is in force
    who needs one today, neither; the round keeps who that is.

    Raises
    ------
    NothingOpen, NotOpen
        No round is open, or not that one.
    TooSoon
        Groups cannot meet from that day on.
    NobodyAsks, NobodyMay
        There is nothing to solve, or only of those who are left out.
    BadRound
        A row of the term cannot be read.
    """
    round = _last(db, term)
    if round is None or round.state is not RoundState.OPEN:
        raise NothingOpen(term_name(db, term))
    if only not in {None, round.id}:
        raise NotOpen(db.get_one(Round, only).number)
    first_on = begins(db, term, now, from_on)
    people = round_of(db, term, max(term.first_on, now.date()) + dt.timedelta(days=OPEN_ENDED_DAYS), on=first_on)
    asked = without_busy(db, term, until_they_leave(db, term, people, on=first_on), on=first_on)
    lacking = without_consent(db, term, day_in(term, now))
    left_out = [lacking[mentee.key] for mentee in asked.mentees if mentee.key in lacking]
    asked = without_people(asked, (), {mentee.key for mentee in left_out}) if left_out else asked
    if not any(mentee.requests for mentee in asked.mentees):
        raise NobodyMay(term_name(db, term), len(left_out)) if left_out else NobodyAsks(term_name(db, term))
    round.left_out = [str(mentee.id) for mentee in left_out]
    round.inputs = packed(lambda folder: write_round(asked, folder))
    round.state, round.closed_at = RoundState.CLOSED, now
    db.flush()
    details = {"mentors": len(asked.mentors), "mentees": len(asked.mentees), **({"left out": len(left_out)} if left_out else {})}
    write_down(db, at=now, by=by, what="closed", whom=f"round {round.number}", term=term.id, ids={"round": round.id}, details=details)
    return round


def queue(db: DbSession, term: Term, asked: Asked, *, by: str, now: dt.datetime) -> Run:
    """Puts a run of the term's last round where a worker finds it.

    Raises
    ------
    NoRound
        There is no round.
    StillOpen, NoLongerKept, ConsentGone, NoResult, OtherTerm
        As `queue_for` says.
    """
    round = _last(db, term)
    if round is None:
        raise NoRound(term_name(db, term))
    return queue_for(db, term, round, asked, by=by, now=now)


def queue_for(db: DbSession, term: Term, round: Round, asked: Asked, *, by: str, now: dt.datetime) -> Run:
    """Puts a run of any round of the term where a worker finds it.

    Raises
    ------
    StillOpen, NoLongerKept
        What the round asks is not frozen yet, or kept no more.
    ConsentGone
        Somebody in it needs a consent that is in force no more.
    NoResult, OtherTerm
        The run that is to be repaired has nothing, or is of another term.
    """
    db.refresh(round, with_for_update=True)
    if round.state is RoundState.OPEN:
        raise StillOpen(round.number)
    if asked.previous:
        _refuse_to_repair(db, term, db.get_one(Run, asked.previous, with_for_update=True, populate_existing=True))
    _refuse_without_consent(db, term, round, day_in(term, now))
    last = db.scalar(select(func.max(Run.number)).where(Run.round_id == round.id))
    run = new_run(round, (last or 0) + 1, asked, now=now)
    db.add(run)
    db.flush()
    write_down(db, at=now, by=by, what="queued", whom=f"run {number_of(db, run)}", term=term.id, ids={"run": run.id, "round": round.id})
    return run


def _refuse_without_consent(db: DbSession, term: Term, round: Round, on: dt.date) -> None:
    asked = inputs_of(round)
    lacking = {key for key, mentee in without_consent(db, term, on).items() if str(mentee.id) not in (round.left_out or ())}
    if not lacking:
        return
    with TemporaryDirectory(prefix="dure-") as folder:
        gone = lacking & {mentee.key for mentee in read_round(unpack(asked, Path(folder))).mentees}
    if gone:
        raise ConsentGone(round.number, tuple(sorted(gone)))


def new_run(round: Round, number: int, asked: Asked, *, now: dt.datetime) -> Run:
    """The row of a run that waits for a worker."""
    return Run(
        round_id=round.id,
        number=number,
        state=RunState.QUEUED,
        queued_at=now,
        seed=asked.seed,
        seconds=asked.seconds,
        effort=asked.effort,
        explain_seconds=asked.explain_seconds,
        workers=asked.workers,
        previous_id=asked.previous,
    )


def ask_to_stop(db: DbSession, run: Run, *, by: str, now: dt.datetime) -> None:
    """Asks a run to end with the best it has; one that no worker has begun with ends at once, with nothing.

    Raises
    ------
    HasEnded
        There is nothing to stop.
    """
    run = db.scalars(select(Run).where(Run.id == run.id).with_for_update().execution_options(populate_existing=True)).one()
    round = db.get_one(Round, run.round_id)
    if run.state in {RunState.DONE, RunState.FAILED}:
        raise HasEnded(name_of(db, run))
    run.stop_asked = True
    if run.state is RunState.QUEUED:
        run.state, run.ended_at, run.problem = RunState.FAILED, now, NEVER_BEGUN
    db.flush()
    write_down(
        db, at=now, by=by, what="stopped", whom=f"run {number_of(db, run)}", term=round.term_id, ids={"run": run.id, "round": round.id}
    )


def find_round(db: DbSession, name: str) -> tuple[Round, Term]:
    """The round that somebody means by `TERM:ROUND`, where the term may be called in any way that `data.terms` knows, and its term.

    Raises
    ------
    BadRoundName, NoSuchRound
        It is no name, or of none.
    NoSuchTerm, SeveralTerms
        It is not clear of which term.
    """
    read = ROUND_NAME.fullmatch(name)
    if read is None:
        raise BadRoundName(name)
    term = find_term(db, read["term"])
    found = db.scalar(select(Round).where(Round.term_id == term.id, Round.number == int(read["round"])))
    if found is None:
        raise NoSuchRound(name)
    return found, term


def find_run(db: DbSession, name: str) -> Run:
    """The run that somebody means by `TERM:ROUND.RUN`, where the term may be called in any way that `data.terms` knows.

    Raises
    ------
    BadRunName, NoRun
        It is no name, or of none.
    NoSuchTerm, SeveralTerms
        It is not clear of which term.
    """
    read = NAME.fullmatch(name)
    if read is None:
        raise BadRunName(name)
    term, round, number = find_term(db, read["term"]), int(read["round"]), int(read["run"])
    found = db.scalar(select(Run).join(Round).where(Round.term_id == term.id, Round.number == round, Run.number == number))
    if found is None:
        raise NoRun(name)
    return found


def name_of(db: DbSession, run: Run) -> str:
    """What people call a run: `PROGRAM/TERM:ROUND.RUN`, or its key where it is a match."""
    term = db.get_one(Round, run.round_id).term_id
    return f"{term_name(db, db.get_one(Term, term))}:{number_of(db, run)}" if term else str(run.id)


def number_of(db: DbSession, run: Run) -> str:
    """What a run is called within its term, as in the audit: `ROUND.RUN`, or its key where it is a match."""
    round = db.get_one(Round, run.round_id)
    return f"{round.number}.{run.number}" if round.term_id else str(run.id)


def rounds_of(db: DbSession, term: Term) -> list[tuple[Round, list[Run]]]:
    """The rounds of a term and the runs of each, in the order of their numbers."""
    rounds = {round.id: (round, list[Run]()) for round in db.scalars(select(Round).where(Round.term_id == term.id).order_by(Round.number))}
    for run in db.scalars(select(Run).join(Round).where(Round.term_id == term.id).order_by(Run.number)):
        rounds[run.round_id][1].append(run)
    return list(rounds.values())


def left_out_of(db: DbSession, round: Round) -> list[Mentee]:
    """The mentees whom a round left out for want of a guardian's consent, by their keys."""
    found = [mentee for some in parts(map(UUID, round.left_out or ())) for mentee in db.scalars(select(Mentee).where(Mentee.id.in_(some)))]
    return sorted(found, key=lambda mentee: mentee.key)


def inputs_of(round: Round) -> bytes:
    """What a closed round asks: its folder as a ZIP.

    Raises
    ------
    NoLongerKept
        Retention has taken it away.
    """
    if round.inputs is None:
        raise NoLongerKept(round.number)
    return round.inputs


def result_of(db: DbSession, run: Run) -> bytes:
    """The result's folder as a ZIP.

    Raises
    ------
    NoResult
        There is none, or none yet.
    """
    if run.state is not RunState.DONE or run.result is None:
        raise NoResult(name_of(db, run), run.state, run.problem)
    return run.result


def _refuse_to_repair(db: DbSession, term: Term, run: Run) -> None:
    name = name_of(db, run)
    if db.get_one(Round, run.round_id).term_id != term.id:
        raise OtherTerm(name, term_name(db, term))
    if run.state is not RunState.DONE or run.result is None:
        raise NoResult(name, run.state, run.problem)


def begins(db: DbSession, term: Term, now: dt.datetime, from_on: dt.date | None = None) -> dt.date:
    """The first day that the groups of a round meet on which is closed now: of one that may repair what is published, next Monday, unless
    another is chosen.

    Raises
    ------
    TooSoon
        The chosen one is not to come.
    """
    soonest = usual = day_in(term, now)
    stands = select(Run.id).join(Round).where(Round.term_id == term.id, Run.published_at.is_not(None), Run.undone_at.is_(None))
    if db.scalars(stands.limit(1)).first():
        soonest, usual = soonest + dt.timedelta(days=1), usual + dt.timedelta(days=7 - usual.weekday())
    if from_on is not None and from_on < soonest:
        raise TooSoon(from_on, soonest)
    return max(term.first_on, from_on or usual)


def _last(db: DbSession, term: Term) -> Round | None:
    """The last round of a term, which nobody else changes before this transaction ends."""
    return db.scalar(select(Round).where(Round.term_id == term.id).order_by(Round.number.desc()).limit(1).with_for_update())
