"""What fits into a plan as it stands, others' groups left as they are: compiled."""

from __future__ import annotations

from matching.best_group import clash
from matching.board import NEVER
from matching.kernels import inline
from matching.plan import member_part, together


@inline
def is_full(board, plan, m):
    """The mentor can have no more groups."""
    return plan.groups[m] >= min(board.cap[m], plan.place_ptr[m + 1] - plan.place_ptr[m])


@inline
def empty_place(plan, m):
    """The first place where the mentor, who may have one more group, has none."""
    g = plan.place_ptr[m]
    while plan.offer[g] >= 0:
        g += 1
    return g


@inline
def blocks(board, plan, g, pattern):
    """Whether the group at a place, if there is one, keeps its mentor from meeting then (rule 5)."""
    return plan.offer[g] >= 0 and clash(board, board.slot_pattern[board.offer_slot[plan.offer[g]]], pattern, board.buffer_minutes)


@inline
def has_time(board, plan, m, pattern):
    """Whether no group of the mentor is in the way of these meetings."""
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if blocks(board, plan, g, pattern):
            return False
    return True


@inline
def is_busy(board, plan, r, pattern):
    """Whether the mentee meets another group at a time of these meetings."""
    i = board.mentee[r]
    for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
        if other != r and plan.meets[other] >= 0 and clash(board, plan.meets[other], pattern, 0):
            return True
    return False


@inline
def fits_in(board, plan, g, r):
    """What adding an unplaced request to a group would bring; NEVER-like where it may not be added."""
    m, i = plan.mentor[g], board.mentee[r]
    if plan.size[g] >= board.size[m] or plan.attends[i] >= board.mentee_cap[i]:
        return NEVER
    o = plan.offer[g]
    part = member_part(board, o, m, r)
    if part < NEVER // 2:
        return NEVER
    pattern = board.slot_pattern[board.offer_slot[o]]
    several = board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1
    if several and is_busy(board, plan, r, pattern):
        return NEVER
    new = together(board, plan.members[g], plan.size[g], -1, r)
    if new < NEVER // 2:
        return NEVER
    gain = part + new - together(board, plan.members[g], plan.size[g], -1, -1)
    return gain + (board.first_seat if several and plan.attends[i] == 0 else 0)
