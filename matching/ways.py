"""Ways to place a request that waits, one step from a plan, each with what it brings to the score: exact, compiled.

A way puts the request into a group that stands, there perhaps in somebody's place, or into a new group alone, there perhaps
in the place of another group of that mentor; and perhaps the mentee gives up one of their other groups for it. Worths are
thousandths of a point. The plan's noise must be 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.best_group import clash
from matching.board import NEVER, Board, Ints
from matching.fits import blocks, empty_place, is_full
from matching.kernels import inline, kernel
from matching.plan import (
    Plan,
    close_group,
    mark,
    member_part,
    open_group,
    put,
    refresh_group,
    refresh_unplaced,
    settle,
    take,
    take_back,
    together,
)

NO_WAY, JOIN, SEAT, OPEN, CLOSE = range(5)
"""Kinds: no way at all, a group with a seat, somebody's seat, a new group, a new group in the place of another."""

GAIN, KIND, PLACE, OFFER, OTHER, SIBLING = range(6)
"""What stands where in a way: the gain; the kind; the place of the group joined or closed; the offer; the request whose seat is
taken; the mentee's own request that gives up its place. The last two may be -1."""


def no_way() -> Ints:
    """Room for one way."""
    return np.zeros(6, np.int64)


class Standing(NamedTuple):
    """The groups of a plan by slot, as lists linked by index; those opened later are not in it."""

    first: Ints  # [Q] a place, -1: none
    next: Ints  # [places]
    most: int  # no request adds more than so much to its base by being alone in a new group


@kernel
def link(board, plan, first, following):
    """Links the groups of each slot in the order of their places."""
    for g in range(len(plan.offer) - 1, -1, -1):
        if plan.offer[g] >= 0:
            slot = board.offer_slot[plan.offer[g]]
            following[g] = first[slot]
            first[slot] = g


def standing_of(board: Board, plan: Plan) -> Standing:
    """The groups that stand now."""
    first, following = np.full(len(board.slot_subject), -1), np.full(len(plan.offer), -1)
    link(board, plan, first, following)
    worths = (board.special_worth, board.entry_worth, board.offer_worth)
    points = (board.region_same, board.region_near, board.stay, board.first_group, board.first_seat)
    return Standing(first, following, sum(int(worth.max(initial=0)) for worth in worths) + sum(max(0, worth) for worth in points))


@inline
def consider(way, gain, kind, g, o, other, sibling):
    """Keeps a way if it is the best so far."""
    if way[KIND] == NO_WAY or gain > way[GAIN]:
        way[GAIN], way[KIND], way[PLACE], way[OFFER], way[OTHER], way[SIBLING] = gain, kind, g, o, other, sibling


@inline
def first_seats(board, plan, g, but):
    """What the members of a group lose as mentees when it ends, the mentee `but` aside; NEVER where one is required to be there."""
    worth = 0
    for j in range(plan.size[g]):
        r = plan.members[g, j]
        i = board.mentee[r]
        if board.locked[r] >= 0:
            return NEVER
        if i != but and plan.attends[i] == 1 and board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
            worth += board.first_seat
    return worth


@inline
def into_standing(board, plan, g, r, seat, sibling, way):
    """Considers the group at a place, with the request besides its members or in the place of one."""
    o, n = plan.offer[g], plan.size[g]
    m = plan.mentor[g]
    part = member_part(board, o, m, r)
    if part < NEVER // 2:
        return
    whole = together(board, plan.members[g], n, -1, -1)
    if n < board.size[m]:
        new = together(board, plan.members[g], n, -1, r)
        if new > NEVER // 2:
            consider(way, part + new - whole + seat, JOIN, g, o, -1, sibling)
    for j in range(n):
        x = plan.members[g, j]
        if board.locked[x] >= 0:
            continue
        new = together(board, plan.members[g], n, j, r)
        if new > NEVER // 2:
            i = board.mentee[x]
            lost = member_part(board, o, m, x)
            if plan.attends[i] == 1 and board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
                lost += board.first_seat
            consider(way, part + new - whole - lost + seat, SEAT, g, o, x, sibling)


@inline
def into_new(board, plan, o, m, r, seat, sibling, most, way):
    """Considers a new group of the request alone, if need be in the place of one of the mentor's; `most` is above any part."""
    pattern = board.slot_pattern[board.offer_slot[o]]
    clashes, chosen, least = 0, -1, 0
    full = is_full(board, plan, m)
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if plan.offer[g] >= 0:
            in_the_way = blocks(board, plan, g, pattern)
            clashes += in_the_way
            if in_the_way or (clashes == 0 and full and (chosen < 0 or plan.value[g] < least)):
                chosen, least = g, plan.value[g]
    if clashes > 1 or (full and chosen < 0) or (way[KIND] != NO_WAY and most - least <= way[GAIN]):
        return
    part = member_part(board, o, m, r)
    if part < NEVER // 2:
        return
    alone = part + board.off_target * abs(1 - board.target_size)
    if chosen < 0:
        consider(way, alone + seat + (board.first_group if plan.groups[m] == 0 else 0), OPEN, -1, o, -1, sibling)
        return
    i = board.mentee[r]
    lost = first_seats(board, plan, chosen, i)
    for j in range(plan.size[chosen]):
        if board.mentee[plan.members[chosen, j]] == i and plan.attends[i] == 1:
            seat = 0
    if lost > NEVER // 2:
        consider(way, alone + seat - least - lost, CLOSE, chosen, o, -1, sibling)


@inline
def scan(board, plan, d, standing, r, sibling, way):
    """Considers all ways to place a request that need no more of the mentee's own groups to be given up."""
    i = board.mentee[r]
    if plan.attends[i] >= board.mentee_cap[i]:
        return
    several = board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1
    seat = board.first_seat if several and plan.attends[i] == 0 else 0
    most = board.base[r] + standing.most
    for at in range(board.entry_ptr[r], board.entry_ptr[r + 1]):
        slot = board.entry_slot[at]
        free = True
        if several:
            for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                if plan.meets[other] >= 0 and clash(board, plan.meets[other], board.slot_pattern[slot], 0):
                    free = False
        if not free:
            continue
        g = standing.first[slot]
        while g >= 0:
            if plan.offer[g] >= 0 and board.offer_slot[plan.offer[g]] == slot:
                into_standing(board, plan, g, r, seat, sibling, way)
            g = standing.next[g]
        if board.min_size == 1:
            for k in range(d.slot_ptr[slot], d.slot_ptr[slot + 1]):
                o = d.slot_offer[k]
                into_new(board, plan, o, d.offer_mentor[o], r, seat, sibling, most, way)


@kernel
def best_way(board, plan, d, standing, r, way):
    """The way to place a waiting request that brings most, or costs least; the plan is left as it is."""
    way[KIND] = NO_WAY
    scan(board, plan, d, standing, r, -1, way)
    i = board.mentee[r]
    for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
        if plan.at[q] >= 0 and board.locked[q] < 0:
            mark(plan)
            start = plan.total[0]
            settle(board, plan, take(board, plan, q))
            paid = plan.total[0] - start
            way[GAIN] -= paid
            scan(board, plan, d, standing, r, q, way)
            way[GAIN] += paid
            take_back(board, plan)


@kernel
def go(board, plan, d, r, way):
    """Places a waiting request in this way."""
    g, o = way[PLACE], way[OFFER]
    if way[SIBLING] >= 0:
        settle(board, plan, take(board, plan, way[SIBLING]))
    if way[KIND] == CLOSE:
        close_group(board, plan, g)
    if way[KIND] in (OPEN, CLOSE):
        if way[KIND] == OPEN:
            g = empty_place(plan, d.offer_mentor[o])
        open_group(board, plan, g, o)
    if way[OTHER] >= 0:
        take(board, plan, way[OTHER])
    put(board, plan, g, r)
    refresh_group(board, plan, g)
    if way[OTHER] >= 0:
        refresh_unplaced(board, plan, board.mentee[way[OTHER]])
    refresh_unplaced(board, plan, board.mentee[r])


@kernel
def ways_of(board, plan, d, standing, requests, ways):
    """The best way of each of these waiting requests."""
    for k in range(len(requests)):
        best_way(board, plan, d, standing, requests[k], ways[k])


@kernel
def go_all(board, plan, d, standing, requests, way, stuck):
    """Places each of these requests that still waits in its best way, where that gains; returns how many.

    `stuck` [requests] becomes 1 for those that have no way at all, else 0.
    """
    gone = 0
    for k in range(len(requests)):
        r = requests[k]
        stuck[k] = 0
        if plan.at[r] < 0:
            best_way(board, plan, d, standing, r, way)
            if way[KIND] == NO_WAY:
                stuck[k] = 1
            elif way[GAIN] > 0:
                go(board, plan, d, r, way)
                gone += 1
    return gone


@kernel
def cost_of_leaving(board, plan, r):
    """What the score loses when a placed request leaves and nobody takes its place; the plan is left as it is."""
    mark(plan)
    start = plan.total[0]
    settle(board, plan, take(board, plan, r))
    cost = start - plan.total[0]
    take_back(board, plan)
    return cost


@kernel
def leave_all(board, plan):
    """Takes out placed requests without which the score is higher, nothing required; returns how many."""
    left = 0
    for r in range(len(plan.at)):
        if plan.at[r] >= 0 and board.locked[r] < 0 and cost_of_leaving(board, plan, r) < 0:
            settle(board, plan, take(board, plan, r))
            refresh_unplaced(board, plan, board.mentee[r])
            left += 1
    return left
