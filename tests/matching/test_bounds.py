"""No bound that the solver proves is below a score that is known to be within reach: that of a timetable planted in the round."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from matching import solve
from matching.check import check_result
from matching.limits import Limits
from matching.result import EndedBy, Result
from matching.round import GroupPolicy, MemberRegions, Policy, Round
from tests.bench.planted import drawn_policy, planted_round
from tests.bench.rounds import TERM

FEW = [pytest.param(range(n, n + 5), True, id=f"seeds {n} to {n + 4}, few meetings") for n in range(0, 20, 5)]
MANY = [pytest.param(range(n, n + 10), False, id=f"seeds {n} to {n + 9}", marks=pytest.mark.long) for n in range(100, 150, 10)]


def policy_of(seed: int, *, few_meetings: bool) -> Policy:
    """Any policy; or one under which a mentor's week holds dozens of different meetings and not tens of thousands, which take a minute."""
    policy = drawn_policy(random.Random(f"bounds {seed}"))
    if few_meetings and not policy.group.same_time:
        return replace(policy, group=replace(policy.group, meetings_per_week=1))
    return policy


def solved(round: Round, effort: float, *, stop_after: int | None = None) -> Result:
    """The result of so much work, or of what is done until `stopped` has been asked so often."""
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return stop_after is not None and asked > stop_after

    result = solve(round, limits=Limits(effort=effort, explain_seconds=0), clock=lambda: 0.0, stopped=stopped)
    assert check_result(round, result).faults == ()
    return result


@pytest.mark.parametrize("perfect", [True, False])
@pytest.mark.parametrize(("seeds", "few_meetings"), FEW + MANY)
def test_a_bound_is_never_below_a_planted_score(seeds: Sequence[int], few_meetings: bool, perfect: bool) -> None:
    proven = unproven = 0
    for seed in seeds:
        round, _, score = planted_round(seed, mentors=8, policy=policy_of(seed, few_meetings=few_meetings), perfect=perfect)
        most = perfect and round.policy.points.first_group >= 0  # else fewer mentors could be worth more
        for result in (solved(round, 0.3), solved(round, 0.02), *(solved(round, 1.0, stop_after=n) for n in (0, 3, 40, 500))):
            assert result.bound >= score, seed
            assert not result.optimal or result.score >= score, seed
            assert not most or result.score <= score, seed
            proven += result.optimal
            unproven += not result.optimal
    assert proven > 2 * len(seeds)
    assert perfect or unproven > len(seeds)


SHAPES = {
    "one meeting": GroupPolicy(),
    "two meetings, members near": GroupPolicy(meetings_per_week=2, session_minutes=60, member_regions=MemberRegions.NEAR, min_size=2),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_planted_timetable_is_not_outside_the_bound_of_a_whole_run(shape: str) -> None:
    round, _, score = planted_round(60, mentors=60, policy=Policy(program=TERM, group=SHAPES[shape]))
    result = solved(round, 0.02)
    assert result.score <= score <= result.bound


@pytest.mark.parametrize("mentors", [60, 150, pytest.param(600, marks=pytest.mark.long)])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_planted_timetable_is_not_outside_the_bound_of_a_run_that_was_stopped(shape: str, mentors: int) -> None:
    round, _, score = planted_round(mentors, mentors=mentors, policy=Policy(program=TERM, group=SHAPES[shape]))
    for stop_after in (0, 10, 60):
        result = solved(round, 1.0, stop_after=stop_after)
        assert result.score <= score <= result.bound
        assert result.ended_by is EndedBy.INTERRUPT
