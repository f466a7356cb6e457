"""Who did what to what, when, from where and why: rows that are only ever added to, with keys in the place of names."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, FilterKey, Instant
from api.v1.meant import program_meant, term_meant
from api.v1.noting import note_named
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.audit import Deed, Wanted, wanted_deeds
from scheduler.history import BEFORE, others_of

routes = Routes("audit")


class DeedOut(Wire):
    """One thing that was done."""

    id: UUID
    at: dt.datetime
    program_id: UUID | None = Field(description="Null where it is of no one program, such as an organisation's API client.")
    term_id: UUID | None = Field(description="Null where it is of no term.")
    by: str = Field(description="A kind and a key.", examples=["client 019c0c6e-7c1a-7d31-8000-000000000000"])
    what: str
    whom: str = Field(description="A kind and a key.", examples=["group g-01"])
    reason: str
    details: dict[str, Any]
    source: str = Field(description="The network address it was asked from; empty where it was done by itself, or on the machine.")


@routes.get("/audit", Right.AUDIT_READ)
def list_audit(
    call: Call,
    *,
    program: FilterKey = None,
    term: FilterKey = None,
    since: Annotated[Instant | None, Query(description="Only from this instant on.")] = None,
    about: Annotated[
        str | None,
        Query(min_length=1, max_length=200, pattern=PLAIN, description="Only what has this in it, in large or small letters; a key whole."),
    ] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[DeedOut]:
    """What was done in the caller's programs, newest first: in all of them, in one, or in one term; and to the API clients of these. To
    whom a right is given in all of an organisation also what was done to that, such as its identity provider, and to all of its clients."""
    if term is not None:
        wanted = Wanted(term=term_meant(call, term).id, since=since, about=about or "")
    else:
        programs, organisations = _named(call, program)
        others = others_of(call.db, programs, organisations)
        wanted = Wanted(programs=tuple(programs), others=others, since=since, about=about or "")
    keys = [Deed.at, Deed.id]
    shown = paged(call, wanted_deeds(wanted), keys, lambda rows: [_out(row[0]) for row in rows], after, limit, newest_first=True)
    note_named(call, call.actor.programs(call.right), shown.items, "audit read")
    return shown


def _named(call: Call, key: str | None) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """The programs that are meant, and the organisations: those in all of which the caller has the right."""
    whole = call.actor.organisations(call.right)
    if key is None:
        return call.actor.programs(call.right), whole
    program = program_meant(call, key)
    return frozenset({program.id}), whole & {program.organisation_id}


def _out(deed: Deed) -> DeedOut:
    return DeedOut(
        id=deed.id,
        at=deed.at,
        program_id=deed.program_id,
        term_id=deed.term_id,
        by=deed.by,
        what=deed.what,
        whom=deed.whom,
        reason=deed.reason,
        details={name: value for name, value in deed.details.items() if name != BEFORE},
        source=deed.source,
    )
