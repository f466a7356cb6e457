"""From a round to its result: what is required, the run, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from matching.advice import advice
from matching.changes import changes
from matching.check import check
from matching.eligible import table_of
from matching.finish import finish
from matching.limits import Limits, OutOfTime, Progress
from matching.locks import require_feasible
from matching.named import groups_of, plan_of
from matching.plan import copy_of
from matching.polish import desk
from matching.reasons import unplaced
from matching.restore import Before, before_of, hold_what_was, undo_what_is_not_worth_it
from matching.result import Advice, EndedBy, Group, Result
from matching.round import Round
from matching.run import Run
from matching.stage import Solved
from matching.steps import MOST_PROGRAMMED, take_steps

FEWEST_SECONDS = 2.0
"""So long it is tried to hold what is required, even if the time is over sooner: mostly a tenth of it is enough."""

MOST_ROUNDS = 5
"""Undoing and finishing may take turns so often; the last of them is finishing."""


def solve_round(
    round: Round,
    previous: Sequence[Group] | None,
    seed: int,
    limits: Limits,
    workers: int,
    clock: Callable[[], float],
    watch: Callable[[Progress], None],
    stopped: Callable[[], bool],
    executor: Executor | None,
) -> Result:
    """`matching.solve`, with the solver loaded."""
    required = require_feasible(round, left=time_left(limits, clock, stopped))
    began = clock()
    earlier = previous or ()
    table = table_of(round, earlier)
    built = clock() - began
    before = before_of(table.board)
    start = plan_of(table, required)
    if earlier:
        hold_what_was(table.board, start, before)
        finish(table.board, start)
    run = Run(table, start, seed, limits, workers, clock, watch, stopped, executor, repair=bool(earlier))
    take_steps(run)
    ended_by = run.ended_by()
    if not run.holds():
        raise OutOfTime(clock())
    settle_down(run, before)
    groups = groups_of(table, run.best)
    verdict = check(round, groups, earlier)
    if verdict.faults or verdict.score != run.score():
        raise RuntimeError(f"the solver broke a rule: {verdict}")
    if run.points(run.bound) < verdict.score:
        raise RuntimeError(f"the solver took {run.points(run.bound)} for a bound of what scores {verdict.score}")
    solved = clock()
    run.tell(explaining=True)
    waiting = unplaced(round, table, run.best, groups)
    return Result(
        groups=groups,
        unplaced=waiting,
        score=verdict.score,
        bound=run.points(run.bound),
        requests=sum(len(mentee.requests) for mentee in round.mentees),
        seed=seed,
        seconds=solved,
        ended_by=EndedBy.PROOF if run.proven() else ended_by,
        history=tuple(run.history),
        advice=advised(run, round, earlier, groups, built),
        changes=() if previous is None else changes(round, table, run.best, before, previous, groups),
    )


def time_left(limits: Limits, clock: Callable[[], float], stopped: Callable[[], bool]) -> Callable[[], float]:
    """Seconds left to find groups that hold what is required: a few from now on in any case, as without them there is no result."""
    least = clock() + FEWEST_SECONDS
    until = math.inf if limits.seconds is None else max(limits.seconds, least)
    return lambda: (least if stopped() else until) - clock()


def settle_down(run: Run, before: Before) -> None:
    """Makes of the best plan one that leaves no chance unused and changes nothing that is not worth it."""
    board, plan = run.board, copy_of(run.best)
    finish(board, plan)
    for _ in range(MOST_ROUNDS):
        if not undo_what_is_not_worth_it(board, plan, before, desk(board, plan, 0)):
            break
        finish(board, plan)
    run.best = plan
    run.tell()


def explaining(run: Run) -> float:
    """Seconds for advice: a large repair, which is to be there soon, gives none unless somebody says how long it may take."""
    limits = run.limits
    soon = run.repair and limits.seconds is None and limits.explain_seconds is None and len(run.board.cap) > MOST_PROGRAMMED
    return 0 if soon else limits.explaining


def advised(run: Run, round: Round, previous: Sequence[Group], groups: Sequence[Group], built: float) -> tuple[Advice, ...]:
    """Advice for the best plan, within the time for explaining; `built` are the seconds that the table took, and advice builds another."""
    seconds, now = explaining(run), run.clock()
    if seconds < 2 * built or not seconds:
        return ()
    solved = Solved(round=round, previous=previous, table=run.table, plan=run.best, groups=groups, prices=run.prices, proven=run.proven())
    return advice(solved, lambda: 0.0 if run.stopped() else seconds - (run.clock() - now))
