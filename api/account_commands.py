"""`dure account`: gives people roles by their mail addresses, and lets them in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, now, opened
from api.session_lines import say

if TYPE_CHECKING:
    from data.access import Role

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address.")]
ProgramKey = Annotated[str, typer.Argument(metavar="PROGRAM", help="A program, as `dure program list` names it.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="owner, manager, reviewer, supervisor or partner.")]

ALL = "all programs"

accounts = typer.Typer(help="Let people sign in, each with a role.", no_args_is_help=True, rich_markup_mode=None)


@accounts.command()
def give(
    address: Address,
    program: ProgramKey,
    role: RoleName,
    school: Annotated[str, typer.Option(metavar="NAME", help="A partner's.")] = "",
) -> None:
    """Give somebody a role in a program.

    Who has no password yet is mailed a link to set one. Mentors and mentees need nothing of this: they sign in by a mailed link.
    """
    from api.links import service_address
    from data.database import transaction
    from data.program_settings import find_program
    from data.roles import Given, give_role, invite

    with opened() as engine:
        with transaction(engine) as db:
            of = find_program(db, program)
            grant = give_role(db, None, of, address, Given(_role(role), school=school), by=BY, now=now())
            account = invite(db, grant, of, service_address(), now=now())
        invited = "" if account.password else "; a mail with a link to set a password is in the outbox"
        say([f"{account.email}: {grant.role} of {of.key}{invited}"])


@accounts.command()
def take(address: Address, program: ProgramKey, role: RoleName) -> None:
    """Take somebody's role away, from their next request on."""
    from data.accounts import find_account
    from data.database import transaction
    from data.grants import Grant
    from data.program_settings import find_program
    from data.roles import NoSuchRole, roles_in, take_role

    with opened() as engine:
        with transaction(engine) as db:
            of, account = find_program(db, program), find_account(db, address)
            theirs = db.scalars(roles_in(of.id).where(Grant.account_id == account.id, Grant.role == _role(role))).all()
            if not theirs:
                raise NoSuchRole(role)
            for grant in theirs:
                take_role(db, None, of, str(grant.id), by=BY, now=now())
        say([f"{account.email}: {role} of {of.key} no more"])


@accounts.command("list")
def list_accounts() -> None:
    """List who can sign in, and as what."""
    from data.accounts import accounts as all_accounts
    from data.database import reading

    with opened() as engine:
        with reading(engine) as db:
            lines = [
                f"{account.email}: {', '.join(f'{role} of {program or ALL}' for role, program in roles) or 'no role'}"
                for account, roles in all_accounts(db)
            ]
        say(lines, nothing="there are no accounts; `dure account give` makes one")


@accounts.command()
def close(address: Address) -> None:
    """Let somebody in no more; their roles and their password are gone."""
    from data.accounts import close_account, find_account
    from data.database import transaction

    with opened() as engine:
        with transaction(engine) as db:
            account = find_account(db, address)
            close_account(db, account, by=BY, now=now())
        say([f"{account.email}: closed"])


def _role(text: str) -> Role:
    from data.access import Role

    try:
        return Role(text)
    except ValueError:
        raise BadWord("ROLE", f"{text!r} is no role", f"write one of {', '.join(Role)}") from None
