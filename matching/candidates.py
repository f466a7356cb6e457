"""The groups worth considering: all that could be in a result better than the best known, or as near to that as asked.

A result that holds a group cannot score more than the bound less what the group's mentor loses, at the prices, by holding it.
So where that loss is more than (bound - score), the group can be left aside without losing any better result.
"""

from __future__ import annotations

import numpy as np

from matching.best_group import FAR, View, clash, leave_mentor, member_worth, offer_most, seat_mentor
from matching.best_week import rank_down
from matching.board import GRADES, NEVER, Board, Ints
from matching.groups import Groups
from matching.kernels import inline, kernel
from matching.plan import member_part, together
from matching.scratch import Scratch


@inline
def most_beside(board, m, o, most, rank, count):
    """What the rest of a week that holds offer `o` is worth at most: the best of those that do not clash with it, whether
    they clash with each other or not. `rank` holds `count` of the mentor's offers, the one worth `most` first."""
    left, total, pattern = board.cap[m] - 1, 0, board.slot_pattern[board.offer_slot[o]]
    for i in range(count):
        if left == 0 or most[rank[i]] <= 0:
            break
        other = board.slot_pattern[board.offer_slot[board.offer_ptr[m] + rank[i]]]
        if not clash(board, other, pattern, board.buffer_minutes):
            total += most[rank[i]]
            left -= 1
    return total


@inline
def by_value(board, m, o, view, s, values, requests):
    """Writes the requests that may come to an offer of the seated mentor, and what each brings, best first; returns their number."""
    slot, count = board.offer_slot[o], 0
    for e in range(board.bucket_ptr[slot * GRADES + board.offer_lowest[o]], board.bucket_ptr[slot * GRADES + board.offer_highest[o] + 1]):
        r = board.entry_request[e]
        value = member_worth(board, m, e, r, view, s) + board.offer_worth[o]
        if value > NEVER // 2:
            i = count
            while i > 0 and values[i - 1] < value:
                values[i], requests[i] = values[i - 1], requests[i - 1]
                i -= 1
            values[i], requests[i] = value, r
            count += 1
    return count


@inline
def most_with(board, m, n, total, values, first, count):
    """What a group of `n` members who bring `total` comes to at most when more join, at least one, from `values[first:count]`."""
    reach, more = -FAR, total
    for size in range(n + 1, min(board.size[m], n + count - first) + 1):
        more += values[first + size - n - 1]
        if size >= board.min_size:
            mixed = max(0, board.region_mix) * (size - 1) + max(0, board.grade_gap) * board.max_grade_gap
            reach = max(reach, more + board.off_target * abs(size - board.target_size) + mixed)
    return reach


@kernel
def list_groups(board, m, week, slack, view, s, room, out, at):
    """Writes the groups of a mentor whose loss is at most `slack` from place `at` on; `week` is the mentor's best week's worth.

    `room` is (values, requests, chosen). Returns the next place, or -1 where `out` is too small.
    """
    values, requests, chosen = room
    seat_mentor(board, m, s)
    first, last = board.offer_ptr[m], board.offer_ptr[m + 1]
    for o in range(first, last):
        s.most[o - first] = offer_most(board, m, o, view, 0, s)
        s.rank[o - first] = o - first
    rank_down(s.rank, last - first, s.most)
    for o in range(first, last):
        rest = most_beside(board, m, o, s.most, s.rank, last - first) + board.first_group
        need = week - slack - rest
        if s.most[o - first] < need:
            continue
        count = by_value(board, m, o, view, s, values, requests)
        # Depth first over members in descending order of value.
        n, i, total = 0, 0, 0
        while True:
            if most_with(board, m, n, total, values, i, count) < need:
                if n == 0:
                    break
                n -= 1
                i = chosen[n]
                total -= values[i]
                i += 1
                continue
            chosen[n] = i
            total += values[i]
            s.spare[n] = requests[i]
            n += 1
            i += 1
            # `together` knows what is below the truth in `values`: peers are counted there by halves.
            mine = together(board, s.spare, n, -1, -1)
            if mine < NEVER // 2:
                n -= 1
                total -= values[chosen[n]]
                continue
            if n >= board.min_size:
                reduced = total + mine
                for k in range(n):
                    reduced -= board.peer_half[s.spare[k]]
                if reduced >= need:
                    if at >= len(out.mentor):
                        leave_mentor(board, m, s)
                        return -1
                    out.mentor[at], out.offer[at], out.size[at] = m, o, n
                    out.worth[at] = mine
                    for k in range(n):
                        r = s.spare[k]
                        out.members[at, k] = r
                        out.worth[at] += member_part(board, o, m, r)
                    out.loss[at] = week - rest - reduced
                    at += 1
    leave_mentor(board, m, s)
    return at


@kernel
def list_all(board, mentors, weeks, slack, view, s, room, out):
    """`list_groups` of several mentors; returns their number, or -1 where `out` is too small."""
    at = 0
    for m in mentors:
        at = list_groups(board, m, weeks[m], slack, view, s, room, out, at)
        if at < 0:
            return -1
    return at


def groups_within(board: Board, mentors: Ints, weeks: Ints, slack: int, view: View, s: Scratch, most: int) -> Groups | None:
    """The groups of these mentors whose loss is at most `slack`, in the order of mentor, offer and members; `None` where there are
    more than `most`."""
    size = int(board.size.max(initial=1))

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    out = Groups(ints(most), ints(most), ints(most), ints(most, size), ints(most), ints(most))
    longest = int(np.diff(board.bucket_ptr[::GRADES]).max(initial=0)) + 1
    found = list_all(board, mentors, weeks, slack, view, s, (ints(longest), ints(longest), ints(size + 1)), out)
    return None if found < 0 else Groups(*(column[:found] for column in out))
