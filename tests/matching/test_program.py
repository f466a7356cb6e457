"""The program of a list of groups allows what the rules allow, and its best choice is the best result."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from matching.board import MILLI, Board, Ints
from matching.check import check
from matching.confirm import nothing_better
from matching.groups import chosen, hold, keep_open
from matching.named import groups_of, plan_of
from matching.pick import Meter, solve
from matching.plan import Plan, empty_plan
from matching.program import Program, program_of
from matching.result import Group
from tests.matching.listed import Listed, listed, tiny, tiny_and_best, unlimited
from tests.rounds.hand_made import a_round, mentee, mentor
from tests.rounds.random_rounds import some_groups

FEW = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}") for n in (0, 100)]
MANY = [pytest.param(range(n, n + 1000), id=f"seeds {n} to {n + 999}", marks=pytest.mark.long) for n in (1000, 2000, 3000)]


def whole(one: Listed) -> Program:
    """The program of all groups and an empty plan."""
    board = one.table.board
    return program_of(board, one.listing.groups, np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64))


def worth_of(program: Program, held: Sequence[int]) -> int | None:
    """What these groups are worth with the best choice of first groups and first seats; `None` where no choice keeps the rows."""
    entries = np.zeros((len(program.high), len(program.worth)), np.int64)
    entries[np.repeat(np.arange(len(program.high)), np.diff(program.row_ptr)), program.row_column] = program.row_factor
    x = np.zeros(len(program.worth), np.int64)
    x[list(held)] = 1
    for column in range(program.groups, len(x)):  # each stands alone: what costs is had where it must be, what gains where it may
        for choice in (0, 1) if program.worth[column] < 0 else (1, 0):
            x[column] = choice
            mine = entries[:, column] != 0
            if (entries[mine] @ x <= program.high[mine]).all():
                break
    return int(program.worth @ x) if (entries @ x <= program.high).all() else None


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_two_groups_keep_the_rows_where_they_keep_the_rules(seeds: Sequence[int]) -> None:
    yes = no = 0
    for seed in seeds:
        one, rng = tiny(seed), random.Random(seed)
        if len(one.names) < 2 or len(one.names) > 3000:
            continue
        program = whole(one)
        for _ in range(8):
            pair = rng.sample(range(len(one.names)), 2)
            if rng.random() < 0.5:  # of one mentor or with a member in common, where there are such
                a = one.names[pair[0]]
                near = [g for g, b in enumerate(one.names) if b is not a and (b.mentor == a.mentor or set(b.members) & set(a.members))]
                pair[1] = rng.choice(near or [pair[1]])
            may = one.may_be_held(pair)
            assert (worth_of(program, pair) is not None) == may, (seed, pair)
            yes, no = yes + may, no + (not may)
    assert min(yes, no) > 0.5 * len(seeds)


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_results_are_worth_their_score(seeds: Sequence[int]) -> None:
    several = 0
    for seed in seeds:
        one = tiny(seed)
        groups = some_groups(random.Random(seed), one.round)
        if len(one.names) > 3000 or (one.table.board.stay_mentor >= 0).any():
            continue
        score = check(one.round, groups, ()).score
        assert score is not None
        assert worth_of(whole(one), one.numbers_of(groups)) == score * MILLI, seed
        several += len(groups) > 1
    assert several > 0.1 * len(seeds)


def held_by_best(board: Board, program: Program, groups: npt.NDArray[np.bool_] | None, one: Listed, which: Ints, plan: Plan) -> Plan:
    """The plan with the groups found, all of which it can hold."""
    assert groups is not None
    assert len(groups) == program.groups
    found = np.flatnonzero(groups)
    assert hold(board, plan, chosen(one.listing.groups, which[found])) == len(found)
    return plan


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_the_best_choice_of_all_groups_is_the_best_result_and_is_confirmed(seeds: Sequence[int]) -> None:
    compared = negative = 0
    for seed in seeds:
        found = tiny_and_best(seed)
        if found is None or len(found[0].names) > 3000:
            continue
        one, best = found
        board, program = one.table.board, whole(one)
        groups, proven = solve(program, Meter(), nodes=10_000, left=unlimited, at_least=0)
        assert proven
        plan = held_by_best(board, program, groups, one, np.arange(len(one.names)), empty_plan(board))
        assert plan.total[0] == best.score * MILLI, seed
        assert nothing_better(program, best.score * MILLI, lambda: math.inf), seed
        assert not nothing_better(program, (best.score - 1) * MILLI, lambda: math.inf), seed
        compared += 1
        negative += min(board.first_group, board.first_seat) < 0
    assert compared > 0.7 * len(seeds)
    assert negative > 0.3 * len(seeds)


def test_a_mentee_who_has_a_group_already_may_have_one_less() -> None:
    three, free = ("math", "english", "korean"), "Mon 18:00-21:00"
    one = listed(a_round([mentor("m", free=free, subjects=three, max_groups=3), mentee("s", free=free, subjects=three, max_groups=2)]))
    board, groups = one.table.board, one.listing.groups
    for held, most in (([], 2), ([one.names[0]], 1)):
        plan, usable = plan_of(one.table, held), np.ones(len(one.names), np.bool_)
        keep_open(board, plan, groups, usable)
        program = program_of(board, chosen(groups, np.flatnonzero(usable)), plan.attends, plan.groups)
        found, proven = solve(program, Meter(), nodes=100, left=unlimited, at_least=0)
        assert proven
        assert found is not None
        assert found.sum() == most


def best_beside(one: Listed, held: Sequence[Group], usable: Sequence[int]) -> int:
    """The best score of the groups held and any of the usable ones, by trying all."""
    kept = [*held]
    best = check(one.round, kept).score
    assert best is not None

    def extend(rest: Sequence[int]) -> None:
        nonlocal best
        for n, g in enumerate(rest):
            kept.append(Group(key=f"n{g}", **{name: getattr(one.names[g], name) for name in ("mentor", "subject", "meetings", "members")}))
            verdict = check(one.round, kept)
            if verdict.score is not None:
                assert best is not None
                best = max(best, verdict.score)
                extend(rest[n + 1 :])
            kept.pop()

    extend(usable)
    return best


def test_beside_what_a_plan_holds_the_best_choice_is_what_trying_all_finds() -> None:
    compared = same_mentor = more = 0
    for seed in range(600):
        one = tiny(seed)
        board, held = one.table.board, some_groups(random.Random(seed), one.round, tries=6)
        if not held or (board.stay_mentor >= 0).any():
            continue
        plan, usable = plan_of(one.table, held), np.ones(len(one.names), np.bool_)
        assert keep_open(board, plan, one.listing.groups, usable) == usable.sum()
        which = np.flatnonzero(usable)
        if not 1 < len(which) <= 16:
            continue
        before = groups_of(one.table, plan)
        program = program_of(board, chosen(one.listing.groups, which), plan.attends, plan.groups)
        groups, proven = solve(program, Meter(), nodes=10_000, left=unlimited, at_least=0)
        assert proven
        held_by_best(board, program, groups, one, which, plan)
        assert plan.total[0] == best_beside(one, held, which.tolist()) * MILLI, seed
        compared += 1
        more += len(groups_of(one.table, plan)) > len(before)
        same_mentor += any(one.names[g].mentor in {group.mentor for group in held} for g in which)
    assert compared > 40
    assert more > 20
    assert same_mentor > 15
