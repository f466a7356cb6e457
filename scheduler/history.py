"""What was done, as people read it: rows of the audit with the names that people type, at times of their term's clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed, Wanted, deeds
from data.calendars import parts
from data.grants import Client, Grant
from data.groups import Group
from data.people import Person
from data.programs import Program, Term
from data.sessions import Session
from data.terms import term_name
from scheduler.circle import circle_of
from scheduler.term import instant

ROWS_OF_SESSIONS = re.compile(r"session (?P<id>[0-9a-f-]{36}) of group .+")
BEFORE = "was"
"""What was so before is kept for the program itself, and is not told."""
USUAL = "usual"
"""Where nothing is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One row: when, by the clock of its term or in UTC; in which term, empty where in none; and in the words that people know."""

    at: dt.datetime
    term: str
    by: str
    what: str
    whom: str
    reason: str
    details: str


def history(
    db: DbSession,
    *,
    term: Term | None = None,
    program: Program | None = None,
    since: dt.date | None = None,
    about: str = "",
    rows: int,
    page: int,
) -> tuple[list[Told], int]:
    """A page of what was done, newest first, and how many rows all pages have; pages are counted from 1.

    Of a term or of a program, where one is named; since a day of the term's zone, or of UTC where no term is named; and only what has a
    text in it, of which large and small letters are the same.
    """
    zone = term.zone if term else "UTC"
    wanted = Wanted(
        term=term.id if term else None,
        programs=(program.id,) if program else None,
        others=others_of(db, [program.id], [program.organisation_id]) if program else (),
        since=instant(zone, since, 0) if since else None,
        about=about,
    )
    found, count = deeds(db, wanted, limit=rows, offset=(page - 1) * rows)
    terms = {row.id: row for some in parts({one.term_id for one in found if one.term_id}) for row in _of(db, some)}
    return [_told(db, one, terms.get(one.term_id) if one.term_id else None) for one in found], count


def _of(db: DbSession, terms: Sequence[UUID]) -> Sequence[Term]:
    return db.scalars(select(Term).where(Term.id.in_(terms))).all()


def others_of(db: DbSession, programs: Collection[UUID], organisations: Collection[UUID]) -> tuple[str, ...]:
    """What the audit calls what is of no one program: the API clients of some programs, and organisations with theirs."""
    of_some = select(Grant.client_id).where(Grant.program_id.in_(programs), Grant.client_id.is_not(None))
    theirs = or_(Client.id.in_(of_some), Client.organisation_id.in_(organisations))
    clients = db.scalars(select(Client.id).where(theirs).order_by(Client.id))
    return *(f"organisation {one}" for one in sorted(organisations)), *(f"client {client}" for client in clients)


def _told(db: DbSession, deed: Deed, term: Term | None) -> Told:
    return Told(
        at=deed.at.astimezone(ZoneInfo(term.zone) if term else dt.UTC),
        term=term_name(db, term) if term else "",
        by=deed.by,
        what=deed.what,
        whom=_whom(db, deed.whom),
        reason=deed.reason,
        details=", ".join(f"{name}: {said}" for name, value in deed.details.items() if name != BEFORE and (said := _said(db, name, value))),
    )


def _whom(db: DbSession, whom: str) -> str:
    """A session by the name that people type for it, where it is there still; anything else as it is called."""
    named = ROWS_OF_SESSIONS.fullmatch(whom)
    session = db.get(Session, UUID(named["id"])) if named else None
    return circle_of(db, db.get_one(Group, session.group_id)).name(session) if session else whom


def _said(db: DbSession, name: str, value: object) -> str:
    """A value of JSON on one line; what counts nothing is not told."""
    match value:
        case None:
            return USUAL
        case Mapping():
            return ", ".join(f"{key} {said}" for key, held in value.items() if held != 0 and (said := _said(db, str(key), held)))
        case list():
            return " ".join(_said(db, name, one) for one in value) or "none"
        case str() if name == "owner":
            return _owner(db, value)
    return str(value)


def _owner(db: DbSession, owner: str) -> str:
    """Whose calendar it is, by key; a school is called by its name."""
    try:
        row = db.get(Person, UUID(owner)) or db.get(Group, UUID(owner))
    except ValueError:
        return owner
    return row.key if row else owner
