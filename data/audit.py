"""Who did what to what, when and why: one row for each change, with keys in the place of names. Rows are only ever added, which the
database itself sees to."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Select, String, and_, cast, delete, exists, func, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session as DbSession, mapped_column

from data.base import Base, Document, new_id
from data.event_types import type_of
from data.events import Happening, happened
from data.groups import Group
from data.people import Mentee, Mentor
from data.programs import Term
from data.texts import bounded


class Deed(Base):
    """One change: `what` was done to `whom` (a kind and a key), `by` somebody, from the network address `source`, where one is known. What
    is of a term is of its program, also when the term is gone; what is of neither is an organisation's, an account's or the service's."""

    __tablename__ = "deed"
    __table_args__ = (Index("ix_deed_term_id_at", "term_id", "at"), Index("ix_deed_program_id_at", "program_id", "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    term_id: Mapped[UUID | None]
    program_id: Mapped[UUID | None]
    at: Mapped[dt.datetime]
    by: Mapped[str]
    what: Mapped[str]
    whom: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    details: Mapped[Document] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(default="")


class AuditOpening(Base):
    """Is there only within a transaction that may change rows of the audit, and so for nobody else: the database refuses that where none
    is."""

    __tablename__ = "audit_opening"

    id: Mapped[int] = mapped_column(primary_key=True)


@contextmanager
def opened_audit(db: DbSession) -> Iterator[None]:
    """While this lasts, rows of the audit may be changed and removed: for who erases somebody, or keeps a retention period."""
    db.execute(insert(AuditOpening).values(id=1))
    yield
    db.execute(delete(AuditOpening))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows are looked for: those of a term, where one is named; else those of some programs and those about `others`, which are of
    no program, where `programs` are named; from an instant on; those with a text in them, of which large and small letters are the same,
    and which is met whole where it is the key of a group or somebody: `m-1` is not looked for in `m-10`."""

    term: UUID | None = None
    programs: tuple[UUID, ...] | None = None
    others: tuple[str, ...] = ()
    since: dt.datetime | None = None
    about: str = ""


_DEED = Base.metadata.tables[Deed.__tablename__]


def write_down(  # noqa: PLR0913  each is a column, or names whom it is about
    db: DbSession,
    *,
    at: dt.datetime,
    by: str,
    what: str,
    whom: str,
    term: UUID | None = None,
    ids: Mapping[str, UUID] | None = None,
    reason: str = "",
    details: Document | None = None,
) -> list[UUID]:
    """Adds a row to the audit and, where what was done is of a program, its event, so that no change is without one; gives its id.

    `ids` are those of what it was done to; the program is that of the `term`, where it is not among them. Who opened the transaction says
    in its `info["source"]` from where it is asked for, and in `info["reason"]` why, where nothing else does. Of what is of no program, such
    as an organisation's API clients, there is no event.

    Raises
    ------
    BadText
        The reason cannot be kept.
    """
    source = db.info.get("source", "")
    reason = bounded(reason or db.info.get("reason", ""), "the reason")
    named = {**({"term": term} if term else {}), **(ids or {})}
    db.flush()  # the term may be as new as its row
    kind, program = type_of(what, whom), named.get("program") or _program_of(db, term)
    of = {"term_id": term, "program_id": program}
    said = {"at": at, "by": by, "what": what, "whom": whom, "reason": reason, "details": details or {}, "source": source}
    db.execute(insert(_DEED), {**of, **said})
    if kind is not None and program is not None:
        data = {"whom": whom, **{name: str(value) for name, value in named.items()}}
        return happened(db, [Happening(program, kind, data)], now=at)
    return []


def last_deed(db: DbSession, term: UUID, what: str, whom: str) -> Deed | None:
    """The last time that this was done to somebody in a term."""
    done = select(Deed).where(Deed.term_id == term, Deed.what == what, Deed.whom == whom)
    return db.scalars(done.order_by(Deed.at.desc(), Deed.id.desc()).limit(1)).first()


def deeds(db: DbSession, wanted: Wanted, *, limit: int, offset: int) -> tuple[Sequence[Deed], int]:
    """The rows that are looked for, newest first, but for so many; and how many there are of them in all."""
    asked = wanted_deeds(wanted)
    count = db.scalars(select(func.count()).select_from(asked.subquery())).one()
    return db.scalars(asked.order_by(Deed.at.desc(), Deed.id.desc()).limit(limit).offset(offset)).all(), count


def wanted_deeds(wanted: Wanted) -> Select[Deed]:
    """What finds the rows that are looked for."""
    asked = select(Deed)
    if wanted.term is not None:
        asked = asked.where(Deed.term_id == wanted.term)
    elif wanted.programs is not None:
        others = and_(Deed.program_id.is_(None), Deed.whom.in_(wanted.others))
        asked = asked.where(or_(Deed.program_id.in_(wanted.programs), others))
    if wanted.since is not None:
        asked = asked.where(Deed.at >= wanted.since)
    if wanted.about:
        is_key = _is_key(wanted)
        texts = [_has(column, wanted.about, is_key) for column in (Deed.by, Deed.what, Deed.whom, Deed.reason)]
        written = json.dumps(wanted.about)[1:-1]  # as a value of JSON is kept
        asked = asked.where(or_(*texts, _has(cast(Deed.details, String), written, is_key)))
    return asked


def _is_key(wanted: Wanted) -> ColumnElement[bool]:
    """Whether a group, a mentor or a mentee of where it is looked is called as what is looked for."""
    kinds: tuple[type[Group | Mentor | Mentee], ...] = (Group, Mentor, Mentee)
    named = [select(kind.id).where(func.lower(kind.key) == wanted.about.lower()) for kind in kinds]
    if wanted.term is not None:
        named = [one.where(kind.term_id == wanted.term) for one, kind in zip(named, kinds, strict=True)]
    elif wanted.programs is not None:
        terms = select(Term.id).where(Term.program_id.in_(wanted.programs))
        named = [one.where(kind.term_id.in_(terms)) for one, kind in zip(named, kinds, strict=True)]
    return or_(*(exists(one) for one in named))


def _has(column: ColumnElement[str] | InstrumentedAttribute[str], text: str, is_key: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a text is in a column; of a key, with no sign of another key before or after it."""
    whole = rf"(?i)(?<![a-z0-9_-]){re.escape(text)}(?!\.?[a-z0-9_-])"
    return and_(column.icontains(text, autoescape=True), or_(~is_key, column.regexp_match(whole)))


def _program_of(db: DbSession, term: UUID | None) -> UUID | None:
    found = db.get(Term, term) if term else None
    return found.program_id if found else None
