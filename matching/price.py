"""Prices of what mentors compete for, and from them the bound.

At any prices of the shared things (a request once, a mentee's limit, a mentee's first seat) every mentor can be asked
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
from matching.eligible import Board, Ints
from matching.kernels import inline, kernel
from matching.scratch import Scratch, scratch

PUSH = 0.9
"""How much of its pace a price keeps from sweep to sweep."""

FEWEST = 2_500
"""A worker who prices has at least so many mentors; fewer are soon asked one after the other, which moves prices better."""

MANY = 5_000
"""For so many mentors there is time for few sweeps only."""

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
    """Brings the view up to the prices."""
    for i in range(len(board.mentee_cap)):
        mine = prices.seat[i] - prices.limit[i]
        for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
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


@kernel
def sweep(board, queue, step, prices, view, s):
    """Asks the mentors of `queue` in turn and raises by `step` the price of what each takes, at once; lowers all
    prices as it goes on, so that what is taken once in a sweep of all mentors keeps its price."""
    look(board, prices, view)
    sort_buckets(board, view)
    blocks = min(len(queue), 32)
    down = step * len(queue) // (blocks * len(board.cap))
    drift = 0
    for block in range(blocks):
        for at in range(block * len(queue) // blocks, (block + 1) * len(queue) // blocks):
            _, _, groups = best_week(board, queue[at], view, drift, 4, -2 * min(0, board.region_mix), s)
            for d in range(groups):
                for j in range(s.size[d]):
                    charge(board, prices, view, s.members[d, j], board.offer_slot[s.picked[d]], step)
        relax(board, prices, down)
        look(board, prices, view)
        drift = drift_of(board, view)


@dataclass(frozen=True, slots=True)
class Quote:
    """What is proven at some prices: the bound, and each mentor's best week at most."""

    prices: Prices
    bound: int
    weeks: Ints  # [M]


class Pricer:
    """Searches prices that prove a low bound; the same for the same seed."""

    def __init__(self, board: Board, seed: int, workers: int = 1) -> None:
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
                np.zeros(0, np.int64),
            )
            for _ in range(workers)
        ]
        self.scratches = [scratch(board) for _ in range(workers)]
        self.view, self.scratch = self.views[0], self.scratches[0]
        self.most = (FAR, FAR, max(0, board.first_seat), FAR)
        # From the middle, prices come nearest in the end; from what requests bring at most, they come near soonest.
        share = 1.0 if len(board.cap) > MANY else 0.5
        start = np.where(board.subject >= 0, np.maximum(0, board.base) * share, 0.0)
        self.prices = [start, np.zeros(len(several)), np.zeros(len(several)), np.zeros(len(board.cell_mentee))]
        self.pace = [np.zeros_like(price) for price in self.prices]
        self.mean: list[Floats] = []

    def step(self, step: int) -> None:
        """One sweep over all mentors, and a push in the way that the prices have been going (heavy ball): they move
        together only slowly otherwise."""
        before = self.prices
        whole = Prices(*(price.astype(np.int64) for price in before))
        queues = np.array_split(self.random.permutation(len(self.board.cap)), len(self.views))

        def swept(queue: Ints, view: View, s: Scratch) -> Prices:
            moved = Prices(*(price.copy() for price in whole))
            sweep(self.board, queue, step, moved, view, s)
            return moved

        moves = [np.zeros_like(price) for price in whole]
        for moved in self.shared(swept, queues):
            moves = [move + (new - old) for move, new, old in zip(moves, moved, whole, strict=True)]
        self.pace = [PUSH * pace + move for pace, move in zip(self.pace, moves, strict=True)]
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
