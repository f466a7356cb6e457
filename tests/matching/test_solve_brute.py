"""On tiny rounds, with every rule and every kind of point in play, the solver finds what brute force finds, and proves it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from time import monotonic

import pytest

from matching import solve
from matching.check import check_result
from matching.limits import Limits
from matching.locks import Infeasible
from matching.round import Round
from tests.matching.brute import TooLarge, brute_force
from tests.rounds.random_rounds import earlier_groups, extreme_points, some_groups, tiny_round, with_required

Make = Callable[[random.Random], Round]


def _much_required(rng: random.Random) -> Round:
    round = tiny_round(rng)
    return with_required(rng, round, some_groups(rng, round))


def _extreme(rng: random.Random) -> Round:
    return extreme_points(rng, tiny_round(rng))


MAKES = {"any": tiny_round, "much required": _much_required, "points up to a million": _extreme}
FEW = [
    pytest.param(make, range(n, n + 100), id=f"{name}, seeds {n} to {n + 99}")
    for name, make, most in (("any", tiny_round, 500), ("much required", _much_required, 200), ("points up to a million", _extreme, 200))
    for n in range(0, most, 100)
]
MANY = [
    pytest.param(make, range(n, n + 1000), id=f"{name}, seeds {n} to {n + 999}", marks=pytest.mark.long)
    for name, make in MAKES.items()
    for n in range(1000, 5000, 1000)
]


@pytest.mark.parametrize(("make", "seeds"), FEW + MANY)
def test_the_solver_finds_and_proves_the_best_of_tiny_rounds(make: Make, seeds: Sequence[int]) -> None:
    compared = 0
    for seed in seeds:
        rng = random.Random(seed)
        round = make(rng)
        earlier = earlier_groups(rng, round) if rng.random() < 0.5 else ()
        try:
            best = brute_force(round, earlier)
        except TooLarge:
            continue
        compared += 1
        if best is None:
            with pytest.raises(Infeasible):
                solve(round, previous=earlier, limits=Limits(effort=0.3, explain_seconds=0), workers=1, clock=monotonic)
            continue
        result = solve(round, previous=earlier, limits=Limits(effort=0.3, explain_seconds=0), workers=1, clock=monotonic)
        assert check_result(round, result, earlier).faults == (), seed
        assert (result.score, result.bound) == (best.score, best.score), seed
    assert compared > 0.95 * len(seeds)
