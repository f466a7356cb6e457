"""What one matching round is given: frozen values, checked when made (ROUND.md, In).

Text is kept in Unicode NFC and compared exactly. Dates are inclusive. Regions are paths, widest part first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from matching.week import Stretch

GRADES = range(1, 13)
PRIORITIES = range(1, 10)
POINTS = range(-1_000_000, 1_000_001)


@dataclass(eq=False)
class BadValue(ValueError):
    """A field of a round holds what it must not; `field` is the column or key, `mend` says what would be right."""

    field: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}; {self.mend}"


def _within(name: str, value: int | None, allowed: range) -> None:
    if value is not None and value not in allowed:
        raise BadValue(name, f"{value} is out of range", f"a whole number from {allowed.start} to {allowed.stop - 1}")


@dataclass(frozen=True, slots=True)
class Teaching:
    """A subject that a mentor teaches, with the grades from `lowest` to `highest`, both included."""

    subject: str
    lowest: int
    highest: int

    def __post_init__(self) -> None:
        if self.lowest not in GRADES or self.highest not in GRADES or self.lowest > self.highest:
            raise BadValue("subjects", f"grades {self.lowest}-{self.highest}", "a grade or a range within 1 to 12, such as math:7-9")


@dataclass(frozen=True, slots=True)
class Request:
    """One mentee's ask for one subject, with a priority from 1 (normal) to 9."""

    subject: str
    priority: int = 1

    def __post_init__(self) -> None:
        _within("requests", self.priority, PRIORITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentor:
    """Who teaches. `availability` and `preferred` are merged stretches in week order; `regions` empty means everywhere;
    `max_groups`, `max_size` and `max_weekly_minutes` are `None` where the mentor's row says nothing."""

    key: str
    teaches: tuple[Teaching, ...]
    availability: tuple[Stretch, ...]
    name: str = ""
    preferred: tuple[Stretch, ...] = ()
    home_region: str = ""
    regions: tuple[str, ...] = ()
    max_groups: int | None = None
    max_size: int | None = None
    max_weekly_minutes: int | None = None
    available_from: dt.date | None = None
    available_until: dt.date | None = None
    gender: str = ""
    email: str = ""
    language: str = ""
    affiliation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentee:
    """Who learns. `max_groups` is `None` where the row says nothing (then one group for each request)."""

    key: str
    grade: int
    requests: tuple[Request, ...]
    availability: tuple[Stretch, ...]
    name: str = ""
    preferred: tuple[Stretch, ...] = ()
    region: str = ""
    max_groups: int | None = None
    gender: str = ""
    school: str = ""
    email: str = ""
    language: str = ""
    mentor_gender: str = ""
    previous_mentor: str = ""

    def __post_init__(self) -> None:
        _within("grade", self.grade, GRADES)


class MemberRegions(StrEnum):
    """How close the regions of one group's members must be (ROUND.md rule 9)."""

    ANY = "any"
    NEAR = "near"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What the round is for: an IANA zone and a term of whole days, both ends included."""

    time_zone: str
    term_start: dt.date
    term_end: dt.date
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """What every group must keep to (ROUND.md rules 1 to 5 and 9)."""

    min_size: int = 1
    max_size: int = 4
    target_size: int = 3
    meetings_per_week: int = 1
    same_time: bool = True
    session_minutes: int = 90
    start_every_minutes: int = 30
    buffer_minutes: int = 0
    max_grade_gap: int = 1
    member_regions: MemberRegions = MemberRegions.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorPolicy:
    """What holds for mentors: `max_groups` where their row says nothing, and the weeks of the term they must cover."""

    max_groups: int = 2
    min_weeks: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What each part of a result is worth (ROUND.md, Score)."""

    placed: int = 1000
    continuity: int = 120
    region: int = 40
    time: int = 10
    missing_week: int = -15
    stay: int = 200
    first_group: int = 60
    first_seat: int = 300
    off_target: int = -20
    grade_gap: int = -30
    region_mix: int = -15


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules and points of a round."""

    program: Program
    group: GroupPolicy = field(default_factory=GroupPolicy)
    mentor: MentorPolicy = field(default_factory=MentorPolicy)
    points: Points = field(default_factory=Points)


class PairRule(StrEnum):
    """What a row of pairs.csv says of a mentor and a mentee."""

    REQUIRE = "require"
    FORBID = "forbid"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A row of pairs.csv: `subject` empty means any; `line` is its physical line, 0 where it came from no file, and makes no difference
    between two that say the same."""

    mentor: str
    mentee: str
    rule: PairRule
    subject: str = ""
    points: int = 0
    line: int = field(default=0, compare=False)


class PeerRule(StrEnum):
    """What a row of peers.csv says of two mentees."""

    APART = "apart"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """A row of peers.csv; the order of the two means nothing."""

    mentee: str
    other: str
    rule: PeerRule
    points: int = 0
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Round:
    """The inputs of one matching exercise, in the order of their files."""

    policy: Policy
    mentors: tuple[Mentor, ...]
    mentees: tuple[Mentee, ...]
    pairs: tuple[Pair, ...] = ()
    peers: tuple[Peers, ...] = ()

    @cached_property
    def mentor_of(self) -> dict[str, Mentor]:
        """Mentors by key."""
        return {mentor.key: mentor for mentor in self.mentors}

    @cached_property
    def mentee_of(self) -> dict[str, Mentee]:
        """Mentees by key."""
        return {mentee.key: mentee for mentee in self.mentees}
