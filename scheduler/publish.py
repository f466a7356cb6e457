"""A run's result becomes groups with series and dated sessions in everybody's calendar; and what was published is taken back.

Of a term one run stands at a time; another takes its place only as its repair (`scheduler.repair`). All of it is one transaction, in
which the term's row is held: two who publish at once do so one after the other, and the second is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import Document
from data.calendars import parts, touch_groups
from data.groups import Group, Membership
from data.outbox import About, Notice, write
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.rounds import Round, Run
from data.runs import name_of
from data.sessions import Series
from data.settings import settings_of
from scheduler.circle import day_of
from scheduler.found import found
from scheduler.produce import Produced, lay_out
from scheduler.results import PublishError, plan_of
from scheduler.term import DAY


@dataclass(frozen=True)
class PublishedAlready(PublishError):
    """The run stands already."""

    run: str

    def __str__(self) -> str:
        return f"run {self.run} is published already"


@dataclass(frozen=True)
class AnotherStands(PublishError):
    """Another run of the term is published, which this one does not repair."""

    run: str
    standing: str

    def __str__(self) -> str:
        return f"run {self.standing} is published; undo it, or solve a repair of it: run {self.run} repairs something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published, from a day on."""

    from_on: dt.date
    groups: int
    produced: Produced


def publish(db: DbSession, run: Run, now: dt.datetime, by: str) -> Published:
    """Publishes a run's result: groups with members, series, links, sessions to come and bookings; all concerned are told.

    Groups meet from the term's first day on, or from today in its zone where it has begun.

    Raises
    ------
    NoResult
        The run has none.
    DoesNotFit
        Somebody in it is no more in the term.
    PublishedAlready, AnotherStands
        It stands already, or another that it does not repair.
    Clash
        Somebody would be in two sessions at once.
    """
    term = term_of(db, run)
    refuse_second(db, term, run)
    plan = plan_of(db, term, run)
    from_on = max(term.first_on, day_of(term, now))
    made = found(db, term, run, plan, plan.groups, from_on)
    produced = lay_out(db, series_of(db, made.values()), horizon(db, term, now), now, strictly=True)
    run.published_at, run.undone_at = now, None
    run.undo = {"made": [str(group) for group in made]}
    touch_groups(db, made, now)
    notify(db, run, term, made, About.PUBLISHED, now)
    details: Document = {"groups": len(made), "sessions": len(produced.sessions), "left out": len(produced.left_out)}
    write_down(db, at=now, by=by, what="published", whom=f"run {name_of(db, run).rpartition(':')[2]}", term=term.id, details=details)
    db.flush()
    return Published(from_on=from_on, groups=len(made), produced=produced)


def term_of(db: DbSession, run: Run) -> Term:
    """The term of a run, whose row is held from now on; what is known of the run is read anew."""
    term = db.scalars(select(Term).join(Round).where(Round.id == run.round_id).with_for_update(of=Term)).one()
    db.refresh(run)
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


def horizon(db: DbSession, term: Term, now: dt.datetime) -> dt.date:
    """The day until which a term's sessions are produced: its last, or as many days ahead as its program's settings say."""
    days = settings_of(db.get_one(Program, term.program_id).settings).horizon_days
    return term.last_on or day_of(term, now) + days * DAY


def series_of(db: DbSession, ids: Iterable[UUID]) -> list[Series]:
    """Series by their ids."""
    return [row for some in parts(sorted(ids)) for row in db.scalars(select(Series).where(Series.id.in_(some)))]


def notify(
    db: DbSession, run: Run, term: Term, groups: Collection[UUID], about: About, now: dt.datetime, *, only: Collection[UUID] | None = None
) -> None:
    """Puts a mail for each mentor and mentee of some groups into the outbox, where they have an address: which groups are theirs.

    Where it is for some persons `only`, others are told nothing.
    """
    theirs: dict[UUID, list[str]] = {}
    for some in parts(sorted(groups)):
        mentors = select(Mentor.person_id, Group.id).join(Group, Group.mentor_id == Mentor.id).where(Group.id.in_(some))
        members = select(Mentee.person_id, Membership.group_id).join(Membership).where(Membership.group_id.in_(some))
        for asked in (mentors, members):
            for person, group in db.execute(asked):
                theirs.setdefault(person, []).append(str(group))
    notices = []
    for some in parts(sorted(theirs if only is None else theirs.keys() & set(only))):
        for person, address in db.execute(select(Person.id, Person.email).where(Person.id.in_(some), Person.email != "")):
            body: Document = {"about": about.value, "run": str(run.id), "term": str(term.id), "groups": sorted(theirs[person])}
            notices.append(Notice(key=f"{about}:{run.id}:{now.isoformat()}:{person}", address=address, body=body, person_id=person))
    write(db, notices, now=now)
