"""Chances that a result leaves unused: a seat in a group as it is, or a new group of unplaced requests (ROUND.md, Out: `no_seat`).

Whatever is found is true: rules hold and the score rises. Joining a group is looked at wholly; new groups are looked at, of
every size, until the work allowed is spent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from matching.case import Case, Seated
from matching.check_points import MEMBER_POINTS, worth
from matching.check_reasons import People, chosen, coming, meetings_of_many
from matching.result import Group
from matching.round import Mentee, Mentor, Teaching
from matching.rules import mentee_max_groups, mentor_max_size
from matching.week import Meetings, overlap, write_meetings

Asked = tuple[Mentee, str]
"""An unplaced request: its mentee and subject."""


@dataclass(slots=True)
class Work:
    """Steps that a search may still take; counted, not timed, so that the same case is judged the same anywhere."""

    left: int

    def spend(self) -> bool:
        """Takes one step, or says that none is left."""
        self.left -= 1
        return self.left >= 0


def chances(people: People, unplaced: Sequence[Asked], looked_at: Collection[tuple[str, str]], steps: int) -> dict[tuple[str, str], str]:
    """For requests of `looked_at`, by (mentee, subject): a way to place them that raises the score. At most one for each.

    `unplaced` are all requests in no group; `steps` bound the search for new groups.
    """
    case = people.case
    with_room = [(mentee, subject) for mentee, subject in unplaced if _groups_left(case, mentee)]
    found = {}
    for mentee, subject in with_room:
        if (mentee.key, subject) in looked_at:
            way = next(seats(people, mentee, subject), None)
            if way:
                found[mentee.key, subject] = way
    asked: dict[str, list[Mentee]] = defaultdict(list)
    for mentee, subject in sorted(with_room, key=lambda one: one[0].grade):
        asked[subject].append(mentee)
    work = Work(steps)
    for mentor in case.round.mentors:
        if len(case.taught.get(mentor.key, ())) < people.most_groups[mentor.key]:
            for taught in mentor.teaches:
                for mentee, way in openings(people, mentor, taught, asked.get(taught.subject, ()), looked_at, work):
                    found.setdefault((mentee.key, taught.subject), way)
    return found


def _groups_left(case: Case, mentee: Mentee) -> bool:
    return len(case.attended.get(mentee.key, ())) < mentee_max_groups(mentee)


def _is_busy(case: Case, mentee: Mentee, meetings: Meetings) -> bool:
    length = case.policy.group.session_minutes
    return any(overlap(meetings, one.group.meetings, length) for one in case.attended.get(mentee.key, ()))


def _seat_points(case: Case, mentee: Mentee) -> int:
    return 0 if mentee.key in case.attended else case.policy.points.first_seat


def seats(people: People, mentee: Mentee, subject: str) -> Iterator[str]:
    """The groups that this request could join as they are, so that all rules hold and the score rises."""
    case = people.case
    free = people.mentee_starts[mentee.key]
    for one in people.groups_with_a_seat.get(subject, ()):
        if not free.issuperset(one.group.meetings) or _is_busy(case, mentee, one.group.meetings):
            continue
        if not people.allowed(one.mentor, mentee, subject) or not all(people.may_sit(mentee, member) for member in one.members):
            continue
        joined = Seated(one.group, one.mentor, (*one.members, mentee))
        gain = worth(case, joined) - worth(case, one) + _seat_points(case, mentee)
        if gain > 0:
            yield f"joins group {one.group.key} for {gain} points"


def openings(
    people: People, mentor: Mentor, taught: Teaching, asking: Sequence[Mentee], looked_at: Collection[tuple[str, str]], work: Work
) -> Iterator[tuple[Mentee, str]]:
    """New groups of this mentor, who has room for one, of those asking, all unplaced; with each the request of `looked_at` it places.

    Those asking are in the order of their grades.
    """
    case, policy = people.case, people.case.policy.group
    busy = [one.group.meetings for one in case.taught.get(mentor.key, ())]
    free = [
        start
        for start in people.mentor_starts[mentor.key]
        if not any(overlap((start,), meetings, policy.session_minutes, policy.buffer_minutes) for meetings in busy)
    ]

    def could_come(mentee: Mentee) -> bool:
        return not people.mentee_starts[mentee.key].isdisjoint(free) and people.allowed(mentor, mentee, taught.subject)

    first = bisect_left(asking, taught.lowest, key=lambda mentee: mentee.grade)
    after = bisect_right(asking, taught.highest, key=lambda mentee: mentee.grade)
    taught_here = asking[first:after]
    if not any((mentee.key, taught.subject) in looked_at and could_come(mentee) for mentee in taught_here):
        return
    candidates = [mentee for mentee in taught_here if could_come(mentee)]
    when = [frozenset(start for start in people.mentee_starts[mentee.key] if not _is_busy(case, mentee, (start,))) for mentee in candidates]
    for meetings, who in meetings_of_many(coming(free, when), policy, policy.min_size):
        if not work.spend():
            return
        company = Company(people, mentor, taught.subject, meetings, chosen(who, candidates), work)
        for mentee in company.candidates:
            if (mentee.key, taught.subject) in looked_at:
                gain, members = company.gain_with(mentee)
                if gain > 0:
                    others = ", ".join(sorted(member.key for member in members if member is not mentee))
                    beside = f" and {others}" if others else ""
                    yield mentee, f"opens a group with {mentor.key}{beside} at {write_meetings(meetings)} for {gain} points"


class Company:
    """Who of some candidates could make a new group of one mentor at given meetings, and for how many points."""

    def __init__(self, people: People, mentor: Mentor, subject: str, meetings: Meetings, candidates: Sequence[Mentee], work: Work) -> None:
        self.people, self.mentor, self.work = people, mentor, work
        self.group = Group(key="", mentor=mentor.key, subject=subject, meetings=meetings, members=())
        case = people.case
        self.opening = 0 if mentor.key in case.taught else case.policy.points.first_group
        self.most = mentor_max_size(mentor, case.policy)
        self.value = {
            mentee.key: sum(kind(case, Seated(self.group, mentor, (mentee,))) for kind in MEMBER_POINTS) + _seat_points(case, mentee)
            for mentee in candidates
        }
        self.candidates = sorted(candidates, key=lambda mentee: -self.value[mentee.key])
        keys = [mentee.key for mentee in candidates]
        self.peers = sum(max(0, case.said.peer_points(a, b)) for n, a in enumerate(keys) for b in keys[:n]) if case.said.peers else 0

    def gain_with(self, mentee: Mentee) -> tuple[int, Sequence[Mentee]]:
        """A group with this mentee that raises the score, and by how much; 0 and nobody where none is found."""
        rest = [other for other in self.candidates if other is not mentee and self.people.may_sit(mentee, other)]
        return self._search([mentee], rest)

    def gain(self, members: Sequence[Mentee]) -> int:
        """The points that a new group of these adds to the result."""
        together = worth(self.people.case, Seated(self.group, self.mentor, tuple(members)))
        return self.opening + together + sum(_seat_points(self.people.case, member) for member in members)

    def _search(self, members: list[Mentee], rest: list[Mentee]) -> tuple[int, Sequence[Mentee]]:
        least = self.people.case.policy.group.min_size
        if least <= len(members) <= self.most:
            gain = self.gain(members)
            if gain > 0:
                return gain, members
        if len(members) >= self.most or len(members) + len(rest) < least or self._at_most(members, rest) <= 0:
            return 0, ()
        for n, other in enumerate(rest):
            if not self.work.spend():
                return 0, ()
            found = self._search([*members, other], [third for third in rest[n + 1 :] if self.people.may_sit(other, third)])
            if found[0] > 0:
                return found
        return 0, ()

    def _at_most(self, members: Sequence[Mentee], rest: Sequence[Mentee]) -> int:
        """No group of these members and some of the rest (in falling order of value) gains more."""
        points, policy = self.people.case.policy.points, self.people.case.policy.group
        grades = [member.grade for member in members]
        gap = max(grades) - min(grades) if points.grade_gap <= 0 else policy.max_grade_gap
        regions = len({member.region for member in members}) - 1 if points.region_mix <= 0 else self.most - 1
        value = self.opening + self.peers + points.grade_gap * gap + points.region_mix * regions
        value += sum(self.value[member.key] for member in members)
        best = value + points.off_target * abs(len(members) - policy.target_size) if len(members) >= policy.min_size else None
        for size, other in enumerate(rest[: self.most - len(members)], start=len(members) + 1):
            value += self.value[other.key]
            if size >= policy.min_size:
                here = value + points.off_target * abs(size - policy.target_size)
                best = here if best is None else max(best, here)
        return best if best is not None else 0
