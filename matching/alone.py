"""Which requests could be in a group that stands if nobody else were there (ROUND.md, Out: `no_group`): compiled.

A group that is found could stand. Where none is, too few others can come, or `apart` or `require` may have misled the search.
"""

from __future__ import annotations

from matching.board import GRADES, NEVER
from matching.kernels import inline, kernel
from matching.plan import member_part, together


@inline
def finds_company(board, o, m, r, members):
    """Whether enough others can sit with the request, taken as they come within some window of grades."""
    slot, grade = board.offer_slot[o], board.grade[r]
    for low in range(max(1, grade - board.max_grade_gap), grade + 1):
        high = min(low + board.max_grade_gap, GRADES - 1)
        members[0], n = r, 1
        for e in range(board.bucket_ptr[slot * GRADES + low], board.bucket_ptr[slot * GRADES + high + 1]):
            other = board.entry_request[e]
            may = n < board.min_size and other != r and member_part(board, o, m, other) > NEVER // 2
            if may and together(board, members, n, -1, other) > NEVER // 2:
                members[n] = other
                n += 1
        if n >= board.min_size:
            return True
    return False


@kernel
def could_stand(board, d, requests, members, found):
    """Sets `found` to the offer of a group that could stand for each of these requests, to -1 where none is found."""
    for k in range(len(requests)):
        found[k] = stands(board, d, requests[k], members)


@kernel
def stands(board, d, r, members):
    """An offer of which the request and some others who come can be a group, else -1; the least such group is left in `members`."""
    for at in range(board.entry_ptr[r], board.entry_ptr[r + 1]):
        slot = board.entry_slot[at]
        for k in range(d.slot_ptr[slot], d.slot_ptr[slot + 1]):
            o = d.slot_offer[k]
            m = d.offer_mentor[o]
            members[0] = r
            may = board.cap[m] > 0 and board.size[m] >= board.min_size and member_part(board, o, m, r) > NEVER // 2
            if may and (board.min_size == 1 or finds_company(board, o, m, r, members)):
                return o
    return -1


@inline
def may_come(board, o, m, r):
    """The offer allows the request, whoever it is required to have."""
    return member_part(board, o, m, r) > NEVER // 2 or (board.locked[r] >= 0 and board.locked[r] != m)


@kernel
def most_company(board, d, requests, counts, found):
    """How many others can come at most to a group with each of these requests, `apart` aside.

    Sets a row of `found` [requests, 3]: those near its grade; the offer to which they come, or -1 where no offer allows the request
    itself; and, at any offer, those who are near each other as well. `counts` [GRADES] is room.
    """
    for k in range(len(requests)):
        r = requests[k]
        grade, gap = board.grade[r], board.max_grade_gap
        found[k, 0], found[k, 1], found[k, 2] = -1, -1, 0
        for at in range(board.entry_ptr[r], board.entry_ptr[r + 1]):
            slot = board.entry_slot[at]
            for n in range(d.slot_ptr[slot], d.slot_ptr[slot + 1]):
                o = d.slot_offer[n]
                m = d.offer_mentor[o]
                if member_part(board, o, m, r) < NEVER // 2:
                    continue
                total = 0
                for near in range(max(1, grade - gap), min(grade + gap, GRADES - 1) + 1):
                    counts[near] = 0
                    for e in range(board.bucket_ptr[slot * GRADES + near], board.bucket_ptr[slot * GRADES + near + 1]):
                        counts[near] += board.entry_request[e] != r and may_come(board, o, m, board.entry_request[e])
                    total += counts[near]
                if total > found[k, 0]:
                    found[k, 0], found[k, 1] = total, o
                for low in range(max(1, grade - gap), grade + 1):
                    beside = 0
                    for near in range(low, min(low + gap, GRADES - 1) + 1):
                        beside += counts[near]
                    found[k, 2] = max(found[k, 2], beside)
