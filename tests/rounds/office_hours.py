"""Rounds of office hours: few mentors with single free hours, far more mentees than seats, one subject, nothing else in play."""

from __future__ import annotations

import datetime as dt
import random

from matching.round import GroupPolicy, Mentee, Mentor, MentorPolicy, Policy, Program, Request, Round, Teaching
from matching.week import DAY_MINUTES, Stretch, merge

HOURS = tuple(day * DAY_MINUTES + hour * 60 for day in range(6) for hour in range(16, 21))
"""The hours at which anybody may be free."""

MENTORS, MENTEES, GROUPS_EACH, SIZE = 25, 500, 3, 4
SEATS = MENTORS * GROUPS_EACH * SIZE

POLICY = Policy(
    program=Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19), name="Office hours"),
    group=GroupPolicy(min_size=3, max_size=SIZE, target_size=SIZE, session_minutes=60, start_every_minutes=60),
    mentor=MentorPolicy(max_groups=GROUPS_EACH),
)
ALL_TAKEN = SEATS * (POLICY.points.placed + POLICY.points.first_seat) + MENTORS * POLICY.points.first_group
"""The score where every seat is taken: no result can have more."""


def office_hours(seed: int) -> Round:
    """A round in which every seat can be taken, as each hour suits dozens of mentees."""
    rng = random.Random(f"office hours {seed}")
    return Round(
        policy=POLICY,
        mentors=tuple(
            Mentor(key=f"m{n:02d}", teaches=(Teaching("essay", 1, 12),), availability=_hours(rng, rng.randint(3, 6)))
            for n in range(MENTORS)
        ),
        mentees=tuple(
            Mentee(key=f"s{n:03d}", grade=9, requests=(Request("essay"),), availability=_hours(rng, rng.randint(2, 5)))
            for n in range(MENTEES)
        ),
    )


def _hours(rng: random.Random, number: int) -> tuple[Stretch, ...]:
    """So many single hours; two that touch are one stretch."""
    return merge(Stretch(start, start + 60) for start in rng.sample(HOURS, number))
