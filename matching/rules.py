"""What the words of the rules mean for single values: who covers what, who may meet whom, how many at most (ROUND.md, Rules).

Each function opens with its sentence and names its source. Nothing here knows a solver, a result or a file.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import assert_never

from matching.result import Group
from matching.round import GroupPolicy, MemberRegions, Mentee, Mentor, PairRule, PeerRule, Points, Policy, Program, Round
from matching.week import Meetings, starts

Stay = tuple[str, Meetings]
"""A mentor's key and the meetings at which a request was placed before."""


def covers(wide: str, narrow: str) -> bool:
    """A region covers itself and all below it; nothing covers the empty region (ROUND.md, mentors.csv and rule 8)."""
    return bool(narrow) and (narrow == wide or narrow.startswith(wide + "/"))


class Nearness(IntEnum):
    """How close two regions are, the closer the greater (ROUND.md rule 9)."""

    FAR = 0
    NEAR = 1
    SAME = 2


def nearness(a: str, b: str) -> Nearness:
    """Equal paths are same, paths that share the first part near; an empty region is far from everything (ROUND.md rule 9)."""
    if not a or not b:
        return Nearness.FAR
    if a == b:
        return Nearness.SAME
    return Nearness.NEAR if a.split("/", 1)[0] == b.split("/", 1)[0] else Nearness.FAR


def regions_lie_close(a: str, b: str, allowed: MemberRegions) -> bool:
    """Two members' regions are as close as `member_regions` asks; two empty ones may sit together (ROUND.md rule 9)."""
    if allowed is MemberRegions.ANY or a == b:
        return True
    return allowed is MemberRegions.NEAR and nearness(a, b) >= Nearness.NEAR


def region_class(region: str, allowed: MemberRegions) -> str:
    """The regions whose members may share a group are those of one class (ROUND.md rule 9)."""
    match allowed:
        case MemberRegions.ANY:
            return ""
        case MemberRegions.NEAR:
            return region.split("/", 1)[0]
        case MemberRegions.SAME:
            return region
        case _:
            assert_never(allowed)


def region_points(home: str, region: str, points: Points) -> int:
    """The points of one placed request for home and region: near counts half, rounded down (ROUND.md, policy.toml)."""
    how = nearness(home, region)
    if how is Nearness.SAME:
        return points.region
    return points.region // 2 if how is Nearness.NEAR else 0


@lru_cache(maxsize=64)
def term_weeks(program: Program) -> tuple[tuple[dt.date, dt.date], ...]:
    """The term's weeks, Monday to Sunday, each cut to its days in the term, both ends included (ROUND.md rule 10)."""
    found = []
    monday = program.term_start - dt.timedelta(days=program.term_start.weekday())
    while monday <= program.term_end:
        found.append((max(monday, program.term_start), min(monday + dt.timedelta(days=6), program.term_end)))
        monday += dt.timedelta(days=7)
    return tuple(found)


def missing_weeks(mentor: Mentor, program: Program) -> int:
    """The weeks of the term that the mentor does not serve on every day of (ROUND.md rule 10)."""
    first, last = mentor.available_from or dt.date.min, mentor.available_until or dt.date.max
    return sum(not (first <= start and end <= last) for start, end in term_weeks(program))


def is_used(mentor: Mentor, policy: Policy) -> bool:
    """The mentor covers at least `min_weeks` weeks of the term, or all of a shorter term (ROUND.md rule 10)."""
    weeks = len(term_weeks(policy.program))
    return weeks - missing_weeks(mentor, policy.program) >= min(policy.mentor.min_weeks, weeks)


def mentor_max_groups(mentor: Mentor, policy: Policy) -> int:
    """The mentor's own limit of groups, or the policy's where the row says nothing (ROUND.md, mentors.csv and rule 6)."""
    return policy.mentor.max_groups if mentor.max_groups is None else mentor.max_groups


def mentor_max_size(mentor: Mentor, policy: Policy) -> int:
    """A group of this mentor has at most so many members: the mentor's own limit within the policy's (ROUND.md rule 1)."""
    return policy.group.max_size if mentor.max_size is None else min(mentor.max_size, policy.group.max_size)


def most_groups(mentor: Mentor, policy: Policy) -> int:
    """So many groups at most can the mentor hold, by number, weekly minutes, sizes and weeks (ROUND.md rules 1, 6 and 10)."""
    if not is_used(mentor, policy) or mentor_max_size(mentor, policy) < policy.group.min_size:
        return 0
    most = mentor_max_groups(mentor, policy)
    if mentor.max_weekly_minutes is not None:
        most = min(most, mentor.max_weekly_minutes // (policy.group.meetings_per_week * policy.group.session_minutes))
    return max(most, 0)


def mentee_max_groups(mentee: Mentee) -> int:
    """The mentee's own limit of groups, or one for each request where the row says nothing (ROUND.md, mentees.csv and rule 7)."""
    return len(mentee.requests) if mentee.max_groups is None else mentee.max_groups


def teaches(mentor: Mentor, subject: str, grade: int) -> bool:
    """The mentor teaches the subject at this grade (ROUND.md rule 3)."""
    return any(taught.subject == subject and taught.lowest <= grade <= taught.highest for taught in mentor.teaches)


def serves(mentor: Mentor, region: str) -> bool:
    """A mentor with regions serves only what one of them covers; one without serves everybody (ROUND.md rule 8)."""
    return not mentor.regions or any(covers(wide, region) for wide in mentor.regions)


def gender_suits(mentor: Mentor, mentee: Mentee) -> bool:
    """Where the mentee's row names a mentor's gender, the mentor has it (ROUND.md rule 8)."""
    return not mentee.mentor_gender or mentee.mentor_gender == mentor.gender


def may_meet(mentor: Mentor, mentee: Mentee, subject: str, policy: Policy) -> bool:
    """Rules 3, 8 and 10 let this mentor have this mentee for this subject; neither times nor pairs.csv are looked at."""
    return (
        teaches(mentor, subject, mentee.grade)
        and gender_suits(mentor, mentee)
        and serves(mentor, mentee.region)
        and is_used(mentor, policy)
    )


def starts_of(person: Mentor | Mentee, policy: GroupPolicy) -> tuple[int, ...]:
    """All starts, in week order, at which a meeting lies inside the person's availability (ROUND.md rule 4)."""
    return starts(person.availability, policy.session_minutes, policy.start_every_minutes)


@dataclass(frozen=True, slots=True)
class Said:
    """What pairs.csv and peers.csv say, to be asked by key.

    `forbidden` and `points` are keyed by (mentor, mentee, subject or empty), `required` by (mentee, subject or empty) and hold
    every mentor required so, `apart` and `peers` by the two mentees in ascending order. Rows of points add up.
    """

    forbidden: frozenset[tuple[str, str, str]]
    required: Mapping[tuple[str, str], frozenset[str]]
    points: Mapping[tuple[str, str, str], int]
    apart: frozenset[tuple[str, str]]
    peers: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, round: Round) -> Said:
        """Sorts the rows of a round."""
        forbidden: set[tuple[str, str, str]] = set()
        required: dict[tuple[str, str], frozenset[str]] = {}
        points: dict[tuple[str, str, str], int] = defaultdict(int)
        apart: set[tuple[str, str]] = set()
        peers: dict[tuple[str, str], int] = defaultdict(int)
        for pair in round.pairs:
            match pair.rule:
                case PairRule.FORBID:
                    forbidden.add((pair.mentor, pair.mentee, pair.subject))
                case PairRule.REQUIRE:
                    key = (pair.mentee, pair.subject)
                    required[key] = required.get(key, frozenset()) | {pair.mentor}
                case PairRule.POINTS:
                    points[pair.mentor, pair.mentee, pair.subject] += pair.points
                case _:
                    assert_never(pair.rule)
        for row in round.peers:
            match row.rule:
                case PeerRule.APART:
                    apart.add(two(row.mentee, row.other))
                case PeerRule.POINTS:
                    peers[two(row.mentee, row.other)] += row.points
                case _:
                    assert_never(row.rule)
        return cls(frozenset(forbidden), required, dict(points), frozenset(apart), dict(peers))

    def forbids(self, mentor: str, mentee: str, subject: str) -> bool:
        """A row forbids this pair for this subject or for any (ROUND.md rule 11)."""
        return (mentor, mentee, subject) in self.forbidden or (mentor, mentee, "") in self.forbidden

    def required_mentors(self, mentee: str, subject: str) -> frozenset[str]:
        """The mentors that rows require for this request, by its subject or by an empty one (ROUND.md rule 11)."""
        nobody: frozenset[str] = frozenset()
        return self.required.get((mentee, subject), nobody) | self.required.get((mentee, ""), nobody)

    def pair_points(self, mentor: str, mentee: str, subject: str) -> int:
        """The points of this request with this mentor, of rows with its subject and with none (ROUND.md, pairs.csv)."""
        return self.points.get((mentor, mentee, subject), 0) + self.points.get((mentor, mentee, ""), 0)

    def are_apart(self, mentee: str, other: str) -> bool:
        """A row says that the two never sit in one group (ROUND.md rule 12)."""
        return two(mentee, other) in self.apart

    def peer_points(self, mentee: str, other: str) -> int:
        """The points of one group that both are in (ROUND.md, peers.csv)."""
        return self.peers.get(two(mentee, other), 0)


def two(mentee: str, other: str) -> tuple[str, str]:
    """Two keys in ascending order: the order in which a row names them means nothing (ROUND.md, peers.csv)."""
    return (mentee, other) if mentee <= other else (other, mentee)


def eligible(mentor: Mentor, mentee: Mentee, subject: str, policy: Policy, said: Said) -> bool:
    """By rules 3, 8, 10 and `forbid` this mentor may have this mentee for this subject; times are not looked at."""
    return may_meet(mentor, mentee, subject, policy) and not said.forbids(mentor.key, mentee.key, subject)


def stays(previous: Iterable[Group]) -> dict[tuple[str, str], Stay]:
    """Where each request, by (mentee, subject), was placed in an earlier result (ROUND.md, Score, `stay`)."""
    return {(mentee, group.subject): (group.mentor, group.meetings) for group in previous for mentee in group.members}
