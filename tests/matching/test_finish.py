"""Tries the last steps of a run on random rounds: whatever a single step gains is taken, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from matching.board import MILLI
from matching.check import check, check_result
from matching.round import PeerRule, Peers, Points
from tests.matching.finished import finished
from tests.rounds.hand_made import a_round, apart, mentee, mentor
from tests.rounds.random_rounds import earlier_groups, some_groups, tiny_round

FEW = [pytest.param(range(n, n + 50), id=f"seeds {n} to {n + 49}") for n in range(0, 200, 50)]
MANY = [pytest.param(range(n, n + 500), id=f"seeds {n} to {n + 499}", marks=pytest.mark.long) for n in range(1000, 5000, 500)]


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_no_chance_is_left_unused_and_nothing_is_lost(seeds: Sequence[int]) -> None:
    for seed in seeds:
        rng = random.Random(f"finish {seed}")
        round = tiny_round(rng, requires=0)
        earlier, groups = earlier_groups(rng, round), some_groups(rng, round, tries=rng.choice((0, 3, 60)))
        before = check(round, groups, earlier).score
        assert before is not None
        _, plan, result = finished(round, groups, earlier)
        assert check_result(round, result, earlier).faults == (), seed
        assert result.score * MILLI == plan.total[0], seed
        assert result.score >= before, seed


def test_a_group_that_gains_by_its_peers_alone_is_opened() -> None:
    loved = Peers(mentee="s-1", other="s-2", rule=PeerRule.POINTS, points=900)
    points = Points(placed=10, first_seat=0, first_group=-500, off_target=0)
    round = a_round([mentor("m-1", max_groups=1), mentee("s-1"), mentee("s-2"), mentee("s-3")], [loved], points=points)
    _, _, result = finished(round)
    assert [set(group.members) >= {"s-1", "s-2"} for group in result.groups] == [True]


def test_where_the_best_company_must_be_apart_the_next_best_is_found() -> None:
    points = Points(placed=1000, off_target=-900, first_group=-1100, first_seat=0, grade_gap=-10)
    people = (mentor("m-1", max_size=2), mentee("s-1"), mentee("s-2"), mentee("s-3", grade=9))
    _, _, result = finished(a_round(people, [apart("s-1", "s-2")], points=points, target_size=2, min_size=2))
    assert len(result.groups) == 1
    assert "s-3" in result.groups[0].members


def test_a_waiting_request_takes_the_seat_of_one_that_is_worth_less() -> None:
    first, second = mentee("s-1"), mentee("s-2", preferred=mentor("m-1").availability)
    round = a_round([mentor("m-1", max_groups=1, max_size=1), first, second])
    _, _, begun = finished(a_round([mentor("m-1", max_groups=1, max_size=1), first]))
    _, _, result = finished(round, begun.groups)
    assert [group.members for group in result.groups] == [("s-2",)]


def test_a_placed_request_without_which_the_score_is_higher_leaves() -> None:
    round = a_round([mentor("m-1"), mentee("s-1"), mentee("s-2")], points=Points(placed=1, first_seat=-50, first_group=0, off_target=0))
    groups = some_groups(random.Random(1), round)
    assert groups
    assert finished(round, groups)[2].groups == ()
