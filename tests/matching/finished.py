"""Results that no search has seen: a plan with a few groups, or none, and what its single steps still gain."""

from __future__ import annotations

from collections.abc import Sequence

from matching.board import Table
from matching.check import check
from matching.eligible import table_of
from matching.finish import finish
from matching.named import groups_of, plan_of
from matching.plan import Plan
from matching.reasons import unplaced
from matching.result import EndedBy, Group, Result
from matching.round import Round


def finished(round: Round, groups: Sequence[Group] = (), previous: Sequence[Group] = (), *, rounds: int = 20) -> tuple[Table, Plan, Result]:
    """What is left of these groups when they are finished, as a board, a plan and a result."""
    table = table_of(round, previous)
    plan = plan_of(table, groups)
    finish(table.board, plan, rounds=rounds)
    held = groups_of(table, plan)
    score = check(round, held, previous).score
    assert score is not None
    return (
        table,
        plan,
        Result(
            groups=held,
            unplaced=unplaced(round, table, plan, held),
            score=score,
            bound=score,
            requests=sum(len(mentee.requests) for mentee in round.mentees),
            seed=0,
            seconds=0,
            ended_by=EndedBy.EFFORT,
        ),
    )
