"""Why each unplaced request is unplaced: the first reason that holds, and one sentence for a person (ROUND.md, Out: `reason`).

What stands in the way of a seat is worked out on the plan itself, exactly: see `matching.ways`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from matching.alone import could_stand, most_company, stands
from matching.board import GRADES, MILLI, Board, Ints, Table
from matching.case import Case, Seated
from matching.check_points import GROUP_POINTS, MEMBER_POINTS
from matching.check_reasons import People, company_of, true_reason
from matching.convene import MOST_OFFERS, best_to_convene, convene
from matching.groups import Groups, groups_at, hold
from matching.lacks import little_company, missing
from matching.plan import Plan, copy_of, empty_plan, take_back
from matching.polish import Desk, desk
from matching.result import Group, Reason, Unplaced
from matching.round import Mentee, Round
from matching.rules import mentee_max_groups
from matching.scratch import scratch
from matching.sentences import Sentence, Value, all_of
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
from matching.week import Meetings


def unplaced(round: Round, table: Table, plan: Plan, groups: Sequence[Group]) -> tuple[Unplaced, ...]:
    """The requests in no group, in the order of mentee and subject; `groups` are those of the plan, whose noise is 0."""
    board = table.board
    waiting = np.flatnonzero(plan.at < 0)
    names = {r: name for name, r in table.request_of.items()}
    people = People(Case.of(round, groups))
    room = desk(board, plan, 0)
    stands = np.zeros(len(waiting), np.int64)
    could_stand(board, room, waiting, np.zeros(board.min_size + 1, np.int64), stands)
    alone = waiting[stands < 0]
    told: list[tuple[int, Reason, Sentence]] = []
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
    in_the_way = _InTheWay(table, plan, people, room)
    for r, detail in zip(without_seat, in_the_way.sentences(np.array(without_seat, np.int64)), strict=True):
        told.append((r, Reason.NO_SEAT, detail))
    found = (Unplaced(mentee=names[r][0], subject=names[r][1], reason=reason, detail=detail) for r, reason, detail in told)
    return tuple(sorted(found, key=lambda one: (one.mentee, one.subject)))


def _too_few(round: Round, table: Table, room: Desk, requests: Ints) -> Iterator[Sentence | None]:
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
            yield None
        else:
            at = (number, table.mentors[room.offer_mentor[o]].key, table.meetings[board.slot_pattern[board.offer_slot[o]]])
            yield little_company(round.policy.group, table.mentees[board.mentee[r]], subject, at)


class _InTheWay:
    """Says of waiting requests what they would displace or lower."""

    def __init__(self, table: Table, plan: Plan, people: People, room: Desk) -> None:
        self.table, self.board, self.plan, self.room = table, table.board, plan, room
        self.people, self.case = people, people.case
        self.scratch, self.dirty = scratch(self.board), np.zeros(len(plan.offer) + 1, np.int64)
        self.members = np.zeros(int(self.board.size.max(initial=1)) + 2, np.int64)
        self.group_at: dict[tuple[str, Meetings], Group] = {(group.mentor, group.meetings): group for group in people.case.groups}

    def sentences(self, requests: Ints) -> Iterator[Sentence]:
        """For each of these requests the way to place it that would cost least, or what keeps it from any."""
        ways = np.zeros((len(requests), len(no_way())), np.int64)
        ways_of(self.board, self.plan, self.room, standing_of(self.board, self.plan), requests, ways)
        for r, way in zip(requests.tolist(), ways.tolist(), strict=True):
            mentee = self.table.mentees[self.board.mentee[r]]
            if not self.board.mentee_cap[self.board.mentee[r]]:
                yield Sentence("%(mentee)s may be in no group: max_groups is 0", mentee=mentee.key)
            elif way[KIND] and not self._breaks_a_requirement(way[GAIN]):
                yield self._told(mentee, way)
            else:
                yield self._moving_others(r)

    def _breaks_a_requirement(self, gain: int) -> bool:
        """Whether a way would cost what only a required request is worth: it is none."""
        required = int((self.board.locked >= 0).sum())
        return required > 0 and -gain > self.board.bonus // required // 2

    def _told(self, mentee: Mentee, way: list[int]) -> Sentence:
        then, does = _lower(way[GAIN]), self._does(way)
        if way[SIBLING] >= 0:
            left = self.plan.at[way[SIBLING]]
            if self.plan.size[left] <= self.board.min_size:
                does = Sentence("end %(group)s to %(does)s", group=self._group(left), does=does)
            else:
                does = Sentence("leave %(group)s to %(does)s", group=self._group(left), does=does)
        elif way[KIND] == JOIN:
            then = self._mostly(then, self._at(way[PLACE]), mentee)
        return Sentence("at best %(mentee)s would %(does)s and %(then)s", mentee=mentee.key, does=does, then=then)

    def _does(self, way: list[int]) -> Sentence:
        """What a way does, in words that follow `would`."""
        if way[KIND] == JOIN:
            return Sentence("join %(group)s, which has a seat,", group=self._group(way[PLACE]))
        if way[KIND] == SEAT:
            group, other, size = self._group(way[PLACE]), self._mentee(way[OTHER]), int(self.plan.size[way[PLACE]])
            if size >= self.board.size[self.plan.mentor[way[PLACE]]]:
                return Sentence(
                    "take the seat of %(mentee)s in %(group)s, which is full with %(size)s,", mentee=other, group=group, size=size
                )
            return Sentence("take the seat of %(mentee)s in %(group)s, where the two may not sit together,", mentee=other, group=group)
        mentor, meetings = self._mentor(way[OFFER]), self._meetings(way[OFFER])
        alone = Sentence("be alone with %(mentor)s at %(meetings)s", mentor=mentor, meetings=meetings)
        if way[KIND] == OPEN:
            return alone
        return Sentence("%(does)s in the place of %(group)s,", does=alone, group=self._group(way[PLACE]))

    def _moving_others(self, r: int) -> Sentence:
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
        taken = [
            Sentence("%(group)s ended", group=self._group(g))
            if ended[g]
            else Sentence("%(mentees)s left %(group)s", mentees=", ".join(who), group=self._group(g))
            for g, who in sorted(of_groups.items())
        ]
        return Sentence(
            "%(mentee)s could have a new group with %(mentor)s at %(meetings)s %(how)s, and %(then)s",
            mentee=self._mentee(r),
            mentor=self._mentor(chosen),
            meetings=self._meetings(chosen),
            how=Sentence("if %(taken)s", taken=all_of(taken)) if taken else Sentence("with others who wait"),
            then=_lower(int(best)),
        )

    def _busy(self, r: int) -> Sentence:
        """Who a group with the request would need, and what they are held by."""
        board, plan = self.board, self.plan
        members = np.zeros(board.min_size + 1, np.int64)
        o = stands(board, self.room, r, members)
        if o < 0:
            return self._required_elsewhere(r)
        m = self.room.offer_mentor[o]
        held = [g for g in range(plan.place_ptr[m], plan.place_ptr[m + 1]) if plan.offer[g] >= 0]
        for x in members[: board.min_size].tolist():
            i = board.mentee[x]
            held += [int(plan.at[q]) for q in range(board.mentee_ptr[i], board.mentee_ptr[i + 1]) if plan.at[q] >= 0]
        mentees = all_of([self._mentee(x) for x in members[: board.min_size].tolist()])
        mentor, meetings = self._mentor(o), self._meetings(o)
        if not held:
            return Sentence(
                "%(mentees)s could meet %(mentor)s at %(meetings)s, and %(then)s",
                mentees=mentees,
                mentor=mentor,
                meetings=meetings,
                then=_lower(_gain(board, plan, o, m, members[: board.min_size])),
            )
        busy = Sentence(
            "%(mentees)s could meet %(mentor)s at %(meetings)s, but they are held by %(groups)s",
            mentees=mentees,
            mentor=mentor,
            meetings=meetings,
            groups=all_of([self._group(g) for g in dict.fromkeys(held)]),
        )
        gain = _gain_instead(board, plan, held, o, m, members[: board.min_size])
        if gain is None or self._breaks_a_requirement(gain):
            return busy
        return Sentence("%(busy)s, without which %(then)s", busy=busy, then=_lower(gain))

    def _required_elsewhere(self, r: int) -> Sentence:
        """Who of those that a group with the request would need must be with another mentor, or may be in no group."""
        people, mentee = self.people, self.table.mentees[self.board.mentee[r]]
        rule = self.case.policy.group
        subject = next(one.subject for one in mentee.requests if self.table.request_of[mentee.key, one.subject] == r)
        for mentor, meetings, who in company_of(people, mentee, subject):
            why: list[Value] = []
            for other in who:
                elsewhere = sorted(self.case.said.required_mentors(other.key, subject) - {mentor.key})
                if elsewhere:
                    why.append(Sentence("%(mentee)s is required with %(mentor)s", mentee=other.key, mentor=elsewhere[0]))
                elif not mentee_max_groups(other):
                    why.append(Sentence("%(mentee)s may be in no group", mentee=other.key))
            if why:
                return Sentence(
                    "%(mentees)s could meet %(mentor)s at %(meetings)s, but %(why)s",
                    mentees=all_of([mentee.key, *(other.key for other in who[: rule.min_size - 1])]),
                    mentor=mentor.key,
                    meetings=meetings,
                    why=all_of(why),
                )
        return Sentence(
            "%(mentee)s could be in a group by itself, but those it would need are required elsewhere or may be in no group",
            mentee=mentee.key,
        )

    def _mostly(self, then: Sentence, group: Group, mentee: Mentee) -> Sentence:
        """What comes of the mentee's joining the group, with the kind of points that it would lower most."""
        mentor, mentees = self.case.round.mentor_of[group.mentor], self.case.round.mentee_of
        now = Seated(group, mentor, tuple(mentees[key] for key in group.members))
        after = Seated(group, mentor, (*now.members, mentee))
        change = {kind.__name__: kind(self.case, after) - kind(self.case, now) for kind in (*MEMBER_POINTS, *GROUP_POINTS)}
        kind = min(change, key=lambda name: change[name])
        if change[kind] >= 0:
            return then
        return Sentence("%(then)s (%(points)s for %(kind)s)", then=then, points=change[kind], kind=kind)

    def _at(self, g: int) -> Group:
        o = self.plan.offer[g]
        return self.group_at[
            self.table.mentors[self.plan.mentor[g]].key, self.table.meetings[self.board.slot_pattern[self.board.offer_slot[o]]]
        ]

    def _group(self, g: int) -> Sentence:
        group = self._at(int(g))
        return Sentence(
            "%(group)s (%(subject)s with %(mentor)s, %(meetings)s)",
            group=group.key,
            subject=group.subject,
            mentor=group.mentor,
            meetings=group.meetings,
        )

    def _mentee(self, r: int) -> str:
        key: str = self.table.mentees[self.board.mentee[r]].key
        return key

    def _mentor(self, o: int) -> str:
        key: str = self.table.mentors[self.room.offer_mentor[o]].key
        return key

    def _meetings(self, o: int) -> Meetings:
        return self.table.meetings[self.board.slot_pattern[self.board.offer_slot[o]]]


def _gain(board: Board, plan: Plan, o: int, m: int, members: Ints) -> int:
    """What a new group of requests that wait would bring, with a mentor who has the time."""
    after, nothing = copy_of(plan), np.zeros(1, np.int64)
    hold(board, after, Groups(np.array([m]), np.array([o]), np.array([len(members)]), members[None, :], nothing, nothing))
    return int(after.total[0] - plan.total[0])


def _gain_instead(board: Board, plan: Plan, held: Sequence[int], o: int, m: int, members: Ints) -> int | None:
    """What a new group would bring in the place of all that are held; None where it could not stand even then."""
    after, nothing = empty_plan(board), np.zeros(1, np.int64)
    hold(board, after, groups_at(plan, np.array([g for g in np.flatnonzero(plan.offer >= 0).tolist() if g not in held], np.int64)))
    new = Groups(np.array([m]), np.array([o]), np.array([len(members)]), members[None, :], nothing, nothing)
    return int(after.total[0] - plan.total[0]) if hold(board, after, new) else None


def _lower(gain: int) -> Sentence:
    """What a way does to the score, in whole points."""
    points = gain // MILLI
    if points > 0:
        return Sentence("the score would be %(points)s higher, but the run ended before", points=points)
    if points:
        return Sentence("the score would be %(points)s lower", points=-points)
    return Sentence("the score would be no higher")
