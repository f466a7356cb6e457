"""Mentees of a term, with what they ask for: listed, read, put one by one or many at once, changed and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select

from api.v1.door import Call, Routes
from api.v1.fields import PLAIN
from api.v1.finding import Key
from api.v1.meant import mentee_meant, readable_term, term_meant
from api.v1.noting import note_reading
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_fields import MenteeIn, MenteeLine, MenteeOut, MenteePatch, mentee_out, mentees_in
from api.v1.people_queries import AllowReturns, Atomic, Left, Within, has_left, lies_in, lines_body, made, person_of
from api.v1.putting import LinesOut, Sort, change_one, put_lines, put_one
from data.access import Right, Sight
from data.calendars import parts
from data.own import mentees_seen
from data.people import Mentee, Person, Request
from data.programs import Term
from data.roster import requests_of
from matching.round import Request as RoundRequest
from scheduler.imports import remove_people

routes = Routes("mentees")


def _shown(call: Call, rows: Sequence[tuple[Mentee, Person]]) -> list[MenteeOut]:
    asked: dict[UUID, list[RoundRequest]] = {}
    for some in parts(mentee.id for mentee, _ in rows):
        asked |= requests_of(call.db, some)
    return [mentee_out(mentee, person, asked.get(mentee.id, ())) for mentee, person in rows]


def _read(call: Call, term: Term, rows: Sequence[tuple[Mentee, Person]]) -> list[MenteeOut]:
    """Mentees, as whoever reads them is told of them, which is noted."""
    note_reading(call, term, [mentee.key for mentee, _ in rows])
    sight = call.sight(term.program_id)
    hidden = {"email": "", "born_on": None}
    return [one if _is_told_more(sight, one) else one.model_copy(update=hidden) for one in _shown(call, rows)]


def _is_told_more(sight: Sight, mentee: MenteeOut) -> bool:
    """Whether somebody reads a mentee's mail address and day of birth, too: whoever runs the program, the mentee, their guardian and their
    school; those who teach them do not need it."""
    return sight.all or mentee.person_id in sight.people or (bool(mentee.school) and mentee.school in sight.schools)


MENTEE = Sort("mentee", Mentee, MenteeIn, MenteeLine, mentees_in, _shown)


@routes.get("/terms/{term}/mentees", Right.PEOPLE_READ)
def list_mentees(  # noqa: PLR0913  its filters
    call: Call,
    term: Key,
    *,
    region: Within = None,
    school: Annotated[str | None, Query(max_length=200, pattern=PLAIN)] = None,
    grade: Annotated[int | None, Query(ge=1, le=12)] = None,
    subject: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only who asks for it.")] = None,
    left: Left = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[MenteeOut]:
    """The mentees of a term, by their own keys."""
    found = term_meant(call, term)
    asked = select(Mentee, Person).join(Person, Person.id == Mentee.person_id)
    asked = asked.where(Mentee.term_id == found.id, mentees_seen(call.sight(found.program_id)))
    if region is not None:
        asked = asked.where(lies_in(Mentee.region, region))
    if school is not None:
        asked = asked.where(Mentee.school == school)
    if grade is not None:
        asked = asked.where(Mentee.grade == grade)
    if subject is not None:
        asked = asked.where(Mentee.id.in_(select(Request.mentee_id).where(Request.subject == subject)))
    if left is not None:
        asked = asked.where(has_left(call, found, Mentee, left))
    return paged(call, asked, [Mentee.key], lambda rows: _read(call, found, [(row[0], row[1]) for row in rows]), after, limit)


@routes.get("/terms/{term}/mentees/{mentee}", Right.PEOPLE_READ)
def read_mentee(call: Call, term: Key, mentee: Key) -> MenteeOut:
    """One of them."""
    found = mentee_meant(call, mentee, term)
    return _read(call, call.db.get_one(Term, found.term_id), [(found, person_of(call, found))])[0]


@routes.put("/terms/{term}/mentees", Right.PEOPLE_WRITE, **lines_body(MenteeLine))
def put_mentees(call: Call, term: Key, *, allow_returns: AllowReturns = False, atomic: Atomic = False) -> LinesOut:
    """Makes or replaces up to 10,000 mentees: a list of them as JSON, or a line for each as NDJSON. Those of whom nothing is said stay."""
    return put_lines(call, MENTEE, term_meant(call, term), allow_returns=allow_returns, atomic=atomic)


@routes.put("/terms/{term}/mentees/{mentee}", Right.PEOPLE_WRITE, **made(MenteeOut))
def put_mentee(call: Call, term: Key, mentee: Key, body: MenteeIn, *, allow_returns: AllowReturns = False) -> MenteeOut:
    """Makes or replaces a mentee; a new one is named by the platform's own key. The answer takes the right to read them, too."""
    of = readable_term(call, term)
    shown = put_one(call, MENTEE, of, mentee, body, allow_returns=allow_returns)
    note_reading(call, of, [shown.external_id])
    return shown


@routes.patch("/terms/{term}/mentees/{mentee}", Right.PEOPLE_WRITE)
def change_mentee(call: Call, term: Key, mentee: Key, body: MenteePatch) -> MenteeOut:
    """Changes a part of what a mentee is. The answer tells all of it: it takes the right to read that, too."""
    of, sent = readable_term(call, term), {name: getattr(body, name) for name in body.model_fields_set}
    shown = change_one(call, MENTEE, of, mentee_meant(call, mentee, term), sent)
    note_reading(call, of, [shown.external_id])
    return shown


@routes.delete("/terms/{term}/mentees/{mentee}", Right.PEOPLE_WRITE)
def remove_mentee(call: Call, term: Key, mentee: Key) -> None:
    """Takes a mentee out of a term from today on, as an import does that does not name them; they are in no
    group any more. Put again, they are back."""
    found = mentee_meant(call, mentee, term)
    call.refuse_stale(lambda: _shown(call, [(found, person_of(call, found))])[0])
    remove_people(call.db, term_meant(call, term), [], [found.key], by=call.by, now=call.now)
