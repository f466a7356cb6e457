"""The best group of one offer, when each request is worth so much: exact, compiled.

Worths are thousandths of a point. Apart pairs are not looked at here and positive peers' points are in the worth of both,
half each, and a positive region_mix is taken in full: the answer is never below the truth, and equals it where there is neither.
"""

from __future__ import annotations

from typing import NamedTuple

from matching.board import GRADES, NEVER, Ints
from matching.kernels import inline, kernel

FAR = 1 << 60

SHORT = 16
"""A bucket of no more entries is soon looked through as it is."""


class View(NamedTuple):
    """What things are worth to a mentor at the moment."""

    worth: Ints  # [R] what a request brings to a group
    times: Ints  # [E] what it brings more at these meetings
    key: Ints  # [E] the sum of both when `order` was sorted by it, or FAR
    order: Ints  # [E] entries of each bucket, in descending order of `key`
    meets: Ints  # [R] the pattern at which each request is placed, or -1, so that nobody is asked to be in two places; [0] if none is


@inline
def entry_of(board, r, slot):
    """The entry of a request at a slot, or -1."""
    low, high = board.entry_ptr[r], board.entry_ptr[r + 1]
    end = high
    while low < high:
        mid = (low + high) // 2
        if board.entry_slot[mid] < slot:
            low = mid + 1
        else:
            high = mid
    if low < end and board.entry_slot[low] == slot:
        return board.entry_at[low]
    return -1


@inline
def clash(board, p, q, buffer):
    """Whether two patterns of meetings overlap, or on one day lie less than the buffer apart (rule 5)."""
    k = board.pattern_starts.shape[1]
    for i in range(k):
        for j in range(k):
            a, b = board.pattern_starts[p, i], board.pattern_starts[q, j]
            apart = board.session_minutes + (buffer if a // 1440 == b // 1440 else 0)
            if -apart < a - b < apart:
                return True
    return False


@inline
def size_worth(board, n):
    """What a group's size is worth. A positive region_mix is taken in full, which is never below the truth."""
    worth = board.off_target * abs(n - board.target_size)
    if board.region_mix > 0:
        worth += board.region_mix * (n - 1)
    return worth


@inline
def seat_mentor(board, m, s):
    """Prepares the scratch for a mentor: what regions are worth, and their special requests."""
    s.region[:] = 0
    low, high = board.serve_ptr[m], board.serve_ptr[m + 1]
    if board.home[m] >= 0:
        for i in range(board.part_from[m], board.part_until[m]):
            s.region[i + 1] = board.region_near
        s.region[board.home[m] + 1] = board.region_same
    if low < high:
        at = 0
        for i in range(low, high):
            while at < board.serve_from[i] + 1:
                s.region[at] = NEVER
                at += 1
            at = max(at, board.serve_until[i] + 1)
        while at < len(s.region):
            s.region[at] = NEVER
            at += 1
    for i in range(board.special_ptr[m], board.special_ptr[m + 1]):
        s.extra[board.special_request[i]] = board.special_worth[i]
        s.special[board.special_request[i]] = 1


@inline
def leave_mentor(board, m, s):
    """Undoes what `seat_mentor` left at the requests."""
    for i in range(board.special_ptr[m], board.special_ptr[m + 1]):
        s.extra[board.special_request[i]] = 0
        s.special[board.special_request[i]] = 0


@inline
def member_worth(board, m, e, r, view, s):
    """What a request brings to any group of this mentor at this entry's meetings, offer's worth aside; NEVER-like if it may not."""
    if board.wants_gender[r] != 0 and board.wants_gender[r] != board.gender[m]:
        return NEVER
    if len(view.meets) > 0:
        i = board.mentee[r]
        for other in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]):
            if other != r and view.meets[other] >= 0 and clash(board, view.meets[other], board.slot_pattern[board.entry_home[e]], 0):
                return NEVER
    value = view.worth[r] + view.times[e] + s.region[board.region[r] + 1] + s.extra[r]
    if board.stay_mentor[r] == m and board.stay_pattern[r] == board.slot_pattern[board.entry_home[e]]:
        value += board.stay
    if board.locked[r] >= 0 and board.locked[r] != m:
        return NEVER
    return value


@inline
def keep(values, requests, first, count, value, r, most, slack):
    """Puts a request into a list in descending order of value that holds all within `slack` of its `most`-th best."""
    i = first + count
    while i > first and values[i - 1] < value:
        values[i] = values[i - 1]
        requests[i] = requests[i - 1]
        i -= 1
    values[i] = value
    requests[i] = r
    count += 1
    if count > most:
        least = values[first + most - 1] - slack
        while count > most and values[first + count - 1] <= least:
            count -= 1
    return count


@inline
def first_from(board, low, high, region):
    """The first entry of a bucket, from `low` to `high`, whose request is of this region or a later one."""
    while low < high:
        mid = (low + high) // 2
        if board.region[board.entry_request[mid]] < region:
            low = mid + 1
        else:
            high = mid
    return low


@inline
def look_near(board, m, begin, end, s):
    """Finds stretches of a bucket, which is in order of region, to be looked at as a whole, being worth more than others or all
    that is served: (how many there are in `span_from` and `span_until`, the regions from ... until ... that were met so, what
    the others' regions are worth at most, or NEVER where there are none)."""
    near = max(0, board.region_same, board.region_near) if board.home[m] >= 0 else 0
    if end - begin <= SHORT:
        return 0, 0, 0, near
    spans, total, until = 0, 0, begin
    for i in range(board.serve_ptr[m], board.serve_ptr[m + 1]):
        s.span_from[spans] = max(until, first_from(board, begin, end, board.serve_from[i]))
        until = max(until, first_from(board, begin, end, board.serve_until[i]))
        s.span_until[spans] = until
        total += until - s.span_from[spans]
        spans += 1
    if spans > 0 and 2 * total <= end - begin:
        return spans, 0, 0, NEVER
    if near == 0:
        return 0, 0, 0, 0
    low, high, near = board.part_from[m], board.part_until[m], 0
    first, last = first_from(board, begin, end, low), first_from(board, begin, end, high)
    if 4 * (last - first) > end - begin:
        low, high, near = board.home[m], board.home[m] + 1, max(0, board.region_near)
        first, last = first_from(board, begin, end, low), first_from(board, begin, end, high)
    s.span_from[0], s.span_until[0] = first, last
    return 1, low, high, near


@inline
def gather(board, m, o, view, drift, slack, s):
    """Fills the lists of each grade with the requests that could be in the offer's best group.

    No entry is worth more than `drift` more than its `key`. All requests within `slack` of the `size`-th best of their grade are kept.
    """
    slot = board.offer_slot[o]
    most = board.size[m]
    per_member = board.offer_worth[o]
    width = len(s.top) // GRADES
    near = max(0, board.region_same, board.region_near) if board.home[m] >= 0 else 0
    low, high = board.offer_lowest[o], board.offer_highest[o]
    for g in range(low, high + 1):
        s.counts[g] = 0
    # Special requests may be worth much more than the order knows: they come first.
    for i in range(board.special_ptr[m], board.special_ptr[m + 1]):
        r = board.special_request[i]
        g = board.grade[r]
        if board.subject[r] == board.slot_subject[slot] and low <= g <= high:
            e = entry_of(board, r, slot)
            if e >= 0:
                value = member_worth(board, m, e, r, view, s) + per_member
                if value > NEVER // 2:
                    s.counts[g] = keep(s.top, s.top_request, g * width, s.counts[g], value, r, most, slack)
    for g in range(low, high + 1):
        first, count = g * width, s.counts[g]
        begin, end = board.bucket_ptr[slot * GRADES + g], board.bucket_ptr[slot * GRADES + g + 1]
        spans, met_from, met_until, beyond = look_near(board, m, begin, end, s)
        if beyond > NEVER:
            s.span_from[spans], s.span_until[spans] = begin, end
        for span in range(spans + (beyond > NEVER)):
            ranked = span == spans
            most_more = per_member + (beyond if ranked else near)
            for i in range(s.span_from[span], s.span_until[span]):
                e = view.order[i] if ranked else i
                least = s.top[first + most - 1] - slack if count >= most else NEVER
                if ranked and view.key[e] + most_more + drift <= least:
                    break
                r = board.entry_request[e]
                if view.worth[r] + view.times[e] + most_more <= least or s.special[r]:
                    continue
                if ranked and met_from <= board.region[r] < met_until:
                    continue
                value = member_worth(board, m, e, r, view, s) + per_member
                if value > NEVER // 2 and value > least:
                    count = keep(s.top, s.top_request, first, count, value, r, most, slack)
        s.counts[g] = count


@inline
def widest(board, a, high, s):
    """The highest grade with anybody that may sit with grade `a`."""
    b = min(high, a + board.max_grade_gap)
    while b > a and s.counts[b] == 0:
        b -= 1
    return b


@inline
def pool_window(board, m, a, b, slack, s):
    """Joins the lists of grades a to b into the window's pool; returns its length."""
    most, count, width = board.size[m], 0, len(s.top) // GRADES
    for g in range(a, b + 1):
        for i in range(g * width, g * width + s.counts[g]):
            if count >= most and s.top[i] <= s.value[most - 1] - slack:
                break
            count = keep(s.value, s.request, 0, count, s.top[i], s.top_request[i], most, slack)
    return count


@inline
def plain_best(board, low, high, s):
    """The best of a pool when regions cost nothing: worth and size."""
    best, size, total = -FAR, 0, 0
    for n in range(1, high + 1):
        total += s.value[n - 1]
        if n >= low and total + size_worth(board, n) > best:
            best, size = total + size_worth(board, n), n
    return best, size


@inline
def mixed_best(board, count, low, high, s):
    """The best of a pool when each region beyond the first costs: a knapsack, regions joined one by one; members in `spare`."""
    for n in range(high + 1):
        s.dp[n] = -FAR
    s.dp[0] = 0
    # However many are taken of a region, it need only be one of the `high` regions whose best so many are worth most.
    for k in range(high + 1):
        s.leads[k] = 0
    for i in range(count):
        at = board.region[s.request[i]] + 1
        s.crowd[at] += 1
        k = s.crowd[at]
        if k <= high:
            s.sums[at] += s.value[i]
            j = s.leads[k]
            if j < high:
                s.leads[k] += 1
            elif s.lead_sum[k, high - 1] < s.sums[at]:
                j = high - 1
            while 0 < j < high and s.lead_sum[k, j - 1] < s.sums[at]:
                s.lead_sum[k, j], s.lead_region[k, j] = s.lead_sum[k, j - 1], s.lead_region[k, j - 1]
                j -= 1
            if j < high:
                s.lead_sum[k, j], s.lead_region[k, j] = s.sums[at], at
    for k in range(1, high + 1):
        for j in range(s.leads[k]):
            s.upto[s.lead_region[k, j]] = k
    kept = 0
    for i in range(count):
        at = board.region[s.request[i]] + 1
        s.nth[at] += 1
        last = s.nth[at] == s.crowd[at]
        if s.nth[at] <= s.upto[at]:
            s.value[kept], s.request[kept] = s.value[i], s.request[i]
            kept += 1
        if last:
            s.crowd[at], s.nth[at], s.upto[at], s.sums[at] = 0, 0, 0, 0
    count = kept
    regions = 0
    for i in range(count):
        region = board.region[s.request[i]]
        seen = False
        for j in range(regions):
            if s.pool_region[j] == region:
                seen = True
        if seen:
            continue
        for n in range(high, 0, -1):
            best, best_k, total, k = s.dp[n], 0, 0, 0
            for j in range(i, count):
                if board.region[s.request[j]] == region:
                    k += 1
                    if k > n:
                        break
                    total += s.value[j]
                    if s.dp[n - k] > -FAR:
                        worth = s.dp[n - k] + total + (board.region_mix if n > k else 0)
                        if worth > best:
                            best, best_k = worth, k
            s.dp[n] = best
            s.taken[regions, n] = best_k
        s.pool_region[regions] = region
        regions += 1
    best, size = -FAR, 0
    for n in range(max(low, 1), high + 1):
        if s.dp[n] > -FAR and s.dp[n] + size_worth(board, n) > best:
            best, size = s.dp[n] + size_worth(board, n), n
    left, at = size, 0
    for k in range(regions - 1, -1, -1):
        if left == 0:
            break
        want = s.taken[k, left]
        left -= want
        for j in range(count):
            if want > 0 and board.region[s.request[j]] == s.pool_region[k]:
                s.spare[at] = s.request[j]
                at += 1
                want -= 1
    return best, size


@kernel
def offer_most(board, m, o, view, drift, s):
    """No less than any group of the offer is worth: regions' mix aside."""
    gather(board, m, o, view, drift, 0, s)
    low, high = board.offer_lowest[o], board.offer_highest[o]
    best = -FAR
    for a in range(low, high + 1):
        if s.counts[a] > 0:
            last = widest(board, a, high, s)
            for b in range(a if board.grade_gap != 0 else last, last + 1):
                if s.counts[b] > 0:
                    count = pool_window(board, m, a, b, 0, s)
                    if count >= board.min_size:
                        worth_of_it, _ = plain_best(board, board.min_size, min(count, board.size[m]), s)
                        best = max(best, worth_of_it + board.grade_gap * (b - a))
    return best


@kernel
def best_group(board, m, o, view, drift, s, members):
    """The best group of an offer: (worth, size), its requests in `members`; (-FAR, 0) where none can stand."""
    slack = -board.region_mix if board.region_mix < 0 else 0
    gather(board, m, o, view, drift, slack, s)
    low, high, most = board.offer_lowest[o], board.offer_highest[o], board.size[m]
    best, size = -FAR, 0
    for a in range(low, high + 1):
        if s.counts[a] == 0:
            continue
        last = widest(board, a, high, s)
        for b in range(a if board.grade_gap != 0 else last, last + 1):
            if s.counts[b] == 0:
                continue
            count = pool_window(board, m, a, b, slack, s)
            if count < board.min_size:
                continue
            got, n = plain_best(board, board.min_size, min(count, most), s)
            if got + board.grade_gap * (b - a) <= best:
                continue
            if slack == 0:
                for j in range(n):
                    s.spare[j] = s.request[j]
            else:
                got, n = mixed_best(board, count, board.min_size, min(count, most), s)
            if got + board.grade_gap * (b - a) > best:
                best, size = got + board.grade_gap * (b - a), n
                for j in range(n):
                    members[j] = s.spare[j]
    return best, size
