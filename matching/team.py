"""Several threads at one plan: the mentors are split among them, each works on its part of a copy, and the parts are joined."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from matching.best import Scratch, scratch
from matching.eligible import Board, Ints
from matching.plan import Plan, adopt, copy_of, empty_plan, refresh_all, settle_all
from matching.polish import FROZEN, Desk, desk


@dataclass(frozen=True, slots=True)
class Share:
    """One thread's part: mentors whose `part` is `mine` may be changed, and the requests that are not frozen in `plan`."""

    plan: Plan
    part: Ints
    mine: int
    desk: Desk
    scratch: Scratch
    random: np.random.Generator


def parts_of(board: Board, plan: Plan, parts: int, random: np.random.Generator) -> tuple[Ints, Ints]:
    """The part of each mentor and of each request, drawn at random.

    A request belongs to the part of its mentor; one that is unplaced to that of its mentee. Only a mentee with requests in
    several parts can come to be in two places; then the last one joined gives way.
    """
    of_mentor = random.permutation(len(board.cap)) % parts
    of_request = random.integers(parts, size=len(board.mentee_cap))[board.mentee]
    placed = plan.at >= 0
    of_request[placed] = of_mentor[plan.mentor[plan.at[placed]]]
    return of_mentor, of_request


def together(board: Board, plan: Plan, threads: int, random: np.random.Generator, work: Callable[[Share], None]) -> Plan:
    """What `threads` make of a plan when each does `work` on its part; the same for the same generator."""
    of_mentor, of_request = parts_of(board, plan, threads, random)
    seeds = random.integers(1 << 30, size=threads)

    def one(mine: int) -> Plan:
        own = copy_of(plan)
        own.noise[:] = np.where(of_request == mine, 0, FROZEN)
        refresh_all(board, own)
        seed = int(seeds[mine])
        work(Share(own, of_mentor, mine, desk(board, own, seed), scratch(board), np.random.default_rng(seed)))
        return own

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, range(threads)))
    return joined(board, found, of_mentor)


def joined(board: Board, plans: list[Plan], of_mentor: Ints) -> Plan:
    """One plan of the parts of several."""
    whole = empty_plan(board)
    for mine, plan in enumerate(plans):
        adopt(board, whole, plan, of_mentor, mine)
    settle_all(board, whole)
    return whole
