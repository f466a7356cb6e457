"""A part of a board as a board of its own, with what its mentors hold: all that somebody needs who works on that part alone.

Every mentor is in one shard, and every mentee is at home in one, where their requests are free. A request that is placed
in another shard than its mentee's home is on a seam: there it may only stay, leave, or go where it meets at the same times,
while its mentee's home keeps those times free. So whatever is done in the shards, together it breaks no rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.board import GRADES, Board, Ints
from matching.groups import Groups, groups_at, hold
from matching.plan import Plan, empty_plan


@dataclass(frozen=True, slots=True)
class Split:
    """Who is in which shard."""

    part: Ints
    """[M] each mentor's"""
    home: Ints
    """[I] each mentee's"""

    def of_requests(self, board: Board, plan: Plan) -> Ints:
        """[R] the shard in which each request stands: its mentor's, or its mentee's where it is unplaced."""
        found = self.home[board.mentee]
        placed = plan.at >= 0
        found[placed] = self.part[plan.mentor[plan.at[placed]]]
        return found


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a board as a board of its own; `mentors`, `offers` and `requests` say what its indices are in the whole."""

    board: Board
    groups: Groups
    """What its mentors hold now, in its own indices."""
    meets: Ints
    """[R] the pattern of each request that is placed in another shard, else -1."""
    mentors: Ints
    offers: Ints
    requests: Ints


def cut(board: Board, plan: Plan, split: Split, shard: int) -> Shard:
    """One shard of a board. Only mentees who could come to its mentors are in it, with all their requests."""
    here = split.of_requests(board, plan) == shard
    mentors, mentees = np.flatnonzero(split.part == shard), np.unique(board.mentee[here])
    mentee_ptr, requests = rows(board.mentee_ptr, mentees)
    mentor_of = _numbers(mentors, len(board.cap), len(mentors))  # whoever is elsewhere is nobody here
    mentee_of, request_of = _numbers(mentees, len(board.mentee_cap)), _numbers(requests, len(here))

    # Entries: of requests that stand here, where one of these mentors offers; on a seam only at the same meetings.
    offer_ptr, offers = rows(board.offer_ptr, mentors)
    offered = np.zeros(len(board.slot_subject), bool)
    offered[board.offer_slot[offers]] = True
    free = split.home[board.mentee] == shard
    r, q = board.entry_request, board.entry_home
    kept = here[r] & offered[q] & (free[r] | (board.slot_pattern[q] == plan.meets[r]))
    entries, slots = np.flatnonzero(kept), np.unique(q[kept])
    entry_of, slot_of = _numbers(entries, len(kept)), _numbers(slots, len(offered))
    bucket_ptr = np.zeros(len(slots) * GRADES + 1, np.int64)
    np.cumsum(np.bincount(slot_of[q[entries]] * GRADES + board.grade[r[entries]], minlength=len(slots) * GRADES), out=bucket_ptr[1:])
    entry_ptr, at = rows(board.entry_ptr, requests)
    entry_ptr, at = _kept(entry_ptr, at, kept[board.entry_at[at]])

    # Offers that somebody here could take, and what is said of those who are here.
    offer_ptr, offers = _kept(offer_ptr, offers, slot_of[board.offer_slot[offers]] >= 0)
    first = slot_of[board.offer_slot[offers]] * GRADES
    anybody = bucket_ptr[first + board.offer_highest[offers] + 1] > bucket_ptr[first + board.offer_lowest[offers]]
    offer_ptr, offers = _kept(offer_ptr, offers, anybody)
    serve_ptr, serve = rows(board.serve_ptr, mentors)
    special_ptr, special = rows(board.special_ptr, mentors)
    special_ptr, special = _kept(special_ptr, special, here[board.special_request[special]])
    peer_ptr, peer = rows(board.peer_ptr, mentees)
    peer_ptr, peer = _kept(peer_ptr, peer, mentee_of[board.peer_mentee[peer]] >= 0)
    beyond = 1 + int(max(board.home[mentors].max(initial=-1), board.region[requests].max(initial=-1)))
    cells = np.flatnonzero(mentee_of[board.cell_mentee] >= 0)
    cell = board.entry_cell[entries]

    part = Board(
        min_size=board.min_size,
        target_size=board.target_size,
        max_grade_gap=board.max_grade_gap,
        session_minutes=board.session_minutes,
        buffer_minutes=board.buffer_minutes,
        off_target=board.off_target,
        grade_gap=board.grade_gap,
        region_mix=board.region_mix,
        region_same=board.region_same,
        region_near=board.region_near,
        first_group=board.first_group,
        first_seat=board.first_seat,
        bonus=board.bonus,
        stay=board.stay,
        cells=board.cells,
        cap=board.cap[mentors],
        size=board.size[mentors],
        home=board.home[mentors],
        gender=board.gender[mentors],
        part_from=board.part_from[mentors],
        part_until=np.minimum(board.part_until[mentors], beyond),
        serve_ptr=serve_ptr,
        serve_from=np.minimum(board.serve_from[serve], beyond),
        serve_until=np.minimum(board.serve_until[serve], beyond),
        special_ptr=special_ptr,
        special_request=request_of[board.special_request[special]],
        special_worth=board.special_worth[special],
        offer_ptr=offer_ptr,
        offer_slot=slot_of[board.offer_slot[offers]],
        offer_lowest=board.offer_lowest[offers],
        offer_highest=board.offer_highest[offers],
        offer_worth=board.offer_worth[offers],
        mentee_cap=board.mentee_cap[mentees],
        mentee_ptr=mentee_ptr,
        peer_ptr=peer_ptr,
        peer_mentee=mentee_of[board.peer_mentee[peer]],
        peer_worth=board.peer_worth[peer],
        mentee=mentee_of[board.mentee[requests]],
        subject=board.subject[requests],
        base=board.base[requests],
        peer_half=board.peer_half[requests],
        grade=board.grade[requests],
        region=board.region[requests],
        wants_gender=board.wants_gender[requests],
        locked=_known(mentor_of, board.locked[requests]),
        stay_mentor=_known(mentor_of, board.stay_mentor[requests]),
        stay_pattern=board.stay_pattern[requests],
        entry_ptr=entry_ptr,
        entry_slot=slot_of[board.entry_slot[at]],
        entry_at=entry_of[board.entry_at[at]],
        slot_subject=board.slot_subject[slots],
        slot_pattern=board.slot_pattern[slots],
        bucket_ptr=bucket_ptr,
        entry_request=request_of[r[entries]],
        entry_home=slot_of[q[entries]],
        entry_worth=board.entry_worth[entries],
        entry_cell=_known(_numbers(cells, len(board.cell_mentee)), cell),
        cell_mentee=mentee_of[board.cell_mentee[cells]],
        cell_time=board.cell_time[cells],
        pattern_starts=board.pattern_starts,
    )

    held = np.flatnonzero((plan.offer >= 0) & (split.part[plan.mentor] == shard))
    return Shard(
        part,
        named(groups_at(plan, held), mentor_of, _numbers(offers, len(board.offer_slot)), request_of),
        np.where(here, -1, plan.meets)[requests],
        mentors,
        offers,
        requests,
    )


def plan_of(shard: Shard) -> Plan:
    """The plan that holds what the shard's mentors hold; mentees keep the times at which they meet elsewhere."""
    plan = empty_plan(shard.board)
    plan.meets[:] = shard.meets
    np.add.at(plan.attends, shard.board.mentee, shard.meets >= 0)
    hold(shard.board, plan, shard.groups)
    return plan


def groups_of(shard: Shard, plan: Plan) -> Groups:
    """What a plan of the shard holds, in the indices of the whole board."""
    return named(groups_at(plan, np.flatnonzero(plan.offer >= 0)), shard.mentors, shard.offers, shard.requests)


def named(groups: Groups, mentors: Ints, offers: Ints, requests: Ints) -> Groups:
    """Groups by other numbers of their mentors, offers and requests."""
    return groups._replace(mentor=mentors[groups.mentor], offer=offers[groups.offer], members=requests[groups.members])


def rows(ptr: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """The chosen rows of a CSR pair: their pointers, and where their content stands in the flat array."""
    return ranges(ptr[chosen], ptr[chosen + 1])


def ranges(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """The numbers of all ranges [first, last), one range after the other: pointers to where each begins, and the numbers."""
    new = np.zeros(len(first) + 1, np.int64)
    np.cumsum(last - first, out=new[1:])
    return new, np.arange(new[-1]) + np.repeat(first - new[:-1], last - first)


def _kept(ptr: Ints, flat: Ints, kept: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """A CSR pair with only some of its content."""
    before = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    return before[ptr], flat[kept]


def _numbers(chosen: Ints, of: int, other: int = -1) -> Ints:
    """[of] what the chosen are called among themselves; `other` where one is not chosen."""
    found = np.full(of, other)
    found[chosen] = np.arange(len(chosen))
    return found


def _known(names: Ints, old: Ints) -> Ints:
    """New names of old ones; -1 stays."""
    return np.where(old >= 0, names[old], -1) if len(names) else np.full_like(old, -1)
