"""Short words for people, rows and rounds made by hand: Monday evenings, math, one hour, unless said otherwise."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from matching.round import (
    GroupPolicy,
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
from matching.week import Stretch, merge, read_stretch

TERM = Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 3, 29))
"""Four weeks, Monday to Sunday."""

USUAL = Points()


def at(text: str) -> tuple[Stretch, ...]:
    """Weekly stretches, as in a cell: `Mon 18:00-21:00; Tue 18:00-21:00`."""
    return merge(read_stretch(part.strip()) for part in text.split(";"))


def mentor(key: str, *, free: str = "Mon 18:00-21:00", subjects: Sequence[str] = ("math",), **said: object) -> Mentor:
    """A mentor of grades 7 to 9; `said` are other fields."""
    teaches = tuple(Teaching(subject, 7, 9) for subject in subjects)
    return replace(Mentor(key=key, teaches=teaches, availability=at(free)), **said)  # type: ignore[arg-type]  # fields by name


def mentee(key: str, *, free: str = "Mon 18:00-21:00", subjects: Sequence[str] = ("math",), grade: int = 8, **said: object) -> Mentee:
    """A mentee of grade 8; `said` are other fields."""
    requests = tuple(Request(subject) for subject in subjects)
    return replace(Mentee(key=key, grade=grade, requests=requests, availability=at(free)), **said)  # type: ignore[arg-type]  # fields by name


def require(mentor: str, mentee: str, subject: str = "") -> Pair:
    """A row of `require`."""
    return Pair(mentor=mentor, mentee=mentee, subject=subject, rule=PairRule.REQUIRE)


def forbid(mentor: str, mentee: str, subject: str = "") -> Pair:
    """A row of `forbid`."""
    return Pair(mentor=mentor, mentee=mentee, subject=subject, rule=PairRule.FORBID)


def apart(mentee: str, other: str) -> Peers:
    """A row of `apart`."""
    return Peers(mentee=mentee, other=other, rule=PeerRule.APART)


def a_round(
    people: Sequence[Mentor | Mentee],
    rows: Sequence[Pair | Peers] = (),
    *,
    points: Points = USUAL,
    max_groups: int = 2,
    **group: object,
) -> Round:
    """A round of these people and rows, whose lines are counted from 2; `group` are keys of the policy's group."""
    policy = GroupPolicy(session_minutes=60, start_every_minutes=60)
    pairs, peers = [row for row in rows if isinstance(row, Pair)], [row for row in rows if isinstance(row, Peers)]
    return Round(
        policy=Policy(
            program=TERM,
            group=replace(policy, **group),  # type: ignore[arg-type]  # fields by name
            mentor=MentorPolicy(max_groups=max_groups, min_weeks=1),
            points=points,
        ),
        mentors=tuple(person for person in people if isinstance(person, Mentor)),
        mentees=tuple(person for person in people if isinstance(person, Mentee)),
        pairs=tuple(replace(row, line=n) for n, row in enumerate(pairs, start=2)),
        peers=tuple(replace(row, line=n) for n, row in enumerate(peers, start=2)),
    )


def hard_to_arrange(mentees: int = 40) -> Round:
    """So many mentees are required of one mentor, half of all couples are apart, and whether six groups suffice is not seen in minutes."""
    rng = random.Random(1)
    free = "Mon 08:00-22:00; Tue 08:00-22:00"
    keys = [f"s{n}" for n in range(mentees)]
    couples = [apart(one, other) for one, other in combinations(keys, 2) if rng.random() < 0.5]
    rows: list[Pair | Peers] = [*(require("m", key) for key in keys), *couples]
    return a_round([mentor("m", free=free, max_groups=6), *(mentee(key, free=free) for key in keys)], rows, max_size=50)
