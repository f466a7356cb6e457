"""Prices of what mentors compete for, and from them the bound.

At any prices of the shared things (a request once, a mentee's limit, time and first seat) every mentor can be asked
alone for their best week. What all those weeks are worth and what the shared things cost is together at least every
result's score. All worths are whole thousandths of a point, so the bound is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from matching.best_group import FAR, View, entry_of
from matching.best_week import best_week
from matching.board import NEVER, Board, Ints
from matching.kernels import inline, kernel
from matching.plan import Plan
from matching.scratch import Scratch, scratch

PUSH = 0.9
"""How much of its pace a price keeps from sweep to sweep."""

FEWEST = 2_500
"""A worker who prices has at least so many mentors; fewer are soon asked one after the other, which moves prices better."""

MANY = 5_000
"""For so many mentors there is time for few sweeps only."""

ASKED = 20_000
"""So many entries are looked at in the time that it takes to ask a mentor."""

Found = TypeVar("Found")
Floats = npt.NDArray[np.float64]


class Prices(NamedTuple):
    """What the shared things cost, in thousandths of a point; all are non-negative."""

    request: Ints  # [R] to have the request
    limit: Ints  # [I] one of the mentee's groups, where they ask for more than they may have
    seat: Ints  # [I] paid to whoever gives a seat to a mentee of several requests; at most first_seat
    time: Ints  # [C] a stretch of the time of a mentee of several requests


@kernel
def look(board, prices, view):
    """Brings the view up to the prices; requests that nobody can have any more are worth nothing."""
    for i in range(len(board.mentee_cap)):
        held = 0
        if len(view.meets) > 0:
            for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                held += view.meets[r] >= 0
        mine = (prices.seat[i] if held == 0 else 0) - prices.limit[i]
        for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
            if held > 0 and (held >= board.mentee_cap[i] or view.meets[r] >= 0):
                view.worth[r] = NEVER
            else:
                view.worth[r] = board.base[r] + board.peer_half[r] - prices.request[r] + mine
    for e in range(len(view.times)):
        view.times[e] = board.entry_worth[e] - time_price(board, prices, e)


@inline
def time_price(board, prices, e):
    """What the mentee's time costs at an entry."""
    price = 0
    for k in range(board.entry_cell.shape[1]):
        if board.entry_cell[e, k] >= 0:
            for c in range(board.cells):
                price += prices.time[board.entry_cell[e, k] + c]
    return price


@kernel
def sort_buckets(board, view):
    """Brings the entries of each bucket into descending order of worth; quick where little has changed."""
    ptr, key, order = board.bucket_ptr, view.key, view.order
    for e in range(len(key)):
        key[e] = view.worth[board.entry_request[e]] + view.times[e]
    for b in range(len(ptr) - 1):
        for i in range(ptr[b] + 1, ptr[b + 1]):
            e = order[i]
            j = i - 1
            while j >= ptr[b] and key[order[j]] < key[e]:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = e


@inline
def drift_of(board, view):
    """How much more an entry is worth than its key says, at most."""
    drift = 0
    for e in range(len(view.key)):
        drift = max(drift, view.worth[board.entry_request[e]] + view.times[e] - view.key[e])
    return drift


@kernel
def price_mentors(board, mentors, most_nodes, view, s, weeks):
    """What the best weeks of some mentors are worth at most."""
    for m in mentors:
        _, weeks[m], _ = best_week(board, m, view, 0, most_nodes, 0, s)


@inline
def charge(board, prices, view, r, slot, step):
    """Raises the prices of what a mentor takes: a request, its mentee's limit, first seat and time."""
    i = board.mentee[r]
    prices.request[r] += step
    view.worth[r] -= step
    several = board.mentee_ptr[i + 1] - board.mentee_ptr[i]
    if several > 1:
        less = min(prices.seat[i], step)
        prices.seat[i] -= less
        if board.mentee_cap[i] < several:
            prices.limit[i] += step
            less += step
        e = entry_of(board, r, slot)
        for k in range(board.entry_cell.shape[1]):
            for c in range(board.cells):
                prices.time[board.entry_cell[e, k] + c] += step // board.cells
        for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
            view.worth[other] -= less
            for at in range(board.entry_ptr[other], board.entry_ptr[other + 1]):
                e = board.entry_at[at]
                view.times[e] = board.entry_worth[e] - time_price(board, prices, e)


@inline
def relax(board, prices, down):
    """Lowers all prices a little."""
    for r in range(len(prices.request)):
        prices.request[r] = max(0, prices.request[r] - down)
    for i in range(len(prices.limit)):
        if board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
            prices.seat[i] = min(max(0, board.first_seat), prices.seat[i] + down)
            prices.limit[i] = max(0, prices.limit[i] - down * board.mentee_cap[i])
    for c in range(len(prices.time)):
        prices.time[c] = max(0, prices.time[c] - down // board.cells)


@inline
def same_week(weeks, m, groups, s):
    """Whether the mentor's week is the one written down."""
    if weeks.groups[m] != groups:
        return False
    for d in range(groups):
        if weeks.offer[m, d] != s.picked[d] or weeks.size[m, d] != s.size[d]:
            return False
        for j in range(s.size[d]):
            found = False
            for k in range(s.size[d]):
                if weeks.members[m, d, k] == s.members[d, j]:
                    found = True
            if not found:
                return False
    return True


@inline
def write_week(weeks, m, groups, s):
    """Writes the mentor's week down, and how often in turn it has been the same."""
    weeks.steady[m] = weeks.steady[m] + 1 if same_week(weeks, m, groups, s) else 0
    weeks.groups[m] = groups
    for d in range(groups):
        weeks.offer[m, d], weeks.size[m, d] = s.picked[d], s.size[d]
        for j in range(s.size[d]):
            weeks.members[m, d, j] = s.members[d, j]


@kernel
def sweep(board, queue, step, down, prices, view, weeks, s):
    """Asks the mentors of `queue` in turn and raises by `step` the price of what each takes, at once. All prices are lowered
    by `down`, a little after each block of mentors: where both are equal, what is taken once keeps its price."""
    look(board, prices, view)
    sort_buckets(board, view)
    # Looking at all entries should not take longer than asking.
    blocks = max(1, min(len(queue), 32, ASKED * len(queue) // (len(view.key) + 1)))
    drift = 0
    for block in range(blocks):
        for at in range(block * len(queue) // blocks, (block + 1) * len(queue) // blocks):
            _, _, groups = best_week(board, queue[at], view, drift, 4, -2 * min(0, board.region_mix), s)
            write_week(weeks, queue[at], groups, s)
            for d in range(groups):
                for j in range(s.size[d]):
                    charge(board, prices, view, s.members[d, j], board.offer_slot[s.picked[d]], step)
        relax(board, prices, down // blocks)
        look(board, prices, view)
        drift = drift_of(board, view)


@dataclass(frozen=True, slots=True)
class Quote:
    """What is proven at some prices: the bound, and each mentor's best week at most."""

    prices: Prices
    bound: int
    weeks: Ints  # [M]


class Weeks(NamedTuple):
    """The week that each mentor wanted when last asked."""

    groups: Ints  # [M]
    offer: Ints  # [M, cap]
    size: Ints  # [M, cap]
    members: Ints  # [M, cap, size] requests
    steady: Ints  # [M] how often in turn it was the same before


def no_weeks(board: Board) -> Weeks:
    """Nobody has been asked."""
    mentors, groups, size = len(board.cap), int(board.cap.max(initial=1)), int(board.size.max(initial=1))
    shapes = ((mentors,), (mentors, groups), (mentors, groups), (mentors, groups, size), (mentors,))
    return Weeks(*(np.zeros(shape, np.int64) for shape in shapes))


class Pricer:
    """Searches prices that prove a low bound; the same for the same seed.

    With a plan, what it holds is nobody's to take any more: prices are those of the rest, and prove nothing of the whole.
    """

    def __init__(self, board: Board, seed: int, workers: int = 1, prices: Prices | None = None, plan: Plan | None = None) -> None:
        several = np.diff(board.mentee_ptr) > 1
        entries = len(board.entry_request)
        self.board, self.several = board, several
        self.tight = several & (board.mentee_cap < np.diff(board.mentee_ptr))
        self.random = np.random.default_rng(seed)
        workers = max(1, min(workers, len(board.cap) // FEWEST))
        self.views = [
            View(
                np.zeros(len(board.mentee), np.int64),
                np.zeros(entries, np.int64),
                np.zeros(entries, np.int64),
                np.arange(entries),
                np.zeros(0, np.int64) if plan is None else plan.meets,
            )
            for _ in range(workers)
        ]
        self.scratches = [scratch(board) for _ in range(workers)]
        self.view, self.scratch = self.views[0], self.scratches[0]
        self.most = (FAR, FAR, max(0, board.first_seat), FAR)
        self.weeks = no_weeks(board)
        # From the middle, prices come nearest in the end; from what requests bring at most, they come near soonest.
        share = 1.0 if len(board.cap) > MANY else 0.5
        start = np.where(board.subject >= 0, np.maximum(0, board.base) * share, 0.0)
        self.prices = [start, np.zeros(len(several)), np.zeros(len(several)), np.zeros(len(board.cell_mentee))]
        if prices is not None:
            self.prices = [price.astype(np.float64) for price in prices]
        self.pace = [np.zeros_like(price) for price in self.prices]
        self.mean: list[Floats] = []

    def step(self, step: int, push: float = PUSH, mentors: Ints | None = None) -> None:
        """One sweep over all mentors, or some, and a push in the way that the prices have been going (heavy ball): they move
        together only slowly otherwise."""
        before = self.prices
        whole = Prices(*(price.astype(np.int64) for price in before))
        asked = np.arange(len(self.board.cap)) if mentors is None else mentors
        queues = np.array_split(self.random.permutation(asked), min(len(self.views), max(1, len(asked) // FEWEST)))

        def swept(queue: Ints, view: View, s: Scratch) -> Prices:
            moved = Prices(*(price.copy() for price in whole))
            sweep(self.board, queue, step, step * len(queue) // len(asked), moved, view, self.weeks, s)
            return moved

        moves = [np.zeros_like(price) for price in whole]
        for moved in self.shared(swept, queues):
            moves = [move + (new - old) for move, new, old in zip(moves, moved, whole, strict=True)]
        self.pace = [push * pace + move for pace, move in zip(self.pace, moves, strict=True)]
        self.prices = [np.clip(price + pace, 0, most) for price, pace, most in zip(before, self.pace, self.most, strict=True)]
        self.mean = [0.8 * old + 0.2 * new for old, new in zip(self.mean, self.prices, strict=True)] if self.mean else self.prices

    def shared(self, work: Callable[[Ints, View, Scratch], Found], parts: list[Ints]) -> list[Found]:
        """What comes of the work on each part, side by side."""
        if len(parts) == 1:
            return [work(parts[0], self.view, self.scratch)]
        with ThreadPoolExecutor(len(parts)) as threads:
            return list(threads.map(work, parts, self.views, self.scratches))

    def free(self) -> list[Quote]:
        """What is proven when nothing costs anything, first seats not given or given by every request: all there is to say
        where mentors are scarce and mentees alike, or where there is nothing to do."""
        none = [np.zeros(len(price), np.int64) for price in self.prices]
        every = np.full(len(self.several), max(0, self.board.first_seat))
        return [self.prove(Prices(*none)), self.prove(Prices(none[0], none[1], every, none[3]))]

    def quote(self) -> Quote:
        """What the mean of the last prices proves."""
        return self.prove(Prices(*(price.astype(np.int64) for price in self.mean or self.prices)))

    def prove(self, prices: Prices) -> Quote:
        """What is proven at these prices."""
        weeks = np.zeros(len(self.board.cap), np.int64)
        look(self.board, prices, self.view)
        sort_buckets(self.board, self.view)

        def priced(mentors: Ints, _: View, s: Scratch) -> None:
            price_mentors(self.board, mentors, 200, self.view, s, weeks)

        self.shared(priced, np.array_split(np.arange(len(weeks)), len(self.views)))
        seats = np.maximum(0, self.board.first_seat - prices.seat)[self.several].sum()
        shared = prices.request.sum() + (prices.limit * self.board.mentee_cap)[self.tight].sum() + prices.time.sum()
        return Quote(prices, int(weeks.sum() + shared + seats), weeks)
