"""`dure sso`: where the people of an organisation sign in, set, shown and taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.edge import BY, BadWord, now, opened, some_text
from api.session_lines import say

single_sign_on = typer.Typer(help="Let people sign in with their organisation's provider.", no_args_is_help=True, rich_markup_mode=None)

ProgramKey = Annotated[str, typer.Argument(metavar="PROGRAM", help="A program of the organisation, as `dure program list` names it.")]


@single_sign_on.command("set")
def set_(
    program: ProgramKey,
    issuer: Annotated[str, typer.Argument(metavar="ISSUER", help="The provider's address, such as https://login.example.org.")],
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="What the provider calls this service.")],
    secret: Annotated[Path, typer.Argument(metavar="FILE", help="A file that holds the client's secret.")],
    domains: Annotated[str, typer.Option(metavar="DOMAINS", help="Of the mail addresses that the provider may speak for, with commas.")],
    two_factors: Annotated[bool, typer.Option("--two-factors", help="It asks everybody for two factors, said or not.")] = False,
) -> None:
    """Have an organisation's people sign in with its OpenID Connect provider.

    By it come in those who have a role and an address of one of the domains that the provider has verified.
    """
    from api.links import service_address
    from api.v1.door import ROOT
    from data.database import transaction
    from data.program_settings import find_program
    from data.single_sign_on import NewProvider, set_provider
    from scheduler.fetch import read_address
    from scheduler.identity import near_providers

    with opened() as engine:
        read_address(issuer, near_providers())
        if not issuer.startswith(("http://", "https://")):
            raise BadWord("ISSUER", f"{issuer!r} is no issuer", "write it as the provider does, https://...")
        shared = some_text(secret.read_text(encoding="utf-8").strip(), "FILE")
        with transaction(engine) as db:
            of = find_program(db, program).organisation_id
            new = NewProvider(issuer, some_text(client, "CLIENT"), shared, domains, two_factors)
            made = set_provider(db, of, new, by=BY, now=now())
        back = f"{service_address()}{ROOT}/auth/sso/return"
        say([f"{made.issuer}: for {made.domains}", f"the provider is to send people back to {back}"])


@single_sign_on.command()
def show(program: ProgramKey) -> None:
    """Show with whom an organisation's people sign in."""
    from data.database import reading
    from data.program_settings import find_program
    from data.programs import Organisation
    from data.single_sign_on import provider_of

    with opened() as engine:
        with reading(engine) as db:
            of = db.get_one(Organisation, find_program(db, program).organisation_id)
            found = provider_of(db, of.key)
        asks = ", which asks everybody for two factors" if found.two_factors else ""
        say([f"{of.key}: {found.issuer}, as {found.client}, for {found.domains}{asks}"])


@single_sign_on.command()
def remove(program: ProgramKey) -> None:
    """Let nobody in by it any more; who is signed in stays so."""
    from data.database import transaction
    from data.program_settings import find_program
    from data.programs import Organisation
    from data.single_sign_on import remove_provider

    with opened() as engine:
        with transaction(engine) as db:
            of = db.get_one(Organisation, find_program(db, program).organisation_id)
            remove_provider(db, of, by=BY, now=now())
        say([f"{of.key}: no single sign-on any more"])
