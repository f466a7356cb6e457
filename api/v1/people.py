"""People over the years: who somebody is in the programs that the caller sees, and what in which of their terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import ColumnElement, Select, false, func, or_, select

from api.problems import Problem, no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, Ref
from api.v1.finding import Key, is_called
from api.v1.meant import program_meant, reached, term_meant
from api.v1.noting import note_reading
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_fields import LEFT
from data.access import Right, Sight
from data.calendars import parts
from data.own import mentees_seen, mentees_written_to, mentors_seen
from data.people import CameAs as Role, Mentee, Mentor, Person
from data.programs import Term

routes = Routes("people")

InProgram = Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only who is in this program: an id, or `ext:...`.")]
InTerm = Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only who is in this term: an id, or `ext:...`.")]
CameAs = Annotated[Role | None, Query(description="As what they came first: people of both kinds may have the same external id.")]


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two things that people are in a term: what it is called, where that is kept, which of them a sight holds, and of which it
    tells the mail address."""

    role: Role
    table: type[Mentor | Mentee]
    seen: Callable[[Sight], ColumnElement[bool]]
    written_to: Callable[[Sight], ColumnElement[bool]]


KINDS = (Kind(Role.MENTOR, Mentor, mentors_seen, mentors_seen), Kind(Role.MENTEE, Mentee, mentees_seen, mentees_written_to))


class PartOut(Wire):
    """What somebody is in a term."""

    role: Role
    id: UUID = Field(description="Of the mentor or the mentee that they are there.")
    external_id: str
    term: Ref
    program_id: UUID
    left_on: dt.date | None = Field(description=LEFT)


class PersonOut(Wire):
    """Somebody, with what they are in the terms that the caller sees, the oldest first."""

    id: UUID
    external_id: str
    came_as: Role
    name: str
    gender: str
    email: str
    language: str
    parts: list[PartOut]


@routes.get("/people", Right.PEOPLE_READ)
def list_people(  # noqa: PLR0913  its filters
    call: Call,
    *,
    program: InProgram = None,
    term: InTerm = None,
    role: Annotated[Role | None, Query(description="Only who is this in a term.")] = None,
    came_as: CameAs = None,
    email: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only whose address this is.")] = None,
    name: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only in whose name this is.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[PersonOut]:
    """The people of the programs that the caller sees; it is noted whose data was read."""
    where: list[ColumnElement[bool]] = []
    if program is not None:
        where.append(Term.program_id == program_meant(call, program).id)
    if term is not None:
        where.append(Term.id == term_meant(call, term).id)
    asked = select(Person).where(_is_there(call, *where, role=role))
    if came_as is not None:
        asked = asked.where(Person.came_as == came_as)
    if email is not None:
        asked = asked.where(func.lower(Person.email) == email.strip().lower(), _is_written_to(call))
    if name is not None:
        asked = asked.where(Person.name.icontains(name, autoescape=True))
    return paged(call, asked, [Person.id], lambda rows: _read(call, [row[0] for row in rows]), after, limit)


@routes.get("/people/{person}", Right.PEOPLE_READ)
def read_person(call: Call, person: Key, came_as: CameAs = None) -> PersonOut:
    """One of them."""
    asked = select(Person).where(is_called(Person, person), _is_there(call))
    found = call.db.scalars(asked if came_as is None else asked.where(Person.came_as == came_as)).all()
    if not found:
        raise no_such("person")
    if len(found) > 1:
        raise Problem(409, "several", f"several of yours are called person {person}", "say came_as, or write the id")
    return _read(call, found)[0]


def _is_there(call: Call, *where: ColumnElement[bool], role: Role | None = None) -> ColumnElement[bool]:
    """Of `Person`: that they are something in a term that the caller sees."""
    theirs = [_of(kind, call, kind.table.person_id).where(*where) for kind in KINDS if role in {None, kind.role}]
    return or_(false(), *(Person.id.in_(some) for some in theirs))


def _is_written_to(call: Call) -> ColumnElement[bool]:
    """Of `Person`: that the caller is told their mail address."""
    return or_(false(), *(Person.id.in_(_of(kind, call, kind.table.person_id, seen=kind.written_to)) for kind in KINDS))


def _of(kind: Kind, call: Call, *columns: Any, seen: Callable[[Sight], ColumnElement[bool]] | None = None) -> Select[Any]:  # noqa: ANN401  columns or tables
    return select(*columns).select_from(kind.table).join(Term, Term.id == kind.table.term_id).where(reached(call, seen or kind.seen))


def _read(call: Call, people: Sequence[Person]) -> list[PersonOut]:
    """People, as whoever reads them is told of them, which is noted."""
    found: dict[UUID, list[PartOut]] = {one.id: [] for one in people}
    read: dict[UUID, list[str]] = {}
    for kind in KINDS:
        for some in parts(sorted(found)):
            rows = call.db.execute(_of(kind, call, kind.table, Term).where(kind.table.person_id.in_(some))).all()
            for row, term in rows:
                found[row.person_id].append(_part(kind.role, row, term))
                if kind.role is Role.MENTEE:
                    read.setdefault(term.id, []).append(row.key)
    for term, keys in read.items():
        note_reading(call, call.db.get_one(Term, term), keys)
    told = set[UUID]()
    for some in parts(sorted(found)):
        told.update(call.db.scalars(select(Person.id).where(Person.id.in_(some), _is_written_to(call))))
    return [_out(one, sorted(found[one.id], key=lambda part: (part.term.id, part.role)), told=one.id in told) for one in people]


def _part(role: Role, row: Mentor | Mentee, term: Term) -> PartOut:
    of = Ref(id=term.id, external_id=term.key)
    return PartOut(role=role, id=row.id, external_id=row.key, term=of, program_id=term.program_id, left_on=row.left_on)


def _out(person: Person, theirs: list[PartOut], *, told: bool) -> PersonOut:
    return PersonOut(
        id=person.id,
        external_id=person.key,
        came_as=person.came_as,
        name=person.name,
        gender=person.gender,
        email=person.email if told else "",
        language=person.language,
        parts=theirs,
    )
