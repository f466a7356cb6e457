"""Why each unplaced request is unplaced: the first reason that holds, and one sentence for a person (ROUND.md, Out: `reason`).

What stands in the way of a seat is worked out on the plan itself, exactly: see `matching.ways`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from matching.alone import could_stand, most_company, stands
from matching.case import Case, Seated
from matching.check_points import GROUP_POINTS, MEMBER_POINTS
from matching.check_reasons import People, true_reason
from matching.convene import MOST_OFFERS, best_to_convene, convene
from matching.eligible import GRADES, MILLI, Ints, Table
from matching.lacks import little_company, missing
from matching.plan import Plan, take_back
from matching.polish import Desk, desk
from matching.result import Group, Reason, Unplaced
from matching.round import Mentee, Round
from matching.scratch import scratch
from matching.ways import (
    GAIN,
    JOIN,
    KIND,
    OFFER,
    OPEN,
    OTHER,
    PLACE,
    SEAT,
    SIBLING,
    no_way,
    standing_of,
    ways_of,
)
from matching.week import Meetings, write_meetings


def unplaced(round: Round, table: Table, plan: Plan, groups: Sequence[Group]) -> tuple[Unplaced, ...]:
    """The requests in no group, in the order of mentee and subject; `groups` are those of the plan, whose noise is 0."""
    board = table.board
    waiting = np.flatnonzero(plan.at < 0)
    names = {r: name for name, r in table.request_of.items()}
    case = Case.of(round, groups)
    people = People(case)
    room = desk(board, plan, 0)
    stands = np.zeros(len(waiting), np.int64)
    could_stand(board, room, waiting, np.zeros(board.min_size + 1, np.int64), stands)
    alone = waiting[stands < 0]
    told: list[tuple[int, Reason, str]] = []
    without_seat = waiting[stands >= 0].tolist()
    mentees = round.mentee_of
    for r, short in zip(alone.tolist(), _too_few(round, table, room, alone), strict=True):
        key, subject = names[r]
        mentee = mentees[key]
        reason = Reason.NO_GROUP if short else true_reason(people, mentee, subject)
        if reason is Reason.NO_SEAT:
            without_seat.append(r)
        else:
            told.append((r, reason, short or missing(people, mentee, subject, reason)))
    in_the_way = _InTheWay(table, plan, case, room)
    for r, detail in zip(without_seat, in_the_way.sentences(np.array(without_seat, np.int64)), strict=True):
        told.append((r, Reason.NO_SEAT, detail))
    found = (Unplaced(mentee=names[r][0], subject=names[r][1], reason=reason, detail=detail) for r, reason, detail in told)
    return tuple(sorted(found, key=lambda one: (one.mentee, one.subject)))


def _too_few(round: Round, table: Table, room: Desk, requests: Ints) -> Iterator[str]:
    """For each of these requests, if it is that: a mentor could have it at some time, but too few others can come. Else nothing.

    Mentees who may be in no group are not on the board, and yet could sit with it as far as `no_group` goes.
    """
    board = table.board
    most = np.zeros((len(requests), 3), np.int64)
    most_company(board, room, requests, np.zeros(GRADES, np.int64), most)
    subjects = {r: subject for (_, subject), r in table.request_of.items()}
    absent = Counter(request.subject for n, mentee in enumerate(table.mentees) if not board.mentee_cap[n] for request in mentee.requests)
    for r, (number, o, beside) in zip(requests.tolist(), most.tolist(), strict=True):
        subject = subjects[r]
        if o < 0 or beside + absent[subject] >= board.min_size - 1:
            yield ""
        else:
            at = (number, table.mentors[room.offer_mentor[o]].key, table.meetings[board.slot_pattern[board.offer_slot[o]]])
            yield little_company(round.policy.group, table.mentees[board.mentee[r]], subject, at)


class _InTheWay:
    """Says of waiting requests what they would displace or lower."""

    def __init__(self, table: Table, plan: Plan, case: Case, room: Desk) -> None:
        self.table, self.board, self.plan, self.case, self.room = table, table.board, plan, case, room
        self.scratch, self.dirty = scratch(self.board), np.zeros(len(plan.offer) + 1, np.int64)
        self.members = np.zeros(int(self.board.size.max(initial=1)) + 2, np.int64)
        self.group_at: dict[tuple[str, Meetings], Group] = {(group.mentor, group.meetings): group for group in case.groups}

    def sentences(self, requests: Ints) -> Iterator[str]:
        """For each of these requests the way to place it that would cost least, or what keeps it from any."""
        ways = np.zeros((len(requests), len(no_way())), np.int64)
        ways_of(self.board, self.plan, self.room, standing_of(self.board, self.plan), requests, ways)
        for r, way in zip(requests.tolist(), ways.tolist(), strict=True):
            mentee = self.table.mentees[self.board.mentee[r]]
            if not self.board.mentee_cap[self.board.mentee[r]]:
                yield f"{mentee.key} may be in no group: max_groups is 0"
            elif way[KIND] and not self._breaks_a_requirement(way[GAIN]):
                yield self._told(mentee, way)
            else:
                yield self._moving_others(r)

    def _breaks_a_requirement(self, gain: int) -> bool:
        """Whether a way would cost what only a required request is worth: it is none."""
        required = int((self.board.locked >= 0).sum())
        return required > 0 and -gain > self.board.bonus // required // 2

    def _told(self, mentee: Mentee, way: list[int]) -> str:
        kind, end = way[KIND], f"and {_lower(way[GAIN])}"
        mentor = self.table.mentors[self.room.offer_mentor[way[OFFER]]].key
        alone = f"be alone with {mentor} at {self._meetings(way[OFFER])}"
        if kind == JOIN:
            group = self._at(way[PLACE])
            does = f"join {_named(group)}, which has a seat,"
            end += "" if way[SIBLING] >= 0 else self._mostly(group, mentee)
        elif kind == SEAT:
            group = self._at(way[PLACE])
            full = len(group.members) >= self.board.size[self.plan.mentor[way[PLACE]]]
            why = f"which is full with {len(group.members)}," if full else "where the two may not sit together,"
            does = f"take the seat of {self._mentee(way[OTHER])} in {_named(group)}, {why}"
        else:
            does = alone if kind == OPEN else f"{alone} in the place of {self._group(way[PLACE])},"
        if way[SIBLING] >= 0:
            left = self.plan.at[way[SIBLING]]
            ends = self.plan.size[left] <= self.board.min_size
            does = f"{'end' if ends else 'leave'} {self._group(left)} to {does}"
        return f"at best {mentee.key} would {does} {end}"

    def _moving_others(self, r: int) -> str:
        """The least that a new group with the request would take from others; for rounds whose groups need company."""
        board, plan = self.board, self.plan
        chosen, best = best_to_convene(board, plan, self.room, self.scratch, r, MOST_OFFERS, self.members, self.dirty)
        if chosen < 0 or self._breaks_a_requirement(best):
            return self._busy(r)
        at, offers = plan.at.copy(), plan.offer.copy()
        convene(board, plan, self.room, self.scratch, r, chosen, self.members, self.dirty)
        moved = np.flatnonzero((at >= 0) & (plan.at != at)).tolist()
        ended = plan.offer != offers
        take_back(board, plan)
        of_groups: dict[int, list[str]] = {}
        for x in moved:
            of_groups.setdefault(int(at[x]), []).append(self._mentee(x))
        taken = " and ".join(
            f"{self._group(g)} ended" if ended[g] else f"{', '.join(who)} left {self._group(g)}" for g, who in sorted(of_groups.items())
        )
        mentee, mentor = self._mentee(r), self.table.mentors[self.room.offer_mentor[chosen]].key
        how = f"if {taken}" if taken else "with others who wait"
        return f"{mentee} could have a new group with {mentor} at {self._meetings(chosen)} {how}, and {_lower(best)}"

    def _busy(self, r: int) -> str:
        """Who a group with the request would need, and what they are held by."""
        board, plan = self.board, self.plan
        members = np.zeros(board.min_size + 1, np.int64)
        o = stands(board, self.room, r, members)
        if o < 0:
            return f"{self._mentee(r)} could be in a group by itself, but those it would need are required elsewhere or may be in no group"
        m = self.room.offer_mentor[o]
        held = [g for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]) if plan.offer[g] >= 0]
        for x in members[: board.min_size].tolist():
            i = board.mentee[x]
            held += [int(plan.at[q]) for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]) if plan.at[q] >= 0]
        others = " and ".join(self._mentee(x) for x in members[1 : board.min_size].tolist())
        company = f" and {others}" if others else ""
        groups = " and ".join(self._group(g) for g in dict.fromkeys(held))
        who = f"{self._mentee(r)}{company}"
        return f"{who} could meet {self.table.mentors[m].key} at {self._meetings(o)}, but they are held by {groups}"

    def _mostly(self, group: Group, mentee: Mentee) -> str:
        """The kind of points that the mentee's joining the group would lower most."""
        mentor, mentees = self.case.round.mentor_of[group.mentor], self.case.round.mentee_of
        now = Seated(group, mentor, tuple(mentees[key] for key in group.members))
        then = Seated(group, mentor, (*now.members, mentee))
        change = {kind.__name__: kind(self.case, then) - kind(self.case, now) for kind in (*MEMBER_POINTS, *GROUP_POINTS)}
        kind = min(change, key=lambda name: change[name])
        return f" ({change[kind]} for {kind})" if change[kind] < 0 else ""

    def _at(self, g: int) -> Group:
        o = self.plan.offer[g]
        return self.group_at[
            self.table.mentors[self.plan.mentor[g]].key, self.table.meetings[self.board.slot_pattern[self.board.offer_slot[o]]]
        ]

    def _group(self, g: int) -> str:
        return _named(self._at(int(g)))

    def _mentee(self, r: int) -> str:
        key: str = self.table.mentees[self.board.mentee[r]].key
        return key

    def _meetings(self, o: int) -> str:
        return write_meetings(self.table.meetings[self.board.slot_pattern[self.board.offer_slot[o]]])


def _named(group: Group) -> str:
    return f"{group.key} ({group.subject} with {group.mentor}, {write_meetings(group.meetings)})"


def _lower(gain: int) -> str:
    """What a way does to the score, in whole points."""
    points = gain // MILLI
    if points > 0:
        return f"the score would be {points:,} higher, but the run ended before"
    return f"the score would be {-points:,} lower" if points else "the score would be no higher"
