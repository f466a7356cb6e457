"""People, and what they are in a term: mentors and mentees with their requests, availability and wishes.

Cells that hold lists (subjects, availability, regions) are kept as ROUND.md writes them, in its canonical form: one reader of them is
enough, and what is exported is what is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, ForeignKey, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, new_id
from data.programs import Organisation, Term


class CameAs(StrEnum):
    """What a person came as."""

    MENTOR = "mentor"
    MENTEE = "mentee"


class Person(Base):
    """Somebody of an organisation, over the years; `key` is the one they came with, in a role.

    `reminders` are the minutes before a session at which they want to be reminded, None where the program's settings say. Who was erased
    is known by a word made by chance.
    """

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("organisation_id", "came_as", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey(Organisation.id))
    came_as: Mapped[CameAs]
    key: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    gender: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    reminders: Mapped[list[Any] | None] = mapped_column(JSON)
    born_on: Mapped[dt.date | None]
    erased_at: Mapped[dt.datetime | None]


class Mentor(Base):
    """Who teaches in a term; `left_on` is the first day on which a mentor who left does so no more."""

    __tablename__ = "mentor"
    __table_args__ = (UniqueConstraint("term_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id))
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id), index=True)
    key: Mapped[str]
    subjects: Mapped[str]
    availability: Mapped[str]
    preferred: Mapped[str] = mapped_column(default="")
    home_region: Mapped[str] = mapped_column(default="")
    regions: Mapped[str] = mapped_column(default="")
    max_groups: Mapped[int | None]
    max_size: Mapped[int | None]
    max_weekly_minutes: Mapped[int | None]
    available_from: Mapped[dt.date | None]
    available_until: Mapped[dt.date | None]
    affiliation: Mapped[str] = mapped_column(default="")
    left_on: Mapped[dt.date | None]
    left_why: Mapped[str] = mapped_column(default="")


class Mentee(Base):
    """Who learns in a term."""

    __tablename__ = "mentee"
    __table_args__ = (UniqueConstraint("term_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id))
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id), index=True)
    key: Mapped[str]
    grade: Mapped[int]
    availability: Mapped[str]
    preferred: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    max_groups: Mapped[int | None]
    school: Mapped[str] = mapped_column(default="")
    mentor_gender: Mapped[str] = mapped_column(default="")
    previous_mentor: Mapped[str] = mapped_column(default="")
    left_on: Mapped[dt.date | None]
    left_why: Mapped[str] = mapped_column(default="")


class Request(Base):
    """One mentee's ask for one subject, with a priority from 1 (normal) to 9; `place` keeps their order."""

    __tablename__ = "request"

    mentee_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    priority: Mapped[int] = mapped_column(default=1)
    place: Mapped[int] = mapped_column(default=0)


class PairRow(Base):
    """A row of a term's pairs.csv; `place` keeps their order."""

    __tablename__ = "pair"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id), index=True)
    place: Mapped[int]
    mentor_id: Mapped[UUID] = mapped_column(ForeignKey(Mentor.id))
    mentee_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id))
    subject: Mapped[str] = mapped_column(default="")
    rule: Mapped[str]
    points: Mapped[int] = mapped_column(default=0)


class PeerRow(Base):
    """A row of a term's peers.csv; `place` keeps their order."""

    __tablename__ = "peer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id), index=True)
    place: Mapped[int]
    mentee_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id))
    other_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id))
    rule: Mapped[str]
    points: Mapped[int] = mapped_column(default=0)


def is_in(programs: Collection[UUID]) -> ColumnElement[bool]:
    """Of persons: who is or was a mentor or a mentee in a term of any of these programs."""
    terms = select(Term.id).where(Term.program_id.in_(programs))
    return or_(*(Person.id.in_(select(kind.person_id).where(kind.term_id.in_(terms))) for kind in (Mentor, Mentee)))
