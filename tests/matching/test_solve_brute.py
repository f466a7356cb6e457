"""On tiny rounds, with every rule and every kind of point in play, the solver finds what brute force finds, and proves it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from time import monotonic

import pytest

from matching import solve
from matching.check import check_result
from matching.limits import Limits
from matching.locks import Infeasible
from tests.matching.brute import brute_force
from tests.rounds.random_rounds import earlier_groups, tiny_round

FEW = [pytest.param(range(n, n + 20), id=f"seeds {n} to {n + 19}") for n in range(0, 200, 20)]
MANY = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}", marks=pytest.mark.long) for n in range(1000, 3000, 100)]


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_the_solver_finds_and_proves_the_best_of_tiny_rounds(seeds: Sequence[int]) -> None:
    for seed in seeds:
        rng = random.Random(seed)
        round = tiny_round(rng)
        earlier = earlier_groups(rng, round) if rng.random() < 0.5 else ()
        best = brute_force(round, earlier)
        if best is None:
            with pytest.raises(Infeasible):
                solve(round, previous=earlier, limits=Limits(effort=0.5, explain_seconds=0), workers=1, clock=monotonic)
            continue
        result = solve(round, previous=earlier, limits=Limits(effort=0.5, explain_seconds=0), workers=1, clock=monotonic)
        assert check_result(round, result, earlier).faults == (), seed
        assert (result.score, result.bound) == (best.score, best.score), seed
