"""The peers form legal groups; the flat models know every rule and point: on tiny rounds they reach what brute force reaches."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from matching.check import check
from matching.round import Round
from tests.bench.outcome import Limits
from tests.bench.peers import PEERS, peer
from tests.bench.planted import planted_round
from tests.bench.rounds import make_round
from tests.matching.brute import brute_force
from tests.rounds.random_rounds import tiny_round

FLAT = ("flat_cpsat", "flat_highs")


def limits(seconds: float) -> Limits:
    """A peer in this process, on one thread and with so many seconds, that tells nobody how it goes."""
    return Limits(left=lambda: seconds, spent=lambda: 0.0, built=lambda _: None, keep=lambda _: None, workers=1)


def small_round(kind: str, seed: int) -> Round:
    """A round of this kind, scaled down until a flat model is solved in seconds."""
    return make_round(kind, seed, {"tiny": 1.0, "mixed": 0.5, "rural": 0.1, "campus": 0.1, "seoul": 0.01}[kind])


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(
    ("kind", "seed"), [("tiny", 1), ("mixed", 2), ("mixed", 3), ("mixed", 4), ("rural", 1), ("campus", 1), ("seoul", 1)]
)
def test_a_peers_groups_break_no_rule(name: str, kind: str, seed: int) -> None:
    made = small_round(kind, seed)
    outcome = peer(name)(made, limits(4.0))
    assert outcome is not None
    verdict = check(made, outcome.groups)
    assert verdict.faults == ()
    assert verdict.score is not None
    assert outcome.bound is None or outcome.bound >= verdict.score
    assert outcome.groups


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("first_seed", range(0, 200, 20))
def test_a_flat_model_reaches_the_brute_force_optimum_of_tiny_rounds(name: str, first_seed: int) -> None:
    compared = 0
    for seed in range(first_seed, first_seed + 20):
        tiny = tiny_round(random.Random(seed), requires=0)
        best = brute_force(tiny)
        outcome = peer(name)(tiny, limits(20.0))
        assert best is not None
        assert outcome is not None, seed
        assert (seed, check(tiny, outcome.groups).score, outcome.bound) == (seed, best.score, best.score)
        compared += len(best.groups) > 0
    assert compared > 5


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_model_holds_to_required_pairs(name: str) -> None:
    compared = 0
    for seed in range(40):
        tiny = tiny_round(random.Random(seed), requires=1)
        best = brute_force(tiny)
        if best is None:
            continue
        outcome = peer(name)(tiny, limits(20.0))
        assert outcome is not None, seed
        assert (seed, check(tiny, outcome.groups).score) == (seed, best.score)
        compared += 1
    assert compared > 5


@pytest.mark.parametrize("name", FLAT)
def test_no_flat_model_finds_more_than_a_perfect_planted_timetable(name: str) -> None:
    planted, _, score = planted_round(2, mentors=4, policy=make_round("seoul", 1, 0.01).policy)
    outcome = peer(name)(planted, limits(10.0))
    assert outcome is not None
    assert (check(planted, outcome.groups).score, outcome.bound) == (score, score)


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("seed", range(6))
def test_a_flat_models_bound_is_not_below_a_planted_score(name: str, seed: int) -> None:
    planted, _, score = planted_round(seed, mentors=3, perfect=False)
    outcome = peer(name)(planted, limits(15.0))
    assert outcome is not None
    assert outcome.bound is not None
    assert outcome.bound >= score


def test_a_greedy_serves_the_higher_priority_first() -> None:
    made = small_round("seoul", 3)
    outcome = peer("greedy")(made, limits(10.0))
    assert outcome is not None
    seats = {(member, group.subject) for group in outcome.groups for member in group.members}
    shares = {}
    for priority in (1, 3):
        asked = [(mentee.key, request.subject) for mentee in made.mentees for request in mentee.requests if request.priority == priority]
        shares[priority] = sum(request in seats for request in asked) / len(asked)
    assert shares[3] >= shares[1]


def test_a_greedy_places_nobody_where_nobody_gains() -> None:
    made = small_round("tiny", 1)
    points = replace(made.policy.points, placed=-5000)
    worthless = replace(made, policy=replace(made.policy, points=points))
    outcome = peer("greedy")(worthless, limits(10.0))
    assert outcome is not None
    assert outcome.groups == ()
