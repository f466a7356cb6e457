"""From a round to its result: what is required, the run, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np

from matching.best import entry_of
from matching.changes import changes
from matching.check import check
from matching.eligible import Table, table_of
from matching.limits import Limits, OutOfTime, Progress
from matching.locks import require_feasible
from matching.plan import Plan, empty_plan, open_group, put, refresh_all
from matching.reasons import unplaced
from matching.result import Group, Result
from matching.round import Round
from matching.run import Run


def solve_round(
    round: Round,
    previous: Sequence[Group],
    seed: int,
    limits: Limits,
    workers: int,
    clock: Callable[[], float],
    watch: Callable[[Progress], None],
    stopped: Callable[[], bool],
    executor: Executor | None,
) -> Result:
    """`matching.solve`, with the solver loaded."""
    required = require_feasible(round)
    table = table_of(round, previous)
    run = Run(table, plan_of(table, required), seed, limits, workers, clock, watch, stopped, executor)
    run.go()
    if not run.holds():
        raise OutOfTime(clock())
    groups = groups_of(table, run.best)
    verdict = check(round, groups, previous)
    if verdict.faults or verdict.score != run.score():
        raise RuntimeError(f"the solver broke a rule: {verdict}")
    return Result(
        groups=groups,
        unplaced=unplaced(round, groups),
        score=verdict.score,
        bound=max(run.points(run.bound), verdict.score),
        requests=sum(len(mentee.requests) for mentee in round.mentees),
        seed=seed,
        seconds=clock(),
        ended_by=run.ended_by(),
        history=tuple(run.history),
        changes=changes(round, previous, groups),
    )


def groups_of(table: Table, plan: Plan) -> tuple[Group, ...]:
    """The groups of a plan, by their names."""
    board = table.board
    return table.groups(
        (int(plan.mentor[g]), int(board.offer_slot[plan.offer[g]]), plan.members[g, : plan.size[g]].tolist())
        for g in np.flatnonzero(plan.offer >= 0)
    )


def plan_of(table: Table, groups: Sequence[Group]) -> Plan:
    """The plan that holds these groups and nothing else."""
    board, plan = table.board, empty_plan(table.board)
    mentors = {mentor.key: m for m, mentor in enumerate(table.mentors)}
    for group in groups:
        m = mentors[group.mentor]
        offers = range(board.offer_ptr[m], board.offer_ptr[m + 1])
        members = [table.request_of[member, group.subject] for member in group.members]
        o = next(
            o
            for o in offers
            if table.meetings[board.slot_pattern[board.offer_slot[o]]] == group.meetings
            and entry_of(board, members[0], board.offer_slot[o]) >= 0
        )
        g = next(g for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]) if plan.offer[g] < 0)
        open_group(board, plan, g, o)
        for r in members:
            put(board, plan, g, r)
    refresh_all(board, plan)
    return plan
