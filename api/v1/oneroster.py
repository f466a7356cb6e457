"""OneRoster 1.2: a term's people come in from an archive of its CSV tables, and a round's groups go out as one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key, round_of
from api.v1.meant import term_meant
from api.v1.noting import note_reading
from api.v1.people_queries import AllowReturns
from api.v1.results import ZIP
from data.access import Right
from data.entries import Difference
from data.oneroster import read_roster
from data.oneroster_export import export_roster
from data.oneroster_people import Defaults, users_of
from scheduler.imports import changes_of_users, import_users

routes = Routes("oneroster")

ZIP_MEDIA = "application/zip"
BODY: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": {ZIP_MEDIA: {"schema": {"type": "string", "format": "binary"}}}}},
}
Usual = Annotated[str, Query(max_length=2_000, pattern=r"^[^\x00]*$", description="For whom nothing else says it, as in ROUND.md.")]


class TakenOut(Wire):
    """What an archive changes among mentors or mentees, each by their own key."""

    new: list[str]
    changed: list[str]
    unchanged: int
    gone: list[str] = Field(description="Who is there, and is to be deleted or has no such role any more.")
    back: list[str]


class RosterOut(Wire):
    """What an archive changes."""

    mentors: TakenOut
    mentees: TakenOut
    left_out: int = Field(description="So many users are neither students nor teachers in the term, or may not be.")
    dry_run: bool = Field(description="Whether nothing was changed.")


@routes.post("/terms/{term}/oneroster", Right.PEOPLE_WRITE, 200, **BODY)
def import_roster(
    call: Call,
    term: Key,
    *,
    dry_run: Annotated[bool, Query(description="Only tell what would change.")] = False,
    allow_removals: Annotated[bool, Query(description="Also where more than a tenth of the people would be gone.")] = False,
    allow_returns: AllowReturns = False,
    availability: Usual = "",
    subjects: Usual = "",
    requests: Usual = "",
) -> RosterOut:
    """Takes the students of an archive as mentees, and its teachers as mentors. Those of whom it says nothing stay; who is
    `tobedeleted` in a delta file, or has a role that is over, leaves. When people are
    available, what they teach and what they ask for is nothing that OneRoster tells: who is there keeps theirs, and for who is new columns
    `metadata.dure.availability`, `.subjects` and `.requests` of users.csv say it, or the defaults here. All is taken, or nothing."""
    found = term_meant(call, term)
    users = users_of(call.db, found, read_roster(call.body), Defaults(availability, subjects, requests), now=call.now)
    allowed = {"allow_removals": allow_removals, "allow_returns": allow_returns}
    if dry_run:
        changes = changes_of_users(call.db, found, users, **allowed, now=call.now)
    else:
        changes = import_users(call.db, found, users, **allowed, by=call.by, now=call.now)
    told = {table: _taken(changes.tables[table]) for table in ("mentors", "mentees")}
    return RosterOut(mentors=told["mentors"], mentees=told["mentees"], left_out=users.left_out, dry_run=dry_run)


@routes.get("/rounds/{round}/oneroster", Right.EXPORTS_READ, noted=True, **ZIP)
def export_round(
    call: Call,
    round: Key,
    *,
    complete: Annotated[
        bool,
        Query(description="Also who is in no group, and in `metadata.dure.` columns all that an import needs to make the same people."),
    ] = False,
) -> Response:
    """The groups of a published round, with those that it repairs, as classes, and their mentors and mentees as users who are enrolled in
    them: a OneRoster 1.2 archive in bulk mode."""
    found, term = round_of(call, round)
    made = export_roster(call.db, term, found, complete=complete, now=call.now)
    note_reading(call, term, made.mentees, "roster exported")
    name = f'attachment; filename="oneroster-{term.first_on}-{found.number}.zip"'
    return Response(made.body, media_type=ZIP_MEDIA, headers={"Content-Disposition": name})


def _taken(found: Difference) -> TakenOut:
    return TakenOut(
        new=list(found.new), changed=list(found.changed), unchanged=len(found.unchanged), gone=list(found.gone), back=list(found.back)
    )
