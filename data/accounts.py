"""Accounts: who can sign in, by an address of mail, whose letters count as small; made, given a password, closed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from data.access import Role
from data.account_news import tell_account
from data.attempts import begin, succeeded
from data.audit import Deed, write_down
from data.base import new_id
from data.database import KeptRefusal
from data.factors import has_second
from data.grants import Account, Grant
from data.identities import forget_identities
from data.mailed import end_links
from data.outbox import About
from data.passwords import hash_of, is_right, refuse_weak
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.signed_in import end_visits

PLAIN = re.compile(r"[^\s@\[\]()<>,;:\"\\\x00-\x1f]{1,64}@[^\s@\[\]()<>,;:\"\\\x00-\x1f]{1,190}")
BY_MAIL = {Role.MENTOR, Role.MENTEE, Role.GUARDIAN}
"""Who is only this may sign in by a mailed link."""
BY_LINK = "mailed link"
"""By whom that is done which somebody has by their address alone."""


class AccountError(Exception):
    """The root of what can be wrong with an account."""


@dataclass(eq=False)
class NoMailAddress(AccountError):
    """This is no address of mail."""

    given: str

    def __str__(self) -> str:
        return f"{self.given!r} is no mail address; write one such as kim@example.org"


@dataclass(eq=False)
class NoSuchAccount(AccountError):
    """Nobody has this id or address."""

    given: str

    def __str__(self) -> str:
        return f"no account has the address {self.given!r}; `dure account list` shows them"


@dataclass(eq=False)
class WrongPassword(AccountError, KeptRefusal):
    """The password that was to be changed is another."""

    def __str__(self) -> str:
        return "the password is another; write the one that holds now"


def address_in(text: str) -> str:
    """An address as it is kept.

    Raises
    ------
    NoMailAddress
        It is none.
    """
    given = text.strip()
    if not PLAIN.fullmatch(given):
        raise NoMailAddress(given)
    return given.lower()


def account_named(db: DbSession, email: str) -> Account | None:
    """The account of an address, where one is open."""
    return db.scalars(select(Account).where(Account.email == email.strip().lower(), Account.closed_at.is_(None))).first()


def find_account(db: DbSession, given: str) -> Account:
    """The account of an address or an id.

    Raises
    ------
    NoSuchAccount
        There is none that is open.
    """
    try:
        asked = select(Account).where(Account.id == UUID(given))
    except ValueError:
        asked = select(Account).where(Account.email == given.strip().lower())
    found = db.scalars(asked.where(Account.closed_at.is_(None))).first()
    if found is None:
        raise NoSuchAccount(given)
    return found


def account_for(db: DbSession, email: str, *, by: str, now: dt.datetime) -> Account:
    """The account of an address, new where there was none; one that was closed is open again, without a password and roles.

    Raises
    ------
    NoMailAddress
        It is none.
    """
    address = address_in(email)
    found = db.scalars(select(Account).where(Account.email == address)).first()
    if found is None:
        found = Account(id=new_id(), email=address, made_at=now)
        db.add(found)
        db.flush()
    elif found.closed_at is not None:
        found.closed_at = None
    else:
        return found
    write_down(db, at=now, by=by, what="account made", whom=f"account {found.id}")
    return found


def close_account(db: DbSession, account: Account, *, by: str, now: dt.datetime) -> None:
    """Lets nobody sign in with it any more, and ends where they are signed in; its roles, its password and its identities are gone."""
    account.closed_at, account.password = now, ""
    end_visits(db, account.id)
    end_links(db, account.email, now=now)
    forget_identities(db, [account.id])
    for grant in db.scalars(select(Grant).where(Grant.account_id == account.id)):
        db.delete(grant)
    write_down(db, at=now, by=by, what="account closed", whom=f"account {account.id}")


def accounts(db: DbSession) -> Sequence[tuple[Account, Sequence[tuple[Role, str]]]]:
    """All that are open, by address, with their roles and the programs of these, empty for all of an organisation's."""
    roles: dict[UUID, list[tuple[Role, str]]] = {}
    asked = select(Grant.account_id, Grant.role, Program.key).outerjoin(Program, Program.id == Grant.program_id)
    for account, role, program in db.execute(asked.order_by(Program.key, Grant.role)):
        if account is not None:
            roles.setdefault(account, []).append((role, program or ""))
    found = db.scalars(select(Account).where(Account.closed_at.is_(None)).order_by(Account.email)).all()
    return [(account, roles.get(account.id, [])) for account in found]


def set_password(db: DbSession, account: Account, password: str, *, but: UUID | None = None, by: str, now: dt.datetime) -> None:
    """Gives an account a password, and ends wherever else it is signed in, and the links that were mailed to it.

    Raises
    ------
    PasswordError
        It is too weak.
    """
    refuse_weak(password, account.email)
    if account.password:
        tell_account(db, account, About.PASSWORD_SET, now=now)
    account.password = hash_of(password)
    end_visits(db, account.id, but=but)
    end_links(db, account.email, now=now)
    write_down(db, at=now, by=by, what="password set", whom=f"account {account.id}")


def change_password(
    db: DbSession, account: Account, old: str, new: str, *, but: UUID | None, by: str, source: str, now: dt.datetime
) -> None:
    """The same where somebody knows the one that holds; who has none yet shows none. To show a wrong one counts as a try to sign in.

    Raises
    ------
    WrongPassword
        They do not.
    TooManyAttempts
        They, or others at their address, were wrong too often.
    PasswordError
        The new one is too weak.
    """
    if account.password:
        tried = begin(db, account.email, source, now=now)
        if not is_right(old, account.password)[0]:
            raise WrongPassword
        succeeded(db, tried)
    set_password(db, account, new, but=but, by=by, now=now)


def signs_in_by_mail(db: DbSession, email: str) -> bool:
    """Whether whoever reads mail at an address may sign in by it: mentors, mentees and guardians without a second factor, with an account
    or without one yet. All is looked at, whoever it is: who asks is not to learn from the time that it takes."""
    account, people = db.scalars(select(Account).where(Account.email == email.strip().lower())).first(), _people_at(db, email)
    if account is None:
        return bool(people)
    roles = set(db.scalars(select(Grant.role).where(Grant.account_id == account.id)))
    return account.closed_at is None and roles <= BY_MAIL and not has_second(db, account.id)


def let_in_by_mail(db: DbSession, email: str, *, now: dt.datetime) -> Account:
    """The account of an address whose mail somebody reads, which has the roles of the mentors and mentees of this address."""
    account = account_for(db, email, by=BY_LINK, now=now)
    give_own_roles(db, account, now=now)
    return account


def give_own_roles(db: DbSession, account: Account, *, now: dt.datetime) -> None:
    """Gives an account, whose address somebody has shown to be theirs, the roles of the mentors and mentees of this address that it has not
    yet; what was taken from it in a program stays taken."""
    theirs = select(Grant.program_id, Grant.role, Grant.person_id).where(Grant.account_id == account.id)
    has = {tuple(row) for row in db.execute(theirs)}
    lacking = [one for one in _own_roles(db, account) if (one.program.id, one.role, one.person.id) not in has]
    programs = {one.program.id for one in lacking}
    about = select(Deed.program_id, Deed.details).where(Deed.program_id.in_(programs), Deed.whom == f"account {account.id}")
    taken = {(program, details["role"]) for program, details in db.execute(about.where(Deed.what == "role taken"))} if programs else set()
    for program, role, person in lacking:
        if (program.id, role) not in taken:
            of = person.organisation_id
            db.add(Grant(account_id=account.id, organisation_id=of, program_id=program.id, role=role, person_id=person.id))
            whom, details = f"account {account.id}", {"program": program.key, "role": role.value, "for": person.key}
            write_down(db, at=now, by=BY_LINK, what="role given", whom=whom, ids={"program": program.id}, details=details)
    db.flush()


class _OwnRole(NamedTuple):
    program: Program
    role: Role
    person: Person


def _own_roles(db: DbSession, account: Account) -> Iterator[_OwnRole]:
    """What the mentors and mentees of an account's address are, in each program."""
    for person in _people_at(db, account.email):
        for table, role in ((Mentor, Role.MENTOR), (Mentee, Role.MENTEE)):
            terms = select(Term.program_id).join(table, table.term_id == Term.id).where(table.person_id == person.id)
            for program in db.scalars(select(Program).where(Program.id.in_(terms)).order_by(Program.id)):
                yield _OwnRole(program, role, person)


def _people_at(db: DbSession, email: str) -> Sequence[Person]:
    return db.scalars(select(Person).where(Person.email != "", func.lower(Person.email) == email.strip().lower())).all()
