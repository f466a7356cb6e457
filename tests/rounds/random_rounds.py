"""Random tiny rounds with every rule and every kind of point in play, and random results for them.

All that is drawn comes from the generator given, so the same seed gives the same round. The rounds are small enough for brute
force: 2 to 4 mentors, 3 to 7 mentees, few starts a week.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from matching.case import Case
from matching.check_rules import violations
from matching.result import Group
from matching.round import (
    GroupPolicy,
    MemberRegions,
    Mentee,
    Mentor,
    MentorPolicy,
    Pair,
    PairRule,
    PeerRule,
    Peers,
    Points,
    Policy,
    Program,
    Request,
    Round,
    Teaching,
)
from matching.rules import may_meet, starts_of
from matching.week import DAY_MINUTES, Stretch, merge, patterns

SUBJECTS = ("math", "english", "korean")
REGIONS = ("", "Gyeongbuk", "Gyeongbuk/Andong", "Gyeongbuk/Pohang", "Gyeongbuk/Pohang/Buk", "Gyeongbukdo/Andong", "Jeonnam/Muan")


def tiny_round(rng: random.Random, *, requires: int | None = None, mentees: int | None = None, mentors: int | None = None) -> Round:
    """A round of 2 to 4 mentors and 3 to 7 mentees (or so many); `requires` rows of `require` (by default seldom one or two)."""
    policy = _policy(rng)
    asked = SUBJECTS[: rng.choice((1, 2, 2, 2, 3))]
    days = sorted(rng.sample(range(7), min(7, policy.group.meetings_per_week + rng.choice((1, 2, 2)))))
    some_mentors = tuple(_mentor(rng, n, policy, asked, days) for n in range(mentors or rng.randint(2, 4)))
    some_mentees = tuple(_mentee(rng, n, policy, asked, days, some_mentors) for n in range(mentees or rng.randint(3, 7)))
    if requires is None:
        requires = rng.choice((0, 0, 0, 0, 1, 2))
    round = Round(
        policy=policy,
        mentors=some_mentors,
        mentees=some_mentees,
        pairs=tuple(_pairs(rng, some_mentors, some_mentees)),
        peers=tuple(_peers(rng, some_mentees)),
    )
    return replace(round, pairs=(*round.pairs, *_requires(rng, round, requires)))


def _policy(rng: random.Random) -> Policy:
    least = rng.choice((1, 1, 1, 1, 1, 1, 2, 2, 2, 3))
    first_day = dt.date(2026, 3, rng.randint(1, 8))
    return Policy(
        program=Program(time_zone="Asia/Seoul", term_start=first_day, term_end=first_day + dt.timedelta(days=rng.choice((4, 20, 27)))),
        group=GroupPolicy(
            min_size=least,
            max_size=rng.randint(max(2, least), 4),
            target_size=rng.randint(1, 4),
            meetings_per_week=rng.choice((1, 1, 1, 1, 2, 2, 3)),
            same_time=rng.random() < 0.6,
            session_minutes=rng.choice((45, 60, 90)),
            start_every_minutes=rng.choice((30, 30, 60)),
            buffer_minutes=rng.choice((0, 0, 15, 30)),
            max_grade_gap=rng.choice((0, 1, 1, 2, 2)),
            member_regions=rng.choice((MemberRegions.ANY, *MemberRegions)),
        ),
        mentor=MentorPolicy(max_groups=rng.choice((1, 2, 3)), min_weeks=rng.choice((0, 1, 1, 2, 8))),
        points=Points(
            placed=rng.choice((1000, 1000, 1000, 300, 300, 100, 100, 0, -50)),
            continuity=rng.choice((0, 120, 500, -70)),
            region=rng.choice((0, 40, 75, -41)),
            time=rng.choice((0, 10, 33, -7)),
            missing_week=rng.choice((0, -15, -40, 5)),
            stay=rng.choice((0, 200, -90)),
            first_group=rng.choice((0, 60, -150, -300)),
            first_seat=rng.choice((0, 300, -35)),
            off_target=rng.choice((0, -20, -90, 25)),
            grade_gap=rng.choice((0, -30, 45)),
            region_mix=rng.choice((0, -15, -60, 35)),
        ),
    )


def _stretches(rng: random.Random, policy: GroupPolicy, days: Sequence[int], chance: float) -> tuple[Stretch, ...]:
    """Evening stretches on some of the days, a few starts long; some touch, some are too short."""
    found = []
    for day in days:
        if rng.random() < chance:
            start = day * DAY_MINUTES + rng.choice((17 * 60, *[18 * 60] * 5, 18 * 60 + 30))
            length = policy.session_minutes + policy.start_every_minutes * rng.choice((0, 1, 2, 2)) + rng.choice((0, 0, 15))
            if rng.random() < 0.15:
                found += [Stretch(start, start + 30), Stretch(start + 30, start + max(length, 31))]
            else:
                found.append(Stretch(start, start + length))
    if rng.random() < 0.05:
        found.append(Stretch(7 * DAY_MINUTES - 120, 7 * DAY_MINUTES))
    return merge(found)


def _preferred(rng: random.Random, availability: Sequence[Stretch]) -> tuple[Stretch, ...]:
    return tuple(stretch for stretch in availability if rng.random() < 0.5)


def _mentor(rng: random.Random, n: int, policy: Policy, asked: Sequence[str], days: Sequence[int]) -> Mentor:
    availability = _stretches(rng, policy.group, days, 0.9)
    lowest = rng.choice((6, 7, 7, 7, 8))
    term = policy.program
    return Mentor(
        key=f"m{n}",
        teaches=tuple(
            Teaching(subject, lowest, rng.randint(max(lowest, 8), 10))
            for subject in rng.sample(asked, rng.choice((len(asked), rng.randint(1, len(asked)))))
        ),
        availability=availability,
        preferred=_preferred(rng, availability),
        home_region=rng.choice(REGIONS),
        regions=() if rng.random() < 0.8 else tuple(rng.sample(("Gyeongbuk", "Gyeongbuk/Pohang", "Jeonnam"), rng.randint(1, 2))),
        max_groups=rng.choice((None, None, None, None, None, 1, 2, 3, 0)),
        max_size=rng.choice((None, None, None, None, 1, 2, 3)),
        max_weekly_minutes=rng.choice((None, None, None, None, 120, 200)),
        available_from=rng.choice((None, None, None, None, term.term_start, term.term_start + dt.timedelta(days=3))),
        available_until=rng.choice((None, None, None, None, term.term_end, term.term_end - dt.timedelta(days=2))),
        gender=rng.choice("FM"),
    )


def _mentee(rng: random.Random, n: int, policy: Policy, asked: Sequence[str], days: Sequence[int], mentors: Sequence[Mentor]) -> Mentee:
    availability = _stretches(rng, policy.group, days, 0.9)
    wanted = rng.sample(asked, min(len(asked), rng.choice((1, 1, 2, 2, 3))))
    return Mentee(
        key=f"s{n}",
        grade=rng.choice((7, 8, 8, 8, 8, 9)),
        requests=tuple(Request(subject, rng.choice((1, 1, 1, 2, 3))) for subject in wanted),
        availability=availability,
        preferred=_preferred(rng, availability),
        region=rng.choice(REGIONS if rng.random() < 0.3 else REGIONS[2:4]),
        max_groups=rng.choice((None, None, None, None, None, None, 1, 2, 0)),
        mentor_gender=rng.choice(("", "", "", "", "", "", "F", "M")),
        previous_mentor=rng.choice(("", "", *(mentor.key for mentor in mentors), "gone")),
    )


def _pairs(rng: random.Random, mentors: Sequence[Mentor], mentees: Sequence[Mentee]) -> Iterator[Pair]:
    rules = [PairRule.FORBID] * rng.choice((0, 1, 2)) + [PairRule.POINTS] * rng.choice((0, 1, 3, 5))
    for line, rule in enumerate(rules, start=2):
        mentor, mentee = rng.choice(mentors), rng.choice(mentees)
        subject = rng.choice(("", mentee.requests[0].subject, rng.choice(SUBJECTS)))
        points = rng.choice((140, -140, 333, -1200)) if rule is PairRule.POINTS else 0
        yield Pair(mentor=mentor.key, mentee=mentee.key, subject=subject, rule=rule, points=points, line=line)


def _requires(rng: random.Random, round: Round, number: int) -> Iterator[Pair]:
    """Rows of `require`, most of them of what some groups could do together, some of what could be alone, few at random."""
    if not number:
        return
    held = [
        (group.mentor, mentee, rng.choice((group.subject, group.subject, "")))
        for group in some_groups(rng, round)
        for mentee in group.members
    ]
    could_be = [
        (mentor.key, mentee.key, request.subject)
        for mentor in round.mentors
        for mentee in round.mentees
        for request in mentee.requests
        if may_meet(mentor, mentee, request.subject, round.policy)
    ]
    for line in range(2 + len(round.pairs), 2 + len(round.pairs) + number):
        anything = (rng.choice(round.mentors).key, rng.choice(round.mentees).key, rng.choice(SUBJECTS))
        mentor, mentee, subject = rng.choice(rng.choices((held, could_be, [anything]), (80, 15, 5))[0] or held or could_be or [anything])
        yield Pair(mentor=mentor, mentee=mentee, subject=subject, rule=PairRule.REQUIRE, line=line)


def _peers(rng: random.Random, mentees: Sequence[Mentee]) -> list[Peers]:
    found = []
    for line in range(2, 2 + rng.choice((0, 1, 2, 4))):
        one, other = rng.sample(mentees, 2)
        rule = rng.choice((PeerRule.APART, PeerRule.POINTS, PeerRule.POINTS))
        points = rng.choice((73, -73, 250, -300)) if rule is PeerRule.POINTS else 0
        found.append(Peers(mentee=one.key, other=other.key, rule=rule, points=points, line=line))
    return found


def some_groups(rng: random.Random, round: Round, tries: int = 60, clashes: float = 0.0) -> tuple[Group, ...]:
    """Groups of random members that keep all rules but `require`; with the chance `clashes` each may be at odds with the others."""
    policy = round.policy.group
    without = replace(round, pairs=tuple(row for row in round.pairs if row.rule is not PairRule.REQUIRE))
    waiting = {(mentee.key, request.subject) for mentee in round.mentees for request in mentee.requests}
    free = {mentee.key: set(starts_of(mentee, policy)) for mentee in round.mentees}
    found: list[Group] = []
    for _ in range(tries):
        mentor = rng.choice(round.mentors)
        when = list(patterns(starts_of(mentor, policy), policy.meetings_per_week, policy.same_time))
        subject = rng.choice(mentor.teaches).subject
        meetings = rng.choice(when) if when else ()
        asking = [mentee.key for mentee in round.mentees if (mentee.key, subject) in waiting and set(meetings) <= free[mentee.key]]
        size = rng.randint(policy.min_size, policy.max_size)
        if not when or len(asking) < size:
            continue
        members = tuple(sorted(rng.sample(asking, size)))
        group = Group(key=f"g{len(found)}", mentor=mentor.key, subject=subject, meetings=meetings, members=members)
        together = [group] if rng.random() < clashes else [*found, group]
        if not any(violations(Case.of(without, together))):
            found.append(group)
            waiting -= {(member, subject) for member in members}
    return tuple(found)


def earlier_groups(rng: random.Random, round: Round) -> tuple[Group, ...]:
    """The groups of an earlier result, for `stay`: mostly such as the round still allows, some with people who have left."""
    groups = some_groups(rng, round, tries=20)
    return tuple(replace(group, key=f"e{n}", mentor="gone" if rng.random() < 0.1 else group.mentor) for n, group in enumerate(groups))


def with_required(rng: random.Random, round: Round, groups: Sequence[Group]) -> Round:
    """The round with some of what these groups do required."""
    rows = [
        Pair(mentor=group.mentor, mentee=mentee, subject=rng.choice((group.subject, group.subject, "")), rule=PairRule.REQUIRE)
        for group in groups
        for mentee in group.members
        if rng.random() < 0.3
    ]
    return replace(round, pairs=(*round.pairs, *rows))


def extreme_points(rng: random.Random, round: Round) -> Round:
    """The round with some of its points a hundred to five thousand times as large, and odd ones; none beyond a million."""
    points = {
        name: getattr(round.policy.points, name) * rng.choice((1, 1, 1, 100, 997, 5000)) + rng.choice((0, 0, 1, 7))
        for name in Points.__dataclass_fields__
    }
    within = {name: max(-1_000_000, min(1_000_000, value)) for name, value in points.items()}
    return replace(round, policy=replace(round.policy, points=Points(**within)))
