"""Whole groups as arrays: read off a plan, and held in one where they fit. Compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.board import Board, Ints
from matching.fits import empty_place, has_time, is_busy, is_full
from matching.kernels import kernel
from matching.plan import Plan, open_group, put, refresh_all, refresh_group


class Groups(NamedTuple):
    """Groups that could be held, one after the other."""

    mentor: Ints  # [G]
    offer: Ints
    size: Ints
    members: Ints  # [G, size]
    worth: Ints  # true worth, first_group and first_seat aside
    loss: Ints  # what the mentor loses at the prices by holding it, at least; 0 where that is not known


def chosen(groups: Groups, which: Ints) -> Groups:
    """Some of the groups."""
    return Groups(*(column[which] for column in groups))


def groups_at(plan: Plan, places: Ints) -> Groups:
    """The groups that stand at these places of a plan."""
    return Groups(
        plan.mentor[places], plan.offer[places], plan.size[places], plan.members[places], plan.value[places], np.zeros_like(places)
    )


def hold(board: Board, plan: Plan, groups: Groups, most: int | None = None) -> int:
    """Holds groups in their order where they fit beside the plan's, so many at most; returns how many."""
    return int(hold_groups(board, plan, groups, len(groups.mentor) if most is None else most))


@kernel
def hold_groups(board, plan, groups, most):
    """`hold`, compiled."""
    n = 0
    for c in range(len(groups.mentor)):
        if n == most:
            break
        if is_open(board, plan, groups, c):
            m = groups.mentor[c]
            g = empty_place(plan, m)
            open_group(board, plan, g, groups.offer[c])
            for j in range(groups.size[c]):
                put(board, plan, g, groups.members[c, j])
            refresh_group(board, plan, g)
            n += 1
    refresh_all(board, plan)
    return n


@kernel
def is_open(board, plan, groups, c):
    """Whether a plan can hold a group beside its own."""
    m = groups.mentor[c]
    pattern = board.slot_pattern[board.offer_slot[groups.offer[c]]]
    if is_full(board, plan, m) or not has_time(board, plan, m, pattern):
        return False
    for j in range(groups.size[c]):
        r = groups.members[c, j]
        i = board.mentee[r]
        if plan.at[r] >= 0 or plan.attends[i] >= board.mentee_cap[i] or is_busy(board, plan, r, pattern):
            return False
    return True


@kernel
def keep_open(board, plan, groups, usable):
    """Leaves the groups usable that a plan can still hold; returns how many."""
    n = 0
    for c in range(len(groups.mentor)):
        if usable[c]:
            usable[c] = is_open(board, plan, groups, c)
            n += usable[c]
    return n
