"""Undoes changes against an earlier result where that costs nothing, so that only those remain that are worth it: compiled.

A request is *back* when it is with the mentor and at the meetings where it was. Undoing one change may force others: whoever is
in the way and is not back is undone with it, and who is back is never disturbed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.best_group import clash
from matching.board import NEVER, Board, Ints
from matching.fits import blocks, empty_place, fits_in, is_full
from matching.kernels import inline, kernel
from matching.plan import (
    Plan,
    close_group,
    mark,
    member_part,
    open_group,
    put,
    refresh_unplaced,
    settle,
    settle_all,
    take,
    take_back,
    together,
)
from matching.polish import Desk, fill, soil

UNDONE, SEATS_STAY, MENTOR_STAYS, MENTEE_STAYS, TOO_LONG = range(5)
"""How undoing ends: done; or the seats, the mentor's or the mentee's groups are held by who is back; or it forces too much."""

LONGEST = 200
"""So many requests are undone together at most."""


class Before(NamedTuple):
    """Where requests were in the earlier result, as far as the rules still allow it."""

    offer: Ints  # [R] the offer now, -1 where the request was unplaced or cannot go back
    request: Ints  # those that can, by offer
    first: Ints  # [R] where in `request` the request's group stood: [first, last)
    last: Ints


def before_of(board: Board) -> Before:
    """What the board knows of the earlier result by `stay`."""
    offer = np.full(len(board.mentee), -1)
    find_offers(board, offer)
    can = np.flatnonzero(offer >= 0)
    request = can[np.argsort(offer[can], kind="stable")]
    first, last = (np.searchsorted(offer[request], offer, side) for side in ("left", "right"))
    return Before(offer, request, first, last)


@kernel
def find_offers(board, offer):
    """Sets the offer at which each request was before, where the rules still allow it."""
    for r in range(len(board.mentee)):
        m = board.stay_mentor[r]
        if m >= 0:
            for o in range(board.offer_ptr[m], board.offer_ptr[m + 1]):
                slot = board.offer_slot[o]
                if board.slot_pattern[slot] == board.stay_pattern[r] and member_part(board, o, m, r) > NEVER // 2:
                    offer[r] = o


@inline
def is_back(plan, before, r):
    """The request is where it was."""
    return plan.at[r] >= 0 and plan.offer[plan.at[r]] == before.offer[r]


@inline
def anybody_back(plan, before, g):
    """Somebody in the group is where they were."""
    for j in range(plan.size[g]):
        if is_back(plan, before, plan.members[g, j]):
            return True
    return False


@inline
def end(board, plan, g, queue, last):
    """Ends a group and queues its members."""
    for j in range(plan.size[g]):
        queue[last] = plan.members[g, j]
        last += 1
    close_group(board, plan, g)
    return last


@inline
def free_mentee(board, plan, before, d, r, pattern, queue, last, dirty):
    """Takes the mentee's other requests out of what keeps this one from going back; -1 where one of those is back."""
    i = board.mentee[r]
    for again in range(2):
        for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
            if plan.at[q] < 0:
                continue
            in_the_way = clash(board, plan.meets[q], pattern, 0) if again == 0 else plan.attends[i] >= board.mentee_cap[i]
            if in_the_way and not is_back(plan, before, q):
                dirty = soil(d, dirty, take(board, plan, q))
                queue[last] = q
                last += 1
            elif in_the_way and again == 0:
                return -1, dirty
    return (last if plan.attends[i] < board.mentee_cap[i] else -1), dirty


@inline
def free_mentor(board, plan, before, m, pattern, queue, last):
    """Ends the mentor's groups that keep one from being held then; -1 where somebody in them is back."""
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if blocks(board, plan, g, pattern):
            if anybody_back(plan, before, g):
                return -1
            last = end(board, plan, g, queue, last)
    if is_full(board, plan, m):
        chosen = -1
        for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
            if plan.offer[g] >= 0 and not anybody_back(plan, before, g) and (chosen < 0 or plan.value[g] < plan.value[chosen]):
                chosen = g
        if chosen < 0:
            return -1
        last = end(board, plan, chosen, queue, last)
    return last


@kernel
def undo(board, plan, before, d, first, queue):
    """Sends a request back to where it was, and whoever is in its way; returns how that ended. `take_back` undoes it all."""
    mark(plan)
    queue[0] = first
    at, last, dirty = 0, 1, 0
    while at < last:
        r = queue[at]
        at += 1
        if is_back(plan, before, r):
            continue
        if last > LONGEST:
            return TOO_LONG
        if plan.at[r] >= 0:
            dirty = soil(d, dirty, take(board, plan, r))
        o = before.offer[r]
        if o < 0:
            continue
        m, pattern = board.stay_mentor[r], board.stay_pattern[r]
        last, dirty = free_mentee(board, plan, before, d, r, pattern, queue, last, dirty)
        if last < 0:
            return MENTEE_STAYS
        g = -1
        for place in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
            if plan.offer[place] == o:
                g = place
        if g < 0:
            last = free_mentor(board, plan, before, m, pattern, queue, last)
            if last < 0:
                return MENTOR_STAYS
            g = empty_place(plan, m)
            open_group(board, plan, g, o)
            if board.min_size > 1:
                for k in range(before.first[r], before.last[r]):
                    queue[last] = before.request[k]
                    last += 1
        while plan.size[g] >= board.size[m] or together(board, plan.members[g], plan.size[g], -1, r) < NEVER // 2:
            j = plan.size[g] - 1
            while j >= 0 and is_back(plan, before, plan.members[g, j]):
                j -= 1
            if j < 0:
                return SEATS_STAY
            queue[last] = plan.members[g, j]
            last += 1
            take(board, plan, plan.members[g, j])
        put(board, plan, g, r)
        dirty = soil(d, dirty, g)
    for k in range(dirty):
        settle(board, plan, d.dirty[k])
    for k in range(last):
        refresh_unplaced(board, plan, board.mentee[queue[k]])
    for k in range(dirty):
        if plan.offer[d.dirty[k]] >= 0:
            fill(board, plan, d.dirty[k])
    return UNDONE


@kernel
def hold_what_was(board, plan, before):
    """Places requests where they were, as far as everything there still holds, besides what the plan holds already."""
    for r in range(len(plan.at)):
        o = before.offer[r]
        if o < 0 or plan.at[r] >= 0:
            continue
        m, g = board.stay_mentor[r], -1
        clashes = False
        for place in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
            if plan.offer[place] == o:
                g = place
            elif blocks(board, plan, place, board.stay_pattern[r]):
                clashes = True
        if g < 0:
            if clashes or is_full(board, plan, m):
                continue
            g = empty_place(plan, m)
            open_group(board, plan, g, o)
        if fits_in(board, plan, g, r) > NEVER // 2:
            put(board, plan, g, r)
    settle_all(board, plan)


@inline
def more_back(plan, before):
    """How many more are back than before the mark."""
    more = 0
    for at in range(plan.log[1]):
        g = plan.log_place[at]
        for j in range(plan.log_size[at]):
            if plan.log_offer[at] == before.offer[plan.log_members[at, j]]:
                more -= 1
        for j in range(plan.size[g]):
            if plan.offer[g] == before.offer[plan.members[g, j]]:
                more += 1
    return more


@kernel
def undo_all(board, plan, before, d, queue):
    """Undoes each change that is not worth it: the score does not fall, and where it stays the same more are back. Returns how many."""
    undone = 0
    for r in range(len(plan.at)):
        if before.offer[r] < 0 or is_back(plan, before, r):
            continue
        start = plan.total[0]
        ended = undo(board, plan, before, d, r, queue)
        if ended == UNDONE and (plan.total[0] > start or (plan.total[0] == start and more_back(plan, before) > 0)):
            undone += 1
        else:
            take_back(board, plan)
    return undone


@kernel
def cost_of_undoing(board, plan, before, d, r, queue):
    """What undoing a change costs, and how it ended; the plan is left as it is."""
    start = plan.total[0]
    ended = undo(board, plan, before, d, r, queue)
    cost = start - plan.total[0]
    take_back(board, plan)
    return cost, ended


def room_to_undo(board: Board, before: Before) -> Ints:
    """Room for the queue of one undoing: `LONGEST` and what one more request may add to it."""
    size, cap = int(board.size.max(initial=1)), int(board.cap.max(initial=1))
    others, company = int(np.diff(board.mentee_ptr).max(initial=1)), int((before.last - before.first).max(initial=0))
    return np.zeros(LONGEST + (cap + 2) * (size + 1) + others + company + 4, np.int64)


def undo_what_is_not_worth_it(board: Board, plan: Plan, before: Before, d: Desk) -> bool:
    """Leaves only changes that are worth it; returns whether it undid any."""
    queue, undone = room_to_undo(board, before), 0
    while now := undo_all(board, plan, before, d, queue):
        undone += now
    return undone > 0
