"""Rounds of a term are opened and closed, and their runs queued and stopped: what people do; workers' part is `data.leases`.

A run is called by its term and two numbers: `tutoring/2026-spring:3.2` is run 2 of round 3.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session as DbSession, aliased

from data.archive import packed
from data.audit import write_down
from data.calendars import parts
from data.programs import Term
from data.roster import round_of, until_they_leave
from data.rounds import Round, RoundState, Run, RunState
from data.terms import day_in, find_term, term_name
from data.timetables import without_busy
from matching.limits import Limits
from matching.tables import write_round

OPEN_ENDED_DAYS = 182
"""The groups of an open-ended term are planned for half a year."""

NAME = re.compile(r"(?P<term>.+):(?P<round>\d{1,6})\.(?P<run>\d{1,6})", re.ASCII)
NEVER_BEGUN = "stopped before a worker began with it"


class RunError(Exception):
    """The root of what can be wrong with a wish about rounds and runs."""


@dataclass(eq=False)
class StillOpen(RunError):
    """A round of the term is open, which is to be closed first."""

    number: int

    def __str__(self) -> str:
        return f"round {self.number} is still open; close it first"


@dataclass(eq=False)
class NothingOpen(RunError):
    """No round of the term is open."""

    term: str

    def __str__(self) -> str:
        return f"no round of {self.term} is open; open one first"


@dataclass(eq=False)
class NoRound(RunError):
    """The term has no round at all."""

    term: str

    def __str__(self) -> str:
        return f"{self.term} has no round; open one, and close it when everybody is in"


@dataclass(eq=False)
class TooSoon(RunError):
    """Groups cannot meet from a day on that has begun."""

    on: dt.date
    soonest: dt.date

    def __str__(self) -> str:
        return f"{self.on}: is too soon; write {self.soonest} or a later day"


@dataclass(eq=False)
class NobodyAsks(RunError):
    """No mentee of the term asks for anything."""

    term: str

    def __str__(self) -> str:
        return f"no mentee of {self.term} asks for anything; import its people first"


@dataclass(eq=False)
class NoRun(RunError):
    """The term has no such run."""

    name: str

    def __str__(self) -> str:
        return f"there is no run {self.name}; `dure round list` shows those of a term"


@dataclass(eq=False)
class BadRunName(RunError):
    """No run can be called so."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no name of a run; write TERM:ROUND.RUN, such as tutoring/2026-spring:1.2"


@dataclass(eq=False)
class NoLongerKept(RunError):
    """What a round asks is kept no more."""

    number: int

    def __str__(self) -> str:
        return f"what round {self.number} asks is no longer kept, as long ago as it was closed; open another one"


@dataclass(eq=False)
class OtherTerm(RunError):
    """A run is to repair one of another term."""

    name: str
    term: str

    def __str__(self) -> str:
        return f"run {self.name} is of another term than {self.term}; name one of this term"


@dataclass(eq=False)
class HasEnded(RunError):
    """The run has ended, and cannot be stopped."""

    name: str

    def __str__(self) -> str:
        return f"run {self.name} has ended already"


@dataclass(eq=False)
class NoResult(RunError):
    """The run has no result: it has not ended yet, or failed, or it was so long ago that its result is kept no more."""

    name: str
    state: RunState
    problem: str = ""

    def __str__(self) -> str:
        waits = {RunState.QUEUED: "it waits for a worker", RunState.DONE: "as long ago as it was solved, it is no longer kept"}
        why = self.problem or waits.get(self.state, "it is still being solved")
        return f"run {self.name} has no result: {why}"


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
    workers: int = 2
    previous: UUID | None = None

    def __post_init__(self) -> None:
        Limits(seconds=self.seconds, effort=self.effort)


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
    write_down(db, at=now, by=by, what="opened", whom=f"round {round.number}", term=term.id)
    return round


def close_round(db: DbSession, term: Term, *, by: str, now: dt.datetime, from_on: dt.date | None = None) -> Round:
    """Closes the open round of a term: its people and its policy as they are now are what its runs solve, whatever becomes of them.

    What mentors' timetables say is busy is taken out of their availability. Who has left by the first day that its groups meet on, which
    is `from_on` or what `begins` says, is not in it; who leaves later is available until then.

    Raises
    ------
    NothingOpen
        No round is open.
    TooSoon
        Groups cannot meet from that day on.
    NobodyAsks
        There is nothing to solve.
    BadRound
        A row of the term cannot be read.
    """
    round = _last(db, term)
    if round is None or round.state is not RoundState.OPEN:
        raise NothingOpen(term_name(db, term))
    first_on = begins(db, term, now, from_on)
    people = round_of(db, term, max(term.first_on, now.date()) + dt.timedelta(days=OPEN_ENDED_DAYS), on=first_on)
    asked = without_busy(db, term, until_they_leave(db, term, people, on=first_on), on=first_on)
    if not any(mentee.requests for mentee in asked.mentees):
        raise NobodyAsks(term_name(db, term))
    round.inputs = packed(lambda folder: write_round(asked, folder))
    round.state, round.closed_at = RoundState.CLOSED, now
    db.flush()
    details = {"mentors": len(asked.mentors), "mentees": len(asked.mentees)}
    write_down(db, at=now, by=by, what="closed", whom=f"round {round.number}", term=term.id, details=details)
    return round


def queue(db: DbSession, term: Term, asked: Asked, *, by: str, now: dt.datetime) -> Run:
    """Puts a run of the term's last round where a worker finds it.

    Raises
    ------
    NoRound, StillOpen, NoLongerKept
        There is no round, or what it asks is not frozen yet, or kept no more.
    NoResult, OtherTerm
        The run that is to be repaired has nothing, or is of another term.
    """
    round = _last(db, term)
    if round is None:
        raise NoRound(term_name(db, term))
    if round.state is RoundState.OPEN:
        raise StillOpen(round.number)
    if asked.previous:
        _refuse_to_repair(db, term, db.get_one(Run, asked.previous))
    if round.inputs is None:
        raise NoLongerKept(round.number)
    last = db.scalar(select(func.max(Run.number)).where(Run.round_id == round.id))
    run = Run(
        round_id=round.id,
        number=(last or 0) + 1,
        state=RunState.QUEUED,
        queued_at=now,
        seed=asked.seed,
        seconds=asked.seconds,
        effort=asked.effort,
        workers=asked.workers,
        previous_id=asked.previous,
    )
    db.add(run)
    db.flush()
    write_down(db, at=now, by=by, what="queued", whom=f"run {number_of(db, run)}", term=term.id)
    return run


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
    write_down(db, at=now, by=by, what="stopped", whom=f"run {number_of(db, run)}", term=round.term_id)


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
    """What people call a run: `PROGRAM/TERM:ROUND.RUN`."""
    term = db.get_one(Term, db.get_one(Round, run.round_id).term_id)
    return f"{term_name(db, term)}:{number_of(db, run)}"


def number_of(db: DbSession, run: Run) -> str:
    """What a run is called within its term, as in the audit: `ROUND.RUN`."""
    return f"{db.get_one(Round, run.round_id).number}.{run.number}"


def rounds_of(db: DbSession, term: Term) -> list[tuple[Round, list[Run]]]:
    """The rounds of a term and the runs of each, in the order of their numbers."""
    rounds = {round.id: (round, list[Run]()) for round in db.scalars(select(Round).where(Round.term_id == term.id).order_by(Round.number))}
    for run in db.scalars(select(Run).join(Round).where(Round.term_id == term.id).order_by(Run.number)):
        rounds[run.round_id][1].append(run)
    return list(rounds.values())


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


def forget_files(db: DbSession, before: dt.datetime) -> int:
    """Removes what rounds asked and what their runs gave, or took away when they were undone, whose people are named in it, where nobody
    needs that any more; tells of how many rounds.

    It is needed for as long as a term lasts that is taught by one of the runs, and as long as something was done with the round since that
    instant: it was closed, a run was queued, ended or published, or waits for a worker, or for one that repairs it.
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
    old = and_(Round.inputs.is_not(None), Round.closed_at < before, Round.id.not_in(needed), Round.id.not_in(repaired))
    gone = db.scalars(select(Round.id).where(old)).all()
    for some in parts(gone):
        db.execute(update(Run).where(Run.round_id.in_(some)).values(result=None))
        db.execute(update(Run).where(Run.round_id.in_(some), Run.undone_at.is_not(None)).values(undo=None))
        db.execute(update(Round).where(Round.id.in_(some)).values(inputs=None))
    return len(gone)


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
