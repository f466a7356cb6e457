"""Made rounds: the same for the same seed, valid, of the sizes asked for; planted timetables score what they are said to."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.check import check
from matching.round import GroupPolicy, MemberRegions, Policy
from matching.rules import term_weeks
from matching.tables import read_round, write_round
from tests.bench.kinds import KINDS
from tests.bench.planted import planted_round
from tests.bench.rounds import TERM, make_round

SMALL = [("tiny", 1.0), ("mixed", 1.0), ("campus", 1.0), ("rural", 1.0), ("seoul", 0.1), ("nation", 0.01)]
SHAPES = {
    "one meeting, any region": GroupPolicy(),
    "two meetings at one time, near": GroupPolicy(meetings_per_week=2, session_minutes=60, member_regions=MemberRegions.NEAR),
    "two meetings at any times, same": GroupPolicy(meetings_per_week=2, same_time=False, member_regions=MemberRegions.SAME),
    "three meetings, groups of two or more": GroupPolicy(meetings_per_week=3, min_size=2, buffer_minutes=30),
}


@pytest.mark.parametrize(("kind", "scale"), SMALL)
def test_a_round_is_the_same_for_the_same_kind_seed_and_scale(kind: str, scale: float) -> None:
    assert make_round(kind, 7, scale) == make_round(kind, 7, scale)
    assert make_round(kind, 7, scale) != make_round(kind, 8, scale)


@pytest.mark.parametrize(("kind", "scale"), SMALL)
def test_a_round_has_the_people_of_its_kind_times_the_scale(kind: str, scale: float) -> None:
    round_ = make_round(kind, 1, scale)
    assert (len(round_.mentors), len(round_.mentees)) == (round(KINDS[kind].mentors * scale), round(KINDS[kind].mentees * scale))


@pytest.mark.parametrize(("kind", "scale"), SMALL)
def test_a_made_round_is_read_back_equal_from_its_files(kind: str, scale: float, tmp_path: Path) -> None:
    made = make_round(kind, 3, scale)
    write_round(made, tmp_path)
    read = read_round(tmp_path)
    assert (read.policy, read.mentors, read.mentees) == (made.policy, made.mentors, made.mentees)
    assert [(pair.mentor, pair.mentee, pair.rule, pair.points) for pair in read.pairs] == [
        (pair.mentor, pair.mentee, pair.rule, pair.points) for pair in made.pairs
    ]


def test_mixed_rounds_have_every_shape_of_policy_among_fifty_seeds() -> None:
    groups = [make_round("mixed", seed).policy.group for seed in range(1, 51)]
    assert {group.meetings_per_week for group in groups} == {1, 2, 3}
    assert {group.min_size for group in groups} == {1, 2}
    assert {group.member_regions for group in groups} == set(MemberRegions)
    assert {group.same_time for group in groups} == {True, False}


def test_people_of_every_kind_ask_for_a_subject_and_are_free_at_some_time() -> None:
    for kind, scale in SMALL:
        made = make_round(kind, 5, scale)
        assert all(mentee.requests and mentee.availability for mentee in made.mentees)
        assert all(mentor.teaches and mentor.availability for mentor in made.mentors)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("perfect", [True, False])
def test_a_planted_timetable_breaks_no_rule_places_everything_and_scores_what_is_said(seed: int, perfect: bool) -> None:
    planted, groups, score = planted_round(seed, perfect=perfect)
    verdict = check(planted, groups)
    assert not verdict.faults
    assert verdict.score == score
    assert sum(len(group.members) for group in groups) == sum(len(mentee.requests) for mentee in planted.mentees)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("perfect", [True, False])
def test_a_timetable_can_be_planted_in_any_shape_of_round(name: str, perfect: bool) -> None:
    policy = Policy(program=TERM, group=SHAPES[name])
    planted, groups, score = planted_round(1, mentors=40, policy=policy, perfect=perfect)
    verdict = check(planted, groups)
    assert (verdict.faults, verdict.score) == ((), score)
    assert planted.policy == policy


def test_a_perfect_timetable_takes_every_point_there_is() -> None:
    """Counted here from the policy alone: nothing a request, a mentor or a mentee could bring is missing."""
    policy = Policy(program=TERM)
    planted, _, score = planted_round(4, mentors=25, policy=policy)
    points = policy.points
    requests = [request for mentee in planted.mentees for request in mentee.requests]
    most = sum(points.placed * request.priority + points.continuity + points.region + 2 * points.time for request in requests)
    assert score == most + points.first_group * len(planted.mentors) + points.first_seat * len(planted.mentees)
    assert len(term_weeks(TERM)) == 16
