"""API clients of a program: listed, made, given another secret while the old one still holds, closed.

A client of several programs, or of all of an organisation, is seen by those only who have the right in each of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.problems import no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import SomeText, flawed
from api.v1.finding import Key, program_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right, Role, gives
from data.clients import add_secret, close_client, make_client, scopes_in, secrets_of, take_secret
from data.grants import Client, Grant, part_of
from data.programs import Organisation
from data.roles import RoleAboveOwn

routes = Routes("clients")


class SecretOut(Wire):
    """A secret of a client, but for what it is."""

    id: UUID
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class ClientOut(Wire):
    """An API client."""

    id: UUID
    name: str
    role: Role
    program_ids: list[UUID]
    scopes: list[Right]
    secrets: list[SecretOut]
    created_at: dt.datetime
    closed_at: dt.datetime | None


class NewClientOut(ClientOut):
    """A client with its first secret, which is shown this once."""

    secret: str


class NewSecretOut(Wire):
    """A secret, shown this once."""

    secret: str


class ClientIn(Wire):
    """A client that is to be: what it is called, which rights it may use, and as what."""

    name: Annotated[SomeText, Field(max_length=100)]
    scopes: Annotated[list[Right], Field(min_length=1)]
    role: Role = Role.MANAGER


class AnotherIn(Wire):
    """Nothing is said."""


@routes.get("/programs/{program}/clients", Right.ACCESS_READ)
def list_clients(call: Call, program: Key, after: After = None, limit: Limit = USUAL) -> Page[ClientOut]:
    """The API clients of a program alone."""
    found = program_of(call, program)
    asked = select(Client).join(Grant, Grant.client_id == Client.id).where(Grant.program_id == found.id)
    return paged(call, asked, [Client.id], lambda rows: [client_out(call, row[0]) for row in rows], after, limit)


@routes.post("/programs/{program}/clients", Right.ACCESS_WRITE)
def make_program_client(call: Call, program: Key, body: ClientIn) -> NewClientOut:
    """Makes a client, with no role and no scope above the caller's own."""
    found = program_of(call, program)
    if body.role not in {Role.OWNER, Role.MANAGER, Role.REVIEWER, Role.SUPERVISOR}:
        raise flawed("/role", "is somebody's own", "write owner, manager, reviewer or supervisor")
    beyond = call.actor.scopes is not None and not set(body.scopes) <= call.actor.scopes
    roles = {standing.role for standing in call.actor.counting(found.id)}
    if beyond or not (body.role in roles or gives(call.actor, found.id, body.role)):
        raise RoleAboveOwn(body.role)
    organisation = call.db.get_one(Organisation, found.organisation_id)
    made, secret = make_client(call.db, organisation, body.name, body.scopes, programs=[found], role=body.role, by=call.by, now=call.now)
    call.made(f"/clients/{made.id}")
    return NewClientOut(**client_out(call, made).model_dump(), secret=secret)


@routes.get("/clients/{client}", Right.ACCESS_READ)
def read_client(call: Call, client: UUID) -> ClientOut:
    """One of them."""
    return client_out(call, _client(call, client))


@routes.delete("/clients/{client}", Right.ACCESS_WRITE)
def close_program_client(call: Call, client: UUID) -> None:
    """Lets a client in no more."""
    found = _client(call, client)
    call.refuse_stale(lambda: client_out(call, found))
    close_client(call.db, found, by=call.by, now=call.now)


@routes.post("/clients/{client}/secrets", Right.ACCESS_WRITE)
def add_client_secret(call: Call, client: UUID, body: AnotherIn) -> NewSecretOut:  # noqa: ARG001  an empty body is taken
    """Gives a client another secret; the one that it has still holds until it is taken away."""
    return NewSecretOut(secret=add_secret(call.db, _client(call, client), by=call.by, now=call.now))


@routes.delete("/clients/{client}/secrets/{secret}", Right.ACCESS_WRITE)
def take_client_secret(call: Call, client: UUID, secret: UUID) -> None:
    """Takes a secret away, and with it the tokens that were asked for with it."""
    take_secret(call.db, _client(call, client), str(secret), by=call.by, now=call.now)


def client_out(call: Call, client: Client) -> ClientOut:
    """What is told of a client."""
    standings = part_of(call.db, client=client.id).standings
    scopes = scopes_in(client.scopes)
    return ClientOut(
        id=client.id,
        name=client.name,
        role=standings[0].role,
        program_ids=sorted({one.program for one in standings}),
        scopes=[right for right in Right if right in scopes],
        secrets=[SecretOut(id=one.id, created_at=one.made_at, last_used_at=one.last_used_at) for one in secrets_of(call.db, client)],
        created_at=client.made_at,
        closed_at=client.closed_at,
    )


def _client(call: Call, given: UUID) -> Client:
    """A client in whose every program the caller has the right, and of which they may change nothing that is above their own."""
    found = call.db.get(Client, given, with_for_update=call.changes)
    if found is None:
        raise no_such("client")
    standings = part_of(call.db, client=found.id).standings
    theirs = {one.program for one in standings}
    if not theirs or not theirs <= call.actor.programs(call.right):
        raise no_such("client")
    if call.changes:
        _refuse_above(call, [(one.program, one.role) for one in standings])
    return found


def _refuse_above(call: Call, held: Sequence[tuple[UUID, Role]]) -> None:
    mine = {(one.program, one.role) for one in call.actor.counting()}
    for program, role in held:
        if (program, role) not in mine and not gives(call.actor, program, role):
            raise RoleAboveOwn(role)
