"""All that is held on somebody: given as JSON or as files, to the office of their programs or to themselves; and erased, by an owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from sqlalchemy import or_, select

from api.problems import Problem, no_such
from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key, id_or_external
from data.access import Right
from data.holdings import programs_of
from data.people import CameAs, Person, is_in
from scheduler.erasure import erase_person
from scheduler.holdings import export_person, files_of

routes = Routes("own data")

As = Annotated[CameAs | None, Query(description="As what they came: people of both kinds may have the same external id.")]
ZIP: dict[str, Any] = {
    "responses": {200: {"description": "The files.", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
}


class HeldOut(Wire):
    """All that is held on somebody, by kind of data; what there is in each is as the service keeps it."""

    held: dict[str, Any] = Field(
        description="person, in_terms, consents, groups, sessions, rounds, subscriptions, audit; and where the caller may "
        "read all of their programs, messages and accounts."
    )


class ErasedOut(Wire):
    """Who was erased, by the word that stands for them now."""

    id: UUID
    external_id: str
    erased_at: dt.datetime
    wiped_at: dt.datetime | None = Field(description="When their bytes were wiped from the database's files; that follows within minutes.")


@routes.get("/people/{person}/export", Right.PRIVACY_READ)
def export_own_data(call: Call, person: Key, came_as: As = None) -> HeldOut:
    """All that is held on somebody, as JSON; that it was given is noted."""
    found, programs, office = _meant(call, person, came_as)
    return HeldOut(held=_held(call, found, programs, office=office))


@routes.get("/people/{person}/export/files", Right.PRIVACY_READ, **ZIP)
def export_own_files(call: Call, person: Key, came_as: As = None) -> Response:
    """The same as a ZIP: held.json, a table of what they are in each term, and their calendar in each program."""
    found, programs, office = _meant(call, person, came_as)
    held = _held(call, found, programs, office=office)
    headers = {"Content-Disposition": 'attachment; filename="held.zip"'}
    return Response(files_of(call.db, found, programs, held, now=call.now), media_type="application/zip", headers=headers)


@routes.post("/people/{person}/erase", Right.PRIVACY_ERASE, 200)
def erase_own_data(call: Call, person: Key, came_as: As = None) -> ErasedOut:
    """Takes somebody out of all terms that still run, and erases them for good: names, addresses and keys go from everywhere, and what is
    counted stays right. Only who may do so in all of their programs does."""
    found, programs, _ = _meant(call, person, came_as)
    if not programs_of(call.db, found) <= {*programs}:
        raise Problem(409, "also-elsewhere", "they are also in a program in which you may not erase", "ask an owner of all of them")
    erased = erase_person(call.db, found, by=call.by, now=call.now)
    return ErasedOut(id=found.id, external_id=found.key, erased_at=erased.at, wiped_at=erased.wiped_at)


def _meant(call: Call, key: str, came_as: CameAs | None) -> tuple[Person, Collection[UUID], bool]:
    """A person whom the right reaches, the programs in which it does, and whether that is as their office."""
    given = id_or_external(key)
    if given is None or (isinstance(given, str) and "\0" in given):
        raise no_such("person")
    asked = select(Person).where(Person.id == given if isinstance(given, UUID) else Person.key == given)
    if came_as is not None:
        asked = asked.where(Person.came_as == came_as)
    sights = {program: call.sight(program) for program in call.actor.programs(call.right)}
    whole = [program for program, sight in sights.items() if sight.all]
    own = [Person.id.in_(sight.people) & is_in([program]) for program, sight in sights.items() if sight.people]
    found = call.db.scalars(asked.where(or_(is_in(whole), *own))).all()
    if not found:
        raise no_such("person")
    if len(found) > 1:
        raise Problem(409, "several", f"several of yours are called person {key}", "say came_as, or write the id")
    theirs = programs_of(call.db, found[0])
    mine = [program for program, sight in sights.items() if program in theirs and (sight.all or found[0].id in sight.people)]
    office = any(sights[program].all for program in mine)
    return found[0], mine, office


def _held(call: Call, person: Person, programs: Collection[UUID], *, office: bool) -> dict[str, Any]:
    path = call.request.url.path
    return export_person(call.db, person, programs, for_office=office, by=call.by, now=call.now, path=path)
