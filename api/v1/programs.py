"""Programs: what they are called, and their settings."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, AKey, Ref, Text, flawed
from api.v1.finding import Key, id_or_external, is_called, program_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_queries import made
from data.access import Right, refuse_to_unguard
from data.new_programs import make_program
from data.program_settings import change_setting, rename_program
from data.programs import Organisation, Program
from data.settings import Settings, settings_of

routes = Routes("programs")


class ProgramOut(Wire):
    """A program."""

    id: UUID
    external_id: str
    name: str
    organisation: Ref
    settings: dict[str, Any]


class ProgramPut(Wire):
    """What a program is to be; settings that are not named are as usual."""

    name: Annotated[Text, Field(examples=["Rural tutoring"])] = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    organisation: AKey | None = Field(default=None, description="Of which, where the caller may make programs in several.")


class ProgramIn(ProgramPut):
    """A program that is to be made."""

    external_id: Annotated[str, Field(max_length=60, examples=["tutoring"], description="Letters, digits, `.`, `-` and `_`.")]


class ProgramPatch(Wire):
    """What is to be otherwise; what is left out stays."""

    name: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


@routes.get("/programs", Right.PROGRAM_READ)
def list_programs(
    call: Call,
    *,
    organisation: Annotated[
        str | None, Query(max_length=200, pattern=PLAIN, description="Only those of this one: an id, or `ext:...`.")
    ] = None,
    name: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only those in whose name or key this is.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[ProgramOut]:
    """The programs in which the caller has a part."""
    asked = select(Program, Organisation).join(Organisation, Organisation.id == Program.organisation_id)
    asked = asked.where(Program.id.in_(call.actor.programs(call.right)))
    if organisation is not None:
        asked = asked.where(is_called(Organisation, organisation))
    if name is not None:
        asked = asked.where(or_(*(column.icontains(name, autoescape=True) for column in (Program.name, Program.key))))
    return paged(call, asked, [Program.id], lambda rows: [program_out(*row) for row in rows], after, limit)


@routes.post("/programs", Right.PROGRAM_MAKE)
def add_program(call: Call, body: ProgramIn) -> ProgramOut:
    """Makes a program in an organisation of which the caller owns a program, or is a client as a whole; an account is its owner."""
    return _make(call, body.external_id, body)


@routes.get("/programs/{program}", Right.PROGRAM_READ)
def read_program(call: Call, program: Key) -> ProgramOut:
    """One of them."""
    return _shown(call, program_of(call, program))


@routes.put("/programs/{program}", Right.PROGRAM_WRITE, **made(ProgramOut))
def put_program(call: Call, program: Key, body: ProgramPut) -> ProgramOut:
    """Makes a program, where the caller may, or makes it what is sent, where it is there already; it stays with its organisation."""
    given = id_or_external(program)
    theirs = select(Program.id).where(Program.id.in_(call.actor.everywhere), is_called(Program, program))
    if isinstance(given, str) and call.db.scalars(theirs).first() is None:
        return _make(call, given, body)
    found = program_of(call, program)
    call.refuse_stale(lambda: _shown(call, found))
    if body.organisation is not None and _organisation(call, body.organisation).id != found.organisation_id:
        raise flawed("/organisation", "is not that of the program", "leave it out")
    if body.name != found.name:
        rename_program(call.db, found, body.name, by=call.by, now=call.now)
    for name in [*Settings.model_fields, *(name for name in body.settings if name not in Settings.model_fields)]:
        if name in found.settings or name in body.settings:
            _change(call, found, name, body.settings.get(name))
    return _shown(call, found)


@routes.patch("/programs/{program}", Right.PROGRAM_WRITE)
def change_program(call: Call, program: Key, body: ProgramPatch) -> ProgramOut:
    """Changes what a program is called, and its settings; feeds and mails follow."""
    found = program_of(call, program)
    call.refuse_stale(lambda: _shown(call, found))
    if body.name is not None:
        rename_program(call.db, found, body.name, by=call.by, now=call.now)
    for name, value in body.settings.items():
        _change(call, found, name, value)
    return _shown(call, found)


def program_out(program: Program, organisation: Organisation) -> ProgramOut:
    """What is told of a program."""
    settings = settings_of(program.settings).model_dump(mode="json")
    home = Ref(id=organisation.id, external_id=organisation.key)
    return ProgramOut(id=program.id, external_id=program.key, name=program.name, organisation=home, settings=settings)


def _shown(call: Call, program: Program) -> ProgramOut:
    return program_out(program, call.db.get_one(Organisation, program.organisation_id))


def _change(call: Call, program: Program, name: str, value: object) -> None:
    guarded = settings_of(program.settings).two_factors
    settings = change_setting(call.db, program, name, value, by=call.by, now=call.now)
    if guarded and not settings.two_factors:
        refuse_to_unguard(call.actor, program.id)


def _make(call: Call, key: str, body: ProgramPut) -> ProgramOut:
    organisation = _organisation(call, body.organisation)
    wanted, owner = body.settings, call.actor.account
    program = make_program(call.db, organisation, key, name=body.name, settings=wanted, owner=owner, by=call.by, now=call.now)
    call.made(f"/programs/{program.id}")
    return program_out(program, organisation)


def _organisation(call: Call, key: str | None) -> Organisation:
    """The organisation in which the caller makes a program.

    Raises
    ------
    NotAllowed, OneFactorOnly
        They make them in none.
    Problem
        It is none of theirs, or not said which of them: 422.
    """
    may = call.actor.organisations(Right.PROGRAM_MAKE)
    if not may:
        raise call.actor.refused(Right.PROGRAM_MAKE)
    theirs = select(Organisation).where(Organisation.id.in_(may))
    found = call.db.scalars(theirs if key is None else theirs.where(is_called(Organisation, key))).all()
    if len(found) != 1:
        wrong = "is none in which you make programs" if key is not None else "is to be said"
        names = " or ".join(sorted(f"ext:{one.key}" for one in call.db.scalars(theirs)))
        raise flawed("/organisation", wrong, f"write {names}")
    return found[0]
