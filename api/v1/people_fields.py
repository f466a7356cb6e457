"""Mentors and mentees on the wire: what is sent of them, what is told, and the cells of ROUND.md in between.

Times of a week are text, as the contract's files write them: `Mon 18:00-21:00; Sat 09:00-12:30`. What may be in a cell is said in one
place, `matching.columns`; here a fault of a cell gets its JSON pointer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from api.problems import Flaw
from api.v1.door import Wire
from api.v1.fields import PLAIN, Day
from api.v1.finding import LONGEST_KEY
from data.people import Mentee, Mentor, Person
from matching.columns import MENTEES, MENTORS
from matching.faults import Faults
from matching.kinds import REGIONS, TEACHES
from matching.round import Mentee as RoundMentee, Mentor as RoundMentor, Request as RoundRequest
from matching.rows import Columns, read_rows

Somebody = TypeVar("Somebody", RoundMentor, RoundMentee)

MOST_NUMBER = 1_000_000_000

Cell = Annotated[str, Field(max_length=10_000, pattern=PLAIN)]
Times = Annotated[
    str,
    Field(max_length=10_000, pattern=PLAIN, description="Weekly times of the term's clock.", examples=["Mon 18:00-21:00; Sat 09:00-12:30"]),
]
Subject = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00:;]*[^\x00:;\s][^\x00:;]*$", examples=["math"])]
Region = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00;]*[^\x00;\s][^\x00;]*$", examples=["Jeonnam/Muan"])]
Grade = Annotated[int, Field(ge=1, le=12)]
Count = Annotated[int | None, Field(ge=0, le=MOST_NUMBER)]
OwnKey = Annotated[
    str,
    Field(max_length=LONGEST_KEY, pattern=r"^[^\x00\s]([^\x00]*[^\x00\s])?$", description="The platform's own key.", examples=["s-0102"]),
]
LEFT = "The first day without them."
BORN = "When they were born; left out, it stays as it is, and null says that nobody knows."


class Teaching(Wire):
    """A subject that a mentor teaches, in some grades, both included."""

    subject: Subject
    lowest_grade: Grade
    highest_grade: Grade


class RequestIn(Wire):
    """One mentee's ask for one subject, with a priority from 1 (normal) to 9."""

    subject: Subject
    priority: int = Field(default=1, ge=1, le=9)


class Personal(Wire):
    """What belongs to a person, whatever they are in a term."""

    name: Cell = ""
    gender: Cell = ""
    email: Cell = ""
    language: Cell = ""


class MentorIn(Personal):
    """A mentor of a term; what is left out is empty."""

    subjects: list[Teaching] = Field(min_length=1, max_length=2000)
    availability: Times
    preferred: Times = ""
    home_region: Cell = ""
    regions: list[Region] = Field(default=[], max_length=5000, description="Where they may teach; empty is everywhere.")
    max_groups: Count = None
    max_size: Annotated[int | None, Field(ge=1, le=MOST_NUMBER)] = None
    max_weekly_minutes: Count = None
    available_from: Day | None = None
    available_until: Day | None = None
    affiliation: Cell = ""


class MentorPatch(MentorIn):
    """What of a mentor is to be otherwise; what is left out stays."""

    subjects: list[Teaching] = Field(default_factory=list, min_length=1, max_length=2000)
    availability: Times = ""


class MentorLine(MentorIn):
    """One of many mentors."""

    external_id: OwnKey


class MentorOut(MentorIn):
    """A mentor of a term."""

    id: UUID
    external_id: str
    person_id: UUID
    left_on: dt.date | None = Field(description=LEFT)
    left_reason: str


class MenteeIn(Personal):
    """A mentee of a term; what is left out is empty."""

    grade: Grade
    requests: list[RequestIn] = Field(min_length=1, max_length=2000)
    availability: Times
    preferred: Times = ""
    region: Cell = ""
    max_groups: Count = None
    school: Cell = ""
    mentor_gender: Cell = ""
    previous_mentor: Cell = ""
    born_on: Day | None = Field(default=None, description=BORN)


class MenteePatch(MenteeIn):
    """What of a mentee is to be otherwise; what is left out stays."""

    grade: Grade = 1
    requests: list[RequestIn] = Field(default_factory=list, min_length=1, max_length=2000)
    availability: Times = ""


class MenteeLine(MenteeIn):
    """One of many mentees."""

    external_id: OwnKey


class MenteeOut(MenteeIn):
    """A mentee of a term."""

    born_on: dt.date | None
    requests: list[RequestIn]
    id: UUID
    external_id: str
    person_id: UUID
    left_on: dt.date | None = Field(description=LEFT)
    left_reason: str


@dataclass(slots=True)
class Taken(Generic[Somebody]):
    """What was read of lines of people: the good ones by their line, and what is wrong with the others."""

    good: dict[int, Somebody] = field(default_factory=dict)
    flaws: dict[int, list[Flaw]] = field(default_factory=dict)


def mentors_in(lines: Mapping[int, tuple[str, MentorIn]]) -> Taken[RoundMentor]:
    """Mentors by the lines that they stand in, each with their key."""
    return _taken("mentors", MENTORS, {line: _mentor_cells(key, sent) for line, (key, sent) in lines.items()})


def mentees_in(lines: Mapping[int, tuple[str, MenteeIn]]) -> Taken[RoundMentee]:
    """Mentees, likewise."""
    return _taken("mentees", MENTEES, {line: _mentee_cells(key, sent) for line, (key, sent) in lines.items()})


def _taken(table: str, columns: Columns[Somebody], rows: Mapping[int, Mapping[str, object]]) -> Taken[Somebody]:
    names = [column.name for column in columns.columns]
    faults = Faults()
    cells = ((line, [row.get(name) for name in names]) for line, row in rows.items())
    read = read_rows(table, chain([(0, names)], cells), columns, faults)
    place = read.keys or {}
    taken = Taken({place[value.key]: value for value in read.values})
    for fault in faults.found:
        name = "external_id" if fault.column in {"mentor_id", "mentee_id"} else fault.column
        taken.flaws.setdefault(fault.line, []).append(Flaw(pointer=f"/{name}", detail=fault.problem, mend=fault.mend))
    return taken


def _mentor_cells(key: str, sent: MentorIn) -> dict[str, object]:
    subjects = "; ".join(f"{one.subject}:{one.lowest_grade}-{one.highest_grade}" for one in sent.subjects)
    return {**vars(sent), "mentor_id": key, "subjects": subjects, "regions": "; ".join(sent.regions)}


def _mentee_cells(key: str, sent: MenteeIn) -> dict[str, object]:
    return {**vars(sent), "mentee_id": key, "requests": requests_cell(sent.requests)}


def requests_cell(requests: Iterable[RequestIn]) -> str:
    """Requests as their cell says them."""
    return "; ".join(f"{one.subject}:{one.priority}" for one in requests)


def mentor_out(mentor: Mentor, person: Person) -> MentorOut:
    """What is told of a mentor."""
    teaches = [Teaching(subject=one.subject, lowest_grade=one.lowest, highest_grade=one.highest) for one in TEACHES.read(mentor.subjects)]
    lists: dict[str, Any] = {"subjects": teaches, "regions": list(REGIONS.read(mentor.regions)) if mentor.regions else []}
    return MentorOut.model_construct(**_told(MentorOut, mentor, person), **lists)


def mentee_out(mentee: Mentee, person: Person, asked: Sequence[RoundRequest]) -> MenteeOut:
    """What is told of a mentee who asks for this."""
    requests = [RequestIn(subject=one.subject, priority=one.priority) for one in asked]
    return MenteeOut.model_construct(**_told(MenteeOut, mentee, person), requests=requests, born_on=person.born_on)


def _told(model: type[MentorOut | MenteeOut], row: Mentor | Mentee, person: Person) -> dict[str, Any]:
    """The fields that a row or its person has under the same name; what the database holds was looked at when it came."""
    plain = set(model.model_fields) - {"external_id", "left_reason", "subjects", "regions", "requests", "born_on", *Personal.model_fields}
    told = {name: getattr(row, name) for name in plain} | {name: getattr(person, name) for name in Personal.model_fields}
    return {**told, "external_id": row.key, "left_reason": row.left_why}
