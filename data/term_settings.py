"""A term's name, days, country and making up become others; a term that has no groups yet is removed.

What becomes of sessions that are there already is `scheduler.term_changes`' business.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.calendars import parts, touch_program
from data.feeds import Calendar
from data.groups import Group
from data.outbox import Message
from data.people import Mentee, Mentor, PairRow, PeerRow, Person, Request
from data.programs import Closure, Term
from data.rounds import Round, Run, RunState
from data.terms import NewTerm, TermProblem, refuse_new, term_name
from data.timetables import Timetable

GOING_ON = (RunState.QUEUED, RunState.RUNNING)


@dataclass(eq=False)
class ZoneStays(TermProblem):
    """A term that has groups keeps its zone: their sessions are dated in it."""

    term: str
    zone: str

    def __str__(self) -> str:
        return f"{self.term} has groups that meet by the clock of {self.zone}; leave --zone out"


@dataclass(eq=False)
class NothingNew(TermProblem):
    """A term is so already."""

    term: str

    def __str__(self) -> str:
        return f"{self.term} is so already; name something that is to be another"


@dataclass(eq=False)
class HasGroups(TermProblem):
    """A term with groups is not removed."""

    term: str
    groups: int

    def __str__(self) -> str:
        return f"{self.term} has {self.groups:,} groups, with what was held and recorded in them; only a term without groups can be removed"


@dataclass(eq=False)
class IsSolved(TermProblem):
    """A run of a term is still to be solved."""

    term: str
    round: int
    run: int

    def __str__(self) -> str:
        return f"run {self.term}:{self.round}.{self.run} is being solved; stop it first"


def as_it_is(term: Term) -> NewTerm:
    """What a term is made of now."""
    return NewTerm(
        zone=term.zone,
        first_on=term.first_on,
        last_on=term.last_on,
        name=term.name,
        country=term.country,
        make_up=term.make_up,
    )


def set_term(db: DbSession, term: Term, new: NewTerm, *, by: str, now: dt.datetime) -> None:
    """Makes a term what is given; all calendars of its program are told.

    Raises
    ------
    NothingNew
        It is that already.
    BadZone, BackwardDays, TooFarAway, BadText
        What is given cannot be.
    ZoneStays
        The term has groups, and would get another zone.
    """
    name = term_name(db, term)
    db.refresh(term, with_for_update=True)
    was, wanted = asdict(as_it_is(term)), asdict(new)
    changed = {key: f"{was[key] or 'none'} -> {value or 'none'}" for key, value in wanted.items() if value != was[key]}
    if not changed:
        raise NothingNew(name)
    refuse_new(new)
    if new.zone != term.zone and groups_of(db, term):
        raise ZoneStays(name, term.zone)
    for key in changed:
        setattr(term, key, wanted[key])
    touch_program(db, term.program_id, now)
    write_down(db, at=now, by=by, what="term changed", whom=f"term {name}", term=term.id, details=changed)
    db.flush()


def remove_term(db: DbSession, term: Term, *, by: str, now: dt.datetime) -> None:
    """Removes a term with its people, rounds and closures. Whoever is of no other term is forgotten, unless they were written to or have
    the link of a calendar.

    Raises
    ------
    HasGroups
        It has groups.
    IsSolved
        A run of it is being solved, or waits to be.
    """
    name, program, gone = term_name(db, term), term.program_id, term.id
    db.refresh(term, with_for_update=True)
    if groups := groups_of(db, term):
        raise HasGroups(name, groups)
    going_on = select(Round.number, Run.number).join(Run).where(Round.term_id == gone, Run.state.in_(GOING_ON))
    for round, run in db.execute(going_on.order_by(Round.number, Run.number)):
        raise IsSolved(name, round, run)
    people = {person for kind in (Mentor, Mentee) for person in db.scalars(select(kind.person_id).where(kind.term_id == gone))}
    _delete(db, gone)
    _forget(db, people)
    touch_program(db, program, now)
    write_down(
        db, at=now, by=by, what="term removed", whom=f"term {name}", term=gone, ids={"program": program}, details={"people": len(people)}
    )
    db.flush()


def groups_of(db: DbSession, term: Term) -> int:
    """How many groups a term has, ended ones too."""
    return db.scalars(select(func.count()).select_from(Group).where(Group.term_id == term.id)).one()


def _delete(db: DbSession, term: UUID) -> None:
    """Removes the rows of a term, and whatever hangs on them, first."""
    mentors, mentees = (select(kind.id).where(kind.term_id == term) for kind in (Mentor, Mentee))
    rounds = select(Round.id).where(Round.term_id == term)
    for statement in (
        delete(PairRow).where(PairRow.term_id == term),
        delete(PeerRow).where(PeerRow.term_id == term),
        delete(Request).where(Request.mentee_id.in_(mentees)),
        delete(Timetable).where(Timetable.mentor_id.in_(mentors)),
        delete(Mentor).where(Mentor.term_id == term),
        delete(Mentee).where(Mentee.term_id == term),
        delete(Run).where(Run.round_id.in_(rounds)),
        delete(Round).where(Round.term_id == term),
        delete(Closure).where(Closure.term_id == term),
        delete(Term).where(Term.id == term),
    ):
        db.execute(statement.execution_options(synchronize_session=False))
    db.expire_all()


def _forget(db: DbSession, people: set[UUID]) -> None:
    """Removes persons who are of no term, were written to by no message, and have no calendar."""
    for some in parts(sorted(people)):
        owners = set(db.scalars(select(Calendar.owner).where(Calendar.owner.in_([str(person) for person in some]))))
        alone = [person for person in some if str(person) not in owners]
        kept = [~exists().where(column == Person.id) for column in (Mentor.person_id, Mentee.person_id, Message.person_id)]
        db.execute(delete(Person).where(Person.id.in_(alone), *kept).execution_options(synchronize_session=False))
