"""Who meets whom, and when: pure computing, no clock, no database, no network. The face of it is `solve`.

Importing this package loads nothing heavy; `solve` loads the solver when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from matching.limits import Limits, Progress
from matching.result import Group, Result
from matching.round import Round


def solve(
    round: Round,
    *,
    previous: Sequence[Group] | None = None,
    seed: int = 0,
    limits: Limits = Limits(effort=1.0),  # noqa: B008  a frozen value
    workers: int = 2,
    clock: Callable[[], float],
    watch: Callable[[Progress], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    executor: Executor | None = None,
) -> Result:
    """Places a round's requests close to the proven best, with a reason for each that it cannot place.

    `previous` are the groups of an earlier result, if there is one, that earn `stay`. `clock` gives seconds, in which `limits`
    and the history count; `watch` is told how far the run has come; as soon as `stopped` says so, the best so far is the
    result. The same round, seed, effort and workers give the same result.

    Raises
    ------
    Infeasible
        What pairs.csv requires cannot all hold.
    Undecided
        It was not settled whether it can.
    OutOfTime
        The run had to end before there was any result.
    """
    from matching.solver import solve_round

    return solve_round(round, previous, seed, limits, workers, clock, watch, stopped, executor)
