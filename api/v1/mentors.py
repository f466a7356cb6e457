"""Mentors of a term: listed, read, put one by one or many at once, changed and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from sqlalchemy import or_, select

from api.v1.door import Call, Routes
from api.v1.fields import PLAIN
from api.v1.finding import Key
from api.v1.meant import mentor_meant, readable_term, term_meant
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_fields import MentorIn, MentorLine, MentorOut, MentorPatch, mentor_out, mentors_in
from api.v1.people_queries import AllowReturns, Atomic, Left, Within, has_left, lies_in, lines_body, made, person_of
from api.v1.putting import LinesOut, Sort, change_one, put_lines, put_one
from data.access import Right
from data.own import mentors_seen
from data.people import Mentor, Person
from scheduler.imports import remove_people

routes = Routes("mentors")


def _shown(_: Call, rows: Sequence[tuple[Mentor, Person]]) -> list[MentorOut]:
    return [mentor_out(mentor, person) for mentor, person in rows]


MENTOR = Sort("mentor", Mentor, MentorIn, MentorLine, mentors_in, _shown)


@routes.get("/terms/{term}/mentors", Right.PEOPLE_READ)
def list_mentors(
    call: Call,
    term: Key,
    *,
    region: Within = None,
    subject: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only who teaches it.")] = None,
    affiliation: Annotated[str | None, Query(max_length=200, pattern=PLAIN)] = None,
    left: Left = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[MentorOut]:
    """The mentors of a term, by their own keys."""
    found = term_meant(call, term)
    asked = select(Mentor, Person).join(Person, Person.id == Mentor.person_id)
    asked = asked.where(Mentor.term_id == found.id, mentors_seen(call.sight(found.program_id)))
    if region is not None:
        asked = asked.where(lies_in(Mentor.home_region, region))
    if subject is not None:
        opens = [Mentor.subjects.startswith(f"{subject}:", autoescape=True), Mentor.subjects.contains(f"; {subject}:", autoescape=True)]
        asked = asked.where(or_(*opens))
    if affiliation is not None:
        asked = asked.where(Mentor.affiliation == affiliation)
    if left is not None:
        asked = asked.where(has_left(call, found, Mentor, left))
    return paged(call, asked, [Mentor.key], lambda rows: _shown(call, [(row[0], row[1]) for row in rows]), after, limit)


@routes.get("/terms/{term}/mentors/{mentor}", Right.PEOPLE_READ)
def read_mentor(call: Call, term: Key, mentor: Key) -> MentorOut:
    """One of them."""
    found = mentor_meant(call, mentor, term)
    return mentor_out(found, person_of(call, found))


@routes.put("/terms/{term}/mentors", Right.PEOPLE_WRITE, **lines_body(MentorLine))
def put_mentors(call: Call, term: Key, *, allow_returns: AllowReturns = False, atomic: Atomic = False) -> LinesOut:
    """Makes or replaces up to 10,000 mentors: a list of them as JSON, or a line for each as NDJSON. Those of whom nothing is said stay."""
    return put_lines(call, MENTOR, term_meant(call, term), allow_returns=allow_returns, atomic=atomic)


@routes.put("/terms/{term}/mentors/{mentor}", Right.PEOPLE_WRITE, **made(MentorOut))
def put_mentor(call: Call, term: Key, mentor: Key, body: MentorIn, *, allow_returns: AllowReturns = False) -> MentorOut:
    """Makes or replaces a mentor; a new one is named by the platform's own key. The answer takes the right to read them, too."""
    return put_one(call, MENTOR, readable_term(call, term), mentor, body, allow_returns=allow_returns)


@routes.patch("/terms/{term}/mentors/{mentor}", Right.PEOPLE_WRITE)
def change_mentor(call: Call, term: Key, mentor: Key, body: MentorPatch) -> MentorOut:
    """Changes a part of what a mentor is. The answer tells all of it: it takes the right to read that, too."""
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    return change_one(call, MENTOR, readable_term(call, term), mentor_meant(call, mentor, term), sent)


@routes.delete("/terms/{term}/mentors/{mentor}", Right.PEOPLE_WRITE)
def remove_mentor(call: Call, term: Key, mentor: Key) -> None:
    """Takes a mentor out of a term from today on, as an import does that does not name them; their sessions to come need another mentor.
    Put again, they are back."""
    found = mentor_meant(call, mentor, term)
    call.refuse_stale(lambda: mentor_out(found, person_of(call, found)))
    remove_people(call.db, term_meant(call, term), [found.key], [], by=call.by, now=call.now)
