"""Closing in on the best where a better result's groups can all be listed: the bound is tightened by linear programs, a plan is
dived for, neighbourhoods of it are picked anew, and the rest is given to the solver whole, for proof."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matching.board import MILLI
from matching.candidates import groups_within
from matching.confirm import nothing_better
from matching.dive import SMALL, Sea, dive
from matching.groups import chosen, hold
from matching.listing import listing_of
from matching.mend import joined, mended, neighbourhoods
from matching.pick import Meter, solve
from matching.plan import empty_plan
from matching.price import Pricer
from matching.program import program_of
from matching.run import Run
from matching.tighten import ROUNDS, Tightener, cuts_in

MOST_LISTED = 1_500_000
"""Groups, for which there is time and room to look at each."""

MOST_EXACT = 30_000
"""A list of so many groups is given to the solver whole."""

NODES = 10_000
"""Of the search tree for a proof."""

A_REQUEST = 40_000
"""Work on programs (see `Meter`) for each request, for an effort of 1."""

MOST_SECONDS = 20.0
"""For one dive, where the clock decides."""

FREED = 75
"""Mentors in a neighbourhood; a share of them where there are few."""


def close(run: Run, pricer: Pricer) -> None:
    """Does all of it, where the groups are not too many to list."""
    board, quote = run.board, run.quote
    pricer.prove(quote.prices)  # brings the view back to these prices
    mentors, slack = np.arange(len(board.cap)), run.bound - int(run.best.total[0]) - MILLI
    groups = groups_within(board, mentors, quote.weeks, slack, pricer.view, pricer.scratch, MOST_LISTED)
    if groups is None:
        return
    meter = Meter()
    sea = tighten(run, Tightener(board, listing_of(board, groups), quote.prices, meter))
    if not run.over() and within(run, sea) > SMALL:
        plan = empty_plan(board)
        dive(board, sea, plan, meter, soon(run), 0)
        run.keep(plan)
    prove(run, sea, meter)
    mend(run, sea, meter)


def most_work(run: Run) -> float:
    """The work (see `Meter`) for all of it; as much as there is time for where the clock decides."""
    return float("inf") if run.limits.effort is None else A_REQUEST * run.limits.effort * len(run.board.mentee)


def tighten(run: Run, tightener: Tightener) -> Sea:
    """Tightens the bound, for at most a third of the time or of the work."""
    until, enough = run.left() * 2 / 3 if run.timed() else 0.0, most_work(run) / 3
    for _ in range(ROUNDS):
        goes_on = tightener.step(lambda: run.hurry() - until)
        # What is listed are the groups of better results, so this bounds those alone.
        run.lower(max(tightener.best.bound, int(run.best.total[0])))
        if not goes_on or run.over() or run.left() <= until or tightener.meter.spent >= enough:
            break
    run.prices = tightener.best.prices
    return Sea(tightener.listing, tightener.best.cuts, tightener.best.loss, tightener.held, tightener.best.bound)


def soon(run: Run) -> Callable[[], float]:
    """Tells the seconds left for a dive that begins now: where the clock decides, one alone may not take all."""
    began = run.clock()
    return lambda: min(run.hurry(), began + MOST_SECONDS - run.clock()) if run.timed() else run.hurry()


def within(run: Run, sea: Sea) -> int:
    """How many listed groups a better result could hold."""
    return int((sea.loss <= sea.bound - run.best.total[0] - MILLI).sum())


def prove(run: Run, sea: Sea, meter: Meter) -> None:
    """Gives every group that a better result could hold to the solver, where they are few."""
    if run.over() or within(run, sea) > MOST_EXACT:
        return
    board, best = run.board, int(run.best.total[0])
    which = np.flatnonzero(sea.loss <= sea.bound - best - MILLI)
    if not len(which):
        run.lower(best)
        return
    groups = chosen(sea.listing.groups, which)
    nobody, nothing = np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64)
    program = program_of(board, groups, nobody, nothing, cuts_in(sea.cuts, which))
    found, proven = solve(program, meter, nodes=run.counted(NODES), left=run.hurry, at_least=best)
    if found is not None:
        plan = empty_plan(board)
        hold(board, plan, chosen(groups, np.flatnonzero(found)))
        run.keep(plan)
    if proven and nothing_better(program, int(run.best.total[0]), run.hurry):
        run.lower(int(run.best.total[0]))


def mend(run: Run, sea: Sea, meter: Meter) -> None:
    """Picks neighbourhoods anew, larger ones where smaller gain nothing, and tries the proof whenever the list of groups has shrunk.

    Ends where another that takes as much work as the last would end farther from what there is than this one.
    """
    mentors, tried = len(run.board.cap), within(run, sea)
    fewest, most = max(2, min(FREED, mentors // 3)), max(2, mentors * 3 // 4)
    wanted, enough, last = fewest, most_work(run), 0
    while not run.over() and meter.spent + last // 2 < enough:
        before, began = int(run.best.total[0]), meter.spent
        mend_some(run, sea, wanted, meter)
        last = meter.spent - began
        if run.best.total[0] == before:
            wanted = wanted + wanted // 5 + 1 if wanted < most else fewest
        if within(run, sea) < 0.7 * tried:
            prove(run, sea, meter)
            tried = within(run, sea)


def mend_some(run: Run, sea: Sea, wanted: int, meter: Meter) -> None:
    """Picks a neighbourhood of so many mentors for each worker anew."""
    apart = neighbourhoods(sea, run.best, run.workers, wanted, run.random)
    meters, left = [Meter() for _ in apart], soon(run)
    with ThreadPoolExecutor(run.workers) as threads:
        found = list(threads.map(lambda mentors, one: mended(run.board, sea, run.best, mentors, one, left), apart, meters))
    meter.spent += sum(one.spent for one in meters)
    better = [(mentors, groups) for mentors, groups in zip(apart, found, strict=True) if groups is not None]
    run.keep(joined(run.board, run.best, better))
