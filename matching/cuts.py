"""Cuts: of three things that can each be had once, two together are had once at most.

Halves of three groups can share a mentor's hour and two requests so that each of the three is had once and yet one and a
half groups are held. No prices of single things forbid that; a price on the triple does (a subset-row cut; Jepsen,
Petersen, Spoorendonk and Pisinger, 2008). The things are a program's rows, of mentors, mentees and requests alike.
"""

from __future__ import annotations

import numpy as np

from matching.board import Board, Ints
from matching.kernels import kernel
from matching.listing import Cuts, Listing
from matching.price import Floats
from matching.program import Program, Row, meets_of, starts_of

Item = tuple[int, int]
"""A row's kind and owner."""

Triple = tuple[Item, Item, Item]

LEAST = 0.02
"""A cut is worth having where it is broken by so much."""

MOST_AT_ONCE = 250
MOST_OF_ITEM = 8
"""New cuts at once in which the same thing stands."""


def broken(program: Program, x: Floats, known: set[Triple]) -> list[Triple]:
    """The cuts that a choice of parts of groups breaks most, none of those known."""
    part = np.flatnonzero((x[: program.groups] > 1e-3) & (x[: program.groups] < 1 - 1e-3))
    where = np.full(len(x), -1)
    where[part] = np.arange(len(part))
    row = np.repeat(np.arange(len(program.high)), np.diff(program.row_ptr))
    single = (program.high == 1) & (program.kind != Row.CUT) & (np.bincount(row, program.row_factor != 1, len(program.high)) == 0)
    entries = single[row] & (where[program.row_column] >= 0)
    row, column = row[entries], where[program.row_column[entries]]
    one, other, weight, count = _pairs(row, column, x[part], len(program.high))
    # Whatever is had only with another thing adds nothing to it.
    alone = one == other
    size = np.zeros(len(program.high), np.int64)
    size[one[alone]] = count[alone]
    within = (count == size[one]) & ((size[other] > size[one]) | (other < one)) & ~alone
    kept = size > 1
    kept[one[within]] = False
    use = kept[one] & kept[other] & ~alone
    one, other, weight = one[use], other[use], weight[use]
    ptr = np.searchsorted(one, np.arange(len(program.high) + 1))
    first = np.searchsorted(row, np.arange(len(program.high) + 1))
    most = 100_000
    found, by = np.zeros((most, 3), np.int64), np.zeros(most)
    n = triples(ptr, other, weight, first, column, x[part], LEAST, found, by)
    chosen: list[Triple] = []
    times = dict.fromkeys(range(len(program.high)), 0)
    for k in np.argsort(-by[:n], kind="stable"):
        rows = found[k].tolist()
        if len(chosen) == MOST_AT_ONCE or any(times[i] == MOST_OF_ITEM for i in rows):
            continue
        a, b, c = ((int(program.kind[i]), int(program.owner[i])) for i in rows)
        if (a, b, c) not in known:
            chosen.append((a, b, c))
            for i in rows:
                times[i] += 1
    return chosen


def _pairs(row: Ints, column: Ints, x: Floats, rows: int) -> tuple[Ints, Ints, Floats, Ints]:
    """Rows that have columns in common, in order, each with itself too: (row, row, their x, their number)."""
    order = np.lexsort((row, column))
    row, column = row[order], column[order]
    size = np.bincount(column)
    first = np.cumsum(size) - size
    reach = size[column]
    one = np.repeat(row, reach)
    at = np.repeat(first[column], reach) + np.arange(reach.sum()) - np.repeat(np.cumsum(reach) - reach, reach)
    keys, of = np.unique(one * rows + row[at], return_inverse=True)
    weight = np.bincount(of, np.repeat(x[column], reach)).astype(np.float64)
    return keys // rows, keys % rows, weight, np.bincount(of).astype(np.int64)


@kernel
def triples(ptr, near, weight, first, column, x, least, found, by):
    """Writes the triples of rows that are broken by at least so much, in ascending order; returns their number."""
    n = 0
    for i in range(len(ptr) - 1):
        for a in range(ptr[i], ptr[i + 1]):
            j = near[a]
            if j <= i:
                continue
            # Rows near to both.
            b, c = a + 1, ptr[j]
            while b < ptr[i + 1] and c < ptr[j + 1]:
                if near[b] < near[c]:
                    b += 1
                elif near[b] > near[c]:
                    c += 1
                else:
                    k = near[b]
                    over = weight[a] + weight[b] + weight[c] - 1
                    if k > j and over >= least:
                        for u in range(first[i], first[i + 1]):
                            f = column[u]
                            if has(column, first[j], first[j + 1], f) and has(column, first[k], first[k + 1], f):
                                over -= 2 * x[f]
                        if over >= least and n < len(by):
                            found[n, 0], found[n, 1], found[n, 2], by[n] = i, j, k, over
                            n += 1
                    b += 1
                    c += 1
    return n


@kernel
def has(column, low, high, f):
    """Whether the ascending columns [low, high) have `f`."""
    end = high
    while low < high:
        mid = (low + high) // 2
        if column[mid] < f:
            low = mid + 1
        else:
            high = mid
    return low < end and column[low] == f


def with_more(board: Board, listing: Listing, cuts: Cuts, more: list[Triple]) -> Cuts:
    """The cuts and more of them, which cost nothing yet: each with all listed groups that take two of its three things."""
    takes = np.zeros(len(listing.groups.mentor), np.int8)
    taken = []
    for triple in more:
        those = [groups_that_take(board, listing, *item) for item in triple]
        for groups in those:
            takes[groups] += 1
        any_of = np.concatenate(those)
        taken.append(np.unique(any_of[takes[any_of] > 1]))
        takes[any_of] = 0
    return Cuts(
        np.r_[cuts.ptr, cuts.ptr[-1] + np.cumsum([len(groups) for groups in taken])].astype(np.int64),
        np.concatenate([cuts.group, *taken]).astype(np.int32),
        np.r_[cuts.price, np.zeros(len(more), np.int64)],
    )


def groups_that_take(board: Board, listing: Listing, kind: int, owner: int) -> Ints:
    """The listed groups with an entry in such a row of a program."""
    groups, mine = listing.groups, listing.request_ptr
    match kind:
        case Row.REQUEST:
            return listing.request_group[mine[owner] : mine[owner + 1]].astype(np.int64)
        case Row.LIMIT | Row.TIME:
            i = owner if kind == Row.LIMIT else board.cell_mentee[owner]
            first, last = board.mentee_ptr[i], board.mentee_ptr[i + 1]
            found = listing.request_group[mine[first] : mine[last]].astype(np.int64)
            if kind == Row.LIMIT:
                return found
            at = board.entry_at[board.entry_ptr[first] : board.entry_ptr[last]]
            then = ((board.entry_cell[at] <= owner) & (owner < board.entry_cell[at] + board.cells)).any(axis=1)
            return found[np.isin(board.offer_slot[groups.offer[found]], board.entry_home[at[then]])]
        case Row.MENTOR:
            return np.arange(listing.mentor_ptr[owner], listing.mentor_ptr[owner + 1])
        case Row.MEET:
            m, start = divmod(owner, starts_of(board))
            offers = np.arange(board.offer_ptr[m], board.offer_ptr[m + 1])
            meet, of = meets_of(board, board.slot_pattern[board.offer_slot[offers]], np.zeros(len(offers), np.int64))
            found = np.arange(listing.mentor_ptr[m], listing.mentor_ptr[m + 1])
            return found[np.isin(groups.offer[found], offers[of[meet == start]])]
    raise ValueError(kind)


def no_cuts() -> Cuts:
    """None yet."""
    return Cuts(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))
