"""What must follow for the best score where one round is made of another; small rounds, so that the best is proven."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from matching import solve
from matching.check import check_result
from matching.limits import Limits
from matching.locks import Infeasible
from matching.result import Group, Reason, Result
from matching.round import Round
from tests.bench.rounds import make_round
from tests.rounds.changed_rounds import NEVER_ELIGIBLE, TIGHTER, USELESS, doubled, renamed, with_another_mentor
from tests.rounds.random_rounds import earlier_groups, tiny_round

SEEDS = range(60)
LARGER = [2, 3, 4, 5, *(pytest.param(seed, marks=pytest.mark.long) for seed in (0, 1, *range(6, 20)))]
MANY = pytest.param(range(1000, 1500), id="seeds 1000 to 1499", marks=pytest.mark.long)
LIMITS = Limits(effort=0.3, explain_seconds=0)


def still() -> float:
    """A clock that stands: what is counted in work looks at none."""
    return 0.0


def solved(round: Round, earlier: Sequence[Group] = ()) -> Result | None:
    """The result within the usual limits of a tiny round, `None` where there is none; it keeps every rule."""
    try:
        result = solve(round, previous=earlier, limits=LIMITS, workers=1, clock=still)
    except Infeasible:
        return None
    assert check_result(round, result, earlier).faults == ()
    return result


def best(round: Round, earlier: Sequence[Group] = ()) -> int | None:
    """The proven best score, `None` where what is required cannot hold."""
    result = solved(round, earlier)
    assert result is None or result.optimal
    return result.score if result else None


def drawn(seed: int) -> tuple[random.Random, Round, tuple[Group, ...]]:
    """A tiny round with every rule in play, and earlier groups of it for every other seed."""
    rng = random.Random(f"metamorphic {seed}")
    round = tiny_round(rng)
    return rng, round, earlier_groups(rng, round) if seed % 2 else ()


def lasting_reasons(result: Result | None, *, named: Callable[[str], str] = str) -> list[str]:
    """Who is unplaced for a reason that does not depend on the result."""
    rows = result.unplaced if result else ()
    return sorted(f"{row.reason} {named(row.mentee)}" for row in rows if row.reason is not Reason.NO_SEAT)


@pytest.mark.parametrize("seeds", [pytest.param(SEEDS, id="tiny rounds"), MANY])
def test_other_names_in_another_order_change_no_score(seeds: Sequence[int]) -> None:
    for seed in seeds:
        rng, round, earlier = drawn(seed)
        one, other = solved(round, earlier), solved(*renamed(rng, round, earlier))
        assert (one is None) == (other is None), seed
        if one and other:
            assert one.score == other.score == one.bound == other.bound, seed
            assert [row.split()[0] for row in lasting_reasons(one)] == [row.split()[0] for row in lasting_reasons(other)], seed


@pytest.mark.parametrize("name", USELESS)
@pytest.mark.parametrize("seeds", [pytest.param(SEEDS[:30], id="tiny rounds"), MANY])
def test_a_mentor_who_can_have_no_group_changes_nothing(name: str, seeds: Sequence[int]) -> None:
    for seed in seeds:
        rng, round, earlier = drawn(seed)
        one, other = solved(round, earlier), solved(with_another_mentor(rng, round, USELESS[name]), earlier)
        assert (one is None) == (other is None), seed
        if one and other:
            assert one.score == other.score == one.bound == other.bound, seed
            assert name not in NEVER_ELIGIBLE or lasting_reasons(one) == lasting_reasons(other), seed


@pytest.mark.parametrize("name", TIGHTER)
@pytest.mark.parametrize("seeds", [pytest.param(SEEDS[:30], id="tiny rounds"), MANY])
def test_a_tighter_round_scores_no_more(name: str, seeds: Sequence[int]) -> None:
    for seed in seeds:
        rng, round, earlier = drawn(seed)
        loose, tight = best(round, earlier), best(TIGHTER[name](rng, round), earlier)
        assert tight is None or (loose is not None and tight <= loose), seed


@pytest.mark.parametrize("seeds", [pytest.param(SEEDS, id="tiny rounds"), MANY])
def test_a_round_twice_in_separate_regions_scores_twice_as_much(seeds: Sequence[int]) -> None:
    for seed in seeds:
        _, round, earlier = drawn(seed)
        once, twice = best(round, earlier), best(*doubled(round, earlier))
        assert twice == (None if once is None else 2 * once), seed


@pytest.mark.parametrize("seed", LARGER)
def test_scores_and_bounds_of_larger_rounds_agree_whether_they_are_proven_or_not(seed: int) -> None:
    """Where two rounds have the same best, neither scores more than the bound of the other, and so on."""
    rng, round = random.Random(seed), make_round("mixed", seed, scale=0.5)
    result, other = solved(round), solved(renamed(rng, round, ())[0])
    more, twice = solved(with_another_mentor(rng, round, USELESS["may have no group"])), solved(doubled(round, ())[0])
    assert result
    assert other
    assert more
    assert twice
    assert max(result.score, other.score, more.score) <= min(result.bound, other.bound, more.bound)
    assert 2 * result.score <= twice.bound
    assert twice.score <= 2 * result.bound
    for name, tighten in TIGHTER.items():
        tight = solved(tighten(rng, round))
        assert tight is None or tight.score <= result.bound, name
