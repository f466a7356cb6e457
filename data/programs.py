"""Organisations, their programs, and a program's terms: what differs between programs is what stands here."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, Document, new_id


class MakeUp(StrEnum):
    """What becomes of a meeting that a day off leaves out."""

    NO = "no"
    END = "end"  # at the group's own times, after the term's last day
    NEXT = "next"  # at the next time that all of the group have in common


class Organisation(Base):
    """Who runs programs."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")


class Program(Base):
    """A program of an organisation; `settings` are those of `data.settings`."""

    __tablename__ = "program"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id))
    key: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    settings: Mapped[Document] = mapped_column(default=dict)


class Term(Base):
    """A teaching period of a program, in one IANA zone, both ends included; without `last_on` it is open-ended.

    `policy` holds what a policy.toml of ROUND.md says of its rounds besides: the parts group, mentor and points.
    """

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("program_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id))
    key: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    zone: Mapped[str]
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date | None]
    country: Mapped[str] = mapped_column(default="")
    make_up: Mapped[MakeUp] = mapped_column(default=MakeUp.NO)
    policy: Mapped[Document] = mapped_column(default=dict)


class Closure(Base):
    """Days without sessions, both ends included: of everybody, or of one school's mentees. A platform may have its own `key` for it."""

    __tablename__ = "closure"
    __table_args__ = (UniqueConstraint("term_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id), index=True)
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    name: Mapped[str]
    school: Mapped[str] = mapped_column(default="")
    key: Mapped[str | None]
