"""Users of a OneRoster archive as people of a term: students as mentees, teachers as mentors, by their sourcedIds.

OneRoster tells their names, e-mail, grade and school. It does not tell when they are available, what they teach and what they ask for:
who is there already keeps theirs; else columns `metadata.dure.availability`, `metadata.dure.subjects` and `metadata.dure.requests` of
users.csv say so, written as in ROUND.md, or defaults of whoever imports. Whoever it is said of nowhere is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.orm import Session as DbSession

from data.oneroster import BadRoster, Roster, Row, items
from data.programs import Term
from data.roster import mentee_cells, mentor_cells, part_of
from data.terms import day_in
from matching.columns import MENTEES, MENTORS
from matching.faults import Fault, Faults
from matching.round import Mentee, Mentor
from matching.rows import Columns, read_rows

T = TypeVar("T")

OWN = "metadata.dure."
NO_FAMILY_NAME = "-"
"""Stands for a family name where a name has one word, since OneRoster wants both."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Cells of ROUND.md for whom nothing else says them."""

    availability: str = ""
    subjects: str = ""
    requests: str = ""


@dataclass(slots=True)
class Users:
    """Whom an archive speaks of: who is taken, by role."""

    mentors: list[Mentor] = field(default_factory=list)
    mentees: list[Mentee] = field(default_factory=list)
    left_out: int = 0
    """So many users are neither students nor teachers in the term, or are no more."""


def users_of(db: DbSession, term: Term, roster: Roster, defaults: Defaults, *, now: dt.datetime) -> Users:
    """The people of an archive as they would be in a term.

    Raises
    ------
    BadRoster
        Somebody lacks what a term needs to know, with each fault.
    """
    roles = _roles(term, roster["roles"])
    schools = {row.key: row["name"] for row in roster["orgs"] if row["type"] == "school" and row.key != str(term.program_id)}
    users = [row for row in roster["users"] if not row.gone and row["enabledUser"] == "true"]
    teach = [row for row in users if (row.key, "teacher") in roles]
    learn = [row for row in users if (row.key, "student") in roles]
    now_are = part_of(db, term, {row.key for row in teach}, {row.key for row in learn}, on=day_in(term, now))
    mentors = {one.key: mentor_cells(one) for one in now_are.mentors}
    mentees = {one.key: mentee_cells(one) for one in now_are.mentees}
    teacher_rows = [(row.line, _mentor(row, mentors.get(row.key, {}), _school(row, "teacher", roles, schools), defaults)) for row in teach]
    student_rows = [(row.line, _mentee(row, mentees.get(row.key, {}), _school(row, "student", roles, schools), defaults)) for row in learn]
    faults = Faults()
    found = Users(left_out=len(roster["users"]) - len({row.key for row in [*teach, *learn]}))
    found.mentors += _read(MENTORS, teacher_rows, faults)
    found.mentees += _read(MENTEES, student_rows, faults)
    if faults.found:
        raise faults.error(BadRoster)
    return found


def _roles(term: Term, rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """The org of each user in each role that they have at some time of the term; a primary one comes first."""
    first, last = term.first_on.isoformat(), term.last_on.isoformat() if term.last_on else ""
    held = [
        row
        for row in rows
        if not row.gone and (row["endDate"] or first) >= first and (not last or not row["beginDate"] or row["beginDate"] <= last)
    ]
    held.sort(key=lambda row: row["roleType"] == "primary")
    return {(row["userSourcedId"], row["role"]): row["orgSourcedId"] for row in held}


def _school(row: Row, role: str, roles: Mapping[tuple[str, str], str], schools: Mapping[str, str]) -> str:
    return schools.get(roles[row.key, role], "")


def _mentor(row: Row, were: Mapping[str, str], school: str, defaults: Defaults) -> dict[str, str]:
    cells = {**were, **_person(row), "mentor_id": row.key, "affiliation": school or were.get("affiliation", "")}
    said = {"availability": defaults.availability, "subjects": defaults.subjects}
    return cells | _asked(row, were, said)


def _mentee(row: Row, were: Mapping[str, str], school: str, defaults: Defaults) -> dict[str, str]:
    grades = [grade for grade in items(row["grades"]) if grade.isdigit()]
    grade = str(int(grades[0])) if len(grades) == 1 else row["grades"]
    cells = {
        **were,
        **_person(row),
        "mentee_id": row.key,
        "grade": grade or were.get("grade", ""),
        "school": school or were.get("school", ""),
    }
    said = {"availability": defaults.availability, "requests": defaults.requests}
    return cells | _asked(row, were, said)


def _person(row: Row) -> dict[str, str]:
    given, family = row["preferredGivenName"] or row["givenName"], row["preferredFamilyName"] or row["familyName"]
    name = given if family == NO_FAMILY_NAME else f"{given} {family}"
    return {"name": name, **({"email": row["email"]} if row["email"] else {})}


def _asked(row: Row, were: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """What OneRoster cannot tell: of its own columns, as it was, or as is usual."""
    return {name: row[OWN + name] or were.get(name, "") or usual for name, usual in defaults.items()}


def _read(columns: Columns[T], rows: Collection[tuple[int, Mapping[str, str]]], faults: Faults) -> list[T]:
    names = [column.name for column in columns.columns]
    found = Faults()

    def cells() -> Iterator[tuple[int, Sequence[object]]]:
        yield 1, names
        for line, row in rows:
            yield line, [row.get(name, "") for name in names]

    read = read_rows("users.csv", cells(), columns, found)
    for fault in found.found:
        faults.add(_told(fault))
    return read.values


def _told(fault: Fault) -> Fault:
    """A fault of a cell as one of the column of users.csv from which it came."""
    columns = {"mentor_id": "sourcedId", "mentee_id": "sourcedId", "grade": "grades", "name": "givenName", "email": "email"}
    column = columns.get(fault.column, OWN + fault.column)
    mend = fault.mend
    if column.startswith(OWN):
        mend = f"{mend} in this column, or give a default of {fault.column} for whom nothing is said"
    return Fault(fault.file, fault.line, column, fault.problem, mend)
