"""A plan by the names of its people, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matching.best_group import entry_of
from matching.board import Table
from matching.plan import Plan, empty_plan, open_group, put, refresh_all
from matching.result import Group


def groups_of(table: Table, plan: Plan) -> tuple[Group, ...]:
    """The groups of a plan, by their names."""
    board = table.board
    return table.groups(
        (int(plan.mentor[g]), int(board.offer_slot[plan.offer[g]]), plan.members[g, : plan.size[g]].tolist())
        for g in np.flatnonzero(plan.offer >= 0)
    )


def plan_of(table: Table, groups: Sequence[Group]) -> Plan:
    """The plan that holds these groups and nothing else."""
    board, plan = table.board, empty_plan(table.board)
    mentors = {mentor.key: m for m, mentor in enumerate(table.mentors)}
    for group in groups:
        m = mentors[group.mentor]
        offers = range(board.offer_ptr[m], board.offer_ptr[m + 1])
        members = [table.request_of[member, group.subject] for member in group.members]
        o = next(
            o
            for o in offers
            if table.meetings[board.slot_pattern[board.offer_slot[o]]] == group.meetings
            and entry_of(board, members[0], board.offer_slot[o]) >= 0
        )
        g = next(g for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]) if plan.offer[g] < 0)
        open_group(board, plan, g, o)
        for r in members:
            put(board, plan, g, r)
    refresh_all(board, plan)
    return plan
