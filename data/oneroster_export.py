"""A round's groups as a OneRoster 1.2 archive: each group is a class, and whoever is in it is enrolled there.

What has an id here has it as its sourcedId, people have their own keys, and schools, subjects and enrollments have ids that are made of
what they are of: the same in each export. In OneRoster the last day lies before `endDate`.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.archive import packed
from data.bookings import Member, members_of
from data.groups import Group
from data.oneroster import SOURCED_ID
from data.oneroster_names import parted
from data.oneroster_own import KEY, OWN, OWN_COLUMNS, PROGRAM, SHARED
from data.oneroster_tables import MANIFEST, MANIFEST_VERSION, NAMES, SCHOOL, TABLES, VERSIONS, Mode, columns_of
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.roster import PERSONAL, farthest, requests_of
from data.rounds import Round, Run
from data.run_problems import NotPublished
from data.terms import day_in, term_name
from matching.kinds import REQUESTS

Someone = TypeVar("Someone", Mentor, Mentee)

DAY = dt.timedelta(days=1)
SYSTEM = {"source.systemName": "Dure", "source.systemCode": "dure"}


@dataclass(frozen=True, slots=True)
class Exported:
    """An archive, how many classes and users it has, and the keys of the mentees among them."""

    body: bytes
    classes: int
    users: int
    mentees: Sequence[str]


def export_roster(db: DbSession, term: Term, round: Round, *, complete: bool, now: dt.datetime) -> Exported:
    """The groups of a published round, with those that it repaired.

    Where it is to be `complete`, whoever else is in the term is in it too, and what OneRoster has no columns for is in columns of our own:
    an import makes the same people of it.

    Raises
    ------
    NotPublished
        None of its runs is.
    """
    groups = _groups_of(db, term, round)
    members = members_of(db, [group.id for group in groups])
    mentors, mentees = _people(db, Mentor, term), _people(db, Mentee, term)
    on = day_in(term, now) if complete else None
    taught = {group.mentor_id for group in groups}
    enrolled = {one.mentee_id for some in members.values() for one in some}
    export = _Export(db, term, {mentor.key: (mentor, person) for mentor, person in mentors}, complete=complete)
    there = [export.add_mentor(*one) for one in mentors if _is_in(one[0], taught, on)]
    learn = [export.add_mentee(*one) for one in mentees if _is_in(one[0], enrolled, on)]
    rows: dict[UUID, Mentor | Mentee] = {**{one.id: one for one in there}, **{one.id: one for one in learn}}
    for group in groups:
        export.add_class(group, members.get(group.id, ()), rows)
    keys = sorted(mentee.key for mentee in learn)
    return Exported(export.written(), len(export.rows["classes"]), len(export.rows["users"]), keys)


def _groups_of(db: DbSession, term: Term, round: Round) -> list[Group]:
    """The groups that a round's published run has brought, and those of the runs that it repairs, by their keys."""
    published = (Run.round_id == round.id, Run.published_at.is_not(None), Run.undone_at.is_(None))
    run = db.scalars(select(Run).where(*published).order_by(Run.number.desc())).first()
    if run is None:
        raise NotPublished(f"{term_name(db, term)}:{round.number}")
    runs = [run.id]
    while run.previous_id:
        run = db.get_one(Run, run.previous_id)
        runs.append(run.id)
    groups = db.scalars(select(Group).where(Group.term_id == term.id, Group.run_id.in_(runs)))
    return sorted((group for group in groups if group.until_on is None or group.from_on < group.until_on), key=lambda group: group.key)


def _people(db: DbSession, kind: type[Someone], term: Term) -> list[tuple[Someone, Person]]:
    """The mentors or mentees of a term by their keys, and who they are over the years."""
    rows: Iterable[Any] = db.execute(select(kind, Person).join(Person, Person.id == kind.person_id).where(kind.term_id == term.id))
    return sorted(((row, person) for row, person in rows), key=lambda one: one[0].key)


def _is_in(row: Mentor | Mentee, ids: set[UUID], on: dt.date | None) -> bool:
    """Whether somebody is one of these, or there on a day, where one is said."""
    return row.id in ids or (on is not None and (row.left_on is None or row.left_on > on))


class _Export:
    """One archive in the making: the rows of its tables, by their sourcedIds."""

    def __init__(self, db: DbSession, term: Term, mentors: Mapping[str, tuple[Mentor, Person]], *, complete: bool) -> None:
        self.term, self.mentors, self.complete = term, mentors, complete
        self.program = db.get_one(Program, term.program_id)
        self.asked = requests_of(db, select(Mentee.id).where(Mentee.term_id == term.id)) if complete else {}
        self.ends_on = (term.last_on or farthest(term)) + DAY
        self.rows: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        self.users: dict[UUID, str] = {}
        """The sourcedId of each mentor and mentee."""
        self.add("orgs", str(self.program.id), name=_line(self.program.name) or self.program.key, type=SCHOOL, **{PROGRAM: "true"})
        title, year = _line(term.name) or term.key, f"{(self.ends_on - DAY).year:04}"
        days = {"startDate": term.first_on.isoformat(), "endDate": self.ends_on.isoformat()}
        self.add("academicSessions", str(term.id), title=title, type="term", schoolYear=year, **days)

    def add(self, table: str, key: str, **cells: str) -> str:
        """Puts a row into a table, and gives its key."""
        self.rows[table][key] = {"sourcedId": key, **cells}
        return key

    def add_mentor(self, row: Mentor, person: Person) -> Mentor:
        """A teacher."""
        cells = {OWN + name: _cell(row, person, name) for name in OWN_COLUMNS} if self.complete else {}
        self.add_user(row, person, row.key, cells, role="teacher", org=self.school(row.affiliation))
        return row

    def add_mentee(self, row: Mentee, person: Person) -> Mentee:
        """A student. Who has the key of a mentor and is the same is one user; else they have another sourcedId, whoever is exported."""
        cells = {OWN + name: _cell(row, person, name) for name in OWN_COLUMNS} if self.complete else {}
        if self.complete:
            cells[f"{OWN}requests"] = REQUESTS.write(tuple(self.asked.get(row.id, ())))
        other = self.mentors.get(row.key)
        same = other is None or (bool(person.name) and all(_cell(row, person, name) == _cell(*other, name) for name in SHARED))
        cells["grades"] = f"{row.grade:02}"
        self.add_user(row, person, row.key if same else str(person.id), cells, role="student", org=self.school(row.school))
        return row

    def add_user(self, row: Mentor | Mentee, person: Person, key: str, cells: Mapping[str, str], *, role: str, org: str) -> None:
        """A user with these cells besides, or a second role of theirs."""
        key = key if len(key) <= SOURCED_ID else str(person.id)
        given, family = parted(_line(person.name))
        own = {OWN + KEY: row.key} if key != row.key else {}
        told = {"username": key, "givenName": given, "familyName": family, "email": _line(person.email), "primaryOrgSourcedId": org}
        first = self.rows["users"].get(key, {})
        known = {name: cell for name, cell in first.items() if cell and name != "sourcedId"}
        self.users[row.id] = self.add("users", key, **{"enabledUser": "true", **told, **cells, **own, **known})
        days = {"endDate": row.left_on.isoformat() if row.left_on else ""}
        kind = "secondary" if first else "primary"
        self.add("roles", str(row.id), userSourcedId=key, roleType=kind, role=role, orgSourcedId=org, **days)

    def school(self, name: str) -> str:
        """The org of a school of this name; the program's where it has none."""
        if not (name := _line(name)):
            return str(self.program.id)
        return self.add("orgs", str(uuid5(self.program.id, f"school {name}")), name=name, type=SCHOOL)

    def add_class(self, group: Group, members: Iterable[Member], people: Mapping[UUID, Mentor | Mentee]) -> None:
        """A group, its subject, and who is in it."""
        org, subject = str(self.program.id), _line(group.subject)
        course = self.add(
            "courses", str(uuid5(self.program.id, f"subject {subject}")), title=subject, orgSourcedId=org, subjects=_one(subject)
        )
        there = [(one, people[one.mentee_id]) for one in sorted(members, key=lambda one: (str(one.mentee_id), one.from_on))]
        grades = sorted({f"{mentee.grade:02}" for _, mentee in there if isinstance(mentee, Mentee)})
        what = {"title": f"{subject} {group.key}", "grades": ",".join(grades), "classCode": group.key, "classType": "scheduled"}
        of = {"courseSourcedId": course, "schoolSourcedId": org, "termSourcedIds": str(self.term.id), "subjects": _one(subject)}
        self.add("classes", str(group.id), **what, **of)
        mentor = people[group.mentor_id]
        self.enroll(group, mentor.id, "teacher", group.from_on, mentor.left_on)
        for one, mentee in there:
            self.enroll(group, mentee.id, "student", one.from_on, one.until_on)

    def enroll(self, group: Group, who: UUID, role: str, from_on: dt.date, until_on: dt.date | None) -> None:
        """Somebody's days in a class, within those of the term; nothing where there are none."""
        begin = max(from_on, self.term.first_on)
        ends = min((day for day in (until_on, group.until_on) if day), default=None)
        until = min(ends, self.ends_on) if ends else None
        if begin >= (until or self.ends_on):
            return
        cells = {"classSourcedId": str(group.id), "schoolSourcedId": str(self.program.id), "userSourcedId": self.users[who], "role": role}
        days = {"beginDate": begin.isoformat(), "endDate": until.isoformat() if until else ""}
        key = str(uuid5(group.id, f"{role} {who} {from_on}"))
        self.add("enrollments", key, primary="true" if role == "teacher" else "", **cells, **days)

    def written(self) -> bytes:
        """The archive."""
        return packed(self.write)

    def write(self, folder: Path) -> None:
        """Writes the tables that have rows, and the manifest, into a folder."""
        modes = {f"file.{name}": Mode.BULK if self.rows.get(name) else Mode.ABSENT for name in NAMES}
        said = {"manifest.version": MANIFEST_VERSION, "oneroster.version": VERSIONS[0], **modes, **SYSTEM}
        _write(folder / MANIFEST, ("propertyName", "value"), said.items())
        for name in TABLES:
            rows = self.rows.get(name, {})
            if rows:
                own = sorted({cell for row in rows.values() for cell in row if cell.startswith(OWN)})
                columns = [*columns_of(name), *own]
                _write(folder / f"{name}.csv", columns, ([row.get(column, "") for column in columns] for row in rows.values()))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _cell(row: Mentor | Mentee, person: Person, name: str) -> str:
    """What is kept of somebody, as ROUND.md writes it, on one line; empty where their table has no such column."""
    value = getattr(person if name in PERSONAL else row, name, None)
    return "" if value is None else _line(str(value))


def _line(text: str) -> str:
    """A text on one line, with one space between its words."""
    return " ".join(text.split())


def _one(text: str) -> str:
    """A text as the only one of a list, in which commas stand between them."""
    return text.replace(",", " ")
