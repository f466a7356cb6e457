"""What a run does: prices, awards, programs and a search, in that order, until it is proven or must end.

Work is counted and shared out in shards in a fixed way, so that the same board, seed, effort and workers give the
same plan. With a time limit alone, the clock decides how much is done.
"""

from __future__ import annotations

import math
from concurrent.futures import BrokenExecutor, CancelledError, ThreadPoolExecutor
from functools import partial

from matching.award import SWEEPS_EACH, award
from matching.closing import close
from matching.finish import finish
from matching.plan import Plan, copy_of, empty_plan
from matching.polish import desk, use_chances
from matching.price import Pricer
from matching.run import Run
from matching.scratch import scratch
from matching.shards import Search, spread

SWEEPS = 160
"""Over all mentors, for the prices."""

FIRST_STEP, LAST_STEP = 0.05, 0.0005
"""How far prices move in the first and the last of so many sweeps, as shares of a request's worth."""

AWARDED, MOST_AWARDED = 100, 400
"""Sweeps over all mentors, for a plan by the prices: for an effort of 1, and where there is time."""

FEWEST_AWARDED = 5
"""The same, for a first plan."""

AWARD_STEP = 0.003
"""How far prices move for it, as a share of a request's worth."""

STEPS = 200
"""Of the search, for each mentor."""

REPAIR_SWEEPS, REPAIR_STEPS = 80, 10
"""The same in a repair, where most of what stands is good, for an effort of 1."""

FEWEST_STEPS = 1000.0
"""Of the search in a second, by each worker, before it is known how many there are."""

HOT = 0.006
"""The first temperature of the search, as a share of a request's worth: a hotter one would lose what the prices have found."""

COLD = 0.15
"""The last one, as a share of the first."""

EPOCHS = 24
"""Times that the shards are joined while the temperature falls."""

MOST_PROGRAMMED = 600
"""Mentors, for whom linear programs are quick."""

PATIENCE = 1.0
"""For so many seconds after the time limit the executor's answers are waited for."""


def take_steps(run: Run) -> None:
    """All steps, until the run is over."""
    run.keep(empty_plan(run.board))  # an earlier result may be worth less than nothing
    pricer = Pricer(run.board, run.seed, run.workers)
    for quote in pricer.free():
        run.consider(quote)
    if len(run.board.offer_slot):
        search_all(run, pricer)
    use_what_is_left(run)


def search_all(run: Run, pricer: Pricer) -> None:
    """The steps that look for a better plan or a lower bound."""
    if run.over():
        return
    a_sweep = price(run, pricer)
    if not run.over() and not run.repair:
        award_all(run, sweeps_to_award(run, a_sweep))
    if not run.over() and len(run.board.cap) <= MOST_PROGRAMMED:
        close(run, pricer)
    if not run.over():
        polish(run)


def price(run: Run, pricer: Pricer) -> float:
    """Prices, and a first plan early on; gives the seconds that a sweep takes."""
    sweeps, n, a_sweep = sweeps_to_price(run), 0, 1.0
    while n < sweeps and not run.stopped() and run.left() > 0:
        started = run.clock()
        pricer.step(int(run.unit * pace(n, sweeps)))
        a_sweep = run.clock() - started
        n += 1
        if n == 4 and run.timed():
            sweeps = int(min(SWEEPS, max(12, 0.25 * run.left() / max(a_sweep, 1e-6))))
        if n == max(4, min(sweeps, SWEEPS) // 8):  # soon, whatever the effort
            run.consider(pricer.quote())
            if not run.repair:
                award_all(run, FEWEST_AWARDED)
    run.consider(pricer.quote())
    return a_sweep


def pace(n: int, sweeps: int) -> float:
    """How far the prices move in the nth of so many sweeps, as a share of a request's worth: the fewer there are, the farther,
    and the less does it fall until the last, for otherwise they would stop halfway."""
    scarce = SWEEPS / sweeps
    first, last = FIRST_STEP * min(2.0, max(1.0, scarce)), LAST_STEP * scarce**2
    return first * float(min(1.0, last / first) ** (n / sweeps))


def sweeps_to_price(run: Run) -> int:
    """How many sweeps there are for the prices, unless time is short."""
    if run.limits.effort is None:
        return SWEEPS
    return math.ceil(min(SWEEPS, REPAIR_SWEEPS * run.limits.effort) if run.repair else SWEEPS * run.limits.effort)


def sweeps_to_award(run: Run, a_sweep: float) -> int:
    """How many there are for the awards, where one takes so many seconds."""
    if run.timed():
        sweeps = max(FEWEST_AWARDED, int(0.2 * run.left() / max(a_sweep, 1e-6)))
    else:
        sweeps = math.ceil(AWARDED * (run.limits.effort or 1.0))
    return min(sweeps, MOST_AWARDED)


def award_all(run: Run, sweeps: int) -> None:
    """A plan by the prices as they are proven, in the time that so many sweeps over all mentors take."""
    plan = empty_plan(run.board)
    pricer = Pricer(run.board, int(run.random.integers(1 << 30)), run.workers, run.quote.prices, plan)
    award(pricer, plan, int(run.unit * AWARD_STEP), SWEEPS_EACH / sweeps, run.over)
    finish(run.board, plan)
    run.keep(plan)


def polish(run: Run) -> None:
    """The search: by the clock, or by counted steps."""
    if run.limits.effort is None:
        polish_until(run, run.clock() + run.left())
        return
    a_mentor = REPAIR_STEPS if run.repair else STEPS
    steps = max(1, int(a_mentor * len(run.board.cap) * run.limits.effort) // (EPOCHS * run.workers))
    plan = run.best
    for n in range(EPOCHS):
        if run.over():
            return
        plan = searched(run, plan, steps, heat(run, n / EPOCHS), heat(run, (n + 1) / EPOCHS))


def polish_until(run: Run, end: float) -> None:
    """Searches until a time, in some thirty epochs, with a temperature that falls with it."""
    began, plan = run.clock(), run.best
    each, a_second = min(10.0, max(1.0, (end - began) / 30)), FEWEST_STEPS
    while not run.over() and run.clock() < end:
        started = run.clock()
        hot = heat(run, (started - began) / (end - began))
        steps = max(1, int(a_second * min(each, end - started)))
        plan = searched(run, plan, steps, hot, hot)
        done = steps / max(run.clock() - started, 1e-3)
        a_second = min(4 * a_second, max(a_second / 4, done))


def heat(run: Run, share: float) -> float:
    """The temperature of the search after a share of its time."""
    return max(10.0, run.unit * HOT * float(COLD**share))


def searched(run: Run, plan: Plan, steps: int, hot: float, cold: float) -> Plan:
    """The plan after so many steps of the search in each shard, by the executor or, if there is none or it is lost, by threads."""
    by = partial(
        spread,
        board=run.board,
        plan=plan,
        job=Search(steps, max(hot, 1.0), max(cold, 1.0)),
        workers=run.workers,
        seed=int(run.random.integers(1 << 30)),
    )
    found = None
    if run.executor is not None:
        try:
            found = by(run.executor, patient=lambda: not run.stopped() and run.left() > -PATIENCE)
        except (BrokenExecutor, CancelledError):
            run.executor = None  # what is left to do is done here
    if found is None:
        with ThreadPoolExecutor(run.workers) as threads:
            found = by(threads, patient=lambda: True)
    run.keep(found)
    return found


def use_what_is_left(run: Run) -> None:
    """Leaves no chance unused that the plan as it is offers."""
    plan = copy_of(run.best)
    use_chances(run.board, plan, desk(run.board, plan, run.seed), scratch(run.board))
    run.keep(plan)
