"""Erasures: that somebody was erased, and when what was overwritten was wiped from the database's files too."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.base import Base, new_id
from data.people import Person


class Erasure(Base):
    """One of them; until `wiped_at` the bytes of what was erased may still lie in files of the database, where no query finds them."""

    __tablename__ = "erasure"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey(Person.id), index=True)
    at: Mapped[dt.datetime]
    wiped_at: Mapped[dt.datetime | None] = mapped_column(index=True)
