"""What guardians have agreed to: who is under an age is in a round only where a guardian has consented to it.

Of each act of a guardian there is a row, which stays: that they have given their consent to a text, or withdrawn it. What counts is what
they did last, whenever it was written down here, and it must be of the text that is in force; of what was done at one time, that it was
withdrawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, or_, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.audit import write_down
from data.base import Base, new_id
from data.calendars import parts
from data.people import Mentee, Person
from data.programs import Program, Term
from data.settings import Settings, settings_of
from data.terms import day_in

OLDEST = 120
"""Nobody is older, in years."""
YOUNGEST_OF_GRADE = 6
"""So many years older than their grade, at least, is who is in it: grade 1 begins in the year in which they turn seven."""


class ConsentError(ValueError):
    """The root of what can be wrong with a consent."""


@dataclass(eq=False)
class NothingToWithdraw(ConsentError):
    """No consent is in force that could be withdrawn."""

    mentee: str

    def __str__(self) -> str:
        return f"{self.mentee}: no consent is in force; there is nothing to withdraw"


@dataclass(eq=False)
class NotYetGiven(ConsentError):
    """An act lies in the future."""

    mentee: str

    def __str__(self) -> str:
        return f"{self.mentee}: a consent is given or withdrawn by now; write when that was"


@dataclass(eq=False)
class NoSuchBirthDay(ConsentError):
    """Nobody was born on a day to come, or so long ago."""

    born_on: dt.date

    def __str__(self) -> str:
        return f"{self.born_on}: nobody of a term was born then; write the day of birth"


class Act(StrEnum):
    """What a guardian has done."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Method(StrEnum):
    """How they have said so."""

    PAPER = "paper"
    MAIL = "mail"  # by a link or in words
    PHONE = "phone"
    PLATFORM = "platform"  # where they have signed in


class Consent(Base):
    """One act of a guardian of a mentee, for one program: `at` is when they did it, `noted_at` when it was written down here. `version` is
    that of the text; `guardian` says who it was, in as few words as the program needs."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_person_id_program_id", "person_id", "program_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id))
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id))
    act: Mapped[Act]
    method: Mapped[Method]
    version: Mapped[str]
    guardian: Mapped[str] = mapped_column(default="")
    at: Mapped[dt.datetime]
    noted_at: Mapped[dt.datetime]
    noted_by: Mapped[str]


_IN_TURN = (Consent.at, Consent.act == Act.WITHDRAWN, Consent.id)
"""The first first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a guardian has said: for the text in force where no `version` is named, now where it is not said when."""

    act: Act
    method: Method
    guardian: str = ""
    version: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a mentee on a day: whether a consent is needed, and the last act of a guardian, with whether it is `in_force`."""

    mentee: Mentee
    born_on: dt.date | None
    needed: bool
    last: Consent | None
    in_force: bool

    @property
    def lacks(self) -> bool:
        """They are in no round."""
        return self.needed and not self.in_force


def note(db: DbSession, mentee: Mentee, said: Said, *, by: str, now: dt.datetime) -> Consent:
    """Writes down that a guardian has consented, or has withdrawn that; an act that is there already is not written again. Groups that the
    mentee is in stay as they are.

    Raises
    ------
    NotYetGiven
        They have not yet.
    NothingToWithdraw
        There was no consent in force then.
    """
    term = db.get_one(Term, mentee.term_id)
    db.get_one(Person, mentee.person_id, with_for_update=True)
    before = standing(db, term, [mentee], day_in(term, now))[0]
    at = said.at or now
    if at > now:
        raise NotYetGiven(mentee.key)
    if said.act is Act.WITHDRAWN and (before.last is None or before.last.act is Act.WITHDRAWN or before.last.at > at):
        raise NothingToWithdraw(mentee.key)
    for one in acts_of(db, term.program_id, mentee.person_id):
        if (one.act, one.at) == (said.act, at) and said.version in {"", one.version}:
            return one  # where no text is named, it is of the one that it was noted for first, whichever is in force by now
    version = said.version or (before.last.version if said.act is Act.WITHDRAWN and before.last else _settings(db, term).consent_text)
    made = Consent(
        id=new_id(),
        program_id=term.program_id,
        person_id=mentee.person_id,
        act=said.act,
        method=said.method,
        version=version,
        guardian=said.guardian,
        at=at,
        noted_at=now,
        noted_by=by,
    )
    db.add(made)
    db.flush()
    details = {"method": made.method.value, "text": made.version, "at": at.isoformat()}
    ids, what = {"mentee": mentee.id}, "consent given" if said.act is Act.GIVEN else "consent withdrawn"
    write_down(db, at=now, by=by, what=what, whom=f"mentee {mentee.key}", term=term.id, ids=ids, details=details)
    db.flush()
    return made


def set_birth_day(db: DbSession, mentee: Mentee, born_on: dt.date | None, *, by: str, now: dt.datetime) -> None:
    """Says when a mentee was born, or that nobody knows; of the day itself the audit keeps nothing.

    Raises
    ------
    NoSuchBirthDay
        Nobody was.
    """
    set_birth_days(db, db.get_one(Term, mentee.term_id), {mentee.key: born_on}, by=by, now=now)


def set_birth_days(db: DbSession, term: Term, born: Mapping[str, dt.date | None], *, by: str, now: dt.datetime) -> set[str]:
    """Says the same of many mentees of a term, by their keys; gives the keys of those of whom that is new.

    Raises
    ------
    NoSuchBirthDay
        Somebody was not.
    """
    today = day_in(term, now)
    for born_on in born.values():
        if born_on is not None and not may_be_born(born_on, today):
            raise NoSuchBirthDay(born_on)
    changed = set[str]()
    asked = select(Mentee.key, Mentee.id, Person).join(Person, Person.id == Mentee.person_id).where(Mentee.term_id == term.id)
    for some in parts(sorted(born)):
        for key, mentee, person in db.execute(asked.where(Mentee.key.in_(some)).with_for_update(of=Person)).all():
            if person.born_on != born[key]:
                person.born_on = born[key]
                changed.add(key)
                write_down(db, at=now, by=by, what="born", whom=f"mentee {key}", term=term.id, ids={"mentee": mentee})
    db.flush()
    return changed


def may_be_born(born_on: dt.date, today: dt.date) -> bool:
    """Whether somebody of a term may have been born on a day: it has come, and not so long ago."""
    return today.year - OLDEST <= born_on.year and born_on <= today


def acts_of(db: DbSession, program: UUID, person: UUID) -> Sequence[Consent]:
    """All that guardians of somebody have done in a program, the first first."""
    return db.scalars(select(Consent).where(Consent.program_id == program, Consent.person_id == person).order_by(*_IN_TURN)).all()


def standing(db: DbSession, term: Term, mentees: Iterable[Mentee], on: dt.date) -> list[Standing]:
    """How it stands with mentees of a term on a day, in their order."""
    settings, every = _settings(db, term), list(mentees)
    born, last = dict[UUID, dt.date | None](), dict[UUID, Consent]()
    for some in parts(one.person_id for one in every):
        born |= dict(db.execute(select(Person.id, Person.born_on).where(Person.id.in_(some))).all())
        acts = select(Consent).where(Consent.program_id == term.program_id, Consent.person_id.in_(some)).order_by(*_IN_TURN)
        last |= {one.person_id: one for one in db.scalars(acts)}
    return [_standing(settings, one, born[one.person_id], last.get(one.person_id), on) for one in every]


def without_consent(db: DbSession, term: Term, on: dt.date) -> Mapping[str, Mentee]:
    """The mentees of a term, by their keys, who are in no round that is closed on a day."""
    settings = _settings(db, term)
    if not settings.consent_age:
        return {}
    asked = select(Mentee).join(Person, Person.id == Mentee.person_id).where(Mentee.term_id == term.id)
    young = Person.born_on > _born(on, settings.consent_age)
    unknown = Person.born_on.is_(None) & (Mentee.grade <= settings.consent_grade)
    found = standing(db, term, db.scalars(asked.where(young | unknown).order_by(Mentee.key)), on)
    return {one.mentee.key: one.mentee for one in found if one.lacks}


def of_unknown_age(db: DbSession, term: Term, on: dt.date) -> int:
    """So many mentees who are there on a day may be under the age, and are asked for no consent, since nobody knows when they were born."""
    settings = _settings(db, term)
    there = or_(Mentee.left_on.is_(None), Mentee.left_on > on)
    asked = select(func.count()).select_from(Mentee).join(Person, Person.id == Mentee.person_id)
    young = Mentee.grade.between(settings.consent_grade + 1, settings.consent_age - YOUNGEST_OF_GRADE)
    return db.scalars(asked.where(Mentee.term_id == term.id, there, Person.born_on.is_(None), young)).one()


def _standing(settings: Settings, mentee: Mentee, born_on: dt.date | None, last: Consent | None, on: dt.date) -> Standing:
    if born_on is None:
        needed = bool(settings.consent_age) and mentee.grade <= settings.consent_grade
    else:
        needed = bool(settings.consent_age) and born_on > _born(on, settings.consent_age)
    in_force = last is not None and last.act is Act.GIVEN and last.version == settings.consent_text
    return Standing(mentee, born_on, needed, last, in_force)


def _born(on: dt.date, age: int) -> dt.date:
    """The last day on which somebody was born who is of an age on a day; who was born on 29 February is a year older on 1 March."""
    try:
        return on.replace(year=on.year - age)
    except ValueError:
        return on.replace(year=on.year - age, day=28)


def _settings(db: DbSession, term: Term) -> Settings:
    return settings_of(db.get_one(Program, term.program_id).settings)
