"""Neighbourhoods: some related mentors are freed and their groups, with whoever is unplaced, picked anew by integer program."""

from __future__ import annotations

import numpy as np

from matching.best import FAR, Scratch, View, best_week
from matching.candidates import Groups, groups_within
from matching.eligible import NEVER, Board, Ints
from matching.pick import program_of, solve
from matching.plan import Plan, close_group, mark, note, open_group, put, refresh_all, refresh_group, take_back
from matching.polish import FROZEN
from matching.price import Prices, look
from matching.team import Share

MENTORS = 50
"""Mentors freed at once; a program of so many is mostly solved at its root."""

MOST_GROUPS = 8_000
NODES = 200


def related(board: Board, share: Share, wanted: int) -> Ints:
    """Mentors of the share that could have the same requests, around an unplaced one."""
    plan, desk, random = share.plan, share.desk, share.random
    waiting = np.flatnonzero((plan.at < 0) & (plan.noise < FROZEN) & (np.diff(board.entry_ptr) > 0))
    if not len(waiting):
        waiting = np.flatnonzero(np.diff(board.entry_ptr) > 0)
    frontier = [int(random.choice(waiting))] if len(waiting) else []
    chosen: dict[int, None] = {}
    while frontier and len(chosen) < wanted:
        r = frontier.pop(int(random.integers(len(frontier))))
        slots = board.entry_slot[board.entry_ptr[r] : board.entry_ptr[r + 1]]
        offers = np.concatenate([desk.slot_offer[desk.slot_ptr[q] : desk.slot_ptr[q + 1]] for q in slots] or [np.zeros(0, np.int64)])
        mentors = np.unique(desk.offer_mentor[offers])
        for m in random.permutation(mentors[share.part[mentors] == share.mine])[:4]:
            if m not in chosen and len(chosen) < wanted:
                chosen[int(m)] = None
                for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
                    frontier += plan.members[g, : plan.size[g]].tolist()
    return np.array(sorted(chosen), np.int64)


def choices(board: Board, plan: Plan, prices: Prices, mentors: Ints, s: Scratch) -> Groups:
    """The best groups of freed mentors with unplaced requests: as many as `MOST_GROUPS` allow, those that lose least at the prices."""
    entries = np.arange(len(board.entry_request))
    view = View(np.zeros(len(board.mentee), np.int64), np.zeros(len(entries), np.int64), np.full(len(entries), FAR), entries, plan.meets)
    slack = 2 * max(1, int(board.base.max()))
    look(board, prices, view)
    view.worth[(plan.at >= 0) | (plan.noise >= FROZEN) | (plan.attends >= board.mentee_cap)[board.mentee]] = NEVER
    weeks = np.zeros(len(board.cap), np.int64)
    for m in mentors:
        weeks[m] = best_week(board, m, view, 0, 50, 0, s)[1]
    while True:
        groups = groups_within(board, mentors, weeks, slack, view, s, MOST_GROUPS)
        if groups is not None:
            return groups
        slack = slack * 3 // 5


def place(board: Board, plan: Plan, groups: Groups, chosen: Ints) -> None:
    """Holds the chosen groups at empty places of their mentors."""
    for c in chosen:
        m = groups.mentor[c]
        g = next(g for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]) if plan.offer[g] < 0)
        note(plan, g)
        open_group(board, plan, g, groups.offer[c])
        for r in groups.members[c, : groups.size[c]]:
            put(board, plan, g, r)
        refresh_group(board, plan, g)


def mend(board: Board, share: Share, prices: Prices, wanted: int, seconds: float | None) -> None:
    """Frees about `wanted` mentors of a share and picks their groups anew; its plan is never worse after it."""
    plan = share.plan
    mentors = related(board, share, wanted)
    if not len(mentors):
        return
    mark(plan)
    before = int(plan.total[0])
    for m in mentors:
        for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
            if plan.offer[g] >= 0:
                close_group(board, plan, g)
    groups = choices(board, plan, prices, mentors, share.scratch)
    chosen, _ = solve(program_of(board, groups, plan.attends), nodes=NODES, seconds=seconds, at_least=before - int(plan.total[0]))
    if chosen is not None:
        place(board, plan, groups, np.flatnonzero(chosen))
    gain = int(plan.total[0]) - before
    if chosen is None or gain < 0:
        take_back(board, plan)
    refresh_all(board, plan)
