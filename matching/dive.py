"""Dives: the linear program says which groups are the surest; they are held, and it is asked again about the rest.

When little is left it is picked exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.best_group import FAR
from matching.board import Board, Ints
from matching.groups import chosen, hold, keep_open
from matching.listing import Cuts, Listing
from matching.pick import Meter, relaxed, solve
from matching.plan import Plan, copy_of
from matching.program import program_of
from matching.tighten import LEAST_GAIN, NEXT, best_of_each, cuts_in, gains_of

SHARE = 0.3
"""Of the groups of the linear program that are held at once."""

SURE = 0.95
"""Groups of which so much is held are all held."""

EACH = 100
"""Groups of each mentor in the linear program."""

SMALL = 4_000
"""So many groups are picked exactly."""

LOOKED_AT = 3
"""So many groups are looked at in a unit of work."""

NODES = 200


@dataclass(frozen=True, slots=True)
class Sea:
    """What is dived in: listed groups, and what is known of them."""

    listing: Listing
    cuts: Cuts
    loss: Ints  # [G]
    held: Ints  # listed groups to begin with
    bound: int


def dive(board: Board, sea: Sea, plan: Plan, meter: Meter, seconds: Callable[[], float], least: int) -> None:
    """Adds to a plan the groups that are best beside those it holds, within the `seconds` left.

    Where all is picked at once, nothing is added that makes no more than the `least` of it.
    """
    listing, held = sea.listing, sea.held
    usable = np.ones(len(listing.groups.mentor), np.bool_)
    first = True
    while seconds() > 0:
        left = keep_open(board, plan, listing.groups, usable)
        meter.spent += len(usable) // LOOKED_AT
        if left == 0:
            return
        if left <= SMALL:
            picked = pick(board, sea, np.flatnonzero(usable), plan, meter, seconds=seconds, least=least if first else 0)
            if picked or first:
                return
        first = False
        held = held[usable[held]]
        if not len(held):
            held = best_of_each(listing, np.where(usable, -listing.groups.worth, 0), EACH, below=0)
        program = program_of(board, chosen(listing.groups, held), plan.attends, plan.groups, cuts_in(sea.cuts, held))
        solved = relaxed(program, meter, seconds)
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


def pick(board: Board, sea: Sea, which: Ints, plan: Plan, meter: Meter, *, seconds: Callable[[], float], least: int) -> bool:
    """Adds the best choice of some listed groups to a plan; whether one was found that makes more than the `least` of it."""
    groups = chosen(sea.listing.groups, which)
    program = program_of(board, groups, plan.attends, plan.groups, cuts_in(sea.cuts, which))
    found, _ = solve(program, meter, nodes=NODES, left=seconds, at_least=max(0, least - int(plan.total[0])))
    if found is None:
        return False
    picked = chosen(groups, np.flatnonzero(found))
    if least > 0:  # what the solver meets on its way may be worth less
        trial = copy_of(plan)
        hold(board, trial, picked)
        if trial.total[0] <= least:
            return False
    hold(board, plan, picked)
    return True
