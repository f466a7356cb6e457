"""Closures: days of a term without sessions, such as exam weeks, for everybody or for the mentees of one school."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.people import Mentee
from data.programs import Closure, Term
from data.terms import TOLD, TermProblem, in_order, term_name
from data.texts import bounded


@dataclass(eq=False)
class OutsideTheTerm(TermProblem):
    """A closure has no day of its term."""

    first_on: dt.date
    last_on: dt.date
    term: str

    def __str__(self) -> str:
        return f"no day from {self.first_on} to {self.last_on} lies in {self.term}"


@dataclass(eq=False)
class LongerThanTheTerm(TermProblem):
    """A closure has more days than its term."""

    first_on: dt.date
    last_on: dt.date
    term: str

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on} is longer than {self.term}; write days of the term"


@dataclass(eq=False)
class NoSuchSchool(TermProblem):
    """No mentee of a term is of this school; `near` are the names that are like it, and `known` all that there are."""

    school: str
    near: tuple[str, ...]
    known: tuple[str, ...]

    def __str__(self) -> str:
        more = ", …" if len(self.known) > TOLD else ""
        meant = f"write {' or '.join(self.near)}" if self.near else f"there is {', '.join(self.known[:TOLD])}{more}"
        return f"{self.school}: no mentee of the term is of this school; {meant}"


@dataclass(eq=False)
class ClosedAlready(TermProblem):
    """The term has this closure."""

    first_on: dt.date
    last_on: dt.date
    school: str

    def __str__(self) -> str:
        to = f" to {self.last_on}" if self.last_on != self.first_on else ""
        of = f" for {self.school}" if self.school else ""
        return f"{self.first_on}{to}: is closed{of} already"


@dataclass(eq=False)
class NoSuchClosure(TermProblem):
    """A term has no closure that begins on this day, of everybody or of this school."""

    first_on: dt.date
    school: str

    def __str__(self) -> str:
        of = f" of {self.school}" if self.school else ""
        return f"no closure{of} begins on {self.first_on}; `dure term show` lists them"


def closures_of(db: DbSession, term: UUID) -> Sequence[Closure]:
    """The closures of a term, in the order of their days."""
    return db.scalars(select(Closure).where(Closure.term_id == term).order_by(Closure.first_on, Closure.last_on, Closure.school)).all()


def close_days(
    db: DbSession,
    term: Term,
    first_on: dt.date,
    last_on: dt.date,
    *,
    why: str,
    school: str = "",
    key: str | None = None,
    instead_of: Closure | None = None,
) -> Closure:
    """Closes a term from a day to another, both included, to everybody or to the mentees of one school; a closure that this is `instead_of`
    becomes this one, and keeps its keys.

    What becomes of sessions that are there already, and who is told, is `scheduler.closures`' business.

    Raises
    ------
    BackwardDays, TooFarAway
        The last day lies before the first, or one is of no year of ours.
    OutsideTheTerm, LongerThanTheTerm
        None of the days is one of the term, or they are more than it has.
    NoSuchSchool
        No mentee is of the school; of a term without mentees any may be closed.
    ClosedAlready
        The same days are closed to the same people.
    BadText
        What it is called cannot be kept.
    """
    bounded(why, "the name of a closure")
    in_order(first_on, last_on)
    if last_on < term.first_on or (term.last_on is not None and first_on > term.last_on):
        raise OutsideTheTerm(first_on, last_on, term_name(db, term))
    if term.last_on is not None and last_on - first_on > term.last_on - term.first_on:
        raise LongerThanTheTerm(first_on, last_on, term_name(db, term))
    _refuse_strange(db, term, school)
    others = [(one.first_on, one.last_on, one.school) for one in closures_of(db, term.id) if one is not instead_of]
    if (first_on, last_on, school) in others:
        raise ClosedAlready(first_on, last_on, school)
    closure = instead_of or Closure(id=new_id(), term_id=term.id, key=key)
    closure.first_on, closure.last_on, closure.name, closure.school = first_on, last_on, why, school
    db.add(closure)
    db.flush()
    return closure


def _refuse_strange(db: DbSession, term: Term, school: str) -> None:
    known = sorted(db.scalars(select(Mentee.school).where(Mentee.term_id == term.id).distinct()))
    if school and known and school not in known:
        named = [one for one in known if one]
        raise NoSuchSchool(school, tuple(get_close_matches(school, named)), tuple(named))


def closures_from(db: DbSession, term: Term, first_on: dt.date, *, school: str = "") -> list[Closure]:
    """The closures that begin on a day, of everybody or of one school.

    Raises
    ------
    NoSuchClosure
        There is none.
    """
    closures = [one for one in closures_of(db, term.id) if (one.first_on, one.school) == (first_on, school)]
    if not closures:
        raise NoSuchClosure(first_on, school)
    return closures
