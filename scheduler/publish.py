"""A run's result becomes groups with series and dated sessions in everybody's calendar; and what was published is taken back.

Of a term one run stands at a time; another takes its place only as its repair (`scheduler.repair`). All of it is one transaction, in
which the term's row is held: two who publish at once do so one after the other, and the second is refused.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import Document
from data.calendars import touch_groups
from data.outbox import About
from data.programs import Term
from data.rounds import Round, Run
from data.runs import name_of
from scheduler.announce import announce, groups_by_person
from scheduler.circle import day_of
from scheduler.gone import gone_from
from scheduler.new_groups import add_groups
from scheduler.produce import Produced, horizon, lay_out, series_of
from scheduler.refusals import InThePast, OutsideTheTerm
from scheduler.repair import Change, change_of, pairs_of, repair
from scheduler.results import PublishError, plan_of, short_name
from scheduler.same_groups import Pair
from scheduler.term import DAY, WEEK_DAYS
from scheduler.term_days import last_day


@dataclass(eq=False)
class PublishedAlready(PublishError):
    """The run stands already."""

    run: str

    def __str__(self) -> str:
        return f"run {self.run} is published already"


@dataclass(eq=False)
class AnotherStands(PublishError):
    """Another run of the term is published, which this one does not repair."""

    run: str
    standing: str

    def __str__(self) -> str:
        return f"run {self.standing} is published; undo it, or solve a repair of it: run {self.run} repairs something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published, from a day on, and what became of each group."""

    from_on: dt.date
    changes: tuple[Change, ...]
    produced: Produced


def publish(db: DbSession, run: Run, now: dt.datetime, by: str, *, from_on: dt.date | None = None) -> Published:
    """Publishes a run's result: groups with members, series, links, sessions to come and bookings; all concerned are told.

    It holds from a day on, by default from the term's first or, where the term has begun, from today in its zone. The repair of the run
    that stands takes its place from a day to come on, by default next Monday: what is before stays untouched.

    Raises
    ------
    NoResult
        The run has none.
    DoesNotFit
        Somebody in it is no more in the term on that day.
    PublishedAlready, AnotherStands
        It stands already, or another that it does not repair.
    InThePast, OutsideTheTerm
        The day is.
    Clash
        Somebody would be in two sessions at once.
    """
    term = term_of(db, run)
    other = refuse_second(db, term, run)
    begins = first_day(term, now, from_on, repair=other is not None)
    plan = plan_of(db, term, run, begins)
    if other is None:
        gone = gone_from(db, term)
        made = add_groups(db, term, run, plan, plan.groups, begins, gone=gone)
        produced = lay_out(db, series_of(db, made.values()), horizon(db, term, now), now, strictly=True, gone=gone)
        touch_groups(db, made, now)
        run.undo = {"made": [str(group) for group in made]}
        concerned, changes = list(made), tuple(change_of(Pair(None, group)) for group in plan.groups)
        details: Document = {"groups": len(made), "sessions": len(produced.sessions), "left out": len(produced.left_out)}
        write_down(db, at=now, by=by, what="published", whom=short_name(db, run), term=term.id, ids={"run": run.id}, details=details)
    else:
        repaired = repair(db, term, run, plan, from_on=begins, now=now, by=by)
        concerned, changes, produced = [*repaired.touched, *repaired.made], repaired.changes, repaired.produced
        run.undo = {"made": [str(group) for group in repaired.made], "before": repaired.before}
    announce(db, run, term, groups_by_person(db, concerned, from_on=begins), About.PUBLISHED, now)
    run.published_at, run.undone_at = now, None
    db.flush()
    return Published(from_on=begins, changes=changes, produced=produced)


def changes_of(db: DbSession, run: Run, now: dt.datetime, *, from_on: dt.date | None = None) -> tuple[Change, ...]:
    """What publishing a run would change, group by group, without changing anything; raises as `publish` does, but for clashes."""
    term = term_of(db, run)
    other = refuse_second(db, term, run)
    begins = first_day(term, now, from_on, repair=other is not None)
    plan = plan_of(db, term, run, begins)
    pairs = pairs_of(db, term, plan, begins) if other else [Pair(None, group) for group in plan.groups]
    return tuple(change_of(pair) for pair in pairs)


def first_day(term: Term, now: dt.datetime, from_on: dt.date | None, *, repair: bool) -> dt.date:
    """The day from which groups meet; a repair holds from a Monday on, so that no week is half the one and half the other.

    Raises
    ------
    InThePast
        It was chosen, and is not to come.
    OutsideTheTerm
        It lies after the term's last day.
    """
    today = day_of(term, now)
    if from_on is not None and (from_on < today or (repair and from_on == today)):
        raise InThePast(str(from_on))
    usual = today + (WEEK_DAYS - today.weekday()) * DAY if repair else today
    begins, last_on = max(term.first_on, usual if from_on is None else from_on), last_day(term, now)
    if begins > last_on:
        raise OutsideTheTerm(begins, term.first_on, last_on)
    return begins


def term_of(db: DbSession, run: Run) -> Term:
    """The term of a run; the rows of both are held from now on, and what is known of the run is read anew."""
    term = db.scalars(select(Term).join(Round).where(Round.id == run.round_id).with_for_update(of=Term)).one()
    db.refresh(run, with_for_update=True)
    return term


def standing(db: DbSession, term: Term) -> Run | None:
    """The run of a term that stands: the last that was published and not undone."""
    rows = select(Run).join(Round).where(Round.term_id == term.id, Run.published_at.is_not(None), Run.undone_at.is_(None))
    return db.scalars(rows.order_by(Run.published_at.desc(), Run.id.desc()).limit(1)).first()


def refuse_second(db: DbSession, term: Term, run: Run) -> Run | None:
    """The run that stands, which this one repairs; None where nothing is published.

    Raises
    ------
    PublishedAlready, AnotherStands
        The run stands already, or another that it does not repair.
    """
    other = standing(db, term)
    if run.published_at is not None and run.undone_at is None:
        raise PublishedAlready(name_of(db, run))
    if other is not None and run.previous_id != other.id:
        raise AnotherStands(name_of(db, run), name_of(db, other))
    return other
