"""Who a result is about: what a page about it says of its people, written beside it as roster.json.

With it a result folder can be shown alone, without the round that it came from. The file holds no times, no paths and nothing that
depends on the run, and no addresses.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from matching.faults import BadResult, Fault
from matching.round import Round
from matching.rules import most_groups

FILE = "roster.json"
MEND = "write the result again with dure match"


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorEntry:
    """A mentor as shown; `most_groups` counts what the rules allow (0 for one who covers too few weeks)."""

    key: str
    name: str
    region: str
    most_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MenteeEntry:
    """A mentee as shown and counted."""

    key: str
    name: str
    grade: int
    region: str
    gender: str
    school: str


@dataclass(frozen=True, kw_only=True)
class Roster:
    """The program, the length of a meeting, and all people of a round in the order of its files.

    `first_on` and `last_on` are the term's days, both included.
    """

    program: str
    first_on: dt.date
    last_on: dt.date
    session_minutes: int
    mentors: tuple[MentorEntry, ...]
    mentees: tuple[MenteeEntry, ...]


def roster_of(round: Round) -> Roster:
    """What a result of this round is shown with."""
    policy = round.policy
    return Roster(
        program=policy.program.name,
        first_on=policy.program.term_start,
        last_on=policy.program.term_end,
        session_minutes=policy.group.session_minutes,
        mentors=tuple(
            MentorEntry(key=one.key, name=one.name, region=one.home_region, most_groups=most_groups(one, policy)) for one in round.mentors
        ),
        mentees=tuple(
            MenteeEntry(key=one.key, name=one.name, grade=one.grade, region=one.region, gender=one.gender, school=one.school)
            for one in round.mentees
        ),
    )


def write_roster(roster: Roster) -> str:
    """The roster as JSON, one person a line; the same text for the same roster."""
    fields = asdict(roster) | {"first_on": roster.first_on.isoformat(), "last_on": roster.last_on.isoformat()}
    parts = []
    for name, value in fields.items():
        if isinstance(value, tuple):
            rows = ",\n".join(f"  {json.dumps(person, ensure_ascii=False)}" for person in value)
            parts.append(f' "{name}": [\n{rows}\n ]')
        else:
            parts.append(f' "{name}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read_roster(text: str) -> Roster:
    """Reads what `write_roster` wrote.

    Raises
    ------
    BadResult
        The text is something else.
    """
    try:
        told = json.loads(text)
        return Roster(
            program=_text(told, "program"),
            first_on=dt.date.fromisoformat(_text(told, "first_on")),
            last_on=dt.date.fromisoformat(_text(told, "last_on")),
            session_minutes=_count(told, "session_minutes"),
            mentors=tuple(
                MentorEntry(
                    key=_text(row, "key"),
                    name=_text(row, "name"),
                    region=_text(row, "region"),
                    most_groups=_count(row, "most_groups"),
                )
                for row in told["mentors"]
            ),
            mentees=tuple(
                MenteeEntry(
                    key=_text(row, "key"),
                    name=_text(row, "name"),
                    grade=_count(row, "grade"),
                    region=_text(row, "region"),
                    gender=_text(row, "gender"),
                    school=_text(row, "school"),
                )
                for row in told["mentees"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadResult((Fault(FILE, 0, "", f"is no roster ({error!r})", MEND),)) from error


def _text(row: Mapping[str, object], name: str) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}")
    return value


def _count(row: Mapping[str, object], name: str) -> int:
    value = row[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{name} is {value!r}")
    return value
