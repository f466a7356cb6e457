"""Awards break no rule, leave what is held alone, and come near the bound."""

from __future__ import annotations

import random

import numpy as np
import pytest

from matching.award import award
from matching.board import MILLI, Table
from matching.check import check
from matching.eligible import table_of
from matching.named import groups_of, plan_of
from matching.plan import Plan, copy_of, empty_plan, refresh_all
from matching.price import Pricer, Quote
from matching.round import Round
from tests.bench.rounds import make_round
from tests.rounds.random_rounds import some_groups, tiny_round


def quoted(table: Table, sweeps: int) -> Quote:
    """What is proven after so many sweeps."""
    pricer = Pricer(table.board, 0)
    for n in range(sweeps):
        pricer.step(int(50 * MILLI * 0.01 ** (n / sweeps)))
    return pricer.quote()


def awarded(table: Table, plan: Plan, quote: Quote, *, seed: int = 0, share: float = 0.1, patience: int = 1 << 30) -> Plan:
    """The plan with awards at the prices, until this has been asked so often whether it is over."""
    asked = 0

    def over() -> bool:
        nonlocal asked
        asked += 1
        return asked > patience

    plan = copy_of(plan)
    award(Pricer(table.board, seed, 1, quote.prices, plan), plan, 3 * MILLI, share, over)
    return plan


def judged(round: Round, table: Table, plan: Plan) -> int:
    """The score of a plan that breaks no rule, in thousandths, as the plan has it."""
    verdict = check(round, groups_of(table, plan))
    assert verdict.faults == ()
    assert verdict.score is not None
    assert int(plan.total[0]) == verdict.score * MILLI
    return int(plan.total[0])


def test_awards_break_no_rule_and_are_worth_what_the_plan_says() -> None:
    placed = 0
    for seed in range(300):
        round = tiny_round(random.Random(seed), requires=0)
        table = table_of(round)
        if len(table.board.offer_slot):
            plan = awarded(table, empty_plan(table.board), quoted(table, 5), seed=seed, share=0.3)
            judged(round, table, plan)
            placed += int((plan.at >= 0).sum())
    assert placed > 300


def test_awards_leave_alone_what_is_held() -> None:
    held = 0
    for seed in range(150):
        rng = random.Random(seed)
        round = tiny_round(rng, requires=0)
        table = table_of(round)
        if not len(table.board.offer_slot):
            continue
        start = plan_of(table, some_groups(rng, round))
        refresh_all(table.board, start)
        plan = awarded(table, start, quoted(table, 3), seed=seed)
        judged(round, table, plan)
        for place in np.flatnonzero(start.offer >= 0):
            held += 1
            assert plan.offer[place] == start.offer[place]
            assert set(plan.members[place, : plan.size[place]]) == set(start.members[place, : start.size[place]])
    assert held > 100


@pytest.mark.parametrize("kind", ["rural", "seoul"])
def test_awards_come_near_the_bound_and_are_the_same_again(kind: str) -> None:
    round = make_round(kind, 3, 0.1 if kind == "seoul" else 0.4)
    table = table_of(round)
    quote, nobody = quoted(table, 80), empty_plan(table.board)
    plan = awarded(table, nobody, quote, share=0.05)
    assert judged(round, table, plan) > 0.9 * quote.bound
    again = awarded(table, nobody, quote, share=0.05)
    assert (plan.members == again.members).all()
    assert (plan.offer == again.offer).all()


def test_awards_end_soon_when_it_is_over() -> None:
    round = make_round("rural", 4, 0.4)
    table = table_of(round)
    quote, nobody = quoted(table, 20), empty_plan(table.board)
    assert not (awarded(table, nobody, quote, patience=0).offer >= 0).any()
    some = awarded(table, nobody, quote, patience=3)
    assert 0 < int((some.groups > 0).sum()) < len(table.board.cap) // 2
    judged(round, table, some)
