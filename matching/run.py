"""One run: from a round to its result, by prices, a search and programs, in that order, until it is proven or must end.

Work is counted and shared out among threads in a fixed way, so that the same round, seed, effort and threads give the
same result. With a time limit instead, the clock decides how much is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from matching.best import scratch
from matching.candidates import groups_within
from matching.eligible import MILLI, Board, Ints, Table
from matching.limits import Limits, Progress
from matching.mend import MENTORS, mend, place
from matching.pick import program_of, solve
from matching.plan import Plan, adopt, copy_of, empty_plan, refresh_all, settle_all
from matching.polish import FROZEN, Desk, desk, fill_by_prices, search, use_chances
from matching.price import Pricer, Quote
from matching.result import EndedBy

SWEEPS = 160
STEPS_A_MENTOR = 200
EPOCHS = 24
MENDED = 400
"""Boards of at most so many mentors are mended by programs after the search."""
MOST_EXACT = 30_000
"""A list of so many groups is given to the solver whole."""


UNPROVEN = 1 << 60


@dataclass
class Run:
    """The state of a run: the best plan so far, what is proven, and how it may go on."""

    table: Table
    start: Plan
    seed: int
    limits: Limits
    workers: int
    clock: Callable[[], float]
    watch: Callable[[Progress], None]
    stopped: Callable[[], bool]
    best: Plan | None = None
    bound: int = 0
    quote: Quote | None = None
    history: list[tuple[float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board: Board = self.table.board
        self.began = self.clock()
        self.random = np.random.default_rng(self.seed)
        self.unit = max(MILLI, int(np.median(self.board.base))) if len(self.board.base) else MILLI
        self.bound = UNPROVEN

    # --- when to end ------------------------------------------------------------------------------------------------------

    def over(self) -> bool:
        """Whether nothing more is to be tried."""
        return self.proven() or self.stopped() or self.left() <= 0

    def left(self) -> float:
        """Seconds until the time limit."""
        return float("inf") if self.limits.seconds is None else self.limits.seconds - self.clock()

    def proven(self) -> bool:
        """Whether nothing better exists: both are whole points."""
        return self.best is not None and self.bound // MILLI <= self.score() // MILLI

    def score(self) -> int:
        """The best plan's score in thousandths."""
        return int(self.best.total[0]) if self.best is not None else 0

    def points(self, worth: int) -> int:
        """A plan's worth or bound in whole points, without the bonus for what is required."""
        return (worth - self.board.bonus) // MILLI

    def holds(self) -> bool:
        """Whether the best plan holds all that is required."""
        return self.best is not None and bool((self.best.at[self.board.locked >= 0] >= 0).all())

    def ended_by(self) -> EndedBy:
        """What ended the run."""
        if self.proven():
            return EndedBy.PROOF
        if self.stopped():
            return EndedBy.INTERRUPT
        return EndedBy.TIME if self.left() <= 0 or self.limits.effort is None else EndedBy.EFFORT

    def keep(self, plan: Plan) -> None:
        """Keeps a plan if it is the best so far."""
        if self.best is None or plan.total[0] > self.best.total[0]:
            self.best = copy_of(plan)
        self.tell()

    def tell(self) -> None:
        """Writes the history and shows the progress."""
        if self.best is None or self.bound >= UNPROVEN:
            return
        if not self.holds():
            return
        score = self.points(self.score())
        now, bound = self.clock(), max(self.points(self.bound), score)
        if not self.history or self.history[-1][1:] != (score, bound):
            self.history.append((round(now, 3), score, bound))
        self.watch(Progress(seconds=now, placed=int((self.best.at >= 0).sum()), score=score, bound=bound))

    # --- the steps --------------------------------------------------------------------------------------------------------

    def go(self) -> None:
        """All steps, until the run is over."""
        self.price()
        if len(self.board.offer_slot):
            self.seek()
        self.finish()

    def seek(self) -> None:
        """The search for better plans and for proof."""
        if not self.over():
            self.prove()
        if not self.over():
            self.polish()
        if not self.over():
            self.prove()

    def finish(self) -> None:
        """Leaves no chance unused that the result as it is offers."""
        assert self.best is not None
        plan = copy_of(self.best)
        use_chances(self.board, plan, desk(self.board, plan, self.seed), scratch(self.board))
        self.keep(plan)

    def price(self) -> None:
        """Prices, and a first plan by them when they are half-way."""
        pricer = Pricer(self.board, self.seed)
        self.pricer = pricer
        for quote in pricer.free():
            self.consider(quote)
        plan = self.start
        room, s = desk(self.board, plan, self.seed), scratch(self.board)
        self.keep(plan)
        if not len(self.board.offer_slot):
            return
        sweeps, n = SWEEPS, 0
        while n < sweeps and not self.stopped():
            pricer.step(int(self.unit * 0.05 * 0.01 ** (n / sweeps)))
            n += 1
            if n == 4 and self.limits.seconds is not None:
                # With little time there are fewer of them, and shorter ways.
                each = (self.clock() - self.began) / n
                sweeps = int(min(SWEEPS, max(12, 0.25 * self.limits.seconds / max(each, 1e-6))))
            if n == sweeps // 2:
                self.offer(pricer)
                fill_by_prices(self.board, plan, room, s, self.random.permutation(len(self.board.cap)), pricer.prices[0].astype(np.int64))
                self.keep(plan)
            if self.left() <= 0 and n >= 12:
                break
        self.offer(pricer)
        if n < sweeps // 2:
            return
        fill_by_prices(self.board, plan, room, s, self.random.permutation(len(self.board.cap)), pricer.prices[0].astype(np.int64))
        self.keep(plan)

    def offer(self, pricer: Pricer) -> None:
        """Keeps what the prices prove if it is the best so far."""
        quote = pricer.quote()
        self.consider(quote)
        self.pricer = pricer

    def consider(self, quote: Quote) -> None:
        """Keeps a quote if it is the best so far."""
        if self.quote is None or quote.bound < self.bound:
            self.quote, self.bound = quote, quote.bound
        self.tell()

    def prove(self) -> None:
        """Gives every group that a better result could hold to the solver, where they are few."""
        assert self.best is not None and self.quote is not None
        self.brief()
        for _ in range(4):
            slack = self.bound - self.score()
            s = self.pricer.scratch
            self.pricer.prove(self.quote.prices)
            groups = groups_within(self.board, np.arange(len(self.board.cap)), self.quote.weeks, slack, self.pricer.view, s, MOST_EXACT)
            if groups is None or self.over():
                return
            nobody = np.zeros(len(self.board.mentee_cap), np.int64)
            chosen, proven = solve(
                program_of(self.board, groups, nobody), nodes=100_000, seconds=None if self.limits.seconds is None else self.left(), at_least=self.score())
            if chosen is not None:
                plan = empty_plan(self.board)
                place(self.board, plan, groups, np.flatnonzero(chosen))
                refresh_all(self.board, plan)
                self.keep(plan)
            if proven:
                self.bound = self.score()
                self.tell()
                return
            if chosen is None:
                return

    def brief(self) -> None:
        """A short search, so that the list of groups is short."""
        self.epochs(4, 30 * len(self.board.cap), 0.3)

    def polish(self) -> None:
        """The search, and after it programs of neighbourhoods where the board is small."""
        effort = self.limits.effort or 1.0
        mended = len(self.board.cap) <= MENDED
        until = self.clock() + self.left() * (0.15 if mended else 1.0)
        steps = int(STEPS_A_MENTOR * len(self.board.cap) * effort)
        self.epochs(EPOCHS, steps, None, until=until)
        if mended:
            wanted = min(MENTORS, max(10, len(self.board.cap) // (2 * self.workers)))
            for _ in range(10_000 if self.limits.effort is None else int(12 * effort)):
                if self.over():
                    break
                self.shared(lambda *job: self.mending(*job, wanted))

    def epochs(self, count: int, steps: int, heat: float | None, until: float | None = None) -> None:
        """Searches `steps` in all by all threads, in `count` epochs of falling temperature; with a time, as many as fit."""
        assert self.best is not None
        timed = until is not None and self.limits.effort is None and until < float("inf")
        began, share = self.clock(), 0.0
        a_mentor = steps / max(1, len(self.board.cap))
        n = 0
        current = copy_of(self.best)
        each = max(1, steps // (count * self.workers))
        while share < 1 and not self.over():
            hot = heat if heat is not None else min(0.5, 0.03 * (a_mentor / 100) ** 0.7)
            ahead = share + 1 / count if not timed else share
            at, to = (self.unit * hot * 0.1**x for x in (share, ahead))
            started = self.clock()
            current = self.shared(lambda plan, room, s, part, w, random: search(self.board, plan, room, s, part, w, each, at, max(to, 1.0)), current)
            n += 1
            if timed:
                assert until is not None
                took = max(self.clock() - started, 1e-6)
                each = max(1, int(each * min(4.0, max(0.25, (until - began) / (count * took)))))
                share = (self.clock() - began) / max(until - began, 1e-6)
                a_mentor = max(1.0, each * self.workers * (until - began) / took / max(1, len(self.board.cap)))
            else:
                share = n / count

    def mending(self, plan: Plan, room: Desk, s: object, part: Ints, mine: int, random: np.random.Generator, wanted: int) -> None:
        """A few neighbourhoods among the mentors of one part."""
        assert self.quote is not None
        for _ in range(4):
            if self.stopped() or self.left() <= 0:
                return
            seconds = None if self.limits.effort is not None else min(6.0, self.left())
            mend(self.board, plan, room, self.quote.prices, (part == mine).astype(np.int64), wanted, s, random, seconds)

    def shared(self, job: Callable[..., None], plan: Plan | None = None) -> Plan:
        """Splits the mentors at random among the threads, lets each work on its part of a copy, and joins them.

        A request is free in the part of its mentor, or if unplaced in that of its mentee; elsewhere it is frozen. Only
        a mentee with requests in several parts can come to be in two places; then the last one joined gives way.
        """
        board = self.board
        plan = copy_of(plan if plan is not None else self.best)
        part = self.random.permutation(len(board.cap)) % self.workers
        seeds = self.random.integers(1 << 30, size=self.workers)
        of_request = self.random.integers(self.workers, size=len(board.mentee_cap))[board.mentee]
        placed = plan.at >= 0
        of_request[placed] = part[plan.mentor[plan.at[placed]]]

        def work(w: int) -> Plan:
            mine = copy_of(plan)
            mine.noise[:] = np.where(of_request == w, 0, FROZEN)
            refresh_all(board, mine)
            job(mine, desk(board, mine, int(seeds[w])), scratch(board), part, w, np.random.default_rng(seeds[w]))
            return mine

        with ThreadPoolExecutor(self.workers) as pool:
            found = list(pool.map(work, range(self.workers)))
        joined = empty_plan(board)
        for w, mine in enumerate(found):
            adopt(board, joined, mine, part, w)
        settle_all(board, joined)
        self.keep(joined)
        return joined


def run(table: Table, start: Plan, *, seed: int, limits: Limits, workers: int, clock: Callable[[], float], watch: Callable[[Progress], None],
        stopped: Callable[[], bool]) -> Run:
    """Solves a board until it is proven or must end."""
    one = Run(table, start, seed, limits, workers, clock, watch, stopped)
    one.go()
    return one
