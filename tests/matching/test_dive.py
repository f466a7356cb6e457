"""Dives and neighbourhoods add to a plan, break no rule, touch nothing that is held, and keep nothing that is worse."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from matching import dive as diving
from matching.board import MILLI
from matching.check import check
from matching.dive import Sea, dive
from matching.mend import freed, joined, mended, neighbourhoods
from matching.named import groups_of, plan_of
from matching.pick import Meter
from matching.plan import Plan, empty_plan
from matching.price import Pricer
from matching.result import Group
from matching.tighten import Tightener
from tests.bench.rounds import make_round
from tests.matching.listed import Listed, listed, tiny, tiny_and_best, unlimited
from tests.rounds.random_rounds import some_groups


def sea_of(one: Listed, rounds: int = 2) -> Sea:
    """What a few rounds of the linear program know of the groups."""
    board = one.table.board
    tightener = Tightener(board, one.listing, Pricer(board, 0).quote().prices, Meter())
    for _ in range(rounds):
        tightener.step(unlimited)
    proven = tightener.best
    return Sea(one.listing, proven.cuts, proven.loss, tightener.held, proven.bound)


def named(one: Listed, plan: Plan) -> set[tuple[str, str, tuple[int, ...], tuple[str, ...]]]:
    """The groups of a plan, whatever their keys."""
    return {(group.mentor, group.subject, group.meetings, group.members) for group in groups_of(one.table, plan)}


def judged(one: Listed, plan: Plan) -> int:
    """The score of a plan that breaks no rule, in thousandths."""
    verdict = check(one.round, groups_of(one.table, plan))
    assert verdict.faults == ()
    assert verdict.score is not None
    return verdict.score * MILLI


@pytest.fixture(params=["picked", "dived"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether few groups are picked at once, or by linear programs until two are left."""
    if request.param == "dived":
        monkeypatch.setattr(diving, "SMALL", 2)
    return str(request.param)


def tries(seeds: int, requires: int = 0) -> Iterator[tuple[int, Listed, tuple[Group, ...]]]:
    """Tiny rounds that earn nothing by `stay`, and a few groups for each."""
    for seed in range(seeds):
        one = tiny(seed, requires)
        if one.names and not (one.table.board.stay_mentor >= 0).any():
            yield seed, one, some_groups(random.Random(seed), one.round, tries=4)


def test_a_dive_keeps_all_rules_and_what_was_held(small: str) -> None:
    dived = more = 0
    for seed, one, held in tries(150):
        board, sea = one.table.board, sea_of(one)
        for plan in (empty_plan(board), plan_of(one.table, held)):
            before, worth = named(one, plan), int(plan.total[0])
            dive(board, sea, plan, Meter(), unlimited, 0)
            assert judged(one, plan) == plan.total[0], seed
            assert before <= named(one, plan), seed
            assert small == "dived" or plan.total[0] >= worth
            dived += 1
            more += bool(before) and before < named(one, plan)
    assert dived > 100
    assert more > 10


def test_a_dive_into_few_groups_finds_the_best() -> None:
    for seed in range(60):
        found = tiny_and_best(seed)
        if found is None or len(found[0].names) > diving.SMALL or not found[0].names:
            continue
        one, best = found
        plan = empty_plan(one.table.board)
        dive(one.table.board, sea_of(one, 1), plan, Meter(), unlimited, 0)
        assert plan.total[0] == best.score * MILLI, seed


def test_a_dive_with_no_time_left_does_nothing() -> None:
    one = listed(make_round("tiny", 1))
    plan = empty_plan(one.table.board)
    dive(one.table.board, sea_of(one, 1), plan, Meter(), lambda: 0.0, 0)
    assert plan.total[0] == 0
    assert named(one, plan) == set()


def test_where_no_group_can_stand_a_dive_adds_none() -> None:
    one = next(one for seed in range(1000) if not (one := tiny(seed)).names)
    plan = empty_plan(one.table.board)
    dive(one.table.board, sea_of(one, 2), plan, Meter(), unlimited, 0)
    assert named(one, plan) == set()


def test_a_dive_that_must_make_more_than_it_can_adds_nothing() -> None:
    nothing = more = 0
    for seed, one, held in tries(100):
        board, sea = one.table.board, sea_of(one, 1)
        best = plan_of(one.table, held)
        dive(board, sea, best, Meter(), unlimited, 0)
        for least in (int(best.total[0]) - MILLI, int(best.total[0])):
            plan = plan_of(one.table, held)
            before = named(one, plan)
            dive(board, sea, plan, Meter(), unlimited, least)
            assert named(one, plan) == before or plan.total[0] > least, seed
            nothing += plan.total[0] < best.total[0]
            more += plan.total[0] > least
    assert min(nothing, more) > 25


def test_mentors_who_are_freed_hold_nothing_and_all_others_what_they_held() -> None:
    for seed, one, _ in tries(100):
        plan = plan_of(one.table, some_groups(random.Random(seed), one.round))
        mentors = np.flatnonzero(np.random.default_rng(seed).random(len(one.table.mentors)) < 0.5)
        other = freed(one.table.board, plan, mentors)
        names = {one.table.mentors[m].key for m in mentors}
        assert named(one, other) == {group for group in named(one, plan) if group[0] not in names}
        assert judged(one, other) == other.total[0]
        assert judged(one, plan) == plan.total[0]


def test_a_neighbourhood_is_kept_only_where_it_is_better(small: str) -> None:
    better = kept = 0
    for seed, one, held in tries(150):
        board, sea, plan = one.table.board, sea_of(one, 1), plan_of(one.table, held)
        random = np.random.default_rng(seed)
        (mentors,) = neighbourhoods(sea, plan, 1, 2, random)
        assert len(mentors) <= 2
        assert sorted(set(mentors.tolist())) == mentors.tolist()
        before = named(one, plan)
        groups = mended(board, sea, plan, mentors, Meter(), unlimited)
        assert named(one, plan) == before
        after = joined(board, plan, [] if groups is None else [(mentors, groups)])
        assert judged(one, after) == after.total[0], seed
        if groups is None:
            kept += 1
            assert named(one, after) == before
        else:
            better += 1
            assert after.total[0] > plan.total[0], seed
    assert small
    assert min(better, kept) > 10


def test_neighbourhoods_that_want_the_same_are_joined_to_nothing_worse() -> None:
    together = 0
    for seed in range(9):
        one = listed(make_round("tiny", seed))
        board, sea, draws = one.table.board, sea_of(one, 1), np.random.default_rng(seed)
        plan = plan_of(one.table, some_groups(random.Random(seed), one.round))
        before = plan.total[0]
        for _ in range(4):
            apart = neighbourhoods(sea, plan, 4, 3, draws)
            everybody = np.concatenate(apart)
            assert len(everybody) == len(set(everybody.tolist()))
            each = [(mentors, mended(board, sea, plan, mentors, Meter(), unlimited)) for mentors in apart]
            found = [(mentors, groups) for mentors, groups in each if groups is not None]
            after = joined(board, plan, found)
            assert judged(one, after) == after.total[0]
            assert (after.total[0] > plan.total[0]) == bool(found)
            together += len(found) > 1
            plan = after
        assert plan.total[0] > before
    assert together > 6
