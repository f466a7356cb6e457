"""The best result of a tiny round, found by trying everything: what the solver is compared with.

All groups that could stand are listed, and of each mentor all sets of groups that the mentor could hold, their *weeks*. Then
every week of one mentor is tried with every week of the next, and so on; left out is only what can be no better than
something already found: a way that leaves the mentees as another did for as many points, and one that falls short even if
every later mentor had their best week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matching.case import Case, Seated
from matching.check_points import GROUP_POINTS, MEMBER_POINTS
from matching.result import Group
from matching.round import Mentee, Mentor, Round
from matching.rules import eligible, mentee_max_groups, mentor_max_size, most_groups, regions_lie_close, starts_of
from matching.week import Meetings, overlap, patterns

MOST_STEPS = 500_000
"""What is tried for one round, a few seconds' worth; the few rounds that take more are said to be too large."""

Seat = tuple[str, str, Meetings]
"""A request that is placed, by mentee and subject, and when; () where it does not matter when."""


class TooLarge(Exception):
    """There is more to try than is worth it."""


class _Steps:
    """Counts what is tried."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def take(self) -> None:
        """One step more; raises `TooLarge` where none is left."""
        self.left -= 1
        if self.left < 0:
            raise TooLarge


@dataclass(frozen=True, slots=True)
class Best:
    """A best result: its points and its groups."""

    score: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Groups that one mentor could hold, and their points, `first_seat` aside. Seats and mentees are bit masks.

    `blocks` are the seats that nobody can have besides these: the same request, the same mentee at the same time.
    """

    score: int
    groups: tuple[Group, ...]
    seats: int
    blocks: int
    mentees: int


NOTHING = Week(0, (), 0, 0, 0)


def brute_force(round: Round, previous: Sequence[Group] = ()) -> Best | None:
    """A result of the most points, or `None` where a `require` cannot hold. `previous` are earlier groups, for `stay`.

    Raises `TooLarge` where more would have to be tried than is worth it.
    """
    case = Case.of(round, (), previous)
    required = _required(case)
    if any(request not in case.priority or len(mentors) > 1 for request, mentors in required.items()):
        return None
    table = _Table(case)
    weeks = [table.weeks(mentor, {request for request, mentors in required.items() if mentors == {mentor.key}}) for mentor in round.mentors]
    return _Search(table, weeks).best() if all(weeks) else None


def _required(case: Case) -> dict[tuple[str, str], set[str]]:
    """The mentors required for each request; an empty subject speaks of each request of the mentee (ROUND.md rule 11)."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (mentee, said), mentors in case.said.required.items():
        for subject in [said] if said else [request.subject for request in case.round.mentee_of[mentee].requests]:
            found[mentee, subject] |= mentors
    return found


class _Search:
    """Tries every week of every mentor."""

    def __init__(self, table: _Table, weeks: list[list[Week]]) -> None:
        self.table, self.first_seat = table, table.case.policy.points.first_seat
        self.weeks = sorted((sorted(of_mentor, key=self._most, reverse=True) for of_mentor in weeks), key=len)
        self.later_most = [0] * (len(weeks) + 1)
        self.later_seats, self.later_mentees = [0] * (len(weeks) + 1), [0] * (len(weeks) + 1)
        for n in reversed(range(len(weeks))):
            self.later_most[n] = self.later_most[n + 1] + self._most(self.weeks[n][0])
            self.later_seats[n], self.later_mentees[n] = self.later_seats[n + 1], self.later_mentees[n + 1]
            for week in self.weeks[n]:
                self.later_seats[n] |= week.seats
                self.later_mentees[n] |= week.mentees
        self.seen: dict[tuple[int, int, int, int], int] = {}
        self.found: Best | None = None

    def best(self) -> Best | None:
        """The most points, or `None` where no choice of weeks holds what is required."""
        self._extend((), 0, 0, 0, 0)
        return self.found

    def _most(self, week: Week) -> int:
        return week.score + max(0, self.first_seat) * week.mentees.bit_count()

    def _extend(self, chosen: tuple[Week, ...], score: int, seats: int, blocked: int, seated: int) -> None:
        n = len(chosen)
        if n == len(self.weeks):
            if self.found is None or score > self.found.score:
                self.found = Best(score, tuple(group for week in chosen for group in week.groups))
            return
        left = (n, blocked & self.later_seats[n], seated & self.later_mentees[n], seats & self.table.limited)
        if self.seen.get(left, score - 1) >= score:
            return
        self.seen[left] = score
        for week in self.weeks[n]:
            self.table.steps.take()
            if self.found is not None and score + self._most(week) + self.later_most[n + 1] <= self.found.score:
                return
            if not week.seats & blocked and self.table.few_enough(seats | week.seats):
                points = score + week.score + self.first_seat * (week.mentees & ~seated).bit_count()
                self._extend((*chosen, week), points, seats | week.seats, blocked | week.blocks, seated | week.mentees)


class _Table:
    """The groups and weeks of a round's mentors, and the seats they give."""

    def __init__(self, case: Case) -> None:
        self.case, self.round, self.steps = case, case.round, _Steps()
        self.group_policy = case.policy.group
        self.number_of_mentee = {mentee.key: n for n, mentee in enumerate(self.round.mentees)}
        self.once = {mentee.key for mentee in self.round.mentees if min(mentee_max_groups(mentee), len(mentee.requests)) <= 1}
        self.together: dict[tuple[str, ...], int] = {}
        self.number_of_seat: dict[Seat, int] = {}
        self.listed = {mentor.key: list(self._groups(mentor)) for mentor in self.round.mentors if most_groups(mentor, case.policy)}
        seats: dict[str, int] = defaultdict(int)
        for (mentee, _, _), n in self.number_of_seat.items():
            seats[mentee] |= 1 << n
        few = [mentee for mentee in self.round.mentees if 1 < mentee_max_groups(mentee) < len(mentee.requests)]
        self.few = [(seats[mentee.key], mentee_max_groups(mentee)) for mentee in few]
        self.limited = sum(mask for mask, _ in self.few)
        self.blocks = [self._blocks(seat) for seat in self.number_of_seat]

    def few_enough(self, seats: int) -> bool:
        """No mentee has more groups than they may (ROUND.md rule 7)."""
        return all((seats & mask).bit_count() <= most for mask, most in self.few)

    def _blocks(self, seat: Seat) -> int:
        """The seats of this mentee that are for the same request, or overlap; all where the mentee may have one group."""
        length = self.group_policy.session_minutes
        mentee, subject, meetings = seat
        return sum(
            1 << n
            for other, n in self.number_of_seat.items()
            if other[0] == mentee and (mentee in self.once or other[1] == subject or overlap(other[2], meetings, length))
        )

    def weeks(self, mentor: Mentor, required: set[tuple[str, str]]) -> list[Week]:
        """Every set of groups that the mentor could hold with the requests required: where several give the same seats, the best."""
        found: dict[int, Week] = {0: NOTHING}
        most = most_groups(mentor, self.case.policy)

        def extend(before: Week, rest: Sequence[tuple[Group, Week]]) -> None:
            for n, (group, one) in enumerate(rest):
                self.steps.take()
                seats = before.seats | one.seats
                if one.seats & before.blocks or not self.few_enough(seats):
                    continue
                groups = (*before.groups, group)
                week = Week(before.score + one.score, groups, seats, before.blocks | one.blocks, before.mentees | one.mentees)
                if seats not in found or week.score > found[seats].score:
                    found[seats] = week
                if len(groups) < most:
                    extend(week, [other for other in rest[n + 1 :] if self._may_teach_both(group, other[0])])

        alone = [(group, self._alone(group, worth)) for group, worth in self.listed.get(mentor.key, ())]
        extend(Week(self.case.policy.points.first_group, (), 0, 0, 0), alone)
        return [
            week for week in found.values() if required <= {(mentee, group.subject) for group in week.groups for mentee in group.members}
        ]

    def _alone(self, group: Group, worth: int) -> Week:
        numbers = [self.number_of_seat[self._seat(mentee, group)] for mentee in group.members]
        blocks = mentees = 0
        for number, mentee in zip(numbers, group.members, strict=True):
            blocks |= self.blocks[number]
            mentees |= 1 << self.number_of_mentee[mentee]
        return Week(worth, (group,), sum(1 << number for number in numbers), blocks, mentees)

    def _seat(self, mentee: str, group: Group) -> Seat:
        return (mentee, group.subject, () if mentee in self.once else group.meetings)

    def _may_teach_both(self, one: Group, other: Group) -> bool:
        """The mentor has time for both, and the buffer between them (ROUND.md rule 5)."""
        return not overlap(one.meetings, other.meetings, self.group_policy.session_minutes, self.group_policy.buffer_minutes)

    def _groups(self, mentor: Mentor) -> Iterator[tuple[Group, int]]:
        """Every group that this mentor could hold alone, with its points, `first_group` and `first_seat` aside."""
        policy = self.group_policy
        most = mentor_max_size(mentor, self.round.policy)
        when = list(patterns(starts_of(mentor, policy), policy.meetings_per_week, policy.same_time))
        for subject in [taught.subject for taught in mentor.teaches]:
            asking = [mentee for mentee in self.round.mentees if self._may_come(mentor, mentee, subject)]
            free = {mentee.key: set(starts_of(mentee, policy)) for mentee in asking}
            for meetings in when:
                coming = [mentee for mentee in asking if free[mentee.key].issuperset(meetings)]
                alone = {mentee.key: self._points(mentor, subject, meetings, mentee) for mentee in coming}
                for members in self._companies(coming, most):
                    keys = tuple(sorted(member.key for member in members))
                    name = " ".join([mentor.key, subject, *map(str, meetings), *keys])
                    group = Group(key=name, mentor=mentor.key, subject=subject, meetings=meetings, members=keys)
                    for mentee in keys:
                        self.number_of_seat.setdefault(self._seat(mentee, group), len(self.number_of_seat))
                    yield group, sum(alone[mentee] for mentee in keys) + self._points_together(group, mentor, members)

    def _may_come(self, mentor: Mentor, mentee: Mentee, subject: str) -> bool:
        required = self.case.said.required_mentors(mentee.key, subject)
        asked = (mentee.key, subject) in self.case.priority and mentee_max_groups(mentee) > 0
        return asked and required <= {mentor.key} and eligible(mentor, mentee, subject, self.round.policy, self.case.said)

    def _companies(self, coming: Sequence[Mentee], most: int) -> Iterator[tuple[Mentee, ...]]:
        """Every set of those coming that may sit together, of the sizes allowed (ROUND.md rules 1, 3, 9 and 12)."""
        chosen: list[tuple[Mentee, ...]] = [()]
        for mentee in coming:
            chosen += [(*members, mentee) for members in chosen if len(members) < most and self._may_join(mentee, members)]
        return (members for members in chosen if len(members) >= max(1, self.group_policy.min_size))

    def _may_join(self, mentee: Mentee, members: Iterable[Mentee]) -> bool:
        policy = self.group_policy
        return all(
            abs(mentee.grade - member.grade) <= policy.max_grade_gap
            and regions_lie_close(mentee.region, member.region, policy.member_regions)
            and not self.case.said.are_apart(mentee.key, member.key)
            for member in members
        )

    def _points(self, mentor: Mentor, subject: str, meetings: Meetings, mentee: Mentee) -> int:
        group = Group(key="", mentor=mentor.key, subject=subject, meetings=meetings, members=(mentee.key,))
        return sum(kind(self.case, Seated(group, mentor, (mentee,))) for kind in MEMBER_POINTS)

    def _points_together(self, group: Group, mentor: Mentor, members: tuple[Mentee, ...]) -> int:
        """What the members are worth by being together: the same with any mentor, for any subject, at any meetings."""
        if group.members not in self.together:
            self.together[group.members] = sum(kind(self.case, Seated(group, mentor, members)) for kind in GROUP_POINTS)
        return self.together[group.members]
