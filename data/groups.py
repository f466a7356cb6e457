"""Groups: mentees who meet one mentor for one subject, each from a day and, once they have left, until one."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, new_id
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Run


class Group(Base):
    """A group of a term, [from_on, until_on) where it has ended; `key` is what people call it."""

    __tablename__ = "group"
    __table_args__ = (UniqueConstraint("term_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID] = mapped_column(ForeignKey(Term.id))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey(Run.id), index=True)
    key: Mapped[str]
    mentor_id: Mapped[UUID] = mapped_column(ForeignKey(Mentor.id), index=True)
    subject: Mapped[str]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    link: Mapped[str] = mapped_column(default="")


class Membership(Base):
    """A mentee's time in a group, in days of the term's zone, half-open [from_on, until_on)."""

    __tablename__ = "membership"

    group_id: Mapped[UUID] = mapped_column(ForeignKey(Group.id), primary_key=True)
    mentee_id: Mapped[UUID] = mapped_column(ForeignKey(Mentee.id), primary_key=True, index=True)
    from_on: Mapped[dt.date] = mapped_column(primary_key=True)
    until_on: Mapped[dt.date | None]
