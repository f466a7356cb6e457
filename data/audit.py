"""Who did what to what, when and why: one row for each change, only ever added to, with keys in the place of names."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Index, String, cast, func, or_, select
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows are looked for: those of some terms and those about `others`, whatever their term, where `terms` are named; from an
    instant on; those with a text in them, of which large and small letters are the same."""

    terms: tuple[UUID, ...] | None = None
    others: tuple[str, ...] = ()
    since: dt.datetime | None = None
    about: str = ""


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


def deeds(db: DbSession, wanted: Wanted, *, limit: int, offset: int) -> tuple[Sequence[Deed], int]:
    """The rows that are looked for, newest first, but for so many; and how many there are of them in all."""
    asked = select(Deed)
    if wanted.terms is not None:
        asked = asked.where(or_(Deed.term_id.in_(wanted.terms), Deed.whom.in_(wanted.others)))
    if wanted.since is not None:
        asked = asked.where(Deed.at >= wanted.since)
    if wanted.about:
        texts = [column.icontains(wanted.about, autoescape=True) for column in (Deed.by, Deed.what, Deed.whom, Deed.reason)]
        written = json.dumps(wanted.about)[1:-1]  # as a value of JSON is kept
        asked = asked.where(or_(*texts, cast(Deed.details, String).icontains(written, autoescape=True)))
    count = db.scalars(select(func.count()).select_from(asked.subquery())).one()
    return db.scalars(asked.order_by(Deed.at.desc(), Deed.id.desc()).limit(limit).offset(offset)).all(), count
