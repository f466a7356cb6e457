"""Prices by linear programs, with cuts: the low bound of a round whose groups can all be listed.

A program holds some of the listed groups. What its prices prove is worked out from all of them, in whole numbers; those
that would pay come in next, and with them the cuts that its choice of parts of groups breaks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matching.board import MILLI, Board, Ints
from matching.cuts import Triple, broken, no_cuts, with_more
from matching.groups import chosen
from matching.listing import Cuts, Listing, entry_costs, price_groups, tight
from matching.pick import Meter, relaxed
from matching.price import Floats, Prices
from matching.program import Program, Row, meets_of, program_of, starts_of

FIRST = 60
"""Groups of each mentor to begin with."""

NEXT = 30
"""Groups of a mentor that come in at once."""

LEAST_GAIN = MILLI // 10
"""A group comes in where it gains more."""

ROUNDS = 40
STALLED = 3
"""Rounds that lower the bound by hardly anything, when it is all but the program's own, after which it ends."""

HARDLY = 50_000
"""Such a part of the bound is hardly anything."""


class Tightener:
    """Tightens the bound round by round; `best` is what is proven so far."""

    def __init__(self, board: Board, listing: Listing, prices: Prices, meter: Meter) -> None:
        self.board, self.listing, self.meter = board, listing, meter
        self.best = tight(board, listing, prices, no_cuts())
        self.known: set[Triple] = set()
        self.cuts = no_cuts()
        self.held = best_of_each(listing, self.best.loss, FIRST)
        self.stalled = 0

    def step(self, left: Callable[[], float]) -> bool:
        """One program, what it proves, and what comes in for the next one; whether there is one."""
        board, listing = self.board, self.listing
        nobody, nothing = np.zeros(len(board.mentee_cap), np.int64), np.zeros(len(board.cap), np.int64)
        program = program_of(board, chosen(listing.groups, self.held), nobody, nothing, cuts_in(self.cuts, self.held))
        solved = relaxed(program, self.meter, left)
        if solved is None:
            return False
        x, dual = solved
        prices, cut_prices = prices_of(board, program, dual, len(self.cuts.price))
        now = tight(board, listing, prices, self.cuts._replace(price=cut_prices))
        before, self.best = self.best, min(self.best, now, key=lambda one: one.bound)
        hardly = self.best.bound // HARDLY
        near = self.best.bound - int(program.worth @ x) <= hardly and before.bound - self.best.bound <= hardly
        self.stalled = self.stalled + 1 if near else 0
        gain = gains_of(board, listing, self.cuts, program, dual)
        gain[self.held] = 0
        new = best_of_each(listing, np.where(gain > LEAST_GAIN, -gain, 0), NEXT, below=0)
        more = broken(program, x, self.known)
        self.known.update(more)
        if more:
            self.cuts = with_more(board, listing, self.cuts, more)
        self.held = np.union1d(self.held, new)
        return bool(len(new) or more) and self.stalled < STALLED


def gains_of(board: Board, listing: Listing, cuts: Cuts, program: Program, dual: Floats) -> Ints:
    """[G] what each listed group would pay at a program's prices, mentor's time included."""
    prices, cut_prices = prices_of(board, program, dual, len(cuts.price))
    cost, value = np.zeros(len(board.entry_request), np.int64), np.zeros(len(listing.groups.mentor), np.int64)
    entry_costs(board, prices, cost)
    price_groups(listing, cost, cuts._replace(price=cut_prices), value)
    return value - mentor_costs(board, program, dual)[listing.groups.offer]


def best_of_each(listing: Listing, loss: Ints, count: int, below: int | None = None) -> Ints:
    """The groups of each mentor that lose least, so many at most; in order."""
    some = np.arange(len(loss)) if below is None else np.flatnonzero(loss < below)
    mentor = listing.groups.mentor[some]
    order = some[np.lexsort((loss[some], mentor))]
    mentor = listing.groups.mentor[order]
    rank = np.arange(len(order)) - np.searchsorted(mentor, mentor)
    return np.sort(order[rank < count])


def cuts_in(cuts: Cuts, held: Ints) -> tuple[Ints, Ints]:
    """Pairs of cut and column, where the columns are the groups `held`, in order."""
    cut = np.repeat(np.arange(len(cuts.price)), np.diff(cuts.ptr))
    there = np.isin(cuts.group, held)
    return cut[there], np.searchsorted(held, cuts.group[there])


def prices_of(board: Board, program: Program, dual: Floats, cuts: int) -> tuple[Prices, Ints]:
    """A program's prices as whole thousandths."""

    def paid(kind: Row, count: int, other: int = 0) -> Ints:
        found, rows = np.full(count, other), program.kind == kind
        found[program.owner[rows]] = np.round(dual[rows] * MILLI)
        return found

    mentees = len(board.mentee_cap)
    request, seat = paid(Row.REQUEST, len(board.mentee)), np.zeros(mentees, np.int64)
    if board.first_seat < 0:
        request += paid(Row.SEAT, len(board.mentee))
    elif board.first_seat > 0:  # whoever is in no group of the program pays it all to the first
        seat = np.where(np.diff(board.mentee_ptr) > 1, paid(Row.SEAT, mentees, board.first_seat), 0)
    return Prices(
        request,
        paid(Row.LIMIT, mentees),
        np.minimum(seat, max(0, board.first_seat)),
        paid(Row.TIME, len(board.cell_mentee)),
    ), paid(Row.CUT, cuts)


def mentor_costs(board: Board, program: Program, dual: Floats) -> Ints:
    """[O] what an offer costs its mentor at a program's prices: one of the groups they may have, and the time."""
    mentor = np.repeat(np.arange(len(board.cap)), np.diff(board.offer_ptr))
    a_group = np.zeros(len(board.cap))
    for kind, sign in ((Row.MENTOR, 1), (Row.FIRST, -1)):
        rows = program.kind == kind
        a_group[program.owner[rows]] += sign * dual[rows]
    meet, offer = meets_of(board, board.slot_pattern[board.offer_slot], mentor)
    at = np.zeros(len(board.cap) * starts_of(board))
    rows = program.kind == Row.MEET
    at[program.owner[rows]] = dual[rows]
    return np.round(MILLI * (a_group[mentor] + np.bincount(offer, at[meet], len(mentor)))).astype(np.int64)
