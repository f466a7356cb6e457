"""A round as arrays: what the solver knows of it.

The unit of every worth here is a thousandth of a point (`MILLI`), so that prices between whole points stay whole numbers.

A *slot* is a subject, the meetings of a week and a class of regions whose mentees may share a group (rule 9). Its
*entries* are the requests that can come then, in buckets by grade and there by region. An *offer* is a mentor at a slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.result import Group
from matching.round import Mentee, Mentor
from matching.week import Meetings

MILLI = 1000
NEVER = -(1 << 50)
"""A worth that keeps two apart whatever else is paid."""

GRADES = 13
"""Buckets of a slot: grades 0 (unused) to 12."""

Ints = npt.NDArray[np.int64]


class Board(NamedTuple):
    """A round as arrays. CSR pairs are named `x_ptr` and what they point into. Indices are int64, worths in thousandths.

    M mentors that may be used, I mentees, R requests (in the order of the mentees), Q slots, E entries, P meetings, O offers.
    """

    min_size: int
    target_size: int
    max_grade_gap: int
    session_minutes: int
    buffer_minutes: int
    off_target: int
    grade_gap: int
    region_mix: int
    region_same: int
    region_near: int
    first_group: int
    first_seat: int
    # Each of the mentors, [M].
    cap: Ints  # groups at most
    size: Ints  # members at most
    home: Ints  # region, -1 for none
    part_from: Ints  # the regions that share its first part
    part_until: Ints
    gender: Ints
    serve_ptr: Ints  # [M + 1] intervals of regions; none = everywhere
    serve_from: Ints
    serve_until: Ints
    special_ptr: Ints  # [M + 1] requests that are worth more or less with this mentor, at some meetings or at all, or NEVER
    special_request: Ints
    special_worth: Ints
    offer_ptr: Ints  # [M + 1]
    offer_slot: Ints  # [O]
    offer_lowest: Ints
    offer_highest: Ints
    offer_worth: Ints  # for each member
    # Each of the mentees, [I].
    mentee_cap: Ints
    mentee_ptr: Ints  # [I + 1] its requests
    peer_ptr: Ints  # [I + 1]
    peer_mentee: Ints
    peer_worth: Ints  # NEVER: apart
    # Each of the requests, [R].
    mentee: Ints
    subject: Ints
    base: Ints  # placed, and first_seat where the mentee has no other request
    peer_half: Ints  # half of what peers could add
    grade: Ints
    region: Ints  # ids in path order; -1 for none
    wants_gender: Ints  # 0: any
    locked: Ints  # the mentor it is required to have, -1 for none
    bonus: int  # what all that is required is worth more in `base`, so that nothing is worth breaking it
    stay_mentor: Ints
    stay_pattern: Ints
    stay: int
    entry_ptr: Ints  # [R + 1] where the request stands: slots ascending
    entry_slot: Ints
    entry_at: Ints
    # Each of the slots, [Q].
    slot_subject: Ints
    slot_pattern: Ints
    bucket_ptr: Ints  # [Q * GRADES + 1]
    entry_request: Ints  # [E]
    entry_home: Ints  # [E] its slot
    entry_worth: Ints  # [E] preferred times
    entry_cell: Ints  # [E, k] where a mentee of several requests has several: the first cell of each meeting, else -1
    cell_mentee: Ints  # [C] times of such mentees, in units of start_every_minutes
    cell_time: Ints  # [C] when it is, counted from the week's first
    cells: int  # of one meeting
    # Each of the meetings, [P, k].
    pattern_starts: Ints


@dataclass(frozen=True, slots=True)
class Table:
    """A board with the names of what its indices mean."""

    board: Board
    mentors: tuple[Mentor, ...]
    mentees: tuple[Mentee, ...]
    subjects: tuple[str, ...]
    meetings: tuple[Meetings, ...]
    request_of: dict[tuple[str, str], int]
    """Requests by mentee's key and subject."""

    def groups(self, chosen: Iterable[tuple[int, int, Sequence[int]]]) -> tuple[Group, ...]:
        """(mentor, slot, requests) as groups with keys in the order of mentor and meetings."""
        found = []
        for mentor, slot, requests in chosen:
            members = tuple(sorted(self.mentees[self.board.mentee[r]].key for r in requests))
            meetings = self.meetings[self.board.slot_pattern[slot]]
            found.append((self.mentors[mentor].key, meetings, self.subjects[self.board.slot_subject[slot]], members))
        width = len(str(len(found)))
        return tuple(
            Group(key=f"g-{n:0{width}d}", mentor=mentor, subject=subject, meetings=meetings, members=members)
            for n, (mentor, meetings, subject, members) in enumerate(sorted(found), 1)
        )
