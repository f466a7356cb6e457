"""Large-neighbourhood search: mentors are taken apart and given their best weeks anew, members of others' groups included.

Every step is exact in its worth, kept if it gains or by a temperature that falls, and taken back otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.best_group import FAR, View, best_group, leave_mentor, seat_mentor
from matching.best_week import best_week
from matching.board import GRADES, NEVER, Board, Ints
from matching.fits import empty_place, fits_in, has_time, is_busy, is_full
from matching.kernels import inline, kernel
from matching.plan import Plan, close_groups, loss_of, mark, open_group, put, refresh_all, refresh_group, settle, take, take_back, together

NOISE = 0.5
"""The noise on worths, as a share of the temperature."""


class Desk(NamedTuple):
    """What the search needs besides the plan, one for each thread."""

    slot_ptr: Ints  # [Q + 1] offers of each slot
    slot_offer: Ints
    offer_mentor: Ints  # [O]
    worths: View  # the plan's worths; no order is known
    free: Ints  # [R] worths of unplaced requests, NEVER of others
    unplaced: View  # those
    dirty: Ints  # places that lost members
    queue: Ints  # mentors to take apart
    random: Ints  # [1] state of the generator


def desk(board: Board, plan: Plan, seed: int) -> Desk:
    """Room for a search."""
    slots = len(board.slot_subject)
    by_slot = np.argsort(board.offer_slot, kind="stable")
    ptr = np.zeros(slots + 1, np.int64)
    np.cumsum(np.bincount(board.offer_slot, minlength=slots), out=ptr[1:])
    entries = len(board.entry_request)
    far, free = np.full(entries, FAR), np.zeros(len(board.mentee), np.int64)
    return Desk(
        ptr,
        by_slot,
        np.repeat(np.arange(len(board.cap)), np.diff(board.offer_ptr)),
        View(plan.worth, board.entry_worth, far, np.arange(entries), plan.meets),
        free,
        View(free, board.entry_worth, far, np.arange(entries), plan.meets),
        np.zeros(len(plan.offer) + 1, np.int64),
        np.zeros(64, np.int64),
        np.array([seed * 2 + 1], np.int64),
    )


@inline
def draw(random, below):
    """A random whole number in [0, below), below up to 2^30 (Knuth's 64-bit congruential generator)."""
    random[0] = random[0] * 6364136223846793005 + 1442695040888963407
    return ((random[0] >> 33) & 0x3FFFFFFF) % below


@inline
def uniform(random):
    """A random number in (0, 1)."""
    return (draw(random, 1 << 30) + 0.5) / (1 << 30)


@inline
def soil(d, count, g):
    """Remembers a place that lost members."""
    for j in range(count):
        if d.dirty[j] == g:
            return count
    d.dirty[count] = g
    return count + 1


@kernel
def rebuild(board, plan, m, d, s, dirty):
    """Gives a mentor without groups the best week at the plan's worths, taking members from others; returns how many places are dirty."""
    _, _, groups = best_week(board, m, d.worths, 0, 4, -2 * min(0, board.region_mix), s)
    for k in range(groups):
        g = plan.place_ptr[m] + k
        open_group(board, plan, g, s.picked[k])
        pattern = board.slot_pattern[board.offer_slot[s.picked[k]]]
        for j in range(s.size[k]):
            r = s.members[k, j]
            i = board.mentee[r]
            if plan.at[r] >= 0 and plan.mentor[plan.at[r]] == m:
                continue
            if is_busy(board, plan, r, pattern) or together(board, plan.members[g], plan.size[g], -1, r) < NEVER // 2:
                continue
            if plan.at[r] >= 0:
                dirty = soil(d, dirty, take(board, plan, r))
            elif plan.attends[i] >= board.mentee_cap[i]:
                least, sibling = -NEVER, -1
                for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                    if plan.at[other] >= 0 and loss_of(board, plan, other) < least:
                        least, sibling = loss_of(board, plan, other), other
                if sibling < 0 or plan.mentor[plan.at[sibling]] == m:
                    continue
                dirty = soil(d, dirty, take(board, plan, sibling))
            put(board, plan, g, r)
    for k in range(groups):
        settle(board, plan, plan.place_ptr[m] + k)
    return dirty


@kernel
def fill(board, plan, g):
    """Adds unplaced requests to a group while that gains, the best first."""
    while plan.offer[g] >= 0 and plan.size[g] < board.size[plan.mentor[g]]:
        o = plan.offer[g]
        slot = board.offer_slot[o]
        best, chosen = 0, -1
        for e in range(
            board.bucket_ptr[slot * GRADES + board.offer_lowest[o]], board.bucket_ptr[slot * GRADES + board.offer_highest[o] + 1]
        ):
            r = board.entry_request[e]
            if plan.at[r] < 0:
                gain = fits_in(board, plan, g, r)
                if gain > best:
                    best, chosen = gain, r
        if chosen < 0:
            break
        put(board, plan, g, chosen)
        refresh_group(board, plan, g)


@inline
def scent(plan, d, amplitude):
    """Draws the noise of some requests anew."""
    n = len(plan.noise)
    for _ in range(n // 128 + 1):
        r = draw(d.random, n)
        noise = int(amplitude * -np.log(uniform(d.random)))
        plan.worth[r] += plan.noise[r] - noise
        plan.noise[r] = noise


@kernel
def search(board, plan, d, s, steps, hot, cold):
    """Takes mentors apart `steps` times, with a temperature that falls from `hot` to `cold` (thousandths of a point)."""
    mentors, requests = len(board.cap), len(board.mentee)
    for step in range(steps):
        heat = hot * (cold / hot) ** (step / steps)
        scent(plan, d, heat * NOISE)
        start = plan.total[0]
        mark(plan)
        # Who is taken apart: mentors that could have the same request.
        count = 0
        many = 1 + draw(d.random, 3)
        r = draw(d.random, requests)
        for _ in range(20):
            if plan.at[r] < 0 and board.entry_ptr[r + 1] > board.entry_ptr[r]:
                break
            r = draw(d.random, requests)
        if board.entry_ptr[r + 1] > board.entry_ptr[r]:
            for _ in range(many):
                slot = board.entry_slot[board.entry_ptr[r] + draw(d.random, board.entry_ptr[r + 1] - board.entry_ptr[r])]
                if d.slot_ptr[slot + 1] == d.slot_ptr[slot]:
                    continue
                m = d.offer_mentor[d.slot_offer[d.slot_ptr[slot] + draw(d.random, d.slot_ptr[slot + 1] - d.slot_ptr[slot])]]
                new = True
                for j in range(count):
                    if d.queue[j] == m:
                        new = False
                if new:
                    d.queue[count] = m
                    count += 1
        if count == 0:
            d.queue[0] = draw(d.random, mentors)
            count = 1
        for j in range(count):
            close_groups(board, plan, d.queue[j])
        dirty = 0
        for j in range(count):
            dirty = rebuild(board, plan, d.queue[j], d, s, dirty)
            for k in range(dirty):
                settle(board, plan, d.dirty[k])
        # Those who lost members or their group may mend it, one level deep.
        again = 0
        for k in range(dirty):
            g = d.dirty[k]
            if plan.offer[g] >= 0:
                fill(board, plan, g)
            else:
                m = plan.mentor[g]
                new = plan.groups[m] == 0 and again < 8
                for j in range(count + again):
                    if d.queue[j] == m:
                        new = False
                if new:
                    d.queue[count + again] = m
                    again += 1
        for j in range(count, count + again):
            before = dirty
            dirty = rebuild(board, plan, d.queue[j], d, s, dirty)
            for k in range(before, dirty):
                settle(board, plan, d.dirty[k])
                if plan.offer[d.dirty[k]] >= 0:
                    fill(board, plan, d.dirty[k])
        gain = plan.total[0] - start
        if gain < 0 and gain < heat * np.log(uniform(d.random)):
            take_back(board, plan)


@kernel
def use_chances(board, plan, d, s):
    """Places unplaced requests wherever that gains with everybody else staying: in groups that stand, then in new ones."""
    for r in range(len(plan.noise)):
        plan.noise[r] = 0
    refresh_all(board, plan)
    gained = True
    while gained:
        before = plan.total[0]
        for g in range(len(plan.offer)):
            fill(board, plan, g)
        for r in range(len(plan.at)):
            d.free[r] = NEVER if plan.at[r] >= 0 or plan.attends[board.mentee[r]] >= board.mentee_cap[board.mentee[r]] else plan.worth[r]
        for m in range(len(board.cap)):
            if not is_full(board, plan, m):
                open_best(board, plan, m, d, s)
        gained = plan.total[0] > before


@inline
def open_best(board, plan, m, d, s):
    """Opens the mentor's best new group of unplaced requests, if one gains."""
    seat_mentor(board, m, s)
    best, best_o = 0, -1
    for o in range(board.offer_ptr[m], board.offer_ptr[m + 1]):
        if has_time(board, plan, m, board.slot_pattern[board.offer_slot[o]]):
            value, n = best_group(board, m, o, d.unplaced, 0, s, s.trial[0])
            if plan.groups[m] == 0:
                value += board.first_group
            if n > 0 and value > best:
                best, best_o, s.trial_size[0] = value, o, n
                for j in range(n):
                    s.keep[0, j] = s.trial[0, j]
    leave_mentor(board, m, s)
    if best_o < 0:
        return
    mark(plan)
    before = plan.total[0]
    g = empty_place(plan, m)
    open_group(board, plan, g, best_o)
    for j in range(s.trial_size[0]):
        r = s.keep[0, j]
        if plan.at[r] < 0 and together(board, plan.members[g], plan.size[g], -1, r) > NEVER // 2:
            put(board, plan, g, r)
    settle(board, plan, g)
    if plan.total[0] <= before:
        take_back(board, plan)
        return
    for j in range(s.trial_size[0]):
        i = board.mentee[s.keep[0, j]]
        for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
            d.free[r] = NEVER
