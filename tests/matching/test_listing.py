"""What a list of all groups proves at any prices is never too little, and what a group is said to lose never too much."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from matching.board import MILLI, Ints
from matching.check import check
from matching.cuts import no_cuts, with_more
from matching.listing import tight
from matching.price import Prices
from tests.matching.listed import Listed, listed, random_prices, random_triples, single_items, tiny, tiny_and_best
from tests.rounds.hand_made import a_round, mentee, mentor
from tests.rounds.random_rounds import some_groups

FEW = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}") for n in (0, 100, 200)]
MANY = [pytest.param(range(n, n + 1000), id=f"seeds {n} to {n + 999}", marks=pytest.mark.long) for n in (1000, 2000, 3000)]


def test_each_group_is_listed_once_and_each_request_knows_its_groups() -> None:
    for seed in range(100):
        one = tiny(seed)
        listing = one.listing
        assert len(set(one.names)) == len(one.names)
        assert all(one.may_be_held([g]) for g in range(0, len(one.names), 7))
        for m, (first, last) in enumerate(pairwise(listing.mentor_ptr)):
            assert {name.mentor for name in one.names[first:last]} <= {one.table.mentors[m].key}
        for (key, subject), r in one.table.request_of.items():
            mine = listing.request_group[listing.request_ptr[r] : listing.request_ptr[r + 1]]
            assert mine.tolist() == [g for g, name in enumerate(one.names) if subject == name.subject and key in name.members]


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_no_result_is_above_what_is_proven_nor_holds_a_group_that_loses_more_than_there_is_to_lose(seeds: Sequence[int]) -> None:
    compared = priced = 0
    for seed in seeds:
        found = tiny_and_best(seed)
        if found is None:
            continue
        one, best = found
        board, rng, draws = one.table.board, random.Random(seed), np.random.default_rng(seed)
        results = [(best.groups, best.score)]
        for _ in range(3):
            groups = some_groups(rng, one.round)
            score = check(one.round, groups, ()).score
            if not (board.stay_mentor >= 0).any() and score is not None:
                results.append((groups, score))
        assert max(score for _, score in results) == best.score
        compared += len(results)
        cuts = with_more(board, one.listing, no_cuts(), random_triples(board, rng, 12))
        for most in (1, 200 * MILLI, 1500 * MILLI):
            prices = draws.integers(0, 1 + draws.choice([0, most // 3, most]), len(cuts.price))
            proven = tight(board, one.listing, random_prices(board, draws, most), cuts._replace(price=prices))
            priced += bool(prices.any())
            for groups, score in results:
                assert proven.bound >= score * MILLI, seed
                assert (proven.loss[one.numbers_of(groups)] <= proven.bound - score * MILLI).all(), seed
    assert compared > 1.5 * len(seeds)
    assert priced > len(seeds)


def test_prices_that_say_all_there_is_prove_the_best() -> None:
    both = [mentee("s"), mentee("t")]
    one = listed(a_round([mentor("m", free="Mon 18:00-19:00"), mentor("n", free="Tue 18:00-19:00"), *both], max_size=1))
    board = one.table.board
    free = random_prices(board, np.random.default_rng(0), 1)
    proven = tight(board, one.listing, free, no_cuts())
    assert proven.bound == int(one.listing.groups.worth.max()) + board.first_group
    assert proven.loss.tolist() == [0, 0]


def weeks_of(one: Listed, value: Ints) -> int:
    """The best weeks of all mentors at these values of groups: what is proven where nothing else is worth anything."""
    board, listing = one.table.board, one.listing
    nothing = Prices(*(np.zeros(n, np.int64) for n in (len(board.mentee), *[len(board.mentee_cap)] * 2, len(board.cell_mentee))))
    seats = max(0, board.first_seat) * int((np.diff(board.mentee_ptr) > 1).sum())
    return tight(board, listing._replace(groups=listing.groups._replace(worth=value)), nothing, no_cuts()).bound - seats


def tried(one: Listed, value: Ints, m: int) -> int:
    """The best week of a mentor, by trying every set of their groups that the rules allow, mentees' limits and times aside."""
    board, ptr = one.table.board, one.listing.mentor_ptr
    best = 0

    def extend(held: list[int], total: int, rest: Sequence[int]) -> None:
        nonlocal best
        if held:
            best = max(best, total + board.first_group)
        if len(held) < board.cap[m]:
            for n, g in enumerate(rest):
                extend([*held, g], total + int(value[g]), [other for other in rest[n + 1 :] if one.may_be_held([g, other])])

    extend([], 0, [g for g in range(ptr[m], ptr[m + 1]) if value[g] > 0 or board.cap[m] == 1])
    alone = max((int(value[g]) for g in range(ptr[m], ptr[m + 1])), default=-board.first_group)
    return max(best, alone + board.first_group)


def test_the_best_weeks_are_what_trying_all_finds() -> None:
    compared = several = 0
    for seed in range(200):
        one = tiny(seed)
        board, draws = one.table.board, np.random.default_rng(seed)
        if (board.mentee_cap < np.diff(board.mentee_ptr)).any():  # a week looks at no mentee's limit
            continue
        value = draws.integers(-300, 700, len(one.names)) * MILLI
        value[draws.random(len(value)) < max(0.0, 1 - 30 / max(1, len(value)))] = -1
        assert weeks_of(one, value) == sum(tried(one, value, m) for m in range(len(board.cap))), seed
        compared += 1
        several += any(tried(one, np.minimum(value, 0), m) < tried(one, value, m) for m in np.flatnonzero(board.cap > 1).tolist())
    assert compared > 80
    assert several > 25


def best_disjoint(one: Listed, value: Ints, most: int) -> int:
    """The best of a mentor's groups at different offers, none with a member of another, member by member."""
    groups = one.listing.groups
    best = {(0, 0): 0}
    for o in np.unique(groups.offer):
        for (count, taken), total in list(best.items()):
            for g in np.flatnonzero(groups.offer == o) if count < most else ():
                mine = sum(1 << int(r) for r in groups.members[g, : groups.size[g]])
                key = (count + 1, taken | mine)
                if not taken & mine and best.get(key, -1) < total + value[g]:
                    best[key] = int(total + value[g])
    return max(best.values())


@pytest.mark.parametrize("everybody_at_once", [False, True])
def test_a_week_that_takes_too_long_to_search_is_not_said_to_be_worth_less(everybody_at_once: bool) -> None:
    """Many groups of the same nine mentees, all at different times, worth about the same."""
    free = "Mon 12:00-18:00"
    one = listed(a_round([mentor("m", free=free), *(mentee(f"s{n}", free=free) for n in range(9))], min_size=2, max_size=3, max_groups=4))
    unsure = 0
    for seed in range(4):
        draws = np.random.default_rng(seed)
        value = draws.integers(900, 1000, len(one.names)) + 300 * one.listing.groups.size * everybody_at_once
        exact = best_disjoint(one, value, 4) + one.table.board.first_group
        week = weeks_of(one, value)
        assert week >= exact
        unsure += week > exact
    assert unsure == (4 if everybody_at_once else 0)


def test_a_round_in_which_no_group_can_stand_proves_nothing_is_best() -> None:
    one = listed(a_round([mentor("m"), mentee("s", grade=10)]))
    assert one.names == ()
    board = one.table.board
    proven = tight(board, one.listing, random_prices(board, np.random.default_rng(0), 1), no_cuts())
    assert proven.bound == 0
    assert single_items(board) == [(0, 0)]
