"""What guardians have agreed to: who is under an age is in a round only where a guardian has consented to it.

Of each act of a guardian there is a row, which stays: that they have given their consent to a text, or withdrawn it. What counts is the
last one, and it must be of the text that is in force.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, new_id
from data.people import Person
from data.programs import Program


class Act(StrEnum):
    """What a guardian has done."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Method(StrEnum):
    """How they have said so."""

    PAPER = "paper"
    MAIL = "mail"  # by a link or in words
    PHONE = "phone"
    PLATFORM = "platform"  # where they have signed in


class Consent(Base):
    """One act of a guardian of a mentee, for one program: `at` is when they did it, `noted_at` when it was written down here. `version` is
    that of the text; `guardian` says who it was, in as few words as the program needs."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_person_id_program_id", "person_id", "program_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[UUID] = mapped_column(ForeignKey(Program.id))
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id))
    act: Mapped[Act]
    method: Mapped[Method]
    version: Mapped[str]
    guardian: Mapped[str] = mapped_column(default="")
    at: Mapped[dt.datetime]
    noted_at: Mapped[dt.datetime]
    noted_by: Mapped[str]
