"""Makes rounds of the benchmark's kinds, the same round for the same kind, seed and scale."""

from __future__ import annotations

import datetime as dt
from random import Random

from matching.round import Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Policy, Program, Request, Round, Teaching
from matching.rules import teaches, two
from matching.week import DAY_MINUTES, Stretch, merge
from tests.bench.kinds import KINDS, Chances, Kind, country, drawn_rules, province

TERM = Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19))
SUBJECTS = ("math", "english", "korean", "science", "social", "coding", "career")
SUBJECT_WEIGHTS = (30, 26, 14, 14, 6, 4, 6)
SATURDAY = 5
SHORTEST = 90
"""Nobody offers a stretch of less than so many minutes."""
HALF_HOUR = 30
SURNAMES, SYLLABLES = "김이박최정강조윤장임한오서신권황안송류홍", "가나다라민서지우하준도윤채원수아은호예린시현유진"


def make_round(kind: str, seed: int, scale: float = 1.0) -> Round:
    """A round of this kind, with `scale` times its people.

    Raises `KeyError` where there is no such kind.
    """
    shape, rng = KINDS[kind], Random(f"{kind}/{seed}/rounds")
    group, mentor, points = drawn_rules(rng) if shape.drawn_policy else (shape.group, shape.mentor, shape.points)
    program = Program(time_zone=TERM.time_zone, term_start=TERM.term_start, term_end=TERM.term_end, name=f"{kind} {seed}")
    policy = Policy(program=program, group=group, mentor=mentor, points=points)
    mentors = tuple(_mentor(rng, number, shape, policy) for number in range(round(shape.mentors * scale)))
    school_count = max(2, round(shape.mentees * scale) // 25)
    mentees = tuple(_mentee(rng, number, shape, policy, mentors, school_count) for number in range(round(shape.mentees * scale)))
    return Round(
        policy=policy,
        mentors=mentors,
        mentees=mentees,
        pairs=_pairs(rng, mentors, mentees, for_subjects=shape.drawn_policy),
        peers=_peers(rng, mentees, lowest=-90 if shape.drawn_policy else 20),
    )


def person_name(rng: Random) -> str:
    """A family name and two syllables."""
    return rng.choice(SURNAMES) + rng.choice(SYLLABLES) + rng.choice(SYLLABLES)


def subjects(rng: Random, count_weights: tuple[int, int, int]) -> list[str]:
    """One to three different subjects, sorted; some are asked for far more than others."""
    count = rng.choices((1, 2, 3), count_weights)[0]
    chosen: set[str] = set()
    while len(chosen) < count:
        chosen |= set(rng.choices(SUBJECTS, SUBJECT_WEIGHTS))
    return sorted(chosen)


def _days(rng: Random, chances: Chances, evening_from: int, longest_evening: int) -> list[Stretch]:
    """At most one stretch a day: evenings on weekdays (half-hours are given), any time from 9 to 22 o'clock at the weekend."""
    found = []
    for day in range(7):
        weekend = day >= SATURDAY
        if rng.random() >= (chances.weekend if weekend else chances.weekday):
            continue
        first, last, longest, closes = (18, 34, 9, 44) if weekend else (evening_from, 40, longest_evening, 45)
        start = rng.randint(first, last)
        end = min(start + rng.randint(3, longest), closes)
        if (end - start) * HALF_HOUR >= SHORTEST:
            found.append(Stretch(day * DAY_MINUTES + start * HALF_HOUR, day * DAY_MINUTES + end * HALF_HOUR))
    return found


def _week(rng: Random, chances: Chances, least_days: int, *, mentors: bool) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Availability on at least so many days, and what of it is preferred; mentors come earlier and stay longer."""
    found = _days(rng, chances, 33 if mentors else 34, 8 if mentors else 6)
    while len(found) < least_days:
        found = _days(rng, chances, 33 if mentors else 34, 8 if mentors else 6)
    liked = []
    for stretch in found:
        if rng.random() < 0.4:
            shortened = max(stretch.start + SHORTEST, stretch.end - HALF_HOUR)
            liked.append(Stretch(stretch.start, stretch.end if rng.random() < 0.6 else shortened))
    return tuple(found), tuple(liked)


def _least_days(policy: Policy, kind: Kind) -> int:
    """Who must meet twice a week is free on three days or more; a drawn policy takes people as they come."""
    return 3 if policy.group.meetings_per_week == 2 and not kind.drawn_policy else 1


def _mentor(rng: Random, number: int, kind: Kind, policy: Policy) -> Mentor:
    lowest, highest = rng.choices(((7, 9), (7, 12), (10, 12), (8, 11)), (45, 30, 15, 10))[0]
    taught = tuple(Teaching(subject, lowest, highest) for subject in subjects(rng, (40, 52, 8)))
    free, liked = _week(rng, kind.mentors_free, _least_days(policy, kind), mentors=True)
    if kind.drawn_policy and rng.random() < 0.3:
        sunday = 6 * DAY_MINUTES
        free = merge((*free, Stretch(sunday + 420, sunday + 510), Stretch(sunday + 510, sunday + 540)))
    land = country if kind.land is province and rng.random() >= 0.6 else kind.land
    home = land(rng)
    serves: tuple[str, ...] = ()
    if rng.random() < 0.2:
        serves = tuple(sorted({home.split("/")[0], kind.land(rng).split("/")[0]}))
    if rng.random() < 0.04:
        serves = (home,)
    until = rng.choices((None, (8, 31), (6, 30), (5, 31), (4, 12)), (50, 30, 12, 6, 2))[0]
    return Mentor(
        key=f"m-{number:05d}",
        name=person_name(rng),
        teaches=taught,
        availability=free,
        preferred=liked,
        home_region="" if kind.drawn_policy and rng.random() < 0.1 else home,
        regions=serves,
        max_groups=rng.choices((None, 1, 2, 3), kind.max_groups_weights)[0],
        max_size=rng.choices((None, policy.group.min_size, 3), (85, 8, 7))[0],
        max_weekly_minutes=rng.choices((None, 180, 240, 360), (70, 10, 10, 10))[0],
        available_from=dt.date(2026, 3, rng.randint(3, 30)) if rng.random() < 0.15 else None,
        available_until=dt.date(2026, *until) if until else None,
        gender=rng.choice("FM"),
    )


def _mentee(rng: Random, number: int, kind: Kind, policy: Policy, mentors: tuple[Mentor, ...], school_count: int) -> Mentee:
    grade = rng.choices(range(7, 13), (24, 24, 22, 12, 10, 8))[0]
    asked = tuple(Request(subject, rng.choices((1, 2, 3), (80, 15, 5))[0]) for subject in subjects(rng, (69, 30, 1)))
    free, liked = _week(rng, kind.mentees_free, _least_days(policy, kind), mentors=False)
    previous = ""
    if rng.random() < 0.25:
        teacher = _somebody_who_teaches(rng, mentors, grade, asked, tries=8)
        previous = teacher.key if teacher else "m-left"
    return Mentee(
        key=f"s-{number:05d}",
        name=person_name(rng),
        grade=grade,
        requests=asked,
        availability=free,
        preferred=liked,
        region="" if kind.drawn_policy and rng.random() < 0.1 else kind.land(rng),
        max_groups=1 if rng.random() < 0.1 else None,
        gender=rng.choice("FM"),
        school=f"School {rng.randint(1, school_count):03d}",
        mentor_gender=rng.choice("FM") if rng.random() < 0.06 else "",
        previous_mentor=previous,
    )


def _somebody_who_teaches(rng: Random, mentors: tuple[Mentor, ...], grade: int, asked: tuple[Request, ...], tries: int) -> Mentor | None:
    for mentor in rng.sample(mentors, min(tries, len(mentors))):
        if any(teaches(mentor, request.subject, grade) for request in asked):
            return mentor
    return None


def _pairs(rng: Random, mentors: tuple[Mentor, ...], mentees: tuple[Mentee, ...], *, for_subjects: bool) -> tuple[Pair, ...]:
    """A word on one pair for every twenty mentees: three in ten forbid, the others give or take points."""
    found: dict[tuple[str, str], Pair] = {}
    for _ in range(len(mentees) // 20):
        mentee = rng.choice(mentees)
        mentor = _somebody_who_teaches(rng, mentors, mentee.grade, mentee.requests, tries=12) or mentors[0]
        subject = rng.choice(mentee.requests).subject if for_subjects and rng.random() < 0.5 else ""
        forbidden = rng.random() < 0.3
        points = 0 if forbidden else rng.randint(-100, 200)
        rule = PairRule.FORBID if forbidden else PairRule.POINTS
        found.setdefault((mentor.key, mentee.key), Pair(mentor=mentor.key, mentee=mentee.key, subject=subject, rule=rule, points=points))
    return tuple(found.values())


def _peers(rng: Random, mentees: tuple[Mentee, ...], lowest: int) -> tuple[Peers, ...]:
    """A word on two mentees for every fifty: four in ten are kept apart, the others get points from `lowest` to 150."""
    found: dict[tuple[str, str], Peers] = {}
    for _ in range(len(mentees) // 50):
        one, other = rng.sample(mentees, 2)
        apart = rng.random() < 0.4
        points = 0 if apart else rng.randint(lowest, 150)
        rule = PeerRule.APART if apart else PeerRule.POINTS
        found.setdefault(two(one.key, other.key), Peers(mentee=one.key, other=other.key, rule=rule, points=points))
    return tuple(found.values())
