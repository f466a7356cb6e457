"""The integer program of a list of groups: which of them to hold.

A variable for each group; mentors' first groups and mentees' first seats have variables of their own where they count.
Each row is a request, a mentee's limit, seat or time, a mentor's number of groups, first group or time, or a cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from matching.best_group import entry_of
from matching.board import Board, Ints
from matching.groups import Groups
from matching.kernels import kernel

DAY = 1440


class Row(IntEnum):
    """What a row speaks of, and what its owner is."""

    REQUEST = 0
    """Once at most; a request."""
    LIMIT = 1
    """A mentee's groups; a mentee."""
    TIME = 2
    """A mentee in one place at a time; a cell."""
    SEAT = 3
    """A first seat is held by whoever gives it; a mentee (a request, where it costs)."""
    MENTOR = 4
    """A mentor's groups; a mentor."""
    FIRST = 5
    """A first group; a mentor."""
    MEET = 6
    """A mentor in one place at a time; a mentor and a start, as `meets_of` numbers them."""
    CUT = 7
    """One at most of many groups; a cut."""


@dataclass(frozen=True, slots=True)
class Program:
    """max worth @ x, rows <= high, 0 <= x <= 1 (whole); rows as CSR. The first columns are the groups'."""

    worth: Ints
    row_ptr: Ints
    row_column: Ints
    row_factor: Ints
    high: Ints
    kind: Ints
    owner: Ints
    groups: int


def program_of(board: Board, groups: Groups, attends: Ints, taken: Ints, cuts: tuple[Ints, Ints] | None = None) -> Program:
    """The program of these groups, where mentees are in `attends` [I] groups already and mentors have `taken` [M]; `cuts` are
    pairs of cut and column."""
    n = len(groups.mentor)
    column = np.arange(n)
    held = np.arange(groups.members.shape[1]) < groups.size[:, None]
    member_column = np.broadcast_to(column[:, None], held.shape)[held]
    member = groups.members[held]
    mentee = board.mentee[member]
    requests = np.diff(board.mentee_ptr)
    several = requests[mentee] > 1
    kinds, owners, columns, factors = [], [], [], []

    def say(kind: Row, owner: Ints, at: Ints, factor: int | Ints = 1) -> None:
        kinds.append(np.full(len(owner), int(kind)))
        owners.append(owner)
        columns.append(at)
        factors.append(np.broadcast_to(factor, len(owner)))

    say(Row.REQUEST, member, member_column)
    tight = several & (board.mentee_cap < requests)[mentee]
    say(Row.LIMIT, mentee[tight], member_column[tight])
    cell, at = cells_of(board, groups, member[several], member_column[several])
    say(Row.TIME, cell, at)
    worth = [groups.worth]
    seated = several & (attends == 0)[mentee]
    if board.first_seat and seated.any():
        owner, new = np.unique(mentee[seated], return_inverse=True)
        seat = n + new
        if board.first_seat > 0:
            say(Row.SEAT, mentee[seated], member_column[seated], -1)
            say(Row.SEAT, owner, n + np.arange(len(owner)))
        else:
            say(Row.SEAT, member[seated], member_column[seated])
            asked, first = np.unique(member[seated], return_index=True)
            say(Row.SEAT, asked, seat[first], -1)
        worth.append(np.full(len(owner), board.first_seat))
        n += len(owner)
    busy = board.cap[groups.mentor] > 1
    meet, of_meet = meets_of(board, board.slot_pattern[board.offer_slot[groups.offer[busy]]], groups.mentor[busy])
    say(Row.MENTOR, groups.mentor, column)
    say(Row.MEET, meet, column[busy][of_meet])
    idle = taken[groups.mentor] == 0
    if board.first_group and idle.any():
        used = np.unique(groups.mentor[idle])
        if board.first_group > 0:
            say(Row.FIRST, groups.mentor[idle], column[idle], -1)
            say(Row.FIRST, used, n + np.arange(len(used)))
        else:  # no group, and none at any time, without the first
            say(Row.MENTOR, used, n + np.arange(len(used)), -board.cap[used])
            times = np.unique(meet[np.isin(meet // starts_of(board), used)])
            say(Row.MEET, times, n + np.searchsorted(used, times // starts_of(board)), -1)
        worth.append(np.full(len(used), board.first_group))
        n += len(used)
    if cuts is not None:
        say(Row.CUT, *cuts)
    entries = np.array([np.concatenate(part) for part in (kinds, owners, columns, factors)], np.int64)
    return _gathered(board, attends, taken, np.concatenate(worth), entries, len(column))


def _gathered(board: Board, attends: Ints, taken: Ints, worth: Ints, entries: Ints, groups: int) -> Program:
    """The program with these entries [kind, owner, column, factor], without the rows that say nothing."""
    kind, owner, column, factor = entries[:, np.lexsort(entries[2::-1])]
    first = np.flatnonzero(np.r_[True, (kind[1:] != kind[:-1]) | (owner[1:] != owner[:-1])]) if len(kind) else np.zeros(0, np.int64)
    row = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(kind)]))
    of, whose = kind[first], owner[first]
    high = np.ones(len(first), np.int64)
    high[(of == Row.SEAT) | (of == Row.FIRST)] = 0
    limit, mentor, meet = of == Row.LIMIT, of == Row.MENTOR, of == Row.MEET
    high[limit] = (board.mentee_cap - attends)[whose[limit]]
    high[mentor] = (board.cap - taken)[whose[mentor]]
    if board.first_group < 0:
        high[mentor] *= taken[whose[mentor]] > 0
        high[meet] *= taken[whose[meet] // starts_of(board)] > 0
    # A row of times within the next or the one before it says nothing new, nor one that cannot be too full.
    size = np.bincount(row, minlength=len(first))
    full = np.bincount(row, np.maximum(factor, 0), len(first)).astype(np.int64)
    here, there = row * len(worth) + column, (row + 1) * len(worth) + column
    common = np.bincount(row, np.isin(there, here), len(first)).astype(np.int64)
    time = (of == Row.TIME) | (of == Row.MEET)
    next_too = np.r_[time[1:] & (of[1:] == of[:-1]), False] & time
    within_next = next_too & (common == size)
    within_last = np.r_[False, next_too[:-1] & (common[:-1] == size[1:]) & (size[1:] < size[:-1])]
    kept = ((full > high) | (of == Row.REQUEST)) & ~within_next & ~within_last  # some row bounds each group
    number = np.cumsum(kept) - 1
    stays = kept[row]
    ptr = np.zeros(int(kept.sum()) + 1, np.int64)
    np.cumsum(np.bincount(number[row[stays]], minlength=int(kept.sum())), out=ptr[1:])
    return Program(worth, ptr, column[stays], factor[stays], high[kept], of[kept], whose[kept], groups)


def starts_of(board: Board) -> int:
    """How many starts there are in a week."""
    return len(np.unique(board.pattern_starts))


def meets_of(board: Board, patterns: Ints, mentors: Ints) -> tuple[Ints, Ints]:
    """When mentors are busy who hold groups at these patterns: (mentor * starts + start, which of the pairs), where of two
    groups that clash one takes the other's start."""
    starts = np.unique(board.pattern_starts)
    meets = board.pattern_starts[patterns]
    numbers, which = [], []
    for k in range(meets.shape[1]):
        first = np.searchsorted(starts, meets[:, k])
        end = np.minimum(meets[:, k] + board.session_minutes + board.buffer_minutes, (meets[:, k] // DAY + 1) * DAY)
        reach = np.searchsorted(starts, end) - first
        flat = np.repeat(first, reach) + np.arange(reach.sum()) - np.repeat(np.cumsum(reach) - reach, reach)
        numbers.append(np.repeat(mentors, reach) * len(starts) + flat)
        which.append(np.repeat(np.arange(len(mentors)), reach))
    return np.concatenate(numbers), np.concatenate(which)


def cells_of(board: Board, groups: Groups, member: Ints, column: Ints) -> tuple[Ints, Ints]:
    """The cells of their mentees' time that members take: (cell, column)."""
    first = np.zeros((len(member), board.entry_cell.shape[1]), np.int64)
    find_cells(board, groups.offer, member, column, first)
    cell = first[:, :, None] + np.arange(board.cells)
    known = np.broadcast_to(first[:, :, None] >= 0, cell.shape)
    return cell[known], np.broadcast_to(column[:, None, None], cell.shape)[known]


@kernel
def find_cells(board, offer, member, column, first):
    """Notes the first cell of each meeting of each member, -1 where it does not count."""
    for n in range(len(member)):
        e = entry_of(board, member[n], board.offer_slot[offer[column[n]]])
        for k in range(first.shape[1]):
            first[n, k] = board.entry_cell[e, k]
