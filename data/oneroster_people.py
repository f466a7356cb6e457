"""Users of a OneRoster archive as people of a term: students as mentees, teachers as mentors, by their sourcedIds.

OneRoster tells their names, e-mail, grade and school. It does not tell when they are available, what they teach and what they ask for:
who is there already keeps theirs; else columns `metadata.dure.availability`, `.subjects`, `.requests` and others of users.csv say so,
written as in ROUND.md, or defaults of whoever imports. Whoever it is said of nowhere is refused.

Who is not in an archive stays. Who leaves is said to be `tobedeleted` in a delta file, themselves or their role, or has a role that is
over. Changes speak of somebody without their role where it is as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.orm import Session as DbSession

from data.oneroster import BadRoster, Roster, Row, items
from data.oneroster_names import joined
from data.oneroster_own import KEY, OWN, OWN_COLUMNS, PROGRAM
from data.oneroster_tables import SCHOOL
from data.people import CameAs
from data.programs import Term
from data.roster import mentee_cells, mentor_cells, part_of
from data.terms import day_in
from matching.columns import MENTEES, MENTORS
from matching.faults import Fault, Faults, short
from matching.round import Mentee, Mentor
from matching.rows import Columns, read_rows

T = TypeVar("T")
Cells = Mapping[str, str]

ROLES = {"teacher": CameAs.MENTOR, "student": CameAs.MENTEE}
"""What of OneRoster's roles people of a term have."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Cells of ROUND.md for whom nothing else says them."""

    availability: str = ""
    subjects: str = ""
    requests: str = ""


@dataclass(slots=True)
class Users:
    """Whom an archive speaks of: who is taken, by role, and the keys of who is there and leaves."""

    mentors: list[Mentor] = field(default_factory=list)
    mentees: list[Mentee] = field(default_factory=list)
    gone_mentors: set[str] = field(default_factory=set)
    gone_mentees: set[str] = field(default_factory=set)
    left_out: int = 0
    """So many users are neither students nor teachers in the term, or may not be."""


def users_of(db: DbSession, term: Term, roster: Roster, defaults: Defaults, *, now: dt.datetime) -> Users:
    """The people of an archive as they would be in a term.

    Raises
    ------
    BadRoster
        Somebody lacks what a term needs to know, with each fault.
    """
    today = day_in(term, now)
    keys = {row.key: _key(row) for row in roster["users"]}
    named = {*keys.values(), *(row["userSourcedId"] for row in roster["roles"])}
    round = part_of(db, term, named, named, on=today)
    were = {
        CameAs.MENTOR: {one.key: mentor_cells(one) for one in round.mentors},
        CameAs.MENTEE: {one.key: mentee_cells(one) for one in round.mentees},
    }
    reading = _Reading(term, roster, were, keys, today)
    faults, found = Faults(), Users()
    teach, learn = (list(reading.taken(role)) for role in (CameAs.MENTOR, CameAs.MENTEE))
    reading.refuse_strangers(faults)
    found.mentors += _read(MENTORS, [(row.line, reading.mentor(row, defaults)) for row in teach], faults)
    found.mentees += _read(MENTEES, [(row.line, reading.mentee(row, defaults)) for row in learn], faults)
    if faults.found:
        raise faults.error(BadRoster)
    found.gone_mentors, found.gone_mentees = reading.gone(CameAs.MENTOR), reading.gone(CameAs.MENTEE)
    spoken_of = {row.key for row in (*teach, *learn)} | {row.key for row in roster["users"] if row.gone}
    found.left_out = len(roster["users"]) - len(spoken_of)
    return found


class _Reading:
    """One reading of an archive's users: `were` are the cells of those who are there, by role and key, `keys` are users' by sourcedId."""

    def __init__(
        self, term: Term, roster: Roster, were: Mapping[CameAs, Mapping[str, Cells]], keys: Mapping[str, str], today: dt.date
    ) -> None:
        self.roster, self.were, self.keys = roster, were, keys
        self.schools = {
            row.key: row["name"]
            for row in roster["orgs"]
            if row["type"] == SCHOOL and not row.gone and row[PROGRAM] != "true" and row.key != str(term.program_id)
        }
        said = [row for row in roster["roles"] if row["role"] in ROLES]
        begun = max(today, term.first_on).isoformat()
        last = term.last_on.isoformat() if term.last_on else ""
        held = [
            row
            for row in said
            if not row.gone
            and (not row["endDate"] or row["endDate"] > begun)
            and (not last or not row["beginDate"] or row["beginDate"] <= last)
        ]
        held.sort(key=lambda row: row["roleType"] == "primary")
        self.said = {row["userSourcedId"] for row in said}
        self.orgs = {(row["userSourcedId"], ROLES[row["role"]]): row["orgSourcedId"] for row in held}
        """The org of each user in each role that they have today or later in the term; a primary one counts more."""
        over = {(row["userSourcedId"], ROLES[row["role"]]) for row in said if row.gone or _is_over(row, today)}
        self.over = over - self.orgs.keys()

    def taken(self, role: CameAs) -> Iterator[Row]:
        """The users who have a role, or who have kept it."""
        for row in self.roster["users"]:
            if row.gone or row["enabledUser"] != "true":
                continue
            changes_only = row["status"] and row.key not in self.said
            if (row.key, role) in self.orgs or (changes_only and self.keys[row.key] in self.were[role]):
                yield row

    def gone(self, role: CameAs) -> set[str]:
        """Who is there in a role, and leaves."""
        leaving = {row.key for row in self.roster["users"] if row.gone} | {user for user, of in self.over if of is role}
        return {self.keys.get(user, user) for user in leaving} & self.were[role].keys()

    def refuse_strangers(self, faults: Faults) -> None:
        """Tells of roles of whom nothing is known: changes may be of users that were sent before, and those are people of the term."""
        for row in self.roster["roles"]:
            user, role = row["userSourcedId"], ROLES.get(row["role"])
            if role and (user, role) in self.orgs and not row.gone and user not in self.keys and user not in self.were[role]:
                problem = f"{short(user)} is in neither users.csv nor the term"
                faults.add(Fault("roles.csv", row.line, "userSourcedId", problem, "send this user in users.csv too"))

    def mentor(self, row: Row, defaults: Defaults) -> dict[str, str]:
        """The cells of mentors.csv that a user is."""
        were = self.were[CameAs.MENTOR].get(self.keys[row.key], {})
        cells = {**self.cells(row, were, defaults), "mentor_id": self.keys[row.key]}
        return {**cells, "affiliation": self.school(row, CameAs.MENTOR) or were.get("affiliation", "")}

    def mentee(self, row: Row, defaults: Defaults) -> dict[str, str]:
        """The cells of mentees.csv that a user is."""
        were = self.were[CameAs.MENTEE].get(self.keys[row.key], {})
        grades = [grade for grade in items(row["grades"]) if grade.isascii() and grade.isdecimal()]
        grade = str(int(grades[0])) if len(grades) == 1 else row["grades"]
        cells = {**self.cells(row, were, defaults), "mentee_id": self.keys[row.key], "grade": grade or were.get("grade", "")}
        return {**cells, "school": self.school(row, CameAs.MENTEE) or were.get("school", "")}

    def school(self, row: Row, role: CameAs) -> str:
        """What the school is called at which somebody has a role."""
        return self.schools.get(self.orgs.get((row.key, role), ""), "")

    def cells(self, row: Row, were: Cells, defaults: Defaults) -> dict[str, str]:
        """What OneRoster tells of a person, and what it cannot tell: of our own columns, as it was, or as is usual."""
        usual = {"availability": defaults.availability, "subjects": defaults.subjects, "requests": defaults.requests}
        own = {name: row[OWN + name] or were.get(name, "") or usual.get(name, "") for name in OWN_COLUMNS}
        email = row["email"] or were.get("email", "")
        name = joined(row["preferredGivenName"] or row["givenName"], row["preferredFamilyName"] or row["familyName"])
        return {**own, "name": row[f"{OWN}name"] or name, "email": email}


def _key(row: Row) -> str:
    return row[OWN + KEY] or row.key


def _is_over(row: Row, today: dt.date) -> bool:
    """Whether a role has ended; its last day is the one before `endDate`."""
    return bool(row["endDate"]) and row["endDate"] <= today.isoformat()


def _read(columns: Columns[T], rows: Collection[tuple[int, Cells]], faults: Faults) -> list[T]:
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
    if fault.column in {"availability", "subjects", "requests"}:
        mend = f"{mend} in this column, or give a default of {fault.column} for whom nothing is said"
    return Fault(fault.file, fault.line, column, fault.problem, mend)
