"""Whose calendar somebody means by a key, and by what key a calendar's owner is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DbSession

from data.feeds import Audience, Calendar, FeedError, NotSpoken
from data.groups import Group
from data.people import Mentee, Mentor, Person
from data.programs import Organisation, Program, Term
from data.settings import Language, settings_of


@dataclass(eq=False)
class NoSuchOwner(FeedError):
    """Nobody and nothing of this kind is called so, in the term or program where that is named."""

    audience: Audience
    key: str
    place: str

    def __str__(self) -> str:
        return f"there is no {self.audience} {self.key!r}" + (f" in {self.place!r}" if self.place else "")


@dataclass(eq=False)
class SeveralOwners(FeedError):
    """Several are called so; `places` are where."""

    audience: Audience
    key: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"there is a {self.audience} {self.key!r} in {' and in '.join(self.places)}; write which after it"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose calendar it is: what a `Calendar` holds of it, and the language in which they would be spoken to by themselves."""

    program_id: UUID
    audience: Audience
    owner: str
    language: Language


def find_owner(db: DbSession, audience: Audience, key: str, place: str = "") -> Owner:
    """Whom somebody means by a key; `place` is a term or a program by its name, or empty where only one has it.

    Raises
    ------
    NoSuchOwner, SeveralOwners
        There is nobody, or not only one.
    """
    key = unicodedata.normalize("NFC", key)
    found: dict[tuple[UUID, str], list[str]] = {}
    spoken: dict[tuple[UUID, str], str] = {}
    for program, term, owner, language in _candidates(db, audience, key, _terms(db, audience, place)):
        found.setdefault((program, owner), []).append(term)
        spoken[program, owner] = language
    if not found:
        raise NoSuchOwner(audience, key, place)
    if len(found) > 1:
        raise SeveralOwners(audience, key, tuple(sorted({name for names in found.values() for name in names})))
    (program_id, owner), _ = found.popitem()
    languages = settings_of(db.get_one(Program, program_id).settings).languages
    wish = spoken[program_id, owner]
    return Owner(program_id, audience, owner, next((one for one in languages if one == wish), languages[0]))


def spoken_language(db: DbSession, program: UUID, wish: str) -> Language:
    """The language of a feed of a program: what is wished, where the program speaks it.

    Raises
    ------
    NotSpoken
        It does not.
    """
    languages = settings_of(db.get_one(Program, program).settings).languages
    if wish not in languages:
        raise NotSpoken(wish, tuple(languages))
    return Language(wish)


def owner_key(db: DbSession, calendar: Calendar) -> str:
    """What people call a calendar's owner."""
    match calendar.audience:
        case Audience.MENTOR | Audience.MENTEE:
            return db.scalars(select(Person.key).where(Person.id == UUID(calendar.owner))).one()
        case Audience.GROUP:
            group = db.get(Group, UUID(calendar.owner))
            return group.key if group else "of a run that was undone"
        case Audience.SCHOOL:
            return calendar.owner
    return db.get_one(Program, calendar.program_id).key


def _terms(db: DbSession, audience: Audience, place: str) -> dict[UUID, str]:
    """The terms that are called so, or whose program is, by their names."""
    wanted = unicodedata.normalize("NFC", place).split("/") if place else []
    rows = db.execute(select(Organisation.key, Program.key, Term.key, Term.id).select_from(Term).join(Program).join(Organisation)).all()
    return {
        term: "/".join(keys[1:] if audience == Audience.GROUP else keys[1:2])
        for *keys, term in rows
        if not wanted or wanted in (keys[-len(wanted) :], keys[:-1][-len(wanted) :])
    }


def _candidates(db: DbSession, audience: Audience, key: str, terms: dict[UUID, str]) -> Sequence[tuple[UUID, str, str, str]]:
    """All of this kind and key in these terms: their program, the name of the place, the owner and their language."""
    asked: Select[*tuple[UUID, UUID, UUID | str, str]]
    match audience:
        case Audience.MENTOR:
            asked = _people(Mentor).where(Mentor.key == key)
        case Audience.MENTEE:
            asked = _people(Mentee).where(Mentee.key == key)
        case Audience.GROUP:
            asked = select(Term.program_id, Term.id, Group.id, Term.name).join(Group).where(Group.key == key)
        case Audience.SCHOOL:
            asked = select(Term.program_id, Term.id, Mentee.school, Term.name).join(Mentee).where(Mentee.school == key).distinct()
        case Audience.PROGRAM:
            rows = db.execute(select(Program.id, Organisation.key, Program.key).join(Organisation))
            return [(program, f"{home}/{name}", "", "") for program, home, name in rows if key in {name, f"{home}/{name}"}]
    return [
        (program, terms[term], str(owner), language if audience in {Audience.MENTOR, Audience.MENTEE} else "")
        for program, term, owner, language in db.execute(asked)
        if term in terms
    ]


def _people(kind: type[Mentor | Mentee]) -> Select[*tuple[UUID, UUID, UUID | str, str]]:
    """The mentors or mentees of all terms."""
    asked = select(Term.program_id, Term.id, Person.id, Person.language).select_from(Term)
    return asked.join(kind, kind.term_id == Term.id).join(Person, kind.person_id == Person.id)
