"""What a repair changed against the earlier result, request by request, and why (changes.csv)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.board import MILLI, Table
from matching.case import Case
from matching.check_reasons import People
from matching.lacks import keeps_apart, room_for_no_group
from matching.plan import Plan
from matching.polish import Desk, desk
from matching.restore import MENTEE_STAYS, MENTOR_STAYS, SEATS_STAY, TOO_LONG, UNDONE, Before, cost_of_undoing, room_to_undo
from matching.result import Change, Group
from matching.round import Round
from matching.rules import Stay, stays
from matching.sentences import Sentence
from matching.ways import cost_of_leaving
from matching.week import write_meetings


def changes(
    round: Round, table: Table, plan: Plan, before: Before, previous: Sequence[Group], groups: Sequence[Group]
) -> tuple[Change, ...]:
    """The requests that are elsewhere than in the earlier groups, in the order of mentee and subject; `groups` are the plan's."""
    said = _Causes(round, table, plan, before, People(Case.of(round, groups)), desk(table.board, plan, 0))
    was, now = stays(previous), stays(groups)
    return tuple(
        Change(mentee=mentee, subject=subject, before=_at(old), after=_at(new), why=said.why(mentee, subject, old))
        for mentee, subject in sorted({**was, **now})
        if (old := was.get((mentee, subject))) != (new := now.get((mentee, subject)))
    )


@dataclass(frozen=True, slots=True)
class _Causes:
    """Says of single requests why they are not where they were."""

    round: Round
    table: Table
    plan: Plan
    before: Before
    people: People
    room: Desk

    def why(self, mentee: str, subject: str, old: Stay | None) -> Sentence:
        """Why a request is not where it was: nothing allows it any more, or going back would cost so many points."""
        r = self.table.request_of.get((mentee, subject))
        if r is None:
            if mentee in self.round.mentee_of:
                return Sentence("%(mentee)s does not ask for %(subject)s any more", mentee=mentee, subject=subject)
            return Sentence("%(mentee)s is not in this round", mentee=mentee)
        if old is None:
            cost = int(cost_of_leaving(self.table.board, self.plan, r)) // MILLI
            return Sentence("it was in no group; without it the score would be %(points)s lower", points=cost)
        return self._forbidden(mentee, subject, old) or self._not_worth_it(r, old)

    def _forbidden(self, mentee: str, subject: str, old: Stay) -> Sentence | None:
        """Which rule keeps the request from its earlier mentor and meetings, if one does."""
        key, _ = old
        mentor, person = self.round.mentor_of.get(key), self.round.mentee_of[mentee]
        if mentor is None:
            return Sentence("%(mentor)s is not in this round", mentor=key)
        if not self.people.eligible(mentor, person, subject):
            return keeps_apart(self.people, mentor, person, subject)
        if not (self.people.allowed(mentor, person, subject) and self.people.most_groups[key]):
            return room_for_no_group(self.people, mentor)
        return self._out_of_time(mentee, subject, old)

    def _out_of_time(self, mentee: str, subject: str, old: Stay) -> Sentence | None:
        """Who cannot come to the earlier meetings any more, if somebody cannot, or whether they are none any more."""
        key, meetings = old
        if not set(meetings) <= set(self.people.mentor_starts[key]):
            return Sentence("%(mentor)s cannot come at %(meetings)s any more", mentor=key, meetings=meetings)
        if not set(meetings) <= set(self.people.mentee_starts[mentee]):
            return Sentence("%(mentee)s cannot come at %(meetings)s any more", mentee=mentee, meetings=meetings)
        if self.before.offer[self.table.request_of[mentee, subject]] < 0:
            return Sentence("groups do not meet at %(meetings)s any more", meetings=meetings)
        return None

    def _not_worth_it(self, r: int, old: Stay) -> Sentence:
        """What going back would cost, or who has what it would need and is where they were."""
        key, meetings = old
        board = self.table.board
        cost, ended = cost_of_undoing(board, self.plan, self.before, self.room, r, room_to_undo(board, self.before))
        if ended == UNDONE:
            points = int(cost) // MILLI
            if points > 0:
                return Sentence("going back would lower the score by %(points)s", points=points)
            return Sentence("going back would move others and raise nothing")
        return {
            SEATS_STAY: Sentence("those who stayed with %(mentor)s at %(meetings)s leave it no seat", mentor=key, meetings=meetings),
            MENTOR_STAYS: Sentence("other groups that stayed leave %(mentor)s no time for it", mentor=key),
            MENTEE_STAYS: Sentence("another group of the mentee, which stayed, leaves it no time"),
            TOO_LONG: Sentence("going back would move very many others"),
        }[ended]


def _at(place: Stay | None) -> str:
    return f"{place[0]} @ {write_meetings(place[1])}" if place else ""
