"""Roles that are given: to an account or to an API client, in one program or in all of an organisation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, and_, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.access import Office, Role, Standing
from data.base import Base, new_id
from data.people import Person
from data.programs import Organisation, Program


class Account(Base):
    """Somebody who can sign in, by their address; `password` is a hash, empty where they have none."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str] = mapped_column(default="")
    made_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class Client(Base):
    """A program of somebody else's that uses the API; `scopes` are the rights that it may use."""

    __tablename__ = "client"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id), index=True)
    name: Mapped[str]
    scopes: Mapped[str]
    made_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class Grant(Base):
    """A role of an account or a client; without a program it holds in all of the organisation, also in those to come."""

    __tablename__ = "grant"
    __table_args__ = (CheckConstraint("(account_id IS NULL) <> (client_id IS NULL)", name="one_holder"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey(Account.id), index=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey(Client.id), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id))
    program_id: Mapped[UUID | None] = mapped_column(ForeignKey(Program.id), index=True)
    role: Mapped[Role]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey(Person.id), index=True)
    school: Mapped[str] = mapped_column(default="")


_PARTS = select(Grant.organisation_id, Grant.program_id, Grant.role, Grant.person_id, Grant.school, Program.id).outerjoin(
    Program,
    or_(Grant.program_id == Program.id, and_(Grant.program_id.is_(None), Grant.organisation_id == Program.organisation_id)),
)
_OF_ACCOUNT = _PARTS.where(Grant.account_id == bindparam("holder"))
_OF_CLIENT = _PARTS.where(Grant.client_id == bindparam("holder"))
"""Every request asks for these: they are made once."""


@dataclass(frozen=True, slots=True)
class Part:
    """What an account or a client is: in each program where it is something, and to organisations; `homes` are all of those in which it
    is anything."""

    standings: tuple[Standing, ...]
    offices: tuple[Office, ...]
    homes: frozenset[UUID]


def part_of(db: DbSession, *, account: UUID | None = None, client: UUID | None = None) -> Part:
    """What an account or a client is. An owner of a program is one of its organisation's people; a client that is for some programs stays
    within them."""
    asked = _OF_ACCOUNT if account else _OF_CLIENT
    standings, offices, homes = list[Standing](), dict[Office, None](), set[UUID]()
    for organisation, only, role, person, school, program in db.execute(asked, {"holder": account or client}):
        homes.add(organisation)
        if program is not None:
            standings.append(Standing(program, role, person, school))
        if only is None or (account and role == Role.OWNER):
            offices[Office(organisation, role)] = None
    return Part(tuple(standings), tuple(offices), frozenset(homes))
