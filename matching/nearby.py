"""Solves again near a change: mentors in turn get their best week anew, and whoever that takes members from follows. Compiled."""

from __future__ import annotations

from matching.kernels import inline, kernel
from matching.plan import close_groups, mark, settle, take_back
from matching.polish import fill, rebuild


@inline
def queue_up(m, queue, queued, last):
    """Queues a mentor who is not in the queue."""
    if queued[m] == 0:
        queued[m] = 1
        queue[last % len(queue)] = m
        last += 1
    return last


@inline
def renew(board, plan, m, d, s):
    """Takes a mentor apart and gives them the best week anew; returns how many places of others lost members."""
    close_groups(board, plan, m)
    dirty = rebuild(board, plan, m, d, s, 0)
    for k in range(dirty):
        settle(board, plan, d.dirty[k])
    return dirty


@kernel
def solve_near(board, plan, d, s, first, most, queue, queued):
    """Gives a mentor the best week, then those who lost members to it, and so on, as long as each gains: at most `most` weeks.

    `queue` and `queued` [M] are room; `queued` is 0 before and after. Returns how many weeks were tried.
    """
    at, last, tried = 0, queue_up(first, queue, queued, 0), 0
    while at < last:
        m = queue[at % len(queue)]
        at += 1
        queued[m] = 0
        if tried >= most:
            continue
        tried += 1
        mark(plan)
        before = plan.total[0]
        dirty = renew(board, plan, m, d, s)
        for k in range(dirty):
            if plan.offer[d.dirty[k]] >= 0:
                fill(board, plan, d.dirty[k])
        if plan.total[0] > before:
            for k in range(dirty):
                if plan.mentor[d.dirty[k]] != m:
                    last = queue_up(plan.mentor[d.dirty[k]], queue, queued, last)
        else:
            take_back(board, plan)
    return tried
