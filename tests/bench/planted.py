"""Makes rounds around a timetable that is known from the start: everybody in it is placed, so its score can be reached.

A bound below the score of a planted timetable is a fault. A perfect one, under points of the usual signs (gains not negative,
losses not positive) and a target size within the sizes, takes every point there is: nothing scores more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from itertools import combinations
from random import Random

from matching.check import check
from matching.result import Group
from matching.round import (
    GroupPolicy,
    MemberRegions,
    Mentee,
    Mentor,
    Pair,
    PairRule,
    PeerRule,
    Peers,
    Policy,
    Program,
    Request,
    Round,
    Teaching,
)
from matching.rules import is_used, two
from matching.week import DAY_MINUTES, Meetings, Stretch, merge, overlap
from tests.bench.kinds import country, drawn_rules

OPENS, CLOSES = 9 * 60, 22 * 60
TRIES = 40
SUBJECTS = ("math", "english", "science", "music")


def planted_round(
    seed: int, *, mentors: int = 12, policy: Policy | None = None, perfect: bool = True
) -> tuple[Round, tuple[Group, ...], int]:
    """A round, the timetable planted in it and that timetable's score.

    Without a policy one is drawn, every key of it. A perfect timetable gives every mentee the mentor of an earlier term from
    their own region, at times both prefer, in groups of one grade, one region and the target size. In any other one these are
    left to chance, and forbidden, required, apart and further rows are strewn around it without touching it.
    """
    rng = Random(f"{seed}/planted")
    if policy is None:
        policy = drawn_policy(rng)
    plan = _Plan(rng, policy, perfect)
    for number in range(mentors):
        plan.add_mentor(f"m-{number:03d}")
    return plan.finish()


def drawn_policy(rng: Random) -> Policy:
    """A policy with every key drawn, for a term of sixteen weeks; mentors may hold one group at least."""
    group, mentor, points = drawn_rules(rng)
    program = Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19), name="planted")
    return Policy(program=program, group=group, mentor=mentor, points=points)


@dataclass(slots=True)
class _Learner:
    """A mentee while the timetable grows: `taught` are the meetings of their groups."""

    key: str
    grade: int
    region: str
    mentor: str
    requests: list[Request] = field(default_factory=list)
    taught: list[Meetings] = field(default_factory=list)


class _Plan:
    """A timetable that grows mentor by mentor."""

    def __init__(self, rng: Random, policy: Policy, perfect: bool) -> None:
        self.rng, self.policy, self.perfect = rng, policy, perfect
        self.rules: GroupPolicy = policy.group
        self.mentors: list[Mentor] = []
        self.learners: list[_Learner] = []
        self.groups: list[Group] = []

    def add_mentor(self, key: str) -> None:
        """One more mentor with one to `max_groups` groups, as many as fit into their week."""
        rng = self.rng
        home, grade = country(rng), rng.randint(3, 10)
        taught: list[Meetings] = []
        own: list[Group] = []
        for _ in range(rng.randint(1, max(1, self.policy.mentor.max_groups))):
            meetings = self._free_meetings(taught)
            if meetings is None:
                break
            taught.append(meetings)
            own.append(self._add_group(key, home, grade, meetings))
        free = self._availability(taught)
        members = [learner for group in own for learner in self.learners if learner.key in group.members]
        mentor = Mentor(
            key=key,
            name=f"Mentor {key}",
            teaches=tuple(Teaching(subject, max(1, grade - 2), min(12, grade + 3)) for subject in sorted({g.subject for g in own})),
            availability=free,
            preferred=free if self.perfect else tuple(stretch for stretch in free if rng.random() < 0.5),
            home_region=home if self.perfect or rng.random() < 0.8 else "",
            max_groups=max(len(own), rng.choice((0, 2, 3))),
        )
        if not self.perfect:
            mentor = self._narrowed(mentor, own, members)
        self.mentors.append(mentor)

    def finish(self) -> tuple[Round, tuple[Group, ...], int]:
        """The round as it stands, its timetable and that timetable's score."""
        groups = tuple(self.groups)
        mentees = tuple(self._mentee(learner) for learner in self.learners)
        round = Round(policy=self.policy, mentors=tuple(self.mentors), mentees=mentees)
        if self.perfect:
            return round, groups, self._perfect_score()
        round = replace(round, pairs=self._pairs(), peers=self._peers())
        score = check(round, groups).score
        if score is None:
            raise AssertionError(f"the planted timetable breaks a rule: {check(round, groups).faults[:3]}")
        return round, groups, score

    def _free_meetings(self, taught: list[Meetings]) -> Meetings | None:
        rng, rules = self.rng, self.rules
        every, length = rules.start_every_minutes, rules.session_minutes
        clocks = range(-(-OPENS // every) * every, max(OPENS + every, CLOSES - length + 1), every)
        for _ in range(TRIES):
            days = sorted(rng.sample(range(7), rules.meetings_per_week))
            same = rng.choice(clocks)
            found = tuple(day * DAY_MINUTES + (same if rules.same_time else rng.choice(clocks)) for day in days)
            if not any(overlap(found, other, length, rules.buffer_minutes) for other in taught):
                return found
        return None

    def _add_group(self, mentor: str, home: str, grade: int, meetings: Meetings) -> Group:
        """A group whose members are made for it, some of whom already sit in another group."""
        rng, rules = self.rng, self.rules
        subject = rng.choice(SUBJECTS)
        if self.perfect:
            size, spread = min(max(rules.target_size, rules.min_size), rules.max_size), 0
        else:
            size, spread = rng.randint(rules.min_size, rules.max_size), min(rules.max_grade_gap, 3)
        part = (home if rng.random() < 0.7 else country(rng)).split("/")[0]
        members: list[_Learner] = []
        for _ in range(size):
            region = home if self.perfect else self._region(home, part, members)
            wanted = _Learner(f"s-{len(self.learners):04d}", grade + rng.randint(0, spread) - spread // 2, region, mentor)
            learner = self._known(wanted, subject, meetings, members) if rng.random() < 0.3 else None
            if learner is None:
                learner = wanted
                self.learners.append(learner)
            learner.requests.append(Request(subject, rng.choices((1, 2, 3, 9), (70, 15, 10, 5))[0]))
            learner.taught.append(meetings)
            members.append(learner)
        keys = tuple(sorted(learner.key for learner in members))
        group = Group(key=f"g-{len(self.groups):04d}", mentor=mentor, subject=subject, meetings=meetings, members=keys)
        self.groups.append(group)
        return group

    def _region(self, home: str, part: str, members: list[_Learner]) -> str:
        rng, allowed = self.rng, self.rules.member_regions
        if members and (allowed is MemberRegions.SAME or rng.random() < 0.5):
            return members[0].region
        if allowed is MemberRegions.ANY:
            return rng.choice((home, country(rng), ""))
        if members[0].region == "" if members else rng.random() < 0.1:
            return ""
        return f"{part}/{rng.randint(1, 4):02d}"

    def _known(self, wanted: _Learner, subject: str, meetings: Meetings, members: list[_Learner]) -> _Learner | None:
        """A mentee already in the round who could be the wanted one (of the same mentor, if all is to be perfect)."""
        for learner in self.learners:
            if (
                learner not in members
                and (learner.grade, learner.region) == (wanted.grade, wanted.region)
                and (learner.mentor == wanted.mentor or not self.perfect)
                and all(request.subject != subject for request in learner.requests)
                and not any(overlap(meetings, other, self.rules.session_minutes) for other in learner.taught)
            ):
                return learner
        return None

    def _availability(self, taught: list[Meetings]) -> tuple[Stretch, ...]:
        """The meetings with some time around them, and other evenings."""
        rng, length = self.rng, self.rules.session_minutes
        found = []
        for start in (start for meetings in taught for start in meetings):
            midnight = start - start % DAY_MINUTES
            first = max(midnight, start - 30 * rng.randint(0, 3))
            found.append(Stretch(first, min(midnight + DAY_MINUTES, start + length + 30 * rng.randint(0, 3))))
        others = [day * DAY_MINUTES for day in range(7) if rng.random() < 0.25]
        found += [Stretch(midnight + 18 * 60, midnight + 21 * 60) for midnight in others]
        return merge(found)

    def _narrowed(self, mentor: Mentor, own: list[Group], members: list[_Learner]) -> Mentor:
        """The mentor with limits of their own, all as tight as the planted groups allow."""
        rng, rules = self.rng, self.rules
        parts = {learner.region.split("/")[0] for learner in members}
        minutes = len(own) * rules.meetings_per_week * rules.session_minutes
        program = self.policy.program
        limited = replace(
            mentor,
            regions=tuple(sorted(parts)) if all(parts) and rng.random() < 0.4 else (),
            max_size=max(len(group.members) for group in own) if rng.random() < 0.3 else None,
            max_weekly_minutes=minutes + rng.choice((0, 30, 200)) if rng.random() < 0.3 else None,
        )
        late = replace(limited, available_from=program.term_start + dt.timedelta(days=rng.randint(1, 60)))
        return late if rng.random() < 0.3 and is_used(late, self.policy) else limited

    def _mentee(self, learner: _Learner) -> Mentee:
        rng = self.rng
        free = self._availability(learner.taught)
        return Mentee(
            key=learner.key,
            name=f"Mentee {learner.key}",
            grade=learner.grade,
            requests=tuple(sorted(learner.requests, key=lambda request: request.subject)),
            availability=free,
            preferred=free if self.perfect else tuple(stretch for stretch in free if rng.random() < 0.5),
            region=learner.region,
            max_groups=len(learner.requests) if rng.random() < 0.2 else None,
            previous_mentor=learner.mentor if self.perfect or rng.random() < 0.3 else "",
        )

    def _pairs(self) -> tuple[Pair, ...]:
        rng = self.rng
        placed = [(group.mentor, member, group.subject) for group in self.groups for member in group.members]
        required = rng.sample(placed, min(2, len(placed)))
        found = [Pair(mentor=m, mentee=s, subject=subject, rule=PairRule.REQUIRE) for m, s, subject in required]
        together = {(mentor, mentee) for mentor, mentee, _ in placed}
        for _ in range(len(self.learners) // 4):
            one = (rng.choice(self.mentors).key, rng.choice(self.learners).key)
            if one not in together and rng.random() < 0.5:
                found.append(Pair(mentor=one[0], mentee=one[1], rule=PairRule.FORBID))
            else:
                found.append(Pair(mentor=one[0], mentee=one[1], rule=PairRule.POINTS, points=rng.randint(-100, 200)))
        return tuple(found)

    def _peers(self) -> tuple[Peers, ...]:
        rng = self.rng
        together = {two(a, b) for group in self.groups for a, b in combinations(group.members, 2)}
        found = [Peers(mentee=a, other=b, rule=PeerRule.POINTS, points=rng.randint(-90, 150)) for a, b in sorted(together)[::5]]
        for _ in range(len(self.learners) // 5):
            a, b = rng.sample([learner.key for learner in self.learners], 2)
            if two(a, b) not in together:
                found.append(Peers(mentee=a, other=b, rule=PeerRule.APART))
        return tuple(found)

    def _perfect_score(self) -> int:
        """The score, counted from what was planted and not from the rules' functions."""
        points, rules = self.policy.points, self.rules
        each = points.continuity + points.region + 2 * points.time * rules.meetings_per_week
        seats = sum(points.placed * request.priority + each for learner in self.learners for request in learner.requests)
        sizes = sum(points.off_target * abs(len(group.members) - rules.target_size) for group in self.groups)
        return seats + sizes + points.first_group * len(self.mentors) + points.first_seat * len(self.learners)
