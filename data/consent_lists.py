"""Many consents at once, from a table: a line for each mentee whose guardian has signed.

    mentee_id, born_on, given_on, method, version, guardian

Only `mentee_id` must be there; a line without `given_on` says only when somebody was born.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.consents import Act, Method, Said, note, set_birth_day
from data.people import Mentee
from data.programs import Term
from matching.csvfile import read_csv
from matching.faults import BadRound, Faults
from matching.kinds import DATE, TEXT, Known, choice, pointer
from matching.rows import Column, Columns, read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; without `given_on` there is no consent in it."""

    mentee: str
    born_on: dt.date | None = None
    given_on: dt.date | None = None
    method: Method = Method.PAPER
    version: str = ""
    guardian: str = ""


def consent_columns(mentees: Known) -> Columns[Line]:
    """The columns, which point to these mentees."""
    columns = (
        Column("mentee_id", "mentee", pointer(mentees), required=True, unique=True),
        Column("born_on", "born_on", DATE),
        Column("given_on", "given_on", DATE),
        Column("method", "method", choice(Method)),
        Column("version", "version", TEXT),
        Column("guardian", "guardian", TEXT),
    )

    def make(_line: int, fields: dict[str, Any]) -> Line:
        return Line(**fields)

    return Columns(columns, make)


def read_consents(db: DbSession, term: Term, path: Path) -> list[Line]:
    """The lines of a CSV file, about mentees of a term.

    Raises
    ------
    BadRound
        With every fault of the file.
    """
    faults = Faults()
    known = dict.fromkeys(db.scalars(select(Mentee.key).where(Mentee.term_id == term.id)), 0)
    rows = read_rows(path.name, read_csv(path), consent_columns(Known(known, "mentee_id", "the term")), faults)
    if faults.found:
        raise faults.error(BadRound)
    return list(rows.values)


def note_all(db: DbSession, term: Term, lines: list[Line], *, by: str, now: dt.datetime) -> int:
    """Writes down what lines say, and tells how many consents that are.

    Raises
    ------
    NotYetGiven, NoSuchBirthDay
        A line says what cannot be.
    """
    count, zone = 0, ZoneInfo(term.zone)
    mentees = {one.key: one for one in db.scalars(select(Mentee).where(Mentee.term_id == term.id))}
    for line in lines:
        mentee = mentees[line.mentee]
        if line.born_on is not None:
            set_birth_day(db, mentee, line.born_on, by=by, now=now)
        if line.given_on is not None:
            at = dt.datetime.combine(line.given_on, dt.time(), zone)
            note(db, mentee, Said(act=Act.GIVEN, method=line.method, guardian=line.guardian, version=line.version, at=at), by=by, now=now)
            count += 1
    return count
