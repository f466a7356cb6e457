"""The best week of one mentor, when each request is worth so much: exact, compiled.

The prices ask it of every mentor, the search of the mentors that it takes apart. A week is at most `cap` groups that do not
clash; what is true of the worths of `best_group` is true here.
"""

from __future__ import annotations

from matching.best_group import FAR, best_group, clash, leave_mentor, offer_most, seat_mentor
from matching.board import NEVER
from matching.kernels import inline, kernel

MOST_STEPS = 20_000


@inline
def without(s, r):
    """Leaves a request out of the next groups."""
    s.extra[r] += NEVER


@inline
def again(s, r):
    """Undoes `without`."""
    s.extra[r] -= NEVER


@inline
def shared(s, a, b):
    """A request that both groups of the trial hold, or -1."""
    for i in range(s.trial_size[a]):
        for j in range(s.trial_size[b]):
            if s.trial[a, i] == s.trial[b, j]:
                return s.trial[a, i]
    return -1


@inline
def try_group(board, m, view, drift, d, o, depth, s):
    """Works out the d-th group of the trial, without what was left out for it down to this depth; returns its worth."""
    for level in range(depth):
        if s.left_from[level] == d:
            without(s, s.left_out[level])
    value, s.trial_size[d] = best_group(board, m, o, view, drift, s, s.trial[d])
    for level in range(depth):
        if s.left_from[level] == d:
            again(s, s.left_out[level])
    return value


@kernel
def disjoint(board, m, view, drift, n, least, most_nodes, s):
    """The best groups of the `n` offers in `s.set` when nobody sits in two of them: (worth, bound); only worths over `least` count.

    Where two groups want the same request, it is left out of one or of the other (branch and bound). After
    `most_nodes` the bound is that of what was not looked into. The groups are left in `keep`.
    """
    depth, nodes, best, bound = 0, 0, least, least
    while True:
        nodes += 1
        total = 0
        for d in range(n):
            value = try_group(board, m, view, drift, d, s.set[d], depth, s)
            if s.trial_size[d] == 0:
                total = -FAR
                break
            total += value
        go_back = total <= best
        if not go_back:
            r, a, b = -1, 0, 0
            for i in range(n):
                for j in range(i):
                    if r < 0:
                        r, a, b = shared(s, j, i), j, i
            if r < 0:
                best = total
                bound = max(bound, total)
                for d in range(n):
                    s.keep_size[d] = s.trial_size[d]
                    for j in range(s.trial_size[d]):
                        s.keep[d, j] = s.trial[d, j]
                go_back = True
            elif nodes >= most_nodes or depth >= len(s.left_out):
                bound = max(bound, total)
                go_back = True
            else:
                s.left_out[depth], s.left_from[depth], s.left_next[depth] = r, b, a
                depth += 1
        if go_back:
            while depth > 0 and s.left_next[depth - 1] < 0:
                depth -= 1
            if depth == 0:
                return best, bound
            s.left_from[depth - 1] = s.left_next[depth - 1]
            s.left_next[depth - 1] = -1


@inline
def sift(rank, at, end, key):
    """Lets an element of a heap sink to where it belongs; whose key is least, and of those the last number, comes first."""
    one = rank[at]
    while 2 * at + 1 < end:
        child = 2 * at + 1
        if child + 1 < end and (
            key[rank[child + 1]] < key[rank[child]] or (key[rank[child + 1]] == key[rank[child]] and rank[child + 1] > rank[child])
        ):
            child += 1
        if key[rank[child]] > key[one] or (key[rank[child]] == key[one] and rank[child] < one):
            break
        rank[at] = rank[child]
        at = child
    rank[at] = one


@inline
def rank_down(rank, count, key):
    """Brings the first `count` numbers into descending order of their keys, equal ones in ascending order (heap sort)."""
    for at in range(count // 2 - 1, -1, -1):
        sift(rank, at, count, key)
    for end in range(count - 1, 0, -1):
        rank[0], rank[end] = rank[end], rank[0]
        sift(rank, 0, end, key)


@inline
def rank_offers(board, m, view, drift, discount, s):
    """Values each offer a little too high, less the discount, and ranks those that could be in a week; returns their number."""
    first, count = board.offer_ptr[m], 0
    for k in range(board.offer_ptr[m + 1] - first):
        most = offer_most(board, m, first + k, view, drift, s) - discount
        if most > 0 or most + board.first_group > 0:
            s.most[k] = most
            s.known[k] = 0
            s.rank[count] = k
            count += 1
    rank_down(s.rank, count, s.most)
    return count


@inline
def learn(board, m, view, drift, at, count, s):
    """Works out the offer at rank `at`; returns whether it keeps its rank. Else it moves down to where it belongs."""
    k = s.rank[at]
    value, s.size_of[k] = best_group(board, m, board.offer_ptr[m] + k, view, drift, s, s.members_of[k])
    s.known[k] = 1
    lower = value < s.most[k]
    s.most[k] = value
    if not lower:
        return True
    i = at
    while i + 1 < count and s.most[s.rank[i + 1]] > value:
        s.rank[i] = s.rank[i + 1]
        i += 1
    s.rank[i] = k
    return i == at


@inline
def overlap(s, a, b):
    """Whether the best groups of two offers hold a request in common."""
    for i in range(s.size_of[a]):
        for j in range(s.size_of[b]):
            if s.members_of[a, i] == s.members_of[b, j]:
                return True
    return False


@kernel
def best_week(board, m, view, drift, most_nodes, discount, s):
    """The mentor's best week: (worth, bound, groups). Offers stand in `picked`, members in `members`; (0, 0, 0) is to do nothing.

    Offers are first valued a little too high; only those that could be in the best week are worked out, depth first.
    `most_nodes` limits what is spent on weeks whose groups want the same request; the bound holds all the same. With a
    `discount` on offers not yet worked out it is quicker, the week not always the best, and the bound means nothing.
    """
    seat_mentor(board, m, s)
    first = board.offer_ptr[m]
    cap = min(board.cap[m], board.offer_ptr[m + 1] - first)
    count = rank_offers(board, m, view, drift, discount, s)
    best, groups, bound, steps = 0, 0, -FAR, 0
    depth, at, total = 0, 0, 0
    while True:
        reach, left, j = total, cap - depth, at
        while left > 0 and j < count and s.most[s.rank[j]] > 0:
            reach += s.most[s.rank[j]]
            left -= 1
            j += 1
        if groups == 0 and depth == 0 and at < count and board.first_group > 0:
            reach = max(reach, s.most[s.rank[at]])
        hopeless = reach <= best if groups > 0 else reach + board.first_group <= 0
        if at >= count or depth == cap or hopeless or steps > MOST_STEPS:
            if steps > MOST_STEPS and not hopeless:
                bound = max(bound, reach)
            if depth == 0:
                break
            depth -= 1
            at = s.stack[depth]
            total -= s.most[s.rank[at]]
            at += 1
            continue
        k = s.rank[at]
        pattern = board.slot_pattern[board.offer_slot[first + k]]
        free = True
        for d in range(depth):
            if clash(board, board.slot_pattern[board.offer_slot[first + s.rank[s.stack[d]]]], pattern, board.buffer_minutes):
                free = False
                break
        if free and s.known[k] == 0:
            steps += 1
            if not learn(board, m, view, drift, at, count, s):
                continue
        if free:
            steps += 1
            s.stack[depth] = at
            total += s.most[k]
            depth += 1
            if total > best or (groups == 0 and depth == 1 and total + board.first_group > 0):
                apart = True
                for d in range(depth - 1):
                    if overlap(s, s.rank[s.stack[d]], k):
                        apart = False
                for d in range(depth - 1):
                    for c in range(d):
                        if overlap(s, s.rank[s.stack[c]], s.rank[s.stack[d]]):
                            apart = False
                if apart:
                    best, groups = total, depth
                    for d in range(depth):
                        i = s.rank[s.stack[d]]
                        s.picked[d], s.size[d] = first + i, s.size_of[i]
                        for j in range(s.size_of[i]):
                            s.members[d, j] = s.members_of[i, j]
                else:
                    for d in range(depth):
                        s.set[d] = first + s.rank[s.stack[d]]
                    value, could = disjoint(board, m, view, drift, depth, best, most_nodes, s)
                    if could > best:
                        bound = max(bound, could)
                    if value > best:
                        best, groups = value, depth
                        for d in range(depth):
                            s.picked[d], s.size[d] = s.set[d], s.keep_size[d]
                            for j in range(s.keep_size[d]):
                                s.members[d, j] = s.keep[d, j]
        at += 1
    leave_mentor(board, m, s)
    bound = (max(bound, best) if groups > 0 else bound) + board.first_group
    if groups == 0 or best + board.first_group <= 0:
        return 0, max(bound, 0), 0
    return best + board.first_group, bound, groups
