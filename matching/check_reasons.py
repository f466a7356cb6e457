"""Which reason holds for an unplaced request, found by looking (ROUND.md, Out: `reason`). No solver is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from matching.case import Case, Seated
from matching.result import Reason
from matching.round import GroupPolicy, Mentee, Mentor
from matching.rules import eligible, mentor_max_size, most_groups, regions_lie_close, starts_of
from matching.week import DAY_MINUTES, Meetings, patterns

SOME_COMPANY = 60
"""So many mentees are tried first as company of a request that cannot stand alone."""


class People:
    """The people of a case as the reasons ask for them: their starts, who teaches what, who asks for what."""

    def __init__(self, case: Case) -> None:
        self.case = case
        policy = case.policy.group
        self.mentor_starts = {mentor.key: starts_of(mentor, policy) for mentor in case.round.mentors}
        self.mentee_starts = {mentee.key: frozenset(starts_of(mentee, policy)) for mentee in case.round.mentees}
        self.most_groups = {mentor.key: most_groups(mentor, case.policy) for mentor in case.round.mentors}

    @cached_property
    def asking(self) -> Mapping[str, tuple[Mentee, ...]]:
        """Mentees by subject asked for, in the order of their grades, so that those who may sit together lie together."""
        found: dict[str, list[Mentee]] = defaultdict(list)
        for mentee in sorted(self.case.round.mentees, key=lambda mentee: mentee.grade):
            for request in mentee.requests:
                found[request.subject].append(mentee)
        return {subject: tuple(mentees) for subject, mentees in found.items()}

    @cached_property
    def teaching(self) -> Mapping[str, tuple[Mentor, ...]]:
        """Mentors by subject taught."""
        found: dict[str, list[Mentor]] = defaultdict(list)
        for mentor in self.case.round.mentors:
            for taught in mentor.teaches:
                found[taught.subject].append(mentor)
        return {subject: tuple(mentors) for subject, mentors in found.items()}

    @cached_property
    def groups_with_a_seat(self) -> Mapping[str, tuple[Seated, ...]]:
        """The result's groups that have fewer members than they may, by subject."""
        found: dict[str, list[Seated]] = defaultdict(list)
        for one in self.case.seated:
            if len(one.members) < mentor_max_size(one.mentor, self.case.policy):
                found[one.group.subject].append(one)
        return {subject: tuple(groups) for subject, groups in found.items()}

    def eligible(self, mentor: Mentor, mentee: Mentee, subject: str) -> bool:
        """By rules 3, 8, 10 and `forbid` this mentor may have this mentee for this subject."""
        return eligible(mentor, mentee, subject, self.case.policy, self.case.said)

    def allowed(self, mentor: Mentor, mentee: Mentee, subject: str) -> bool:
        """Eligible, and the request is not required to be with another mentor."""
        return self.case.said.required_mentors(mentee.key, subject) <= {mentor.key} and self.eligible(mentor, mentee, subject)

    def may_sit(self, a: Mentee, b: Mentee) -> bool:
        """The two may share a group: grades, regions and `apart` (ROUND.md rules 3, 9 and 12)."""
        policy = self.case.policy.group
        return (
            abs(a.grade - b.grade) <= policy.max_grade_gap
            and regions_lie_close(a.region, b.region, policy.member_regions)
            and not self.case.said.are_apart(a.key, b.key)
        )

    def shared_starts(self, mentor: Mentor, mentee: Mentee) -> list[int]:
        """The starts at which both are free, in week order."""
        free = self.mentee_starts[mentee.key]
        return [start for start in self.mentor_starts[mentor.key] if start in free]


def meetings_of_many(coming: Mapping[int, int], policy: GroupPolicy, least: int) -> Iterator[tuple[Meetings, int]]:
    """All meetings of a week to which at least `least` people (1 or more) can come, with the set of those who can.

    `coming` gives for each start the set of people who are free then; sets are bit masks. See ROUND.md rules 2 and 4.
    """

    def extend(chosen: Meetings, who: int) -> Iterator[tuple[Meetings, int]]:
        if len(chosen) == policy.meetings_per_week:
            yield chosen, who
            return
        for start in order:
            if chosen and start // DAY_MINUTES <= chosen[-1] // DAY_MINUTES:
                continue
            if chosen and policy.same_time and start % DAY_MINUTES != chosen[0] % DAY_MINUTES:
                continue
            both = who & coming[start]
            if both.bit_count() >= least:
                yield from extend((*chosen, start), both)

    order = sorted(coming)
    yield from extend((), _everybody(coming))


def _everybody(coming: Mapping[int, int]) -> int:
    everybody = 0
    for who in coming.values():
        everybody |= who
    return everybody


def coming(mentor_starts: Sequence[int], candidates: Sequence[frozenset[int]]) -> dict[int, int]:
    """For each of the mentor's starts the set of candidates, as a bit mask, who are free then; starts of nobody are left out."""
    found: dict[int, int] = {}
    for start in mentor_starts:
        who = sum(1 << n for n, free in enumerate(candidates) if start in free)
        if who:
            found[start] = who
    return found


def chosen(who: int, candidates: Sequence[Mentee]) -> list[Mentee]:
    """The candidates in a bit mask, in their order."""
    return [mentee for n, mentee in enumerate(candidates) if who >> n & 1]


def enough_may_sit(people: People, candidates: Sequence[Mentee], needed: int) -> bool:
    """Whether so many of the candidates may all sit together; candidates in the order of their grades are quick."""
    if needed <= 0:
        return True
    for n, first in enumerate(candidates):
        if len(candidates) - n < needed:
            return False
        if enough_may_sit(people, [other for other in candidates[n + 1 :] if people.may_sit(first, other)], needed - 1):
            return True
    return False


def some_mentor_may(people: People, mentee: Mentee, subject: str) -> bool:
    """Some mentor may have this mentee for this subject, else the reason is `no_mentor` (ROUND.md, Out)."""
    return any(people.eligible(mentor, mentee, subject) for mentor in people.teaching.get(subject, ()))


def some_time_is_shared(people: People, mentee: Mentee, subject: str) -> bool:
    """With some such mentor the mentee shares all meetings of a week, else the reason is `no_time` (ROUND.md, Out)."""
    policy = people.case.policy.group
    return any(
        next(patterns(people.shared_starts(mentor, mentee), policy.meetings_per_week, policy.same_time), None) is not None
        for mentor in people.teaching.get(subject, ())
        if people.eligible(mentor, mentee, subject)
    )


def some_group_could_stand(people: People, mentee: Mentee, subject: str) -> bool:
    """A group with this request could stand if nobody else were there, else the reason is `no_group` (ROUND.md, Out).

    Rules 1 to 6 and 8 to 12; a `require` of other requests is not looked at, and rule 7 of nobody. Some company is tried
    first, as mostly any will do, then all there is.
    """
    others = (other for other in people.asking.get(subject, ()) if other is not mentee and people.may_sit(mentee, other))
    some = list(islice(others, SOME_COMPANY))
    if _could_stand_with(people, mentee, subject, some):
        return True
    everybody = [*some, *others]
    return len(everybody) > len(some) and _could_stand_with(people, mentee, subject, everybody)


def _could_stand_with(people: People, mentee: Mentee, subject: str, others: Sequence[Mentee]) -> bool:
    """The same with no other company than these, who may all sit with the mentee."""
    policy = people.case.policy.group
    for mentor in people.teaching.get(subject, ()):
        if people.most_groups[mentor.key] < 1 or not people.allowed(mentor, mentee, subject):
            continue
        shared = people.shared_starts(mentor, mentee)
        if policy.min_size == 1:
            if next(patterns(shared, policy.meetings_per_week, policy.same_time), None) is not None:
                return True
            continue
        fit = [other for other in others if people.eligible(mentor, other, subject)]
        tried: set[int] = set()
        for _, who in meetings_of_many(coming(shared, [people.mentee_starts[other.key] for other in fit]), policy, policy.min_size - 1):
            if who not in tried and enough_may_sit(people, chosen(who, fit), policy.min_size - 1):
                return True
            tried.add(who)
    return False


def company_of(people: People, mentee: Mentee, subject: str) -> Iterator[tuple[Mentor, Meetings, tuple[Mentee, ...]]]:
    """For each mentor who may have this request some meetings, and no more others than a group with it needs, as
    `some_group_could_stand` finds them."""
    rule = people.case.policy.group
    others = [other for other in people.asking.get(subject, ()) if other is not mentee and people.may_sit(mentee, other)]
    for mentor in people.teaching.get(subject, ()):
        if people.most_groups[mentor.key] < 1 or not people.allowed(mentor, mentee, subject):
            continue
        fit = [other for other in others if people.eligible(mentor, other, subject)]
        when = coming(people.shared_starts(mentor, mentee), [people.mentee_starts[other.key] for other in fit])
        for meetings, who in meetings_of_many(when, rule, rule.min_size - 1):
            company = chosen(who, fit)
            if enough_may_sit(people, company, rule.min_size - 1):
                for other in tuple(company):
                    fewer = [one for one in company if one is not other]
                    if enough_may_sit(people, fewer, rule.min_size - 1):
                        company = fewer
                yield mentor, meetings, tuple(company)
                break


def true_reason(people: People, mentee: Mentee, subject: str) -> Reason:
    """The first reason that holds for this request if it is unplaced (ROUND.md, Out)."""
    if not some_mentor_may(people, mentee, subject):
        return Reason.NO_MENTOR
    if not some_time_is_shared(people, mentee, subject):
        return Reason.NO_TIME
    if not some_group_could_stand(people, mentee, subject):
        return Reason.NO_GROUP
    return Reason.NO_SEAT
