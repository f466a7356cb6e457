"""Programs: what they are called, and their settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key, program_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.program_settings import change_setting, rename_program
from data.programs import Program
from data.settings import settings_of

routes = Routes("programs")


class ProgramOut(Wire):
    """A program."""

    id: UUID
    external_id: str
    name: str
    settings: dict[str, Any]


class ProgramPatch(Wire):
    """What is to be otherwise; what is left out stays."""

    name: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


@routes.get("/programs", Right.PROGRAM_READ)
def list_programs(call: Call, after: After = None, limit: Limit = USUAL) -> Page[ProgramOut]:
    """The programs in which the caller has a part."""
    asked = select(Program).where(Program.id.in_(call.actor.programs(call.right)))
    return paged(call, asked, [Program.id], lambda rows: [program_out(row[0]) for row in rows], after, limit)


@routes.get("/programs/{program}", Right.PROGRAM_READ)
def read_program(call: Call, program: Key) -> ProgramOut:
    """One of them."""
    return program_out(program_of(call, program))


@routes.patch("/programs/{program}", Right.PROGRAM_WRITE)
def change_program(call: Call, program: Key, body: ProgramPatch) -> ProgramOut:
    """Changes what a program is called, and its settings; feeds and mails follow."""
    found = program_of(call, program)
    call.refuse_stale(program_out(found))
    if body.name is not None:
        rename_program(call.db, found, body.name, by=call.by, now=call.now)
    for name, value in body.settings.items():
        change_setting(call.db, found, name, value, by=call.by, now=call.now)
    return program_out(found)


def program_out(program: Program) -> ProgramOut:
    """What is told of a program."""
    settings = settings_of(program.settings).model_dump(mode="json")
    return ProgramOut(id=program.id, external_id=program.key, name=program.name, settings=settings)
