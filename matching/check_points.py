"""The points of a result, one function for each kind, as the judge counts them (ROUND.md, Score). Whole numbers.

Points of members and of groups take a case and one group of it; the points of mentors and mentees take the whole case.
Count only groups that break no rule: of others these sums mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from matching.case import Case, Seated
from matching.rules import missing_weeks, region_points
from matching.week import inside


def placed(case: Case, one: Seated) -> int:
    """Every placed request counts its priority times."""
    return case.policy.points.placed * sum(case.priority[member.key, one.group.subject] for member in one.members)


def continuity(case: Case, one: Seated) -> int:
    """A request counts when it is with the mentee's previous mentor."""
    return case.policy.points.continuity * sum(member.previous_mentor == one.mentor.key for member in one.members)


def region(case: Case, one: Seated) -> int:
    """A request counts wholly or half, rounded down, when the mentor's home is in the mentee's region or near it."""
    return sum(region_points(one.mentor.home_region, member.region, case.policy.points) for member in one.members)


def time(case: Case, one: Seated) -> int:
    """A request counts for each meeting in a time that the mentee prefers, and for each that the mentor prefers."""
    length = case.policy.group.session_minutes
    liked = sum(inside(start, start + length, one.mentor.preferred) for start in one.group.meetings) * len(one.members)
    liked += sum(inside(start, start + length, member.preferred) for member in one.members for start in one.group.meetings)
    return case.policy.points.time * liked


def missing_week(case: Case, one: Seated) -> int:
    """A request counts each week of the term that its mentor does not cover."""
    if not case.policy.points.missing_week:
        return 0
    return case.policy.points.missing_week * missing_weeks(one.mentor, case.policy.program) * len(one.members)


def stay(case: Case, one: Seated) -> int:
    """A request counts when it was placed with the same mentor at the same meetings in the previous result."""
    now = (one.mentor.key, one.group.meetings)
    return case.policy.points.stay * sum(case.before.get((member.key, one.group.subject)) == now for member in one.members)


def pairs(case: Case, one: Seated) -> int:
    """A request counts the points that pairs.csv gives it with its mentor, for its subject and for any."""
    if not case.said.points:
        return 0
    return sum(case.said.pair_points(one.mentor.key, member.key, one.group.subject) for member in one.members)


def off_target(case: Case, one: Seated) -> int:
    """A group counts each member more or fewer than `target_size`."""
    return case.policy.points.off_target * abs(len(one.members) - case.policy.group.target_size)


def grade_gap(case: Case, one: Seated) -> int:
    """A group counts each grade between its lowest and highest."""
    grades = [member.grade for member in one.members]
    return case.policy.points.grade_gap * (max(grades) - min(grades))


def region_mix(case: Case, one: Seated) -> int:
    """A group counts each region beyond the first among its members; empty is a region of its own."""
    return case.policy.points.region_mix * (len({member.region for member in one.members}) - 1)


def peers(case: Case, one: Seated) -> int:
    """A group counts the points that peers.csv gives any two of its members."""
    if not case.said.peers:
        return 0
    return sum(case.said.peer_points(a.key, b.key) for a, b in combinations(one.members, 2))


def first_group(case: Case) -> int:
    """A mentor with at least one group counts once."""
    return case.policy.points.first_group * len(case.taught)


def first_seat(case: Case) -> int:
    """A mentee with at least one group counts once."""
    return case.policy.points.first_seat * len(case.attended)


MEMBER_POINTS: tuple[Callable[[Case, Seated], int], ...] = (placed, continuity, region, time, missing_week, stay, pairs)
"""Kinds that count for each member alone: a group's are the sum of its members'."""

GROUP_POINTS: tuple[Callable[[Case, Seated], int], ...] = (off_target, grade_gap, region_mix, peers)
"""Kinds that count for the members together."""

RESULT_POINTS: tuple[Callable[[Case], int], ...] = (first_group, first_seat)
"""Kinds that count over all groups."""


def worth(case: Case, one: Seated) -> int:
    """The points of one group, `first_group` and `first_seat` aside."""
    return sum(kind(case, one) for kind in MEMBER_POINTS) + sum(kind(case, one) for kind in GROUP_POINTS)


def parts(case: Case) -> dict[str, int]:
    """The points of a whole result by kind, named as in policy.toml, and `pairs` and `peers` for the rows' points."""
    of_groups = {kind.__name__: sum(kind(case, one) for one in case.seated) for kind in (*MEMBER_POINTS, *GROUP_POINTS)}
    return of_groups | {kind.__name__: kind(case) for kind in RESULT_POINTS}
