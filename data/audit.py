"""Who did what to what, when and why: one row for each change, only ever added to, with keys in the place of names."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base, Document, new_id


class Deed(Base):
    """One change: `what` was done to `whom` (a kind and a key), `by` somebody."""

    __tablename__ = "deed"
    __table_args__ = (Index("ix_deed_term_id_at", "term_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID | None]
    at: Mapped[dt.datetime]
    by: Mapped[str]
    what: Mapped[str]
    whom: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    details: Mapped[Document] = mapped_column(default=dict)


def write_down(
    db: DbSession,
    *,
    at: dt.datetime,
    by: str,
    what: str,
    whom: str,
    term: UUID | None = None,
    reason: str = "",
    details: Document | None = None,
) -> None:
    """Adds a row to the audit."""
    db.add(Deed(term_id=term, at=at, by=by, what=what, whom=whom, reason=reason, details=details or {}))


def last_deed(db: DbSession, term: UUID, what: str, whom: str) -> Deed | None:
    """The last time that this was done to somebody in a term."""
    done = select(Deed).where(Deed.term_id == term, Deed.what == what, Deed.whom == whom)
    return db.scalars(done.order_by(Deed.at.desc(), Deed.id.desc()).limit(1)).first()
