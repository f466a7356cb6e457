"""One run: from a board to its plan, by prices, awards, programs and a search, in that order, until it is proven or must end.

Work is counted and shared out in shards in a fixed way, so that the same board, seed, effort and workers give the
same plan. With a time limit alone, the clock decides how much is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from matching.award import SWEEPS_EACH, award
from matching.board import MILLI, Table
from matching.candidates import groups_within
from matching.confirm import nothing_better
from matching.dive import SMALL, Sea, dive
from matching.finish import finish
from matching.groups import chosen, hold
from matching.limits import Limits, Progress
from matching.listing import listing_of
from matching.mend import joined, mended, neighbourhoods
from matching.pick import solve
from matching.plan import Plan, copy_of, empty_plan
from matching.polish import desk, use_chances
from matching.price import Pricer, Prices, Quote
from matching.program import program_of
from matching.result import EndedBy
from matching.scratch import scratch
from matching.shards import Search, spread
from matching.tighten import ROUNDS, Tightener, cuts_in

SWEEPS = 160
"""Over all mentors, for the prices."""

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

MOST_LISTED = 1_500_000
"""Groups, for which there is time and room to look at each."""

MOST_PROGRAMMED = 600
"""Mentors, for whom linear programs are quick."""

MOST_EXACT = 30_000
"""A list of so many groups is given to the solver whole."""

NODES = 10_000
"""Of the search tree for a proof."""

MENDINGS = 12
"""Times that neighbourhoods are picked anew, one for each worker, at a time."""

FREED = 75
"""Mentors in a neighbourhood; a share of them where there are few."""

PATIENCE = 1.0
"""For so many seconds after the time limit the executor's answers are waited for."""

UNPROVEN = 1 << 60


@dataclass
class Run:
    """The state of a run: the best plan so far, what is proven, and how it may go on.

    `start` holds what is required. Worths are thousandths of a point and hold the board's bonus; `points` are without.
    """

    table: Table
    start: Plan
    seed: int
    limits: Limits
    workers: int
    clock: Callable[[], float]
    watch: Callable[[Progress], None]
    stopped: Callable[[], bool]
    executor: Executor | None = None
    repair: bool = False
    """Whether the start is an earlier result, of which little is wrong."""
    history: list[tuple[float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = self.table.board
        self.random = np.random.default_rng(self.seed)
        self.unit = max(MILLI, int(np.median(self.board.base))) if len(self.board.base) else MILLI
        self.best = self.start
        self.bound = UNPROVEN
        self.pricer = Pricer(self.board, self.seed, self.workers)
        self.quote: Quote | None = None
        self.prices: Prices | None = None
        self.a_sweep = 1.0

    # When to end.

    def over(self) -> bool:
        """Whether nothing more is to be tried."""
        return self.proven() or self.stopped() or self.left() <= 0

    def left(self) -> float:
        """Seconds until the time limit."""
        return float("inf") if self.limits.seconds is None else self.limits.seconds - self.clock()

    def proven(self) -> bool:
        """Whether nothing better exists: scores are whole points."""
        return self.points(self.bound) <= self.score()

    def ended_by(self) -> EndedBy:
        """What ended the run."""
        if self.proven():
            return EndedBy.PROOF
        if self.stopped():
            return EndedBy.INTERRUPT
        return EndedBy.TIME if self.limits.effort is None or self.left() <= 0 else EndedBy.EFFORT

    # What is known.

    def points(self, worth: int) -> int:
        """A plan's worth or a bound in whole points, without the bonus for what is required."""
        return (int(worth) - self.board.bonus) // MILLI

    def score(self) -> int:
        """The best plan's points."""
        return self.points(self.best.total[0])

    def holds(self, plan: Plan | None = None) -> bool:
        """Whether a plan, or the best, holds all that is required."""
        return bool(((plan or self.best).at[self.board.locked >= 0] >= 0).all())

    def keep(self, plan: Plan) -> None:
        """Keeps a copy of a plan if it is the best so far; what is required comes first, whatever else is worth."""
        if plan.total[0] > self.best.total[0] and (self.holds(plan) or not self.holds()):
            self.best = copy_of(plan)
        self.tell()

    def consider(self, quote: Quote) -> None:
        """Keeps a quote if it proves the most so far."""
        if quote.bound < self.bound:
            self.quote, self.bound, self.prices = quote, quote.bound, quote.prices
        self.tell()

    def tell(self, *, explaining: bool = False) -> None:
        """Writes the history and shows how far the run has come."""
        if self.bound == UNPROVEN or not self.holds():
            return
        now, score = self.clock(), self.score()
        bound = max(self.points(self.bound), score)
        if not self.history or self.history[-1][1:] != (score, bound):
            self.history.append((round(now, 3), score, bound))
        placed = int((self.best.at >= 0).sum())
        self.watch(Progress(seconds=now, placed=placed, score=score, bound=bound, explaining=explaining))

    # What is done.

    def go(self) -> None:
        """All steps, until the run is over."""
        self.keep(empty_plan(self.board))  # an earlier result may be worth less than nothing
        for quote in self.pricer.free():
            self.consider(quote)
        if len(self.board.offer_slot):
            small = len(self.board.cap) <= MOST_PROGRAMMED
            steps = (self.price, *([] if self.repair else [self.award_well]), *([self.close] if small else []), self.polish)
            for step in steps:
                if not self.over():
                    step()
        self.finish()

    def price(self) -> None:
        """Prices, and a first plan early on."""
        sweeps, n = self.sweeps(), 0
        while n < sweeps and not self.stopped() and self.left() > 0:
            started = self.clock()
            self.pricer.step(int(self.unit * 0.05 * 0.01 ** (n / sweeps)))
            self.a_sweep = self.clock() - started
            n += 1
            if n == 4 and self.timed():
                sweeps = int(min(SWEEPS, max(12, 0.25 * self.left() / max(self.a_sweep, 1e-6))))
            if n == max(4, sweeps // 8):
                self.consider(self.pricer.quote())
                if not self.repair:
                    self.award(FEWEST_AWARDED)
        self.consider(self.pricer.quote())

    def sweeps(self) -> int:
        """How many sweeps there are for the prices, unless time is short."""
        if self.repair and self.limits.effort is not None:
            return math.ceil(min(SWEEPS, REPAIR_SWEEPS * self.limits.effort))
        return self.counted(SWEEPS)

    def timed(self) -> bool:
        """Whether the clock alone decides how much is done."""
        return self.limits.effort is None and self.limits.seconds is not None

    def award_well(self) -> None:
        """A plan by the prices, with as much care as there is time for."""
        if self.timed():
            sweeps = max(FEWEST_AWARDED, int(0.2 * self.left() / max(self.a_sweep, 1e-6)))
        else:
            sweeps = math.ceil(AWARDED * (self.limits.effort or 1.0))
        self.award(min(sweeps, MOST_AWARDED))

    def award(self, sweeps: int) -> None:
        """A plan by the prices as they are proven, in the time that so many sweeps over all mentors take."""
        assert self.quote is not None  # noqa: S101  prices come first
        plan = empty_plan(self.board)
        pricer = Pricer(self.board, int(self.random.integers(1 << 30)), self.workers, self.quote.prices, plan)
        award(pricer, plan, int(self.unit * AWARD_STEP), SWEEPS_EACH / sweeps, self.over)
        finish(self.board, plan)
        self.keep(plan)

    def close(self) -> None:
        """Looks at every group that a better result could hold, where they can be listed: tightens the bound, dives for a
        plan, and picks neighbourhoods of it anew."""
        assert self.quote is not None  # noqa: S101  prices come first
        board = self.board
        self.pricer.prove(self.quote.prices)
        mentors, slack = np.arange(len(board.cap)), self.bound - int(self.best.total[0]) - MILLI
        groups = groups_within(board, mentors, self.quote.weeks, slack, self.pricer.view, self.pricer.scratch, MOST_LISTED)
        if groups is None:
            return
        listing = listing_of(board, groups)
        tightener = Tightener(board, listing, self.quote.prices)
        sea = self.tighten(tightener)
        if not self.over() and self.within(sea) > SMALL:
            plan = empty_plan(board)
            dive(board, sea, plan, self.hurry, 0)
            self.keep(plan)
        self.prove(sea)
        self.mend_all(sea)

    def mend_all(self, sea: Sea) -> None:
        """Neighbourhoods, larger ones where smaller gain nothing, and the proof whenever the list of groups has shrunk."""
        mentors, tried = len(self.board.cap), self.within(sea)
        fewest, most = max(2, min(FREED, mentors // 3)), max(2, mentors * 3 // 4)
        n, wanted = 0, fewest
        while not self.over() and (self.limits.effort is None or n < MENDINGS * self.limits.effort):
            before = int(self.best.total[0])
            self.mend(sea, wanted)
            n += 1
            if self.best.total[0] == before:
                wanted = wanted + wanted // 5 + 1 if wanted < most else fewest
            if self.within(sea) < 0.7 * tried:
                self.prove(sea)
                tried = self.within(sea)

    def hurry(self) -> float:
        """Seconds left, none if the run is over."""
        return 0.0 if self.over() else self.left()

    def tighten(self, tightener: Tightener) -> Sea:
        """Tightens the bound, for at most a third of what time is left."""
        until = self.left() * 2 / 3
        for _ in range(self.counted(ROUNDS)):
            goes_on = tightener.step(self.left() - until if until < float("inf") else until)
            if tightener.best.bound < self.bound:
                self.bound = tightener.best.bound
                self.tell()
            if not goes_on or self.over() or self.left() <= until < float("inf"):
                break
        self.prices = tightener.best.prices
        return Sea(tightener.listing, tightener.best.cuts, tightener.best.loss, tightener.held, tightener.best.bound)

    def within(self, sea: Sea) -> int:
        """How many listed groups a better result could hold."""
        return int((sea.loss <= sea.bound - self.best.total[0] - MILLI).sum())

    def prove(self, sea: Sea) -> None:
        """Gives every group that a better result could hold to the solver, where they are few."""
        if self.over() or self.within(sea) > MOST_EXACT:
            return
        board, best = self.board, int(self.best.total[0])
        which = np.flatnonzero(sea.loss <= sea.bound - best - MILLI)
        groups = chosen(sea.listing.groups, which)
        nobody, nothing = np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64)
        if not len(which):
            self.bound = best
            self.tell()
            return
        program = program_of(board, groups, nobody, nothing, cuts_in(sea.cuts, which))
        found, proven = solve(program, nodes=self.counted(NODES), seconds=self.left(), at_least=best)
        if found is not None:
            plan = empty_plan(board)
            hold(board, plan, chosen(groups, np.flatnonzero(found)))
            self.keep(plan)
        if proven and nothing_better(program, int(self.best.total[0]), self.left()):
            self.bound = int(self.best.total[0])
            self.tell()

    def counted(self, most: int) -> int:
        """So much of some work, or less where the effort is less than the usual amount."""
        return most if self.limits.effort is None else math.ceil(most * min(1.0, self.limits.effort))

    def mend(self, sea: Sea, wanted: int) -> None:
        """Picks a neighbourhood of so many mentors for each worker anew."""
        apart = neighbourhoods(sea, self.best, self.workers, wanted, self.random)
        with ThreadPoolExecutor(self.workers) as threads:
            found = list(threads.map(lambda mentors: mended(self.board, sea, self.best, mentors, self.hurry), apart))
        better = [(mentors, groups) for mentors, groups in zip(apart, found, strict=True) if groups is not None]
        self.keep(joined(self.board, self.best, better))

    def polish(self) -> None:
        """The search, where there are too many groups to look at each."""
        if self.limits.effort is None:
            self.search_until(self.clock() + self.left())
            return
        a_mentor = REPAIR_STEPS if self.repair else STEPS
        steps = max(1, int(a_mentor * len(self.board.cap) * self.limits.effort) // (EPOCHS * self.workers))
        plan = self.best
        for n in range(EPOCHS):
            if self.over():
                return
            plan = self.search(plan, steps, self.heat(n / EPOCHS), self.heat((n + 1) / EPOCHS))

    def heat(self, share: float) -> float:
        """The temperature of the search after a share of its time."""
        return max(10.0, self.unit * HOT * float(COLD**share))

    def search_until(self, end: float) -> None:
        """Searches until a time, in some thirty epochs, with a temperature that falls with it."""
        began, plan = self.clock(), self.best
        each, a_second = min(10.0, max(1.0, (end - began) / 30)), FEWEST_STEPS
        while not self.over() and self.clock() < end:
            started = self.clock()
            hot = self.heat((started - began) / (end - began))
            steps = max(1, int(a_second * min(each, end - started)))
            plan = self.search(plan, steps, hot, hot)
            done = steps / max(self.clock() - started, 1e-3)
            a_second = min(4 * a_second, max(a_second / 4, done))

    def search(self, plan: Plan, steps: int, hot: float, cold: float) -> Plan:
        """So many steps of the search in each shard."""
        found = self.shared(Search(steps, max(hot, 1.0), max(cold, 1.0)), plan)
        self.keep(found)
        return found

    def shared(self, job: Search, plan: Plan) -> Plan:
        """What becomes of a plan when a job is done in its shards, by the executor or, if there is none or it is lost, by threads."""
        by = partial(
            spread,
            board=self.board,
            plan=plan,
            job=job,
            workers=self.workers,
            seed=int(self.random.integers(1 << 30)),
        )
        if self.executor is not None:
            try:
                return by(self.executor, patient=lambda: not self.stopped() and self.left() > -PATIENCE)
            except (BrokenExecutor, CancelledError):
                self.executor = None  # what is left to do is done here
        with ThreadPoolExecutor(self.workers) as threads:
            return by(threads, patient=lambda: True)

    def finish(self) -> None:
        """Leaves no chance unused that the plan as it is offers."""
        plan = copy_of(self.best)
        use_chances(self.board, plan, desk(self.board, plan, self.seed), scratch(self.board))
        self.keep(plan)
