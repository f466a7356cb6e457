"""The last of a run: every gain that one step from the plan still offers is taken, so that no chance is left unused."""

from __future__ import annotations

import numpy as np

from matching.board import Board
from matching.convene import MOST_OFFERS, convene_all
from matching.openings import use_all_chances
from matching.plan import Plan
from matching.polish import desk
from matching.scratch import scratch
from matching.ways import go_all, leave_all, no_way, standing_of

MOST_ROUNDS = 20
"""Mostly a few are enough."""

MANY, FEW = 2_000, 50
"""Where more than `MANY` requests wait and fewer than one in `FEW` of them found a way, another round is not worth its time."""


def finish(board: Board, plan: Plan, *, rounds: int = MOST_ROUNDS) -> None:
    """Takes the gains of single steps; afterwards no request that waits could just be added, and the plan's noise is 0."""
    room, s = desk(board, plan, 0), scratch(board)
    members, dirty = np.zeros(int(board.size.max(initial=1)) + 2, np.int64), np.zeros(len(plan.offer) + 1, np.int64)
    use_all_chances(board, plan, room, s)
    for _ in range(rounds):
        gone = leave_all(board, plan)
        waiting = np.flatnonzero((plan.at < 0) & (np.diff(board.entry_ptr) > 0))
        stuck = np.zeros(len(waiting), np.int64)
        gone += go_all(board, plan, room, standing_of(board, plan), waiting, no_way(), stuck)
        if board.min_size > 1:
            gone += convene_all(board, plan, room, s, waiting[stuck > 0], MOST_OFFERS, members, dirty)
        if gone:
            use_all_chances(board, plan, room, s)
        if not gone or (len(waiting) > MANY and gone * FEW < len(waiting)):
            return
