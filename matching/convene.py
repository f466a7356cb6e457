"""Groups convened around a request that waits and has no way of its own, as it needs company: compiled.

Members come from wherever they are worth most, and whatever keeps the mentor or a mentee from meeting then is given up.
Nothing required is touched. What is found is exact in its worth; that it is the best is not said. The plan's noise must be 0.
"""

from __future__ import annotations

from matching.best_group import best_group, clash, leave_mentor, seat_mentor
from matching.board import NEVER
from matching.fits import blocks, empty_place, is_full
from matching.kernels import inline, kernel
from matching.plan import close_group, loss_of, mark, member_part, open_group, put, settle, take, take_back, together
from matching.ways import first_seats

MOST_OFFERS = 40
"""So many offers of each sort at most are tried for a request that needs company from elsewhere."""

BIG = 1 << 42
"""So much more than anything that a request worth it is surely among the best."""


@inline
def least_sibling(board, plan, i, but):
    """The request of the mentee that is worth least where it is, nothing required and not at the place `but`; -1 for none."""
    least, chosen = -NEVER, -1
    for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
        if plan.at[q] >= 0 and plan.at[q] != but and board.locked[q] < 0 and loss_of(board, plan, q) < least:
            least, chosen = loss_of(board, plan, q), q
    return chosen


@inline
def make_room(board, plan, m, r, pattern):
    """Takes away whatever keeps the mentee or the mentor from meeting then; returns whether that can be. Nothing required is touched."""
    i = board.mentee[r]
    for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
        if plan.at[q] >= 0 and clash(board, plan.meets[q], pattern, 0):
            if board.locked[q] >= 0:
                return False
            settle(board, plan, take(board, plan, q))
    if plan.attends[i] >= board.mentee_cap[i]:
        chosen = least_sibling(board, plan, i, -1)
        if chosen < 0:
            return False
        settle(board, plan, take(board, plan, chosen))
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if blocks(board, plan, g, pattern):
            if first_seats(board, plan, g, i) < NEVER // 2:
                return False
            close_group(board, plan, g)
    if is_full(board, plan, m):
        worth, chosen = -NEVER, -1
        for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
            if plan.offer[g] >= 0 and plan.value[g] < worth and first_seats(board, plan, g, i) > NEVER // 2:
                worth, chosen = plan.value[g], g
        if chosen < 0:
            return False
        close_group(board, plan, chosen)
    return True


@kernel
def convene(board, plan, d, s, r, o, members, dirty):
    """Opens a group of the offer around a waiting request, with whoever it needs from elsewhere; returns what that brings.

    It is NEVER where that cannot be. The plan is changed in any case; `take_back` undoes it.
    """
    mark(plan)
    start = plan.total[0]
    m, pattern = d.offer_mentor[o], board.slot_pattern[board.offer_slot[o]]
    if member_part(board, o, m, r) < NEVER // 2:
        return NEVER
    if not make_room(board, plan, m, r, pattern):
        return NEVER
    seat_mentor(board, m, s)
    plan.worth[r] += BIG
    _, size = best_group(board, m, o, d.worths, 0, s, members)
    plan.worth[r] -= BIG
    leave_mentor(board, m, s)
    g = empty_place(plan, m)
    open_group(board, plan, g, o)
    put(board, plan, g, r)
    count = 0
    for j in range(size):
        x = members[j]
        if x == r or plan.size[g] == board.size[m] or (board.locked[x] >= 0 and plan.at[x] >= 0):
            continue
        if together(board, plan.members[g], plan.size[g], -1, x) < NEVER // 2:
            continue
        if plan.at[x] >= 0:
            dirty[count] = take(board, plan, x)
            count += 1
        elif plan.attends[board.mentee[x]] >= board.mentee_cap[board.mentee[x]]:
            sibling = least_sibling(board, plan, board.mentee[x], g)
            if sibling < 0:
                continue
            dirty[count] = take(board, plan, sibling)
            count += 1
        put(board, plan, g, x)
    settle(board, plan, g)
    for k in range(count):
        settle(board, plan, dirty[k])
    return plan.total[0] - start if plan.at[r] == g else NEVER


@kernel
def best_to_convene(board, plan, d, s, r, most_offers, members, dirty):
    """The offer around which `convene` brings most, and how much; (-1, NEVER) for none. The plan is left as it is.

    Mentors with room come first; so many offers of them are tried, and so many of others.
    """
    best, chosen = NEVER, -1
    for full in range(2):
        tried = 0
        for at in range(board.entry_ptr[r], board.entry_ptr[r + 1]):
            slot = board.entry_slot[at]
            for k in range(d.slot_ptr[slot], d.slot_ptr[slot + 1]):
                o = d.slot_offer[k]
                m = d.offer_mentor[o]
                fits = is_full(board, plan, m) == (full == 1) and member_part(board, o, m, r) > NEVER // 2
                if fits and tried < most_offers:
                    tried += 1
                    gain = convene(board, plan, d, s, r, o, members, dirty)
                    take_back(board, plan)
                    if gain > best:
                        best, chosen = gain, o
    return chosen, best


@kernel
def convene_all(board, plan, d, s, requests, most_offers, members, dirty):
    """Opens groups around those of these requests that still wait, where that gains; returns how many."""
    gone = 0
    for r in requests:
        if plan.at[r] < 0:
            o, gain = best_to_convene(board, plan, d, s, r, most_offers, members, dirty)
            if gain > 0:
                convene(board, plan, d, s, r, o, members, dirty)
                gone += 1
    return gone
