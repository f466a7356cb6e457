"""Of the groups of a cut one at most can be held, whatever its three things are; and cuts say what prices alone cannot."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from matching.board import MILLI
from matching.cuts import LEAST, Item, broken, groups_that_take, no_cuts, with_more
from matching.pick import Meter, relaxed
from matching.price import Pricer
from matching.program import Row, program_of
from matching.round import Points
from matching.tighten import Tightener, cuts_in
from tests.matching.brute import brute_force
from tests.matching.listed import Listed, listed, random_triples, single_items, tiny, tiny_and_best, unlimited
from tests.rounds.hand_made import a_round, mentee, mentor

FEW = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}") for n in (0, 100)]
MANY = [pytest.param(range(n, n + 1000), id=f"seeds {n} to {n + 999}", marks=pytest.mark.long) for n in (1000, 2000, 3000)]
ONCE = {Row.REQUEST, Row.LIMIT, Row.TIME, Row.MENTOR, Row.MEET}


def pairs_of(groups: Sequence[int], rng: random.Random, most: int) -> list[tuple[int, int]]:
    """Some pairs of groups, or all if they are few."""
    if len(groups) < 2:
        return []
    every = list(combinations(groups, 2)) if len(groups) < 12 else [tuple(sorted(rng.sample(groups, 2))) for _ in range(most)]
    return [(a, b) for a, b in rng.sample(every, min(most, len(every)))]


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_what_can_be_had_once_is_in_no_two_groups_that_may_be_held_together(seeds: Sequence[int]) -> None:
    seen: Counter[int] = Counter()
    for seed in seeds:
        one, rng = tiny(seed), random.Random(seed)
        items = single_items(one.table.board)
        for kind, owner in rng.sample(items, min(12, len(items))):
            those = groups_that_take(one.table.board, one.listing, kind, owner).tolist()
            assert len(set(those)) == len(those)
            for pair in pairs_of(those, rng, 12):
                assert not one.may_be_held(pair), (seed, Row(kind), owner)
                seen[kind] += 1
    assert seen.keys() >= ONCE
    assert min(seen.values()) > 0.2 * len(seeds)


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_no_two_groups_of_a_cut_may_be_held_together(seeds: Sequence[int]) -> None:
    seen: Counter[tuple[int, int, int]] = Counter()
    meetings: Counter[int] = Counter()
    for seed in seeds:
        one, rng = tiny(seed), random.Random(seed)
        more = random_triples(one.table.board, rng, 15)
        cuts = with_more(one.table.board, one.listing, no_cuts(), more)
        assert cuts.price.tolist() == [0] * len(more)
        for c, triple in enumerate(more):
            those = cuts.group[cuts.ptr[c] : cuts.ptr[c + 1]].tolist()
            assert those == sorted(set(those))
            for pair in pairs_of(those, rng, 10):
                assert not one.may_be_held(pair), (seed, triple)
                a, b, c_kind = (kind for kind, _ in triple)
                seen[a, b, c_kind] += 1
                meetings[one.round.policy.group.meetings_per_week] += 1
    assert len(seen) > 12
    assert {1, 2, 3} <= meetings.keys()


def test_the_rows_of_a_program_hold_the_groups_that_take_what_they_speak_of() -> None:
    seen: Counter[int] = Counter()
    for seed in range(100):
        one = tiny(seed)
        board = one.table.board
        program = program_of(board, one.listing.groups, np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64))
        for row, (kind, owner) in enumerate(zip(program.kind.tolist(), program.owner.tolist(), strict=True)):
            columns = program.row_column[program.row_ptr[row] : program.row_ptr[row + 1]]
            if kind in ONCE:
                assert columns[columns < program.groups].tolist() == sorted(groups_that_take(board, one.listing, kind, owner).tolist())
                seen[kind] += 1
    assert seen.keys() >= ONCE


def halves() -> Listed:
    """Three mentees who come in pairs, two mentors, each with one hour: half of each pair is one and a half groups."""
    once = [mentor(key, free="Mon 18:00-19:00", max_groups=1) for key in ("m", "n")]
    return listed(a_round([*once, *(mentee(f"s{n}") for n in range(3))], min_size=2, max_size=2))


def split(one: Listed) -> tuple[np.ndarray, set[tuple[Item, Item, Item]]]:
    """Parts of groups that a program without cuts would hold, and the cuts that they break."""
    board = one.table.board
    nobody, nothing = np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64)
    program = program_of(board, one.listing.groups, nobody, nothing)
    answer = relaxed(program, Meter(), unlimited)
    assert answer is not None
    x = answer[0]
    more = broken(program, x, set())
    cuts = with_more(board, one.listing, no_cuts(), more)
    for c in range(len(more)):
        assert x[cuts.group[cuts.ptr[c] : cuts.ptr[c + 1]]].sum() > 1 + LEAST / 2
    assert set(broken(program, x, set(more))).isdisjoint(more)
    return x, set(more)


def test_halves_of_three_groups_break_the_cut_of_what_they_share() -> None:
    one = halves()
    x, more = split(one)
    assert x[: len(one.names)].sum() == pytest.approx(1.5, abs=1e-3)
    assert ((0, 0), (0, 1), (0, 2)) in more


def test_whole_groups_break_no_cut() -> None:
    one = halves()
    board = one.table.board
    nobody, nothing = np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64)
    program = program_of(board, one.listing.groups, nobody, nothing)
    x = np.zeros(len(program.worth))
    x[0] = 1.0
    assert broken(program, x, set()) == []


def test_a_cut_stands_only_for_the_groups_in_the_program() -> None:
    one = halves()
    cuts = with_more(one.table.board, one.listing, no_cuts(), [((0, 0), (0, 1), (0, 2))])
    assert cuts.group.tolist() == list(range(6))
    cut, column = cuts_in(cuts, np.array([1, 4, 5]))
    assert cut.tolist() == [0, 0, 0]
    assert column.tolist() == [0, 1, 2]
    none, nowhere = cuts_in(cuts, np.zeros(0, np.int64))
    assert none.size == nowhere.size == 0


def tightened(one: Listed) -> Tightener:
    """All rounds of programs and cuts."""
    board = one.table.board
    tightener = Tightener(board, one.listing, Pricer(board, 0).quote().prices, Meter())
    before = tightener.best.bound
    for _ in range(12):
        if not tightener.step(unlimited):
            break
        assert tightener.best.bound <= before
        before = tightener.best.bound
    return tightener


def test_with_cuts_the_bound_comes_down_to_whole_groups() -> None:
    one = halves()
    bound = tightened(one).best.bound
    worth = int(one.listing.groups.worth.max()) + one.table.board.first_group
    assert worth <= bound < worth + MILLI


def test_no_tightened_bound_is_below_the_best() -> None:
    close = compared = broke = 0
    for seed in range(1000, 1080):
        found = tiny_and_best(seed)
        if found is None:
            continue
        one, best = found
        tightener = tightened(one)
        proven = tightener.best
        assert proven.bound >= best.score * MILLI, seed
        assert (proven.loss[one.numbers_of(best.groups)] <= proven.bound - best.score * MILLI).all(), seed
        compared += 1
        close += proven.bound < (best.score + 1) * MILLI
        broke += bool(tightener.known)
    assert close > 0.5 * compared
    assert broke > 3


def test_a_meeting_before_midnight_takes_no_time_of_the_next_day() -> None:
    """Steps of 500 minutes: 16:40 is the third of a day that has no whole number of them, and lasts to 23:20."""
    round = a_round(
        [
            mentor("m", free="Mon 16:40-23:20"),
            mentor("n", free="Tue 00:00-06:40", subjects=("english",)),
            mentee("s", free="Mon 16:40-23:20; Tue 00:00-06:40", subjects=("math", "english")),
        ],
        start_every_minutes=500,
        session_minutes=400,
    )
    best = brute_force(round)
    assert best is not None
    assert len(best.groups) == 2
    bound = tightened(listed(round)).best.bound
    assert best.score * MILLI <= bound < (best.score + 1) * MILLI


def test_a_first_seat_that_costs_is_paid_once_by_all_of_a_mentees_requests() -> None:
    both, free = ("math", "english"), "Mon 18:00-20:00"
    mentees = [mentee(key, free=free, subjects=both) for key in ("s", "t")]
    round = a_round([mentor("m", free=free, subjects=both), *mentees], points=Points(first_seat=-700))
    best = brute_force(round)
    assert best is not None
    assert sum(len(group.members) for group in best.groups) == 4
    bound = tightened(listed(round)).best.bound
    assert best.score * MILLI <= bound < (best.score + 1) * MILLI
