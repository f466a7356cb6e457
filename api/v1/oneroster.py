"""OneRoster 1.2: a term's people come in from an archive of its CSV tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from api.problems import Problem
from api.v1.door import PROBLEM, Call, Routes, Wire
from api.v1.finding import Key
from api.v1.meant import term_meant
from api.v1.people_queries import AllowReturns
from data.access import Right
from data.amending import changes_of_putting, put_people
from data.entries import Difference
from data.oneroster import read_roster
from data.oneroster_people import Defaults, users_of

routes = Routes("oneroster")

ZIP_MEDIA = "application/zip"
BODY: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": {ZIP_MEDIA: {"schema": {"type": "string", "format": "binary"}}}}},
    "responses": {415: {"description": "What was sent is of another kind.", **PROBLEM}},
}
Usual = Annotated[str, Query(max_length=2_000, pattern=r"^[^\x00]*$", description="For whom nothing else says it, as in ROUND.md.")]


class TakenOut(Wire):
    """What an archive changes among mentors or mentees, each by their own key."""

    new: list[str]
    changed: list[str]
    unchanged: int
    back: list[str]


class RosterOut(Wire):
    """What an archive changes."""

    mentors: TakenOut
    mentees: TakenOut
    left_out: int = Field(description="So many users are neither students nor teachers in the term.")
    dry_run: bool = Field(description="Whether nothing was changed.")


@routes.post("/terms/{term}/oneroster", Right.PEOPLE_WRITE, 200, **BODY)
def import_roster(
    call: Call,
    term: Key,
    *,
    dry_run: Annotated[bool, Query(description="Only tell what would change.")] = False,
    allow_returns: AllowReturns = False,
    availability: Usual = "",
    subjects: Usual = "",
    requests: Usual = "",
) -> RosterOut:
    """Takes the students of an archive as mentees, and its teachers as mentors. Those of whom it says nothing stay. When people are
    available, what they teach and what they ask for is nothing that OneRoster tells: who is there keeps theirs, and for who is new columns
    `metadata.dure.availability`, `.subjects` and `.requests` of users.csv say it, or the defaults here. All is taken, or nothing."""
    found = term_meant(call, term)
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != ZIP_MEDIA:
        raise Problem(415, "media-type", f"{media or 'nothing'} is not taken", f"send {ZIP_MEDIA}, and say so in Content-Type")
    users = users_of(call.db, found, read_roster(call.body), Defaults(availability, subjects, requests), now=call.now)
    if dry_run:
        changes = changes_of_putting(call.db, found, users.mentors, users.mentees, allow_returns=allow_returns, now=call.now)
    else:
        changes = put_people(call.db, found, users.mentors, users.mentees, allow_returns=allow_returns, by=call.by, now=call.now)
    told = {table: _taken(changes.tables[table]) for table in ("mentors", "mentees")}
    return RosterOut(mentors=told["mentors"], mentees=told["mentees"], left_out=users.left_out, dry_run=dry_run)


def _taken(found: Difference) -> TakenOut:
    return TakenOut(new=list(found.new), changed=list(found.changed), unchanged=len(found.unchanged), back=list(found.back))
