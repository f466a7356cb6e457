"""All groups of a round, one by one, where they are few enough; and what is proven when each has its own price.

Prices of requests alone cannot say that two halves of groups are not a group. `cuts` can, but then a group is worth what
all its members together are charged, and the best of them is found only by looking at each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.best_group import FAR, clash, entry_of
from matching.best_week import rank_down
from matching.board import Board, Ints
from matching.candidates import most_beside
from matching.groups import Groups
from matching.kernels import inline, kernel
from matching.price import Prices, time_price

MOST_STEPS = 20_000
"""For the best week of one mentor; what was not looked into stays in the bound."""

Ints32 = npt.NDArray[np.int32]


class Listing(NamedTuple):
    """Groups by mentor, and where each request stands."""

    groups: Groups
    entry: Ints32  # [G, size] of each member
    mentor_ptr: Ints  # [M + 1]
    request_ptr: Ints  # [R + 1]
    request_group: Ints32


class Cuts(NamedTuple):
    """Sets of groups of which one at most can be held; each group of them pays the cut's price."""

    ptr: Ints  # [K + 1]
    group: Ints32
    price: Ints  # [K] thousandths of a point


class Tight(NamedTuple):
    """What is proven when the listed groups are all that could better a result."""

    prices: Prices
    cuts: Cuts
    bound: int
    loss: Ints  # [G] what is lost of the bound by holding the group, at least


def listing_of(board: Board, groups: Groups) -> Listing:
    """The listing of groups that come in the order of their mentors."""
    entry = np.zeros(groups.members.shape, np.int32)
    enter(board, groups, entry)
    held = np.arange(groups.members.shape[1]) < groups.size[:, None]
    member = groups.members[held]
    request_ptr = np.zeros(len(board.mentee) + 1, np.int64)
    np.cumsum(np.bincount(member, minlength=len(board.mentee)), out=request_ptr[1:])
    number = np.broadcast_to(np.arange(len(groups.mentor), dtype=np.int32)[:, None], held.shape)[held]
    return Listing(
        groups,
        entry,
        np.searchsorted(groups.mentor, np.arange(len(board.cap) + 1)),
        request_ptr,
        number[np.argsort(member, kind="stable")],
    )


@kernel
def enter(board, groups, entry):
    """Notes the entry of each member."""
    for g in range(len(groups.mentor)):
        slot = board.offer_slot[groups.offer[g]]
        for j in range(groups.size[g]):
            entry[g, j] = entry_of(board, groups.members[g, j], slot)


@kernel
def entry_costs(board, prices, cost):
    """[E] what is charged for a request at its meetings."""
    for e in range(len(cost)):
        r = board.entry_request[e]
        i = board.mentee[r]
        cost[e] = prices.request[r] + prices.limit[i] - prices.seat[i] + time_price(board, prices, e)


@kernel
def price_groups(listing, cost, cuts, value):
    """[G] what each group is worth less what is charged for its members and by the cuts."""
    groups = listing.groups
    for g in range(len(value)):
        value[g] = groups.worth[g]
        for j in range(groups.size[g]):
            value[g] -= cost[listing.entry[g, j]]
    for c in range(len(cuts.price)):
        if cuts.price[c] != 0:
            for k in range(cuts.ptr[c], cuts.ptr[c + 1]):
                value[cuts.group[k]] -= cuts.price[c]


@inline
def fit(board, groups, a, b, alike):
    """Whether a mentor can hold both groups; if `alike`, members aside."""
    slot, other = board.offer_slot[groups.offer[a]], board.offer_slot[groups.offer[b]]
    if clash(board, board.slot_pattern[slot], board.slot_pattern[other], board.buffer_minutes):
        return False
    if not alike and board.slot_subject[slot] == board.slot_subject[other]:
        for i in range(groups.size[a]):
            for j in range(groups.size[b]):
                if groups.members[a, i] == groups.members[b, j]:
                    return False
    return True


@kernel
def best_weeks(board, listing, value, order, order_ptr, room, weeks):
    """[M] what the best weeks are worth, `first_group` included; never less than the truth.

    `order` holds the groups worth more than nothing, offer by offer, the best first: no other stands beside another.
    `room` is two arrays for a mentor's [offers] and two for a week's [cap].
    """
    for m in range(len(weeks)):
        best = -FAR
        for g in range(listing.mentor_ptr[m], listing.mentor_ptr[m + 1]):
            best = max(best, value[g])
        if board.cap[m] > 1:
            apart = best_apart(board, listing, value, order, order_ptr, room, m, best, True)
            best = min(apart, best_apart(board, listing, value, order, order_ptr, room, m, best, False))
        weeks[m] = max(0, best + board.first_group)


@kernel
def best_apart(board, listing, value, order, order_ptr, room, m, best, alike):
    """What groups of a mentor that do not clash are worth together, where that is more than `best`: depth first over offers,
    the best first, and over the groups of each; if `alike` only over the best of each, which may share members."""
    rank, most, week_offer, week_group = room
    first, cap, count = board.offer_ptr[m], board.cap[m], 0
    for o in range(first, board.offer_ptr[m + 1]):
        if order_ptr[o] < order_ptr[o + 1]:
            most[o - first] = value[order[order_ptr[o]]]
            rank[count] = o - first
            count += 1
    rank_down(rank, count, most)
    depth, k, total, steps = 0, 0, 0, 0
    at = order_ptr[first + rank[0]] if count else 0
    while True:
        reach = -FAR
        if k < count and depth < cap:
            end = order_ptr[first + rank[k]] + 1 if alike else order_ptr[first + rank[k] + 1]
            if at < end:
                reach = total + value[order[at]]
                for more in range(1, min(cap - depth, count - k)):
                    reach += most[rank[k + more]]
        if reach > best and steps > MOST_STEPS:
            best = reach
        if reach <= best:
            if k < count and depth < cap and at > order_ptr[first + rank[k]]:
                k += 1
                at = order_ptr[first + rank[k]] if k < count else 0
            elif depth == 0:
                return best
            else:
                depth -= 1
                k, at = week_offer[depth], week_group[depth]
                total -= value[order[at]]
                at += 1
            continue
        steps += 1
        fits = True
        for d in range(depth):
            if not fit(board, listing.groups, order[week_group[d]], order[at], alike):
                fits = False
                break
        if fits:
            week_offer[depth], week_group[depth] = k, at
            total += value[order[at]]
            best = max(best, total)
            depth += 1
            k += 1
            at = order_ptr[first + rank[k]] if k < count else 0
        else:
            at += 1


@kernel
def losses(board, listing, value, weeks, room, loss):
    """[G] what the mentor's week loses at least by holding the group; `room` is two arrays for a mentor's [offers]."""
    groups, (rank, most) = listing.groups, room
    for m in range(len(weeks)):
        first, last = board.offer_ptr[m], board.offer_ptr[m + 1]
        for k in range(last - first):
            most[k], rank[k] = 0, k
        for g in range(listing.mentor_ptr[m], listing.mentor_ptr[m + 1]):
            k = groups.offer[g] - first
            most[k] = max(most[k], value[g])
        rank_down(rank, last - first, most)
        held, rest = -1, 0
        for g in range(listing.mentor_ptr[m], listing.mentor_ptr[m + 1]):
            if groups.offer[g] != held:
                held = groups.offer[g]
                rest = most_beside(board, m, held, most, rank, last - first)
            loss[g] = weeks[m] - (value[g] + rest + board.first_group)


def tight(board: Board, listing: Listing, prices: Prices, cuts: Cuts) -> Tight:
    """What is proven at these prices, in whole thousandths of a point."""
    cost, value = np.zeros(len(board.entry_request), np.int64), np.zeros(len(listing.groups.mentor), np.int64)
    entry_costs(board, prices, cost)
    price_groups(listing, cost, cuts, value)
    gains = np.flatnonzero(value > 0)
    order = gains[np.lexsort((-value[gains], listing.groups.offer[gains]))]
    order_ptr = np.searchsorted(listing.groups.offer[order], np.arange(len(board.offer_slot) + 1))
    weeks, loss = np.zeros(len(board.cap), np.int64), np.zeros(len(value), np.int64)
    offers, cap = int(np.diff(board.offer_ptr).max(initial=0)) + 1, int(board.cap.max(initial=0)) + 1
    room = tuple(np.zeros(n, np.int64) for n in (offers, offers, cap, cap))
    best_weeks(board, listing, value, order, order_ptr, room, weeks)
    losses(board, listing, value, weeks, room[:2], loss)
    requests = np.diff(board.mentee_ptr)
    shared = prices.request.sum() + (prices.limit * board.mentee_cap)[board.mentee_cap < requests].sum() + prices.time.sum()
    seats = np.maximum(0, board.first_seat - prices.seat)[requests > 1].sum()
    if board.first_seat < 0:  # whoever is charged for any of a mentee's requests has paid for the seat first
        charged = np.zeros(len(requests), np.int64)
        np.add.at(charged, board.mentee, prices.request)
        seats -= np.minimum(-board.first_seat, charged)[requests > 1].sum()
    return Tight(prices, cuts, int(weeks.sum() + shared + seats + cuts.price.sum()), loss)
