"""One big round on several cores or machines: it is split into shards, each is worked on apart, and they are joined again.

A shard can be sent anywhere, and what is done there is a function of what was sent. So a shard that is lost with its
machine is worked on again elsewhere, with the same result, and of one that never comes back the mentors keep the groups
they have. Each epoch splits the round anew: the seams of one lie inside the shards of the next and are mended there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from matching.board import Board, Ints
from matching.cut import Shard, Split, cut, groups_of, plan_of, ranges, rows
from matching.groups import Groups, groups_at, hold
from matching.kernels import kernel
from matching.plan import Plan, empty_plan
from matching.polish import desk, search
from matching.scratch import scratch

FEWEST = 30
"""More than two shards have at least so many mentors each: the fewer, the more requests have theirs elsewhere."""

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Search:
    """Searches a shard for so many steps, while the temperature (thousandths of a point) falls."""

    steps: int
    hot: float
    cold: float


def work(shard: Shard, job: Search, seed: int) -> Groups:
    """Does a job in a shard; gives the groups that its mentors hold then, in the indices of the whole board."""
    # What came over a wire may be read-only; kernels are compiled for what can be written to.
    shard = deepcopy(shard)
    board, plan = shard.board, plan_of(shard)
    if len(board.entry_request):
        search(board, plan, desk(board, plan, seed), scratch(board), job.steps, job.hot, job.cold)
    return groups_of(shard, plan)


def spread(executor: Executor, board: Board, plan: Plan, job: Search, *, workers: int, seed: int, patient: Callable[[], bool]) -> Plan:
    """Splits a plan's board among as many `workers` as it is large enough for, has a job done in each shard, and joins them.

    As soon as nobody is `patient` any more, shards that are not done stay as they are in `plan`. The same plan, workers and
    seed give the same plan, whatever the executor.

    Raises
    ------
    BrokenExecutor, CancelledError
        The executor is lost, and with it what it was to do.
    """
    mentors = len(board.cap)
    count = max(1, min(workers, mentors, max(2, mentors // FEWEST)))
    random = np.random.default_rng(seed)
    parts = split(board, plan, count, random)
    seeds = random.integers(1 << 30, size=count)
    asked = [executor.submit(work, cut(board, plan, parts, n), job, int(seeds[n])) for n in range(count)]
    waiting = set(asked)
    try:
        while waiting and patient():
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_EXCEPTION)
            for one in done:
                one.result()
    finally:
        for one in waiting:
            one.cancel()
    return join(board, [as_it_was(plan, parts, n) if one in waiting else one.result() for n, one in enumerate(asked)])


def as_it_was(plan: Plan, parts: Split, shard: int) -> Groups:
    """What the mentors of a shard hold in the whole plan."""
    return groups_at(plan, np.flatnonzero((plan.offer >= 0) & (parts.part[plan.mentor] == shard)))


def join(board: Board, found: Sequence[Groups]) -> Plan:
    """The plan that holds what all shards hold."""
    plan = empty_plan(board)
    for groups in found:
        hold(board, plan, groups)
    return plan


def split(board: Board, plan: Plan, count: int, random: np.random.Generator) -> Split:
    """Splits the mentors into shards of equal numbers, those together who could have the same requests; each time otherwise.

    Components stay together where they can. A mentee is at home where one of their requests is placed, as the prices had
    it at first and the search has it since, and if none is, where the most offers are that they could take.
    """
    mentors, slots = len(board.cap), len(board.slot_subject)
    mentor = np.repeat(np.arange(mentors), np.diff(board.offer_ptr))
    # Each slot draws a number: mentors who offer mostly the same come out near each other.
    drawn = random.standard_normal(slots)[board.offer_slot]
    near = np.bincount(mentor, drawn, mentors) / np.sqrt(np.maximum(1, np.diff(board.offer_ptr)))
    part = np.empty(mentors, np.int64)
    part[np.lexsort((near, components(board)))] = np.arange(mentors) * count // mentors

    offered = np.bincount(board.offer_slot * count + part[mentor], minlength=slots * count).reshape(-1, count)
    could = np.zeros((len(board.mentee_cap), count), np.int64)
    np.add.at(could, board.mentee[board.entry_request], offered[board.entry_home])
    home = could.argmax(axis=1)
    placed = random.permutation(np.flatnonzero(plan.at >= 0))
    home[board.mentee[placed]] = part[plan.mentor[plan.at[placed]]]
    return Split(part, home)


def components(board: Board) -> Ints:
    """[M] a number for each mentor: those of different numbers never compete, by subject, time and region, not even by way of others."""
    regions = int(board.region.max(initial=-1)) + 2
    mentors, slots = len(board.cap), len(board.slot_subject)
    # Between mentors and mentees stand the regions of each slot, and for mentors who serve everywhere the slot itself.
    places, place = np.unique(board.entry_home * regions + board.region[board.entry_request] + 1, return_inverse=True)
    first_place = mentors + slots
    first_mentee = first_place + len(places)
    mentor = np.repeat(np.arange(mentors), np.diff(board.offer_ptr))
    anywhere = np.diff(board.serve_ptr)[mentor] == 0
    offered_anywhere = np.zeros(slots, bool)
    offered_anywhere[board.offer_slot[anywhere]] = True
    open_places = np.flatnonzero(offered_anywhere[places // regions])
    served, interval = rows(board.serve_ptr, mentor[~anywhere])
    no_region = np.repeat(board.offer_slot[~anywhere] * regions + 1, np.diff(served))
    low, high = (
        np.searchsorted(places, no_region + np.minimum(end[interval], regions - 1)) for end in (board.serve_from, board.serve_until)
    )
    reached, near = ranges(low, high)
    links = (
        (mentor[anywhere], mentors + board.offer_slot[anywhere]),
        (mentors + places[open_places] // regions, first_place + open_places),
        (np.repeat(np.repeat(mentor[~anywhere], np.diff(served)), np.diff(reached)), first_place + near),
        (first_place + place, first_mentee + board.mentee[board.entry_request]),
    )
    found = np.arange(first_mentee + len(board.mentee_cap))
    unite(found, *(np.concatenate(side) for side in zip(*links, strict=True)))
    return found[:mentors].copy()


@kernel
def unite(found: Ints, one: Ints, other: Ints) -> None:
    """Gives all that is linked, `one[k]` with `other[k]`, the same number, the lowest among them; `found` begins as 0, 1, 2, ..."""
    for k in range(len(one)):
        a, b = one[k], other[k]
        while found[a] != a:
            found[a] = found[found[a]]
            a = found[a]
        while found[b] != b:
            found[b] = found[found[b]]
            b = found[b]
        found[max(a, b)] = min(a, b)
    for a in range(len(found)):
        found[a] = found[found[a]]
