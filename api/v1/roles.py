"""Who has which role in a program: listed, given by mail to an address, and taken away."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import select

from api.links import service_address
from api.problems import no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, AKey, Text, flawed
from api.v1.finding import Key, is_called, program_of
from api.v1.noting import note_named
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.sign_in import Email
from data.access import Right, Role
from data.grants import Account, Grant
from data.people import CameAs, Person, is_in
from data.programs import Program
from data.roles import Given, give_role, invite, roles_in, take_role

routes = Routes("roles")


class RoleOut(Wire):
    """A role of an account in a program."""

    id: UUID
    account_id: UUID
    email: str
    role: Role
    person_id: UUID | None = Field(description="Who a mentor or a mentee is; for whom a guardian is there.")
    school: str = Field(description="For whose mentees a partner is there.")


class RoleIn(Wire):
    """A role that somebody is to have; who has no password yet is mailed a link to set one."""

    email: Email
    role: Annotated[Role, Field(examples=["reviewer"])]
    person: AKey | None = Field(default=None, description="For a mentor, a mentee or a guardian: an id, or `ext:...`.")
    school: Annotated[Text, Field(description="For a partner.")] = ""


@routes.get("/programs/{program}/roles", Right.ACCESS_READ)
def list_roles(
    call: Call,
    program: Key,
    role: Role | None = None,
    email: Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only those of this address.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[RoleOut]:
    """The roles that accounts have in a program."""
    found = program_of(call, program)
    asked = roles_in(found.id).add_columns(Account.email)
    if role is not None:
        asked = asked.where(Grant.role == role)
    if email is not None:
        asked = asked.where(Account.email == email.strip().lower())
    shown = paged(call, asked, [Grant.id], lambda rows: [role_out(grant, email) for grant, email in rows], after, limit)
    note_named(call, {found.id}, shown.items, "roles read")
    return shown


@routes.post("/programs/{program}/roles", Right.ACCESS_WRITE)
def give_program_role(call: Call, program: Key, body: RoleIn) -> RoleOut:
    """Gives somebody a role, and invites them by mail; nobody gives one above their own."""
    found = program_of(call, program)
    given = Given(body.role, _person(call, found, body), body.school)
    grant = give_role(call.db, call.actor, found, body.email, given, by=call.by, now=call.now)
    account = invite(call.db, grant, found, service_address(), now=call.now)
    call.made(f"/programs/{found.id}/roles/{grant.id}")
    return role_out(grant, account.email)


@routes.get("/programs/{program}/roles/{role}", Right.ACCESS_READ)
def read_role(call: Call, program: Key, role: UUID) -> RoleOut:
    """One of them."""
    found = program_of(call, program)
    shown = _shown(call, found, role)
    note_named(call, {found.id}, [shown], "roles read")
    return shown


@routes.delete("/programs/{program}/roles/{role}", Right.ACCESS_WRITE)
def take_program_role(call: Call, program: Key, role: UUID) -> None:
    """Takes a role away, from the next request on."""
    found = program_of(call, program)
    kept = _shown(call, found, role)
    call.refuse_stale(lambda: kept)
    take_role(call.db, call.actor, found, str(role), by=call.by, now=call.now)


def role_out(grant: Grant, email: str) -> RoleOut:
    """What is told of a role."""
    assert grant.account_id is not None  # noqa: S101  it is an account's
    return RoleOut(id=grant.id, account_id=grant.account_id, email=email, role=grant.role, person_id=grant.person_id, school=grant.school)


def _shown(call: Call, program: Program, role: UUID) -> RoleOut:
    found = call.db.execute(roles_in(program.id).add_columns(Account.email).where(Grant.id == role)).first()
    if found is None:
        raise no_such("role")
    return role_out(*found)


def _person(call: Call, program: Program, given: RoleIn) -> Person | None:
    """Who somebody is in the program, or for whom; of a mentor and a mentee with the same key, the one whom the role is about. Whoever else
    the organisation knows is as nobody: a role would show them to those who give it."""
    if given.person is None:
        return None
    same = select(Person).where(is_called(Person, given.person), is_in([program.id]))
    kind = CameAs.MENTOR if given.role is Role.MENTOR else CameAs.MENTEE
    found = min(call.db.scalars(same), key=lambda person: person.came_as is not kind, default=None)
    if found is None:
        raise flawed("/person", "there is no such person in the program", "write the id of a mentor or a mentee")
    return found
