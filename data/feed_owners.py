"""Whose calendar somebody means by a key, and by what key a calendar's owner is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session as DbSession

from data.calendars import parts
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
    return _only(db, audience, key, place, _candidates(db, audience, key, _terms(db, audience, place)))


def owner_in(db: DbSession, program: Program, audience: Audience, given: UUID | str) -> Owner:
    """Whom somebody means in a program by a key, or by the id of a mentor, a mentee, their person, or a group; the program's own calendar
    needs neither.

    Raises
    ------
    NoSuchOwner, SeveralOwners
        There is nobody, or not only one.
    """
    if audience is Audience.PROGRAM:
        return Owner(program.id, audience, "", settings_of(program.settings).languages[0])
    rows = db.execute(select(Term.id, Term.key).where(Term.program_id == program.id))
    terms = {term: f"{program.key}/{key}" for term, key in rows}
    return _only(db, audience, str(given), program.key, _candidates(db, audience, given, terms))


def _only(db: DbSession, audience: Audience, key: str, place: str, candidates: Sequence[tuple[UUID, str, str, str]]) -> Owner:
    """The one whom all candidates are."""
    found: dict[tuple[UUID, str], list[str]] = {}
    spoken: dict[tuple[UUID, str], str] = {}
    for program, term, owner, language in candidates:
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


def owner_keys(db: DbSession, calendars: Sequence[Calendar]) -> dict[UUID, str]:
    """What people call the owners of calendars, by the calendars' ids."""
    keys: dict[str, str] = {}
    tables: tuple[tuple[type[Person | Group], set[Audience]], ...] = (
        (Person, {Audience.MENTOR, Audience.MENTEE}),
        (Group, {Audience.GROUP}),
    )
    for table, audiences in tables:
        for some in parts({UUID(one.owner) for one in calendars if one.audience in audiences}):
            keys |= {str(row): key for row, key in db.execute(select(table.id, table.key).where(table.id.in_(some)))}
    for one in calendars:
        if one.audience is Audience.PROGRAM:
            keys[str(one.id)] = db.get_one(Program, one.program_id).key
    gone = {Audience.GROUP: "of a run that was undone"}
    return {one.id: keys.get(one.owner or str(one.id), gone.get(one.audience, one.owner)) for one in calendars}


def _terms(db: DbSession, audience: Audience, place: str) -> dict[UUID, str]:
    """The terms that are called so, or whose program is, by their names."""
    wanted = unicodedata.normalize("NFC", place).split("/") if place else []
    rows = db.execute(select(Organisation.key, Program.key, Term.key, Term.id).select_from(Term).join(Program).join(Organisation)).all()
    return {
        term: "/".join(keys[1:] if audience == Audience.GROUP else keys[1:2])
        for *keys, term in rows
        if not wanted or wanted in (keys[-len(wanted) :], keys[:-1][-len(wanted) :])
    }


def _candidates(db: DbSession, audience: Audience, given: UUID | str, terms: dict[UUID, str]) -> Sequence[tuple[UUID, str, str, str]]:
    """All of this kind and key in these terms: their program, the name of the place, the owner and their language."""
    asked: Select[*tuple[UUID, UUID, UUID | str, str]]
    match audience:
        case Audience.MENTOR:
            asked = _people(Mentor, given)
        case Audience.MENTEE:
            asked = _people(Mentee, given)
        case Audience.GROUP:
            is_it = Group.id == given if isinstance(given, UUID) else Group.key == given
            asked = select(Term.program_id, Term.id, Group.id, Term.name).join(Group).where(is_it)
        case Audience.SCHOOL:
            asked = select(Term.program_id, Term.id, Mentee.school, Term.name).join(Mentee).where(Mentee.school == str(given)).distinct()
        case Audience.PROGRAM:
            rows = db.execute(select(Program.id, Organisation.key, Program.key).join(Organisation))
            return [(program, f"{home}/{name}", "", "") for program, home, name in rows if given in {name, f"{home}/{name}"}]
    return [
        (program, terms[term], str(owner), language if audience in {Audience.MENTOR, Audience.MENTEE} else "")
        for program, term, owner, language in db.execute(asked)
        if term in terms
    ]


def _people(kind: type[Mentor | Mentee], given: UUID | str) -> Select[*tuple[UUID, UUID, UUID | str, str]]:
    """The mentors or mentees of all terms who have a key, or of whom an id is."""
    asked = select(Term.program_id, Term.id, Person.id, Person.language).select_from(Term)
    is_it = or_(kind.id == given, kind.person_id == given) if isinstance(given, UUID) else kind.key == given
    return asked.join(kind, kind.term_id == Term.id).join(Person, kind.person_id == Person.id).where(is_it)
