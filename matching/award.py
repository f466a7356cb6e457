"""A plan by prices: mentors are awarded their best weeks for good, while the prices of what is left move on.

A few at a time, those first whose week has stood still longest: what many want settles late, when the prices know better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matching.board import NEVER
from matching.fits import is_busy
from matching.kernels import inline, kernel
from matching.plan import Plan, mark, open_group, put, refresh_all, settle, together
from matching.price import Pricer

SWEEPS_EACH = 4
"""After each of these the steadiest weeks are awarded."""

PUSH = 0.5
"""How much of its pace a price keeps: less than before, as what it goes by is taken away."""


@inline
def can_come(board, plan, m, weeks):
    """Whether nobody of the mentor's week has been given a seat elsewhere since."""
    for d in range(weeks.groups[m]):
        pattern = board.slot_pattern[board.offer_slot[weeks.offer[m, d]]]
        for j in range(weeks.size[m, d]):
            r = weeks.members[m, d, j]
            if plan.at[r] >= 0 or plan.attends[board.mentee[r]] >= board.mentee_cap[board.mentee[r]] or is_busy(board, plan, r, pattern):
                return False
    return True


@kernel
def award_some(board, plan, order, most, weeks, given):
    """Holds the weeks of `most` mentors, the first in `order` whose members can all come; marks in `given` who had theirs."""
    count = 0
    for m in order:
        if count == most:
            break
        if not can_come(board, plan, m, weeks):
            continue
        given[m] = True
        count += 1
        mark(plan)
        for d in range(weeks.groups[m]):
            g = plan.place_ptr[m] + d
            open_group(board, plan, g, weeks.offer[m, d])
            pattern = board.slot_pattern[board.offer_slot[weeks.offer[m, d]]]
            for j in range(weeks.size[m, d]):
                # What prices do not know of: those who must be apart, and one mentee in two of the mentor's groups.
                r, i = weeks.members[m, d, j], board.mentee[weeks.members[m, d, j]]
                if (
                    plan.attends[i] < board.mentee_cap[i]
                    and not is_busy(board, plan, r, pattern)
                    and together(board, plan.members[g], plan.size[g], -1, r) > NEVER // 2
                ):
                    put(board, plan, g, r)
        for d in range(weeks.groups[m]):
            settle(board, plan, plan.place_ptr[m] + d)


def award(pricer: Pricer, plan: Plan, step: int, share: float, over: Callable[[], bool]) -> None:
    """Awards mentors without groups their weeks, a share of those who are left at a time; as soon as it is `over`, the rest have none.

    The prices are those of `pricer`, which knows the plan; they move by `step` thousandths of a point.
    """
    given = plan.groups > 0
    while not given.all() and not over():
        left = np.flatnonzero(~given)
        for _ in range(SWEEPS_EACH):
            pricer.step(step, PUSH, left)
        wanting = left[pricer.weeks.groups[left] > 0]
        if not len(wanting):
            break
        order = wanting[np.lexsort((pricer.random.random(len(wanting)), -pricer.weeks.steady[wanting]))]
        award_some(pricer.board, plan, order, int(np.ceil(share * len(wanting))), pricer.weeks, given)
    refresh_all(pricer.board, plan)
