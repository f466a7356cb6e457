"""Neighbourhoods: some related mentors are freed, and their groups picked anew."""

from __future__ import annotations

from collections.abc import Callable, Set as AbstractSet

import numpy as np

from matching.board import Board, Ints
from matching.dive import Sea, dive
from matching.groups import Groups, groups_at, hold
from matching.pick import Meter
from matching.plan import Plan, close_groups, copy_of

NEAR = 40
"""The groups of a request that tell who is related."""

FOLLOWED = 4
"""Mentors of a request that are followed."""


def neighbourhoods(sea: Sea, plan: Plan, count: int, wanted: int, random: np.random.Generator) -> list[Ints]:
    """So many neighbourhoods of at most `wanted` mentors each; nobody is in two, so that what is gained in one holds beside the others."""
    taken: set[int] = set()
    found = []
    for _ in range(count):
        mentors = related(sea, plan, wanted, taken, random)
        taken.update(mentors)
        found.append(np.array(sorted(mentors), np.int64))
    return found


def related(sea: Sea, plan: Plan, wanted: int, taken: AbstractSet[int], random: np.random.Generator) -> AbstractSet[int]:
    """Mentors who could have the same requests, around an unplaced one; those who are `taken` aside."""
    listing, loss = sea.listing, sea.loss
    could = np.diff(listing.request_ptr) > 0
    waiting = np.flatnonzero((plan.at < 0) & could)
    if not len(waiting):
        waiting = np.flatnonzero(could)
    frontier = [int(random.choice(waiting))] if len(waiting) else []
    met: dict[int, None] = {}
    while frontier and len(met) < wanted:
        r = frontier.pop(int(random.integers(len(frontier))))
        groups = listing.request_group[listing.request_ptr[r] : listing.request_ptr[r + 1]]
        if len(groups) > NEAR:
            groups = groups[np.argpartition(loss[groups], NEAR)[:NEAR]]
        for m in random.permutation(np.unique(listing.groups.mentor[groups]))[:FOLLOWED].tolist():
            if m not in met and m not in taken and len(met) < wanted:
                met[m] = None
                for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
                    frontier += plan.members[g, : plan.size[g]].tolist()
    return met.keys()


def mended(board: Board, sea: Sea, plan: Plan, mentors: Ints, meter: Meter, seconds: Callable[[], float]) -> Groups | None:
    """What would be held in place of the mentors' groups if they were freed and dived for, also by others who take their
    members, where that is better."""
    bare = freed(board, plan, mentors)
    other = copy_of(bare)
    dive(board, sea, other, meter, seconds, least=int(plan.total[0]))
    if other.total[0] <= plan.total[0]:
        return None
    return groups_at(other, np.flatnonzero((other.offer >= 0) & (bare.offer < 0)))


def freed(board: Board, plan: Plan, mentors: Ints) -> Plan:
    """The plan without what the mentors hold."""
    other = copy_of(plan)
    for m in mentors:
        close_groups(board, other, m)
    return other


def joined(board: Board, plan: Plan, found: list[tuple[Ints, Groups]]) -> Plan:
    """The plan with what was found for mentors who were freed apart; the first have the first choice of who was unplaced."""
    other = plan
    for mentors, groups in found:
        new = freed(board, other, mentors)
        hold(board, new, groups)
        if new.total[0] > other.total[0]:
            other = new
    return other
