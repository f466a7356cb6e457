"""Solves again exactly around a mentor: those whom a change there reaches at the least loss are freed, and their groups picked anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush

import numpy as np

from matching.best_group import View
from matching.board import NEVER, Board, Ints
from matching.candidates import groups_within
from matching.groups import Groups, chosen, hold, keep_open
from matching.mend import freed
from matching.pick import Meter, solve
from matching.plan import Plan, copy_of
from matching.price import Prices, look, price_mentors, sort_buckets
from matching.program import program_of
from matching.scratch import Scratch

SHORT = 300
"""So many groups of a mentor tell whom they could take from."""

LONG = 4_000
"""So many groups are picked from."""

NODES = 20
"""Of the search tree, for one neighbourhood."""

NEARLY = 0.2
"""A pick may be worse than the best by such a part of a request's worth: what it finds is mostly the best all the same."""

WEEK_NODES = 20
"""Spent on a week whose groups want the same request, where it is only estimated."""


class Around:
    """A board at prices, where neighbourhoods of a plan are picked anew. A loss is what a mentor's week loses at the prices, at least."""

    def __init__(self, board: Board, known: Board, prices: Prices, scratch: Scratch, left: Callable[[], float]) -> None:
        """The prices are those of a `known` board with the same requests; `left` are the seconds that a pick may take."""
        entries = len(board.entry_request)
        times, key, order = np.zeros(entries, np.int64), np.zeros(entries, np.int64), np.arange(entries)
        self.view = View(np.zeros(len(board.mentee), np.int64), times, key, order, np.zeros(0, np.int64))
        self.prices = prices._replace(time=times_prices(board, known, prices.time))
        self.scratch, self.left = scratch, left
        self.within = NEARLY * float(np.median(board.base)) if len(board.base) else 0.5
        self.near: dict[int, dict[int, int]] = {}
        self.meter = Meter()

    def weeks(self, board: Board, mentors: Sequence[int]) -> Ints:
        """[M] what the best weeks of these mentors are worth at the prices."""
        self._look(board)
        return self._weeks(board, np.array(mentors, np.int64))

    def reached(self, board: Board, plan: Plan, first: Sequence[int], slack: int, most: int, random: np.random.Generator) -> Ints:
        """Mentors whom these reach by taking members from each other's groups, at a loss of no more than `slack` together: so many
        at `most`, mostly those at the least loss."""
        self._look(board)
        queue, met = [(0.0, 0, m) for m in first], set[int]()
        while queue and len(met) < most:
            _, loss, m = heappop(queue)
            if m in met:
                continue
            met.add(m)
            rivals = self.near[m] if m in self.near and m not in first else self._rivals(board, plan, m, slack - loss)
            for rival, more in rivals.items():
                if rival not in met and loss + more <= slack:
                    heappush(queue, ((loss + more) * float(random.uniform(0.5, 1.5)), loss + more, rival))
        return np.array(sorted(met), np.int64)

    def know(self, board: Board, plan: Plan, slack: int) -> None:
        """Notes who could take members from whom, either way."""
        self._look(board)
        for m in range(len(board.cap)):
            if board.cap[m]:
                for holder, loss in self._rivals(board, plan, m, slack).items():
                    for one, other in ((m, holder), (holder, m)):
                        known = self.near.setdefault(one, {})
                        known[other] = min(loss, known.get(other, loss))

    def _rivals(self, board: Board, plan: Plan, m: int, slack: int) -> dict[int, int]:
        """Who has members that the mentor could have, and what the mentor loses by that at least."""
        found: dict[int, int] = {}
        groups = self._listed(board, np.array([m]), slack, SHORT)
        if groups is None:
            return found
        held = np.arange(groups.members.shape[1]) < groups.size[:, None]
        members = groups.members[held]
        costs = np.broadcast_to(groups.loss[:, None], held.shape)[held]
        for r, cost in zip(members.tolist(), costs.tolist(), strict=True):
            i = board.mentee[r]
            for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                if plan.at[other] >= 0 and (other == r or plan.attends[i] >= board.mentee_cap[i]):
                    holder, loss = int(plan.mentor[plan.at[other]]), max(0, cost)
                    if holder != m:
                        found[holder] = min(loss, found.get(holder, loss))
        return found

    def picked(self, board: Board, plan: Plan, mentors: Ints, slack: int) -> Plan | None:
        """The plan with the best groups of these mentors, out of those that lose no more than `slack`; None where none is better."""
        bare = freed(board, plan, mentors)
        self._look(board)
        self.view.worth[bare.at >= 0] = NEVER
        sort_buckets(board, self.view)
        groups = self._listed(board, mentors, slack, LONG)
        if groups is None:
            return None
        usable = np.ones(len(groups.mentor), np.bool_)
        if not keep_open(board, bare, groups, usable):
            return None
        groups = chosen(groups, np.flatnonzero(usable))
        program = program_of(board, groups, bare.attends, bare.groups)
        found, _ = solve(program, self.meter, nodes=NODES, left=self.left, at_least=int(plan.total[0] - bare.total[0]), within=self.within)
        if found is None:
            return None
        better = copy_of(bare)
        which = chosen(groups, np.flatnonzero(found))
        hold(board, better, which)
        return better if better.total[0] > plan.total[0] else None

    def _look(self, board: Board) -> None:
        look(board, self.prices, self.view)
        sort_buckets(board, self.view)

    def _listed(self, board: Board, mentors: Ints, slack: int, most: int) -> Groups | None:
        """The groups of mentors within the slack, or within less where there are too many; None where the best alone are too many."""
        weeks = self._weeks(board, mentors)
        groups = groups_within(board, mentors, weeks, slack, self.view, self.scratch, most)
        while groups is None and slack > 0:
            slack //= 2
            groups = groups_within(board, mentors, weeks, slack, self.view, self.scratch, most)
        return groups

    def _weeks(self, board: Board, mentors: Ints) -> Ints:
        weeks = np.zeros(len(board.cap), np.int64)
        price_mentors(board, mentors, WEEK_NODES, self.view, self.scratch, weeks)
        return weeks


def times_prices(board: Board, known: Board, price: Ints) -> Ints:
    """[C] the prices of a known board's times at the times of another, which may have more of them; those cost nothing."""
    price_of = dict(zip(zip(known.cell_mentee.tolist(), known.cell_time.tolist(), strict=True), price.tolist(), strict=True))
    return np.array([price_of.get(cell, 0) for cell in zip(board.cell_mentee.tolist(), board.cell_time.tolist(), strict=True)], np.int64)
