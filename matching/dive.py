"""Dives: the linear program says which groups are the surest; they are held, and it is asked again about the rest.

When little is left it is picked exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.best_group import FAR, clash
from matching.candidates import Groups
from matching.eligible import Board, Ints
from matching.kernels import kernel
from matching.listing import Cuts, Listing
from matching.pick import relaxed, solve
from matching.plan import Plan, copy_of, is_busy, note, open_group, put, refresh_group
from matching.program import program_of
from matching.tighten import LEAST_GAIN, NEXT, best_of_each, chosen, cuts_in, gains_of

SHARE = 0.3
"""Of the groups of the linear program that are held at once."""

SURE = 0.95
"""Groups of which so much is held are all held."""

EACH = 100
"""Groups of each mentor in the linear program."""

SMALL = 4_000
"""So many groups are picked exactly."""

NODES = 200
MOST_SECONDS = 20.0
"""For picking, where the time is limited."""


@dataclass(frozen=True, slots=True)
class Sea:
    """What is dived in: listed groups, and what is known of them."""

    listing: Listing
    cuts: Cuts
    loss: Ints  # [G]
    held: Ints  # listed groups to begin with
    bound: int


def dive(board: Board, sea: Sea, plan: Plan, seconds: Callable[[], float], least: int) -> None:
    """Adds to a plan the groups that are best beside those it holds, within the `seconds` left.

    Where all is picked at once, nothing is added that makes no more than the `least` of it.
    """
    listing, held = sea.listing, sea.held
    usable = np.ones(len(listing.groups.mentor), np.bool_)
    first = True
    while seconds() > 0:
        left = keep_open(board, plan, listing.groups, usable)
        if left == 0:
            return
        if left <= SMALL and (pick(board, sea, np.flatnonzero(usable), plan, seconds(), least if first else 0) or first):
            return
        first = False
        held = held[usable[held]]
        if not len(held):
            held = best_of_each(listing, np.where(usable, -listing.groups.worth, 0), EACH, below=0)
        program = program_of(board, chosen(listing.groups, held), plan.attends, plan.groups, cuts_in(sea.cuts, held))
        solved = relaxed(program, seconds())
        if solved is None:
            return
        x, dual = solved[0][: len(held)], solved[1]
        part = np.flatnonzero(x > 1e-3)
        part = part[np.argsort(-x[part], kind="stable")]
        wanted = max(1, int(SHARE * x.sum()), int((x > SURE).sum()))
        if not hold(board, plan, chosen(listing.groups, held[part]), wanted):
            return
        gain = gains_of(board, listing, sea.cuts, program, dual)
        gain[~usable] = 0
        new = best_of_each(listing, np.where(gain > LEAST_GAIN, -gain, 0), NEXT, below=0)
        loss = np.full(len(gain), FAR)
        loss[held] = -gain[held]
        held = np.union1d(best_of_each(listing, loss, EACH, below=FAR), new)


def pick(board: Board, sea: Sea, which: Ints, plan: Plan, seconds: float, least: int) -> bool:
    """Adds the best choice of some listed groups to a plan; whether one was found that makes more than the `least` of it."""
    groups = chosen(sea.listing.groups, which)
    program = program_of(board, groups, plan.attends, plan.groups, cuts_in(sea.cuts, which))
    limit = seconds if seconds == float("inf") else min(seconds, MOST_SECONDS)
    found, _ = solve(program, nodes=NODES, seconds=limit, at_least=max(0, least - int(plan.total[0])))
    if found is None:
        return False
    picked = chosen(groups, np.flatnonzero(found))
    if least > 0:  # what the solver meets on its way may be worth less
        trial = copy_of(plan)
        hold(board, trial, picked, len(which))
        if trial.total[0] <= least:
            return False
    hold(board, plan, picked, len(which))
    return True


def hold(board: Board, plan: Plan, groups: Groups, most: int) -> int:
    """Holds groups in their order where they fit beside the plan's, so many at most; returns how many."""
    return int(hold_groups(board, plan, groups, most))


@kernel
def hold_groups(board, plan, groups, most):
    """`hold`, compiled."""
    n = 0
    for c in range(len(groups.mentor)):
        if n == most:
            break
        if is_open(board, plan, groups, c):
            m = groups.mentor[c]
            g = plan.place_ptr[m]
            while plan.offer[g] >= 0:
                g += 1
            note(plan, g)
            open_group(board, plan, g, groups.offer[c])
            for j in range(groups.size[c]):
                put(board, plan, g, groups.members[c, j])
            refresh_group(board, plan, g)
            n += 1
    return n


@kernel
def is_open(board, plan, groups, c):
    """Whether a plan can hold a group beside its own."""
    m = groups.mentor[c]
    if plan.groups[m] >= min(board.cap[m], plan.place_ptr[m + 1] - plan.place_ptr[m]):
        return False
    pattern = board.slot_pattern[board.offer_slot[groups.offer[c]]]
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if plan.offer[g] >= 0 and clash(board, board.slot_pattern[board.offer_slot[plan.offer[g]]], pattern, board.buffer_minutes):
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
