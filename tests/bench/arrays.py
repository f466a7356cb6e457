"""A round as arrays, for the peers: who is free and glad when, who asks for what, whom a mentor may have and for how many points.

People, requests and regions go by number, in the order of the round; starts are numbered in week order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matching.round import MemberRegions, Mentee, Mentor, PairRule, Round, Teaching
from matching.rules import Said, is_used, missing_weeks, region_points, serves, starts_of
from matching.week import Meetings, inside, patterns

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Arrays:
    """The people of a round by number.

    `mentor_free`, `mentor_likes`, `mentee_free` and `mentee_likes` have a row for each person and a column for each start;
    `asks` are the requests as (mentee, subject); `asker` and `priority` have an entry for each request; `grade`, `region`,
    `region_class` (mentees share a group only within their class, ROUND.md rule 9), `wants_gender` and `previous` (the mentor of
    an earlier term, -1 for nobody in this round) have one for each mentee; `by_subject` are the requests for each subject.
    """

    def __init__(self, round: Round) -> None:
        self.round = round
        self.said = Said.of(round)
        self._number_times()
        self._number_requests()
        mentees = round.mentees
        self.grade: Ints = np.array([mentee.grade for mentee in mentees], dtype=np.int64)
        self.regions, self.region = _numbered([mentee.region for mentee in mentees])
        _, self.region_class = _numbered([_region_class(mentee.region, round.policy.group.member_regions) for mentee in mentees])
        self.wants_gender = np.array([mentee.mentor_gender for mentee in mentees], dtype=np.str_)
        mentor_number = {mentor.key: number for number, mentor in enumerate(round.mentors)}
        self.previous: Ints = np.array([mentor_number.get(mentee.previous_mentor, -1) for mentee in mentees], dtype=np.int64)
        mentee_number = {mentee.key: number for number, mentee in enumerate(mentees)}
        self.told_of_mentor: dict[int, list[tuple[int, str, int | None]]] = defaultdict(list)
        """What pairs.csv says of each mentor: the mentee, the subject or nothing, the points or `None` for forbidden."""
        self.told_of_mentee: dict[int, list[tuple[int, str, int | None]]] = defaultdict(list)
        """The same by mentee, of the mentor."""
        for pair in round.pairs:
            if pair.rule is not PairRule.REQUIRE:
                points = None if pair.rule is PairRule.FORBID else pair.points
                mentor, mentee = mentor_number[pair.mentor], mentee_number[pair.mentee]
                self.told_of_mentor[mentor].append((mentee, pair.subject, points))
                self.told_of_mentee[mentee].append((mentor, pair.subject, points))
        self._near: dict[str, Ints] = {}
        self._served: dict[tuple[str, ...], Bools] = {}

    def _number_times(self) -> None:
        rules = self.round.policy.group
        people: list[Mentor | Mentee] = [*self.round.mentors, *self.round.mentees]
        free = [starts_of(person, rules) for person in people]
        self.starts = tuple(sorted({start for row in free for start in row}))
        self.column = {start: number for number, start in enumerate(self.starts)}
        is_free, likes = (np.zeros((len(people), len(self.starts)), dtype=np.bool_) for _ in range(2))
        for number, (person, row) in enumerate(zip(people, free, strict=True)):
            liked = [start for start in row if inside(start, start + rules.session_minutes, person.preferred)]
            is_free[number, [self.column[start] for start in row]] = True
            likes[number, [self.column[start] for start in liked]] = True
        split = len(self.round.mentors)
        self.mentor_free, self.mentee_free = is_free[:split], is_free[split:]
        self.mentor_likes, self.mentee_likes = likes[:split], likes[split:]

    def _number_requests(self) -> None:
        mentees = self.round.mentees
        self.asks = tuple((number, request.subject) for number, mentee in enumerate(mentees) for request in mentee.requests)
        self.asker: Ints = np.array([mentee for mentee, _ in self.asks], dtype=np.int64)
        self.priority: Ints = np.array([request.priority for mentee in mentees for request in mentee.requests], dtype=np.int64)
        by_subject: dict[str, list[int]] = defaultdict(list)
        self.required: dict[int, frozenset[str]] = {}
        """The mentors that each request with a `require` must have."""
        for number, (mentee, subject) in enumerate(self.asks):
            by_subject[subject].append(number)
            if mentors := self.said.required_mentors(mentees[mentee].key, subject):
                self.required[number] = mentors
        self.by_subject: dict[str, Ints] = {subject: np.array(found, dtype=np.int64) for subject, found in by_subject.items()}

    def choices(self, mentor: int, taught: Teaching) -> tuple[Ints, Ints]:
        """The requests that this mentor may have for this subject, and the points of each at times that nobody prefers."""
        who, policy = self.round.mentors[mentor], self.round.policy
        asked = self.by_subject.get(taught.subject)
        if asked is None or not is_used(who, policy):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        mentees = self.asker[asked]
        may = (self.grade[mentees] >= taught.lowest) & (self.grade[mentees] <= taught.highest)
        may &= (self.wants_gender[mentees] == "") | (self.wants_gender[mentees] == who.gender)
        may &= self.served(who)[self.region[mentees]]
        worth = policy.points.placed * self.priority[asked] + self.nearness(who)[self.region[mentees]]
        worth += policy.points.missing_week * missing_weeks(who, policy.program)
        worth[self.previous[mentees] == mentor] += policy.points.continuity
        for mentee, subject, points in self.told_of_mentor.get(mentor, ()):
            if subject not in ("", taught.subject):
                continue
            if points is None:
                may[mentees == mentee] = False
            else:
                worth[mentees == mentee] += points
        for request, mentors in self.required.items():
            if mentors != {who.key}:
                may[asked == request] = False
        return asked[may], worth[may]

    def patterns(self, mentor: int) -> Ints:
        """The meetings at which this mentor could hold a group: a row of start numbers for each."""
        rules = self.round.policy.group
        own = [self.starts[number] for number in np.flatnonzero(self.mentor_free[mentor])]
        rows = [[self.column[start] for start in meetings] for meetings in patterns(own, rules.meetings_per_week, rules.same_time)]
        return np.array(rows, dtype=np.int64).reshape(len(rows), rules.meetings_per_week)

    def meetings(self, pattern: Ints) -> Meetings:
        """The starts themselves of a row of `patterns`."""
        return tuple(self.starts[number] for number in pattern)

    def served(self, mentor: Mentor) -> Bools:
        """Whether the mentor serves each region."""
        if mentor.regions not in self._served:
            self._served[mentor.regions] = np.array([serves(mentor, region) for region in self.regions], dtype=np.bool_)
        return self._served[mentor.regions]

    def nearness(self, mentor: Mentor) -> Ints:
        """The points of each region for the mentor's home."""
        home = mentor.home_region
        if home not in self._near:
            points = self.round.policy.points
            self._near[home] = np.array([region_points(home, region, points) for region in self.regions], dtype=np.int64)
        return self._near[home]


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """The different names, sorted, and the number of each given one among them."""
    different = tuple(sorted(set(names)))
    number = {name: place for place, name in enumerate(different)}
    return different, np.array([number[name] for name in names], dtype=np.int64)


def _region_class(region: str, allowed: MemberRegions) -> str:
    """What is equal for two mentees exactly if their regions may share a group (ROUND.md rule 9)."""
    match allowed:
        case MemberRegions.ANY:
            return ""
        case MemberRegions.NEAR:
            return region.split("/", maxsplit=1)[0]
        case MemberRegions.SAME:
            return region
