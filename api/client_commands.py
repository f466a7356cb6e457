"""`dure client`: lets programs of others use the API, gives them another secret while the old one still holds, and shuts them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NAMES, bounded, now, opened, some_text
from api.session_lines import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session as DbSession

    from data.grants import Client

ClientId = Annotated[str, typer.Argument(metavar="ID", help="As `dure client list` tells it.")]

clients = typer.Typer(help="Let other programs use the API.", no_args_is_help=True, rich_markup_mode=None)


@clients.command()
def new(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program that it may see and change.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called, such as: tutoring platform.")],
    scopes: Annotated[str, typer.Option(metavar="TEXT", help="What it may do, such as: people:read rounds:read. [default: all]")] = "",
    everywhere: Annotated[bool, typer.Option("--everywhere", help="For all programs of its organisation, also those to come.")] = False,
) -> None:
    """Make a client of the API.

    Its secret is told this once: whoever has it may do what the client may.
    """
    from data.access import Right
    from data.clients import make_client, scopes_in
    from data.database import transaction
    from data.program_settings import find_program
    from data.programs import Organisation

    with opened() as engine:
        bounded(some_text(name, "NAME"), "NAME", MOST_SIGNS_OF_NAMES)
        wanted = scopes_in(scopes) or frozenset(Right)
        with transaction(engine) as db:
            of = find_program(db, program)
            organisation = db.get_one(Organisation, of.organisation_id)
            made, secret = make_client(db, organisation, name, wanted, programs=[] if everywhere else [of], by=BY, now=now())
            theirs = f"all of {organisation.key}" if everywhere else of.key
        say([f"client {made.id}: {name}, of {theirs}", f"secret {secret}", _told_once(str(made.id))])


@clients.command("list")
def list_clients() -> None:
    """List clients and the ids of their secrets, but not these."""
    from sqlalchemy import select

    from data.clients import clients as all_clients
    from data.database import reading
    from data.programs import Organisation

    with opened() as engine:
        with reading(engine) as db:
            lines = [line for client in all_clients(db, db.scalars(select(Organisation.id)).all()) for line in _lines(db, client)]
        say(lines, nothing="there are no clients; `dure client new` makes one")


@clients.command()
def rotate(client: ClientId) -> None:
    """Give a client another secret.

    The one that it has still holds, so that it can change over; `drop` takes that away.
    """
    from data.clients import add_secret, client_of
    from data.database import transaction

    with opened() as engine:
        with transaction(engine) as db:
            secret = add_secret(db, client_of(db, client), by=BY, now=now())
        say([f"secret {secret}", _told_once(client)])


@clients.command()
def drop(
    client: ClientId, secret: Annotated[str, typer.Argument(metavar="SECRET", help="Its id, as `dure client list` tells it.")]
) -> None:
    """Take a secret away, and with it all that was let in by it."""
    from data.clients import client_of, take_secret
    from data.database import transaction

    with opened() as engine:
        with transaction(engine) as db:
            take_secret(db, client_of(db, client), secret, by=BY, now=now())
        say([f"secret {secret} is no more"])


@clients.command()
def close(client: ClientId) -> None:
    """Let a client in no more, from now on."""
    from data.clients import client_of, close_client
    from data.database import transaction

    with opened() as engine:
        with transaction(engine) as db:
            close_client(db, client_of(db, client), by=BY, now=now())
        say([f"client {client} is closed"])


def _told_once(client: str) -> str:
    return f"Nobody can tell this secret again; it gets tokens at /v1/tokens. `dure client close {client}` ends it."


def _lines(db: DbSession, client: Client) -> Iterator[str]:
    from data.clients import secrets_of

    closed = f", closed on {client.closed_at:%Y-%m-%d}" if client.closed_at else ""
    yield f"{client.id}: {client.name}, made on {client.made_at:%Y-%m-%d}{closed}"
    yield f"  may: {client.scopes}"
    for secret in secrets_of(db, client):
        used = f"last used on {secret.last_used_at:%Y-%m-%d}" if secret.last_used_at else "never used"
        yield f"  secret {secret.id}, made on {secret.made_at:%Y-%m-%d}, {used}"
