"""The project's own round: its files are good, and every rule and point of the contract is in play."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

import pytest

from data.demo import ROUND, round_around
from matching.round import MemberRegions, Mentor, PairRule, PeerRule, Round
from matching.rules import is_used, missing_weeks, most_groups, nearness
from matching.tables import read_round


@cache
def demo() -> Round:
    return read_round(ROUND)


def some_mentor(says: Callable[[Mentor], bool]) -> bool:
    return any(says(mentor) for mentor in demo().mentors)


def test_it_has_24_mentors_and_70_mentees_of_two_regions() -> None:
    assert (len(demo().mentors), len(demo().mentees)) == (24, 70)
    assert {mentee.region.split("/")[0] for mentee in demo().mentees} == {"Gyeongbuk", "Jeonnam"}


def test_everybody_has_a_name_of_their_own() -> None:
    names = [person.name for people in (demo().mentors, demo().mentees) for person in people]
    assert len(set(names)) == len(names) == 94


def test_most_mentees_are_in_grades_7_to_9() -> None:
    grades = [mentee.grade for mentee in demo().mentees]
    assert sum(7 <= grade <= 9 for grade in grades) >= 65
    assert {6, 7, 8, 9, 10} == set(grades)


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(lambda one: one.max_groups == 0, id="may hold no group"),
        pytest.param(lambda one: one.max_groups == 1, id="holds fewer groups than the policy lets"),
        pytest.param(lambda one: one.max_size in (2, 3), id="takes fewer members than the policy lets"),
        pytest.param(lambda one: one.max_weekly_minutes and most_groups(one, demo().policy) < (one.max_groups or 2), id="minutes bind"),
        pytest.param(lambda one: missing_weeks(one, demo().policy.program) and is_used(one, demo().policy), id="misses weeks and is used"),
        pytest.param(lambda one: not is_used(one, demo().policy), id="misses too many weeks"),
        pytest.param(lambda one: one.available_until and is_used(one, demo().policy), id="leaves early"),
        pytest.param(lambda one: one.regions == ("Gyeongbuk",), id="serves one region"),
        pytest.param(lambda one: len(one.regions) > 1, id="serves several"),
        pytest.param(lambda one: not one.regions, id="serves everybody"),
        pytest.param(lambda one: one.preferred, id="prefers times"),
        pytest.param(lambda one: len({taught.subject for taught in one.teaches}) > 1, id="teaches several subjects"),
    ],
)
def test_some_mentor(says: Callable[[Mentor], bool]) -> None:
    assert some_mentor(says)


def test_mentees_ask_for_much() -> None:
    mentees = demo().mentees
    assert {request.priority for mentee in mentees for request in mentee.requests} == {1, 2, 3}
    assert any(mentee.max_groups is not None and mentee.max_groups < len(mentee.requests) for mentee in mentees)
    assert any(mentee.preferred for mentee in mentees)
    assert {mentee.mentor_gender for mentee in mentees} == {"", "F", "M"}
    before = {mentee.previous_mentor for mentee in mentees} - {""}
    assert before & set(demo().mentor_of)
    assert before - set(demo().mentor_of)


def test_the_policy_asks_for_two_meetings_a_break_and_members_of_one_region() -> None:
    group = demo().policy.group
    assert (group.min_size, group.meetings_per_week, group.same_time) == (2, 2, True)
    assert group.buffer_minutes > 0
    assert group.member_regions is MemberRegions.NEAR


def test_single_pairs_are_spoken_of_in_every_way() -> None:
    assert {(pair.rule, bool(pair.subject)) for pair in demo().pairs} >= {
        (PairRule.REQUIRE, True),
        (PairRule.REQUIRE, False),
        (PairRule.FORBID, True),
        (PairRule.FORBID, False),
        (PairRule.POINTS, True),
        (PairRule.POINTS, False),
    }
    assert {peers.rule for peers in demo().peers} == set(PeerRule)
    for rows in (demo().pairs, demo().peers):
        assert min(row.points for row in rows) < 0 < max(row.points for row in rows)


def test_mentors_live_where_some_mentees_do_and_near_others() -> None:
    homes = {nearness(mentor.home_region, mentee.region).name for mentor in demo().mentors for mentee in demo().mentees}
    assert homes == {"SAME", "NEAR", "FAR"}


@pytest.mark.parametrize("today", [dt.date(2026, 11, 22), dt.date(2027, 3, 2), dt.date(2031, 1, 1), dt.date(2020, 2, 29)])
def test_its_term_can_be_moved_around_a_day_by_whole_weeks(today: dt.date) -> None:
    moved, before = round_around(today), demo()
    program = moved.policy.program
    assert program.term_start + dt.timedelta(weeks=4) <= today < program.term_start + dt.timedelta(weeks=5)
    shift = program.term_start - before.policy.program.term_start
    assert shift.days % 7 == 0
    assert program.term_end - program.term_start == before.policy.program.term_end - before.policy.program.term_start
    for then, now in zip(before.mentors, moved.mentors, strict=True):
        assert now.available_from == (then.available_from and then.available_from + shift)
        assert missing_weeks(then, before.policy.program) == missing_weeks(now, program)
