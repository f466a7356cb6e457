"""A round is split so that nobody is in two shards, and what is done in the shards is, joined, a plan that keeps every rule."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from time import monotonic
from typing import Any

import numpy as np
import pytest

from matching import solve
from matching.board import MILLI, Table
from matching.check import check
from matching.cut import Split, cut, groups_of, plan_of
from matching.eligible import table_of
from matching.limits import Limits
from matching.named import groups_of as named_groups
from matching.plan import Plan, empty_plan
from matching.round import Mentee, Mentor, Round
from matching.shards import Search, as_it_was, components, join, split, spread, work
from tests.bench.rounds import make_round
from tests.rounds.random_rounds import tiny_round

STEPS = Search(steps=100, hot=100_000.0, cold=1_000.0)
"""Hot enough that nearly everybody moves."""


def patient() -> bool:
    return True


@pytest.fixture(scope="module")
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def searched(round: Round, executor: Executor, workers: int) -> tuple[Table, Plan]:
    """What three epochs of the search make of an empty plan."""
    table = table_of(round)
    plan = empty_plan(table.board)
    for seed in range(3):
        plan = spread(executor, table.board, plan, STEPS, workers=workers, seed=seed, patient=patient)
    return table, plan


def middle(seed: int) -> Round:
    """A made round with mentors enough for several shards."""
    return make_round("mixed", seed, scale=2)


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_mentor_is_in_one_shard_and_every_request_can_be_placed_in_one(seed: int, threads: Executor) -> None:
    table, plan = searched(middle(seed), threads, workers=3)
    board = table.board
    parts = split(board, plan, 3, np.random.default_rng(seed))
    shards = [cut(board, plan, parts, n) for n in range(3)]
    assert sorted(np.concatenate([shard.mentors for shard in shards])) == list(range(len(board.cap)))
    sizes = [len(shard.mentors) for shard in shards]
    assert max(sizes) - min(sizes) <= 1
    placeable = np.concatenate([np.unique(shard.requests[shard.board.entry_request]) for shard in shards])
    assert len(placeable) == len(set(placeable))
    assert set(np.flatnonzero(plan.at >= 0)) <= set(placeable)


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_is_cut_and_joined_untouched_is_as_it_was(seed: int, threads: Executor) -> None:
    table, plan = searched(middle(seed), threads, workers=3)
    board = table.board
    parts = split(board, plan, 4, np.random.default_rng(seed))
    shards = [cut(board, plan, parts, n) for n in range(4)]
    again = join(board, [groups_of(shard, plan_of(shard)) for shard in shards])
    assert named_groups(table, again) == named_groups(table, plan)
    assert again.total[0] == plan.total[0]
    left = join(board, [as_it_was(plan, parts, n) for n in range(4)])
    assert named_groups(table, left) == named_groups(table, plan)


def judged(round: Round, table: Table, plan: Plan) -> int:
    """The score of a plan that breaks no rule."""
    verdict = check(round, named_groups(table, plan))
    assert verdict.faults == ()
    assert verdict.score is not None
    assert verdict.score * MILLI == plan.total[0] - table.board.bonus
    return verdict.score


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_search_in_shards_breaks_no_rule(seed: int, threads: Executor) -> None:
    round = middle(seed)
    assert judged(round, *searched(round, threads, workers=3)) > 0


def test_tiny_shards_with_every_rule_in_play_break_no_rule() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        round = tiny_round(rng, requires=0)
        table = table_of(round)
        board, plan, draws = table.board, empty_plan(table.board), np.random.default_rng(seed)
        for epoch in range(3):
            count = min(len(board.cap), 3)
            if not count:
                break
            parts = split(board, plan, count, draws)
            plan = join(board, [work(cut(board, plan, parts, n), STEPS, seed + epoch) for n in range(count)])
        judged(round, table, plan)


def twice(round: Round) -> Round:
    """The round and, in another region, the same once more."""

    def moved(person: Mentor, region: str) -> Mentor:
        return replace(person, key=f"{region}-{person.key}", home_region=region, regions=(region,))

    def asking(person: Mentee, region: str) -> Mentee:
        return replace(person, key=f"{region}-{person.key}", region=region, previous_mentor="")

    regions = ("Gyeongbuk", "Jeonnam")
    return replace(
        round,
        mentors=tuple(moved(mentor, region) for region in regions for mentor in round.mentors),
        mentees=tuple(asking(mentee, region) for region in regions for mentee in round.mentees),
        pairs=(),
        peers=(),
    )


def test_separate_regions_are_not_cut_through_where_they_need_not_be() -> None:
    table = table_of(twice(make_round("campus", 1, scale=0.5)))
    board, half = table.board, len(table.board.cap) // 2
    numbers = components(board)
    assert set(numbers[:half]).isdisjoint(numbers[half:])
    parts = split(board, empty_plan(board), 2, np.random.default_rng(0))
    cut_through = [number for number in set(numbers) if len(set(parts.part[numbers == number])) > 1]
    assert len(cut_through) <= 1


@pytest.fixture(scope="module")
def small_seoul() -> tuple[Round, Table]:
    round = make_round("seoul", 1, scale=0.1)
    return round, table_of(round)


def test_local_processes_give_what_threads_give(small_seoul: tuple[Round, Table], processes: Executor, threads: Executor) -> None:
    round, table = small_seoul
    plans = []
    for executor in (threads, processes):
        plan = empty_plan(table.board)
        for seed in range(2):
            plan = spread(executor, table.board, plan, STEPS, workers=2, seed=seed, patient=patient)
        plans.append(plan)
    by_threads, by_processes = plans
    assert check(round, named_groups(table, by_processes)).faults == ()
    assert by_processes.total[0] >= 0.99 * by_threads.total[0]
    assert named_groups(table, by_processes) == named_groups(table, by_threads)


class Never(Executor):
    """Takes work and never does it."""

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        assert callable(fn), (args, kwargs)
        return Future()


def test_shards_that_never_come_back_keep_their_groups(small_seoul: tuple[Round, Table], threads: Executor) -> None:
    _, table = small_seoul
    plan = spread(threads, table.board, empty_plan(table.board), STEPS, workers=2, seed=0, patient=patient)
    asked = iter((True, True, False))
    after = spread(Never(), table.board, plan, STEPS, workers=2, seed=1, patient=lambda: next(asked))
    assert named_groups(table, after) == named_groups(table, plan)


def test_a_lost_executor_is_told(small_seoul: tuple[Round, Table]) -> None:
    _, table = small_seoul
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os._exit, initargs=(1,)) as broken,
        pytest.raises(BrokenExecutor),
    ):
        spread(broken, table.board, empty_plan(table.board), STEPS, workers=2, seed=0, patient=patient)


def test_a_run_whose_executor_is_lost_ends_as_without_it() -> None:
    round, limits = make_round("seoul", 2, scale=0.3), Limits(effort=0.05, explain_seconds=0)
    alone = solve(round, limits=limits, clock=monotonic)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os._exit, initargs=(1,)) as broken:
        left_alone = solve(round, limits=limits, clock=monotonic, executor=broken)
    assert left_alone.groups == alone.groups


def test_a_request_on_a_seam_stays_at_its_meetings(small_seoul: tuple[Round, Table], threads: Executor) -> None:
    _, table = small_seoul
    board = table.board
    plan = spread(threads, board, empty_plan(board), STEPS, workers=2, seed=0, patient=patient)
    parts = split(board, plan, 2, np.random.default_rng(0))
    away = Split(parts.part, 1 - parts.home)
    for n in range(2):
        shard = cut(board, plan, away, n)
        request = shard.requests[shard.board.entry_request]
        seam = away.home[board.mentee[request]] != n
        assert seam.any()
        assert (shard.board.slot_pattern[shard.board.entry_home] == plan.meets[request])[seam].all()
        assert shard.groups.mentor.size
