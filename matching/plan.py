"""A plan: who is placed where at the moment, with what each request would lose by leaving. Compiled.

The search changes a plan by few operations, all of which keep every rule, and can take back all since a `mark`.
Worths are thousandths of a point and exact: `total` is the plan's score.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.best_group import entry_of
from matching.board import NEVER, Board, Ints
from matching.kernels import inline, kernel


class Plan(NamedTuple):
    """Groups stand at places; a mentor has as many places as they may have groups."""

    place_ptr: Ints  # [M + 1]
    mentor: Ints  # [places]
    offer: Ints  # [places] -1: empty
    size: Ints  # [places]
    members: Ints  # [places, size]
    value: Ints  # [places] first_group and first_seat aside
    groups: Ints  # [M] how many the mentor has
    at: Ints  # [R] the request's place, -1: unplaced
    meets: Ints  # [R] the pattern it meets at, or -1
    attends: Ints  # [I] groups the mentee is in
    worth: Ints  # [R] what it would bring elsewhere, less what its leaving would cost here, less its noise
    noise: Ints  # [R] drawn by the search, so that it does not always want the same
    total: Ints  # [1]
    # what was before the mark
    stamp: Ints  # [places] the mark at which it was written down
    log: Ints  # [2] marks so far, places written down
    log_place: Ints
    log_offer: Ints
    log_size: Ints
    log_members: Ints


def empty_plan(board: Board) -> Plan:
    """Nobody is placed."""
    offers = np.diff(board.offer_ptr)
    # A mentor cannot hold more groups than there are starts, nor than offers.
    places = np.minimum(board.cap, offers)
    ptr = np.zeros(len(places) + 1, np.int64)
    np.cumsum(places, out=ptr[1:])
    n, size = int(ptr[-1]), int(board.size.max(initial=1))

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    plan = Plan(
        ptr,
        np.repeat(np.arange(len(places)), places),
        np.full(n, -1),
        ints(n),
        ints(n, size),
        ints(n),
        ints(len(places)),
        np.full(len(board.mentee), -1),
        np.full(len(board.mentee), -1),
        ints(len(board.mentee_cap)),
        ints(len(board.mentee)),
        ints(len(board.mentee)),
        ints(1),
        ints(n),
        ints(2),
        ints(n),
        ints(n),
        ints(n),
        ints(n, size),
    )
    plan.log[0] = 1
    refresh_all(board, plan)
    return plan


@inline
def special_worth(board, m, r):
    """What the request is worth more with this mentor; NEVER where forbidden."""
    low, high = board.special_ptr[m], board.special_ptr[m + 1]
    end = high
    while low < high:
        mid = (low + high) // 2
        if board.special_request[mid] < r:
            low = mid + 1
        else:
            high = mid
    if low < end and board.special_request[low] == r:
        return board.special_worth[low]
    return 0


@inline
def served(board, m, region):
    """The mentor serves the region (rule 8)."""
    low, high = board.serve_ptr[m], board.serve_ptr[m + 1]
    if low == high:
        return True
    for i in range(low, high):
        if board.serve_from[i] <= region < board.serve_until[i]:
            return True
    return False


@inline
def member_part(board, o, m, r):
    """What a request alone brings to a group of this offer; NEVER-like where it may not be in it, other members aside."""
    slot = board.offer_slot[o]
    if not board.offer_lowest[o] <= board.grade[r] <= board.offer_highest[o]:
        return NEVER
    if board.wants_gender[r] != 0 and board.wants_gender[r] != board.gender[m]:
        return NEVER
    if (board.locked[r] >= 0 and board.locked[r] != m) or not served(board, m, board.region[r]):
        return NEVER
    e = entry_of(board, r, slot)
    if e < 0:
        return NEVER
    worth = board.base[r] + board.entry_worth[e] + board.offer_worth[o] + special_worth(board, m, r)
    region = board.region[r]
    if region >= 0 and board.home[m] >= 0:
        if region == board.home[m]:
            worth += board.region_same
        elif board.part_from[m] <= region < board.part_until[m]:
            worth += board.region_near
    if board.stay_mentor[r] == m and board.stay_pattern[r] == board.slot_pattern[slot]:
        worth += board.stay
    return worth


@inline
def peer_worth(board, a, b):
    """What two mentees in one group are worth; NEVER where they must be apart."""
    low, high = board.peer_ptr[a], board.peer_ptr[a + 1]
    for i in range(low, high):
        if board.peer_mentee[i] == b:
            return board.peer_worth[i]
    return 0


@inline
def together(board, members, n, leave, extra):
    """What members without the `leave`-th (-1: with all) and with `extra` (-1: nobody) are worth as a group, their own
    parts aside; NEVER-like where they may not sit together (rules 3 and 12)."""
    low, high, count, mixes, worth = 99, 0, 0, 0, 0
    for j in range(n + 1):
        r = members[j] if j < n else extra
        if r < 0 or j == leave:
            continue
        count += 1
        low, high = min(low, board.grade[r]), max(high, board.grade[r])
        new = True
        i = board.mentee[r]
        peers = board.peer_ptr[i + 1] > board.peer_ptr[i]
        for k in range(j):
            if k != leave:
                if board.region[members[k]] == board.region[r]:
                    new = False
                if peers:
                    worth += peer_worth(board, i, board.mentee[members[k]])
        mixes += new
    if count == 0:
        return 0
    if high - low > board.max_grade_gap:
        return NEVER
    return worth + board.grade_gap * (high - low) + board.region_mix * (mixes - 1) + board.off_target * abs(count - board.target_size)


@inline
def loss_of(board, plan, r):
    """What the plan loses when a placed request leaves."""
    return board.base[r] - plan.noise[r] - plan.worth[r]


@inline
def refresh_unplaced(board, plan, i):
    """Works out anew what a mentee's unplaced requests would bring."""
    for r in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
        if plan.at[r] < 0:
            worth = board.base[r] - plan.noise[r]
            if board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
                if plan.attends[i] == 0:
                    worth += board.first_seat
                elif plan.attends[i] >= board.mentee_cap[i]:
                    # It would take the place of the sibling that is worth least where it is.
                    least = -NEVER
                    for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
                        if plan.at[other] >= 0:
                            least = min(least, loss_of(board, plan, other))
                    worth -= least
            plan.worth[r] = worth


@kernel
def refresh_group(board, plan, g):
    """Works out anew what a group is worth and what each member's leaving would cost."""
    m, o, n = plan.mentor[g], plan.offer[g], plan.size[g]
    members = plan.members[g]
    if o < 0:
        plan.total[0] -= plan.value[g]
        plan.value[g] = 0
        return
    whole = together(board, members, n, -1, -1)
    value = whole
    for j in range(n):
        value += member_part(board, o, m, members[j])
    plan.total[0] += value - plan.value[g]
    plan.value[g] = value
    for j in range(n):
        r = members[j]
        if n - 1 < board.min_size:
            loss = value + (board.first_group if plan.groups[m] == 1 else 0)
        else:
            loss = member_part(board, o, m, r) + whole - together(board, members, n, j, -1)
        plan.worth[r] = board.base[r] - loss - plan.noise[r]
        i = board.mentee[r]
        if board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
            refresh_unplaced(board, plan, i)


@kernel
def refresh_all(board, plan):
    """Works out everything anew."""
    for g in range(len(plan.offer)):
        refresh_group(board, plan, g)
    for i in range(len(board.mentee_cap)):
        refresh_unplaced(board, plan, i)


@inline
def mark(plan):
    """From here on changes can be taken back."""
    plan.log[0] += 1
    plan.log[1] = 0


@inline
def note(plan, g):
    """Writes down what stands at a place before its first change since the mark."""
    if plan.stamp[g] != plan.log[0]:
        plan.stamp[g] = plan.log[0]
        at = plan.log[1]
        plan.log_place[at], plan.log_offer[at], plan.log_size[at] = g, plan.offer[g], plan.size[g]
        for j in range(plan.size[g]):
            plan.log_members[at, j] = plan.members[g, j]
        plan.log[1] += 1


@inline
def put(board, plan, g, r):
    """Adds a request to a group; values are refreshed later."""
    note(plan, g)
    plan.members[g, plan.size[g]] = r
    plan.size[g] += 1
    plan.at[r] = g
    plan.meets[r] = board.slot_pattern[board.offer_slot[plan.offer[g]]]
    i = board.mentee[r]
    plan.attends[i] += 1
    if plan.attends[i] == 1 and board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
        plan.total[0] += board.first_seat


@inline
def take(board, plan, r):
    """Takes a request out of its group; values are refreshed later, at the place returned."""
    g = plan.at[r]
    note(plan, g)
    j = 0
    while plan.members[g, j] != r:
        j += 1
    plan.size[g] -= 1
    plan.members[g, j] = plan.members[g, plan.size[g]]
    plan.at[r] = -1
    plan.meets[r] = -1
    i = board.mentee[r]
    plan.attends[i] -= 1
    if plan.attends[i] == 0 and board.mentee_ptr[i + 1] - board.mentee_ptr[i] > 1:
        plan.total[0] -= board.first_seat
    return g


@inline
def open_group(board, plan, g, o):
    """Starts an empty group at an empty place."""
    note(plan, g)
    plan.offer[g] = o
    plan.groups[plan.mentor[g]] += 1
    if plan.groups[plan.mentor[g]] == 1:
        plan.total[0] += board.first_group


@kernel
def close_group(board, plan, g):
    """Ends a group; its members are unplaced."""
    note(plan, g)
    while plan.size[g] > 0:
        r = plan.members[g, plan.size[g] - 1]
        take(board, plan, r)
        refresh_unplaced(board, plan, board.mentee[r])
    plan.offer[g] = -1
    plan.groups[plan.mentor[g]] -= 1
    if plan.groups[plan.mentor[g]] == 0:
        plan.total[0] -= board.first_group
    refresh_group(board, plan, g)


@kernel
def close_groups(board, plan, m):
    """Ends all groups of a mentor."""
    for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]):
        if plan.offer[g] >= 0:
            close_group(board, plan, g)


@kernel
def settle(board, plan, g):
    """After members left or came: ends a group that is too small, else refreshes it."""
    if plan.offer[g] >= 0:
        if plan.size[g] < board.min_size or plan.size[g] == 0:
            close_group(board, plan, g)
        else:
            refresh_group(board, plan, g)


@kernel
def take_back(board, plan):
    """Undoes every change since the mark."""
    for at in range(plan.log[1]):
        g = plan.log_place[at]
        if plan.offer[g] >= 0:
            close_group(board, plan, g)
    for at in range(plan.log[1]):
        g = plan.log_place[at]
        if plan.log_offer[at] >= 0:
            open_group(board, plan, g, plan.log_offer[at])
            for j in range(plan.log_size[at]):
                put(board, plan, g, plan.log_members[at, j])
    for at in range(plan.log[1]):
        refresh_group(board, plan, plan.log_place[at])
    plan.log[0] += 1
    plan.log[1] = 0


@kernel
def settle_all(board, plan):
    """Ends the groups that are too small and works out everything anew."""
    refresh_all(board, plan)
    for g in range(len(plan.offer)):
        settle(board, plan, g)
    refresh_all(board, plan)


def copy_of(plan: Plan) -> Plan:
    """A plan that can be changed by itself."""
    return Plan(*(column.copy() for column in plan))
