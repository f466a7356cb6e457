"""Terms by the names that people type: made with their organisation and program, and found.

A term is called `PROGRAM/TERM`; `TERM` alone will do where no other program has one of that key, and `ORGANISATION/PROGRAM/TERM` where
two organisations have a program of one key.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import new_id
from data.new_programs import KEY
from data.people import Mentee, Mentor
from data.programs import MakeUp, Organisation, Program, Term
from data.texts import bounded
from matching.faults import BadCell
from matching.kinds import ZONE

"""A key of an organisation, a program or a term: letters and digits of any script, then also `.`, `-` and `_`."""
YEARS = range(2000, 2200)
"""The years of all days that somebody may give: within them no arithmetic with days, weeks or zones runs out of the calendar."""
TOLD = 5
"""At most so many are named where one was not found."""


class TermProblem(Exception):
    """The root of what can be wrong with a term that somebody names, makes or closes."""


@dataclass(eq=False)
class NoSuchTerm(TermProblem):
    """No term is called so; `known` are the names of those that are there."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        if not self.known:
            return f"there is no term {self.name!r}, nor any other; make one with `dure term new`"
        more = ", …" if len(self.known) > TOLD else ""
        return f"there is no term {self.name!r}; there is {', '.join(self.known[:TOLD])}{more}"


@dataclass(eq=False)
class SeveralTerms(TermProblem):
    """Several terms are called so."""

    name: str
    found: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name!r} may be {' or '.join(self.found)}; write which"


@dataclass(eq=False)
class SeveralOrganisations(TermProblem):
    """A new term's program may be of several organisations."""

    name: str
    found: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name!r} may be of {' or '.join(self.found)}; write ORGANISATION/PROGRAM/TERM"


@dataclass(eq=False)
class TermIsThere(TermProblem):
    """There is a term of this name already."""

    name: str

    def __str__(self) -> str:
        return f"there is a term {self.name!r} already; give another key, or import into that one"


@dataclass(eq=False)
class BadTermName(TermProblem):
    """Nothing can be called so."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no name of a term; write PROGRAM/TERM in letters, digits, '.', '-' and '_', such as tutoring/2026-spring"


@dataclass(eq=False)
class BadZone(TermProblem):
    """The zone is no IANA name."""

    zone: str

    def __str__(self) -> str:
        return f"{self.zone!r} is no IANA zone, such as Asia/Seoul"


@dataclass(eq=False)
class BackwardDays(TermProblem):
    """The last day lies before the first."""

    first_on: dt.date
    last_on: dt.date

    def __str__(self) -> str:
        return f"the last day {self.last_on} lies before the first, {self.first_on}"


@dataclass(eq=False)
class TooFarAway(TermProblem):
    """A day is of a year in which nothing is planned."""

    on: dt.date

    def __str__(self) -> str:
        return f"{self.on}: is too far away; write a day of the years {YEARS[0]} to {YEARS[-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """What a term is made of; without `last_on` it is open-ended. `country` is a code of two letters, or empty."""

    zone: str
    first_on: dt.date
    last_on: dt.date | None = None
    name: str = ""
    country: str = ""
    make_up: MakeUp = MakeUp.NO


def find_term(db: DbSession, name: str) -> Term:
    """The term that somebody means by `PROGRAM/TERM`, or `TERM` alone where only one is called so.

    Raises
    ------
    NoSuchTerm
        There is none.
    SeveralTerms
        There are several.
    """
    wanted = unicodedata.normalize("NFC", name).split("/")
    rows = db.execute(select(Organisation.key, Program.key, Term.key, Term.id).select_from(Term).join(Program).join(Organisation)).all()
    found = [(tuple(keys), term) for *keys, term in rows if keys[-len(wanted) :] == wanted]
    if not found:
        raise NoSuchTerm(name, tuple(sorted({f"{program}/{term}" for _, program, term, _ in rows})))
    if len(found) > 1:
        short = sorted({"/".join(keys[1:]) for keys, _ in found})
        raise SeveralTerms(name, tuple(short if len(short) == len(found) else sorted("/".join(keys) for keys, _ in found)))
    return db.get_one(Term, found[0][1])


def all_terms(db: DbSession) -> list[Term]:
    """Every term, by its name."""
    return sorted(db.scalars(select(Term)), key=lambda term: term_name(db, term))


def people_of(db: DbSession, term: UUID, on: dt.date) -> tuple[int, int]:
    """How many mentors and how many mentees a term has, without those who have left by a day."""
    mentors, mentees = (
        db.scalars(select(func.count()).select_from(kind).where(kind.term_id == term, or_(kind.left_on.is_(None), kind.left_on > on))).one()
        for kind in (Mentor, Mentee)
    )
    return mentors, mentees


def day_in(term: Term, now: dt.datetime) -> dt.date:
    """The day that an instant is of in a term's zone."""
    return now.astimezone(ZoneInfo(term.zone)).date()


def term_name(db: DbSession, term: Term) -> str:
    """What a term is called: `PROGRAM/TERM`."""
    return f"{db.get_one(Program, term.program_id).key}/{term.key}"


def make_term(db: DbSession, name: str, new: NewTerm, *, by: str, now: dt.datetime) -> Term:
    """Makes the term `PROGRAM/TERM`, and its program and organisation where they are not there yet.

    A program whose organisation is not named is that of this key; else it becomes one of the only organisation, or of a new one with
    its own key. The country is not looked at: who knows its holidays finds them by `scheduler.term_days`.

    Raises
    ------
    BadTermName, BadZone, BackwardDays, TooFarAway, BadText
        What is given cannot be.
    SeveralOrganisations
        It is not said of which one a program is.
    TermIsThere
        There is such a term.
    """
    keys = unicodedata.normalize("NFC", name).split("/")
    if len(keys) not in {2, 3} or not all(KEY.fullmatch(key) for key in keys):
        raise BadTermName(name)
    refuse_new(new)
    *organisation, program_key, term_key = keys
    program = _program(db, organisation[0] if organisation else "", program_key)
    if db.scalars(select(Term.id).where(Term.program_id == program.id, Term.key == term_key)).first():
        raise TermIsThere(name)
    term = Term(
        id=new_id(),
        program_id=program.id,
        key=term_key,
        name=new.name,
        zone=new.zone,
        first_on=new.first_on,
        last_on=new.last_on,
        country=new.country,
        make_up=new.make_up,
    )
    db.add(term)
    db.flush()
    write_down(db, at=now, by=by, what="term made", whom=f"term {program_key}/{term_key}", term=term.id)
    return term


def refuse_new(new: NewTerm) -> None:
    """Does nothing where a term can be made of this.

    Raises
    ------
    BadZone, BackwardDays, TooFarAway, BadText
        It cannot.
    """
    bounded(new.name, "the name of a term")
    try:
        ZONE.read(new.zone)
    except BadCell:
        raise BadZone(new.zone) from None
    in_order(new.first_on, new.last_on)


def _program(db: DbSession, organisation: str, key: str) -> Program:
    """The program of this key, made where it is not there."""
    of = select(Organisation.key, Program).join(Program, Program.organisation_id == Organisation.id).where(Program.key == key)
    known = {found: program for found, program in db.execute(of) if organisation in {"", found}}
    if len(known) > 1:
        raise SeveralOrganisations(key, tuple(sorted(known)))
    if known:
        return next(iter(known.values()))
    there = {one.key: one for one in db.scalars(select(Organisation)) if organisation in {"", one.key}}
    if len(there) > 1:
        raise SeveralOrganisations(key, tuple(sorted(there)))
    home = next(iter(there.values()), None) or Organisation(id=new_id(), key=organisation or key)
    db.add(home)
    db.flush()
    program = Program(id=new_id(), organisation_id=home.id, key=key, settings={})
    db.add(program)
    db.flush()
    return program


def in_order(first_on: dt.date, last_on: dt.date | None) -> None:
    """Does nothing where somebody may mean these days, from one to another.

    Raises
    ------
    BackwardDays, TooFarAway
        They may not.
    """
    for on in (first_on, last_on or first_on):
        if on.year not in YEARS:
            raise TooFarAway(on)
    if last_on is not None and last_on < first_on:
        raise BackwardDays(first_on, last_on)
