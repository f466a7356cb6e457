"""The words of the rules mean what the contract says, at their edges."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product

import pytest

from matching.round import MemberRegions, MentorPolicy, PairRule, Points, Policy, Program, Round
from matching.rules import (
    Nearness,
    Said,
    covers,
    is_used,
    mentee_max_groups,
    mentor_max_groups,
    mentor_max_size,
    missing_weeks,
    most_groups,
    nearness,
    region_class,
    region_points,
    regions_lie_close,
    stays,
    term_weeks,
)
from tests.rounds.hand_made import TERM, a_round, forbid, mentee, mentor, require
from tests.rounds.random_rounds import REGIONS


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        pytest.param("Gyeongbuk", "Gyeongbuk", True, id="itself"),
        pytest.param("Gyeongbuk", "Gyeongbuk/Pohang/Buk", True, id="all below it"),
        pytest.param("Gyeongbuk/Pohang", "Gyeongbuk", False, id="not what lies above it"),
        pytest.param("Gyeongbuk", "Gyeongbukdo/Andong", False, id="not a longer name"),
        pytest.param("Gyeongbuk", "", False, id="not the empty region"),
    ],
)
def test_a_region_covers(wide: str, narrow: str, covered: bool) -> None:
    assert covers(wide, narrow) is covered


@pytest.mark.parametrize(
    ("a", "b", "how"),
    [
        pytest.param("A/B", "A/B", Nearness.SAME, id="equal paths"),
        pytest.param("A/B", "A/C", Nearness.NEAR, id="the first part shared"),
        pytest.param("A", "A/C", Nearness.NEAR, id="one above the other"),
        pytest.param("A/B", "AB/B", Nearness.FAR, id="the first letters shared"),
        pytest.param("", "", Nearness.FAR, id="two empty ones"),
    ],
)
def test_regions_are_near(a: str, b: str, how: Nearness) -> None:
    assert nearness(a, b) is how
    assert nearness(b, a) is how


@pytest.mark.parametrize("allowed", list(MemberRegions))
def test_regions_of_one_class_and_no_others_lie_close(allowed: MemberRegions) -> None:
    for a, b in product(REGIONS, repeat=2):
        assert regions_lie_close(a, b, allowed) == (region_class(a, allowed) == region_class(b, allowed)), (a, b)


@pytest.mark.parametrize(("points", "half"), [(41, 20), (-41, -21)])
def test_half_the_points_of_a_region_are_rounded_down(points: int, half: int) -> None:
    assert region_points("A/B", "A/C", Points(region=points)) == half
    assert region_points("A/B", "A/B", Points(region=points)) == points


def _program(first: str, last: str) -> Program:
    return Program(time_zone="Asia/Seoul", term_start=dt.date.fromisoformat(first), term_end=dt.date.fromisoformat(last))


def test_weeks_run_from_monday_to_sunday_and_are_cut_to_the_term() -> None:
    weeks = term_weeks(_program("2026-03-04", "2026-03-16"))
    assert [(first.day, last.day) for first, last in weeks] == [(4, 8), (9, 15), (16, 16)]


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        pytest.param(None, None, 0, id="who says nothing serves all of it"),
        pytest.param("2026-03-02", "2026-03-29", 0, id="both days are included"),
        pytest.param("2026-03-03", None, 1, id="a week without its Monday is missed"),
        pytest.param(None, "2026-03-28", 1, id="a week without its Sunday is missed"),
        pytest.param("2026-04-01", None, 4, id="who comes after the term misses all"),
    ],
)
def test_a_mentor_misses_weeks(first: str | None, last: str | None, missing: int) -> None:
    days = [dt.date.fromisoformat(day) if day else None for day in (first, last)]
    assert missing_weeks(mentor("m", available_from=days[0], available_until=days[1]), TERM) == missing


@pytest.mark.parametrize(
    ("least", "used"),
    [
        pytest.param(3, True, id="as many weeks as needed"),
        pytest.param(4, False, id="one too few"),
        pytest.param(40, False, id="more than there are, and one is missed"),
    ],
)
def test_a_mentor_is_used(least: int, used: bool) -> None:
    policy = Policy(program=TERM, mentor=MentorPolicy(min_weeks=least))
    assert is_used(mentor("m", available_from=dt.date(2026, 3, 3)), policy) is used
    assert is_used(mentor("m"), policy)


def test_limits_that_a_row_leaves_open_are_the_policys() -> None:
    policy = a_round([], max_groups=2, max_size=3).policy
    assert [mentor_max_groups(mentor("m", max_groups=most), policy) for most in (None, 0, 5)] == [2, 0, 5]
    assert [mentor_max_size(mentor("m", max_size=most), policy) for most in (None, 1, 9)] == [3, 1, 3]
    assert [mentee_max_groups(mentee("s", subjects=("math", "english"), max_groups=most)) for most in (None, 0, 5)] == [2, 0, 5]


@pytest.mark.parametrize(
    ("said", "most"),
    [
        pytest.param({}, 2, id="the policy's number"),
        pytest.param({"max_weekly_minutes": 239}, 1, id="minutes for one group of two hours a week"),
        pytest.param({"max_size": 1}, 0, id="groups too small to be held"),
        pytest.param({"available_until": dt.date(2026, 3, 2)}, 0, id="too short a service"),
    ],
)
def test_a_mentor_can_hold_so_many_groups(said: dict[str, object], most: int) -> None:
    policy = a_round([], meetings_per_week=2, min_size=2).policy
    assert most_groups(mentor("m", **said), policy) == most  # type: ignore[arg-type]  # fields by name


def test_rows_of_points_add_up_with_and_without_a_subject() -> None:
    rows = [
        replace(forbid("m", "s", subject), rule=PairRule.POINTS, points=points) for subject, points in (("math", 5), ("", 7), ("math", -1))
    ]
    said = Said.of(Round(policy=a_round([]).policy, mentors=(), mentees=(), pairs=tuple(rows)))
    assert said.pair_points("m", "s", "math") == 11
    assert said.pair_points("m", "s", "english") == 7


def test_an_empty_subject_forbids_and_requires_any() -> None:
    said = Said.of(a_round([], [forbid("m", "s"), forbid("n", "s", "math"), require("m", "t"), require("n", "t", "math")]))
    assert [said.forbids("m", "s", "english"), said.forbids("n", "s", "math"), said.forbids("n", "s", "english")] == [True, True, False]
    assert said.required_mentors("t", "math") == {"m", "n"}
    assert said.required_mentors("t", "english") == {"m"}


def test_nothing_stays_where_nothing_was() -> None:
    assert stays([]) == {}
