"""Roles that accounts have in a program: given by mail to an address, taken away, listed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DbSession

from data.access import Actor, Role, gives
from data.accounts import account_for
from data.audit import write_down
from data.base import new_id
from data.grants import Account, Grant
from data.mailed import Purpose, mail_link
from data.people import Person
from data.programs import Program

OF_A_PERSON = {Role.MENTOR, Role.MENTEE, Role.GUARDIAN}
"""Who is this is so as somebody, or for somebody."""


class RoleError(Exception):
    """The root of what can be wrong with a role."""


@dataclass(eq=False)
class RoleAboveOwn(RoleError):
    """Nobody gives or takes a role above their own."""

    role: Role

    def __str__(self) -> str:
        return f"the role {self.role} is not yours to give or take; ask an owner"


@dataclass(eq=False)
class RoleOfWhom(RoleError):
    """A role lacks whose it is, or has what it does not take."""

    role: Role

    def __str__(self) -> str:
        needs = "a person" if self.role in OF_A_PERSON else "a school" if self.role is Role.PARTNER else "neither a person nor a school"
        return f"the role {self.role} takes {needs}; write that"


@dataclass(eq=False)
class HasRole(RoleError):
    """The account has this role already."""

    role: Role

    def __str__(self) -> str:
        return f"the account is {self.role} already; take that away first"


@dataclass(eq=False)
class NoSuchRole(RoleError):
    """Nobody in the program has a role of this id."""

    given: str

    def __str__(self) -> str:
        return f"there is no role {self.given!r} in the program; look at what is listed"


@dataclass(eq=False)
class LastOwner(RoleError):
    """Nobody else could give roles."""

    def __str__(self) -> str:
        return "this is the program's only owner; make another first"


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be given: a role, as a person or for one, or for the mentees of a school."""

    role: Role
    person: Person | None = None
    school: str = ""

    def __post_init__(self) -> None:
        if bool(self.person) != (self.role in OF_A_PERSON) or bool(self.school) != (self.role is Role.PARTNER):
            raise RoleOfWhom(self.role)


def give_role(db: DbSession, actor: Actor | None, program: Program, email: str, given: Given, *, by: str, now: dt.datetime) -> Grant:
    """Gives whoever has an address a role in a program; `actor` is who does, None for whoever runs the service.

    Raises
    ------
    RoleAboveOwn
        It is not theirs to give.
    HasRole
        There is such a role already.
    NoMailAddress
        It is no address.
    """
    if actor is not None and not gives(actor, program.id, given.role):
        raise RoleAboveOwn(given.role)
    account = account_for(db, email, by=by, now=now)
    person = given.person.id if given.person else None
    same = select(Grant).where(Grant.account_id == account.id, Grant.program_id == program.id, Grant.role == given.role)
    if db.scalars(same.where(Grant.person_id == person if person else Grant.person_id.is_(None), Grant.school == given.school)).first():
        raise HasRole(given.role)
    grant = Grant(
        id=new_id(),
        account_id=account.id,
        organisation_id=program.organisation_id,
        program_id=program.id,
        role=given.role,
        person_id=person,
        school=given.school,
    )
    db.add(grant)
    details = {"program": program.key, "role": given.role.value} | ({"for": given.person.key} if given.person else {})
    write_down(db, at=now, by=by, what="role given", whom=f"account {account.id}", ids={"program": program.id}, details=details)
    return grant


def invite(db: DbSession, grant: Grant, program: Program, service: str, *, now: dt.datetime) -> Account:
    """Mails whoever has a role and no password yet a link to set one, at the address of the service; gives their account."""
    account = db.get_one(Account, grant.account_id)
    if not account.password:
        mail_link(db, Purpose.INVITE, account.email, f"{service}/password", program=program.name or program.key, now=now)
    return account


def take_role(db: DbSession, actor: Actor | None, program: Program, given: str, *, by: str, now: dt.datetime) -> None:
    """Takes a role away, from the next request on.

    Raises
    ------
    NoSuchRole
        Nobody has it.
    RoleAboveOwn
        It is not theirs to take.
    LastOwner
        Somebody must be one.
    """
    found = db.scalars(roles_in(program.id).where(Grant.id == _id(given))).first()
    if found is None:
        raise NoSuchRole(given)
    if actor is not None and not gives(actor, program.id, found.role):
        raise RoleAboveOwn(found.role)
    owners = db.scalars(roles_in(program.id).where(Grant.role == Role.OWNER)).all()
    if found.role is Role.OWNER and len(owners) == 1:
        raise LastOwner
    db.delete(found)
    details = {"program": program.key, "role": found.role.value}
    write_down(db, at=now, by=by, what="role taken", whom=f"account {found.account_id}", ids={"program": program.id}, details=details)


def roles_in(program: UUID) -> Select[Grant]:
    """The roles of open accounts in a program."""
    return select(Grant).join(Account, Account.id == Grant.account_id).where(Grant.program_id == program, Account.closed_at.is_(None))


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NoSuchRole(given) from None
