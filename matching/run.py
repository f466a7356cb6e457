"""One run of the solver: the best plan so far, what is proven, and when to end."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from matching.board import MILLI, Board, Table
from matching.limits import Limits, Progress
from matching.plan import Plan, copy_of
from matching.price import Prices, Quote
from matching.result import EndedBy

UNPROVEN = 1 << 60


def nothing_proven(board: Board) -> Quote:
    """What is known before anything is: all is free, and a result could be worth anything."""
    requests, mentees, cells, mentors = (
        np.zeros(n, np.int64) for n in (len(board.mentee), len(board.mentee_cap), len(board.cell_mentee), len(board.cap))
    )
    return Quote(Prices(requests, mentees, mentees, cells), UNPROVEN, mentors)


@dataclass
class Run:
    """The state of a run.

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
        self.quote = nothing_proven(self.board)
        self.bound, self.prices = self.quote.bound, self.quote.prices

    # When to end.

    def over(self) -> bool:
        """Whether nothing more is to be tried."""
        return self.proven() or self.stopped() or self.left() <= 0

    def left(self) -> float:
        """Seconds until the time limit."""
        return float("inf") if self.limits.seconds is None else self.limits.seconds - self.clock()

    def hurry(self) -> float:
        """Seconds left, none if the run is over."""
        return 0.0 if self.over() else self.left()

    def timed(self) -> bool:
        """Whether the clock alone decides how much is done."""
        return self.limits.effort is None and self.limits.seconds is not None

    def counted(self, most: int) -> int:
        """So much of some work, or less where the effort is less than the usual amount."""
        return most if self.limits.effort is None else math.ceil(most * min(1.0, self.limits.effort))

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
            self.quote, self.prices = quote, quote.prices
            self.lower(quote.bound)

    def lower(self, bound: int) -> None:
        """Keeps a bound that is proven if it is the lowest so far."""
        if bound < self.bound:
            self.bound = bound
            self.tell()

    def tell(self, *, explaining: bool = False) -> None:
        """Writes the history and shows how far the run has come."""
        if self.bound == UNPROVEN or not self.holds():
            return
        now, score = self.clock(), self.score()
        bound = self.points(self.bound)
        if not self.history or self.history[-1][1:] != (score, bound):
            self.history.append((round(now, 3), score, bound))
        placed = int((self.best.at >= 0).sum())
        self.watch(Progress(seconds=now, placed=placed, score=score, bound=bound, explaining=explaining))
