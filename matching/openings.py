"""New groups of unplaced requests that would raise the score with everybody else staying: exact, compiled.

`use_chances` opens what is best by an estimate that knows nothing of peers. Where that could have misled it, every group is
looked at here, so that a result leaves no such chance unused (ROUND.md, Out: `no_seat`).
"""

from __future__ import annotations

import numpy as np

from matching.best_group import best_group, leave_mentor, seat_mentor
from matching.board import GRADES, NEVER, Board, Ints
from matching.candidates import by_value, most_with
from matching.fits import empty_place, has_time, is_full
from matching.kernels import inline, kernel
from matching.plan import Plan, open_group, put, refresh_group, together
from matching.polish import Desk, use_chances
from matching.scratch import Scratch

STEPS = 100_000
"""So many choices of members are looked at for one offer at most."""


@inline
def opening(board, plan, m, o, d, s, room, most_steps):
    """Leaves in `s.spare` members of a new group of the offer, all unplaced, that gains; returns their number, 0 where there is none.

    The mentor is seated, and `d.free` holds what each request may bring, with half of what peers could add.
    """
    values, requests, stack = room
    count = by_value(board, m, o, d.unplaced, s, values, requests)
    depth, at, total, steps = 0, 0, board.first_group if plan.groups[m] == 0 else 0, 0
    while True:
        reach = most_with(board, m, depth, total, values, at, count)
        steps += 1
        if steps > most_steps or (depth == 0 and reach <= 0):
            return 0
        if reach <= 0:
            depth -= 1
            at = stack[depth] + 1
            total -= values[stack[depth]]
            continue
        stack[depth] = at
        s.spare[depth] = requests[at]
        total += values[at]
        depth += 1
        at += 1
        beside = together(board, s.spare, depth, -1, -1)
        if beside < NEVER // 2:
            depth -= 1
            total -= values[stack[depth]]
        elif depth >= board.min_size:
            gain = total + beside
            for k in range(depth):
                gain -= board.peer_half[s.spare[k]]
            if gain > 0:
                return depth


@kernel
def use_openings(board, plan, d, s, room, members, most_steps):
    """Opens every group of unplaced requests that gains; returns how many. Groups that stand are left as they are."""
    found = 0
    for r in range(len(plan.at)):
        i = board.mentee[r]
        d.free[r] = NEVER if plan.at[r] >= 0 or plan.attends[i] >= board.mentee_cap[i] else plan.worth[r] + board.peer_half[r]
    for m in range(len(board.cap)):
        if is_full(board, plan, m):
            continue
        seat_mentor(board, m, s)
        for o in range(board.offer_ptr[m], board.offer_ptr[m + 1]):
            if is_full(board, plan, m):
                break
            if not has_time(board, plan, m, board.slot_pattern[board.offer_slot[o]]):
                continue
            value, size = best_group(board, m, o, d.unplaced, 0, s, members)
            if size == 0 or value + (board.first_group if plan.groups[m] == 0 else 0) <= 0:
                continue
            n = opening(board, plan, m, o, d, s, room, most_steps)
            if n == 0:
                continue
            g = empty_place(plan, m)
            open_group(board, plan, g, o)
            for j in range(n):
                put(board, plan, g, s.spare[j])
            refresh_group(board, plan, g)
            for j in range(n):
                i = board.mentee[plan.members[g, j]]
                for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                    d.free[r] = NEVER
            found += 1
        leave_mentor(board, m, s)
    return found


def use_all_chances(board: Board, plan: Plan, room: Desk, s: Scratch) -> None:
    """Places unplaced requests, everybody else staying, until nothing of that kind gains any more."""
    longest = int(np.diff(board.bucket_ptr[::GRADES]).max(initial=0)) + 1
    size = int(board.size.max(initial=1)) + 1

    def ints(n: int) -> Ints:
        return np.zeros(n, np.int64)

    space = (ints(longest), ints(longest), ints(size))
    while True:
        use_chances(board, plan, room, s)
        if not use_openings(board, plan, room, s, space, ints(size), STEPS):
            return
