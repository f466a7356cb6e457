"""The kinds of made rounds: how many people, where they live, when they are free, and under which rules.

A kind is a shape of chances; `rounds.make_round` draws a round from it. Sizes are those of scale 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from matching.round import GroupPolicy, MemberRegions, MentorPolicy, Points

DISTRICTS = (
    "종로", "중구", "용산", "성동", "광진", "동대문", "중랑", "성북", "강북", "도봉", "노원", "은평", "서대문",
    "마포", "양천", "강서", "구로", "금천", "영등포", "동작", "관악", "서초", "강남", "송파", "강동",
)  # fmt: skip
COUNTIES = (
    "목포", "여수", "순천", "나주", "광양", "담양", "곡성", "구례", "고흥", "보성", "화순",
    "장흥", "강진", "해남", "영암", "무안", "함평", "영광", "장성", "완도", "진도", "신안",
)  # fmt: skip
PROVINCES = (
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기",
    "강원", "충북", "충남", "전북", "경북", "전남", "경남", "제주",
)  # fmt: skip

Land = Callable[[Random], str]
"""Draws the region in which somebody lives."""


def city(rng: Random) -> str:
    """A district of one city, some five times as full as others."""
    place = rng.choices(range(len(DISTRICTS)), [1 + number % 5 for number in range(len(DISTRICTS))])[0]
    return f"서울/{DISTRICTS[place]}"


def province(rng: Random) -> str:
    """A county of one rural province; one in eight lives beyond its border."""
    return "경북/의성" if rng.random() < 0.12 else f"전남/{rng.choice(COUNTIES)}"


def country(rng: Random) -> str:
    """A numbered district of one of the provinces, the first being the fullest."""
    place = rng.choices(PROVINCES, range(len(PROVINCES) + 3, 3, -1))[0]
    return f"{place}/{rng.randint(1, 24):02d}"


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely somebody is free on a weekday and on a day of the weekend, each in [0, 1]."""

    weekday: float
    weekend: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of made round. `max_groups_weights` are the odds that a mentor's row says nothing, 1, 2 or 3."""

    mentors: int
    mentees: int
    land: Land
    mentors_free: Chances
    mentees_free: Chances
    max_groups_weights: tuple[int, int, int, int] = (50, 25, 15, 10)
    group: GroupPolicy = field(default_factory=GroupPolicy)
    mentor: MentorPolicy = field(default_factory=MentorPolicy)
    points: Points = field(default_factory=Points)
    drawn_policy: bool = False


KINDS = {
    "tiny": Kind(
        mentors=8, mentees=20, land=city, mentors_free=Chances(0.7, 0.5), mentees_free=Chances(0.65, 0.4),
        group=GroupPolicy(max_grade_gap=3),
    ),
    "campus": Kind(
        mentors=120, mentees=360, land=city, mentors_free=Chances(0.8, 0.5), mentees_free=Chances(0.75, 0.4),
        group=GroupPolicy(min_size=2, meetings_per_week=2, session_minutes=60, max_grade_gap=2),
    ),
    "mixed": Kind(
        mentors=20, mentees=60, land=province, mentors_free=Chances(0.85, 0.7), mentees_free=Chances(0.85, 0.6),
        max_groups_weights=(40, 30, 20, 10), drawn_policy=True,
    ),
    "rural": Kind(
        mentors=160, mentees=600, land=province, mentors_free=Chances(0.62, 0.4), mentees_free=Chances(0.5, 0.35),
        group=GroupPolicy(min_size=2, meetings_per_week=2, session_minutes=60, member_regions=MemberRegions.NEAR),
    ),
    "seoul": Kind(
        mentors=1500, mentees=6000, land=city, mentors_free=Chances(0.3, 0.3), mentees_free=Chances(0.28, 0.22),
        max_groups_weights=(10, 65, 20, 5),
    ),
    "nation": Kind(
        mentors=15_000, mentees=60_000, land=country, mentors_free=Chances(0.35, 0.3), mentees_free=Chances(0.3, 0.25),
        max_groups_weights=(20, 50, 20, 10), group=GroupPolicy(min_size=2),
    ),
}  # fmt: skip


def drawn_rules(rng: Random) -> tuple[GroupPolicy, MentorPolicy, Points]:
    """Rules and points with every key drawn, so that over the seeds each rule and each kind of point matters."""
    group = GroupPolicy(
        min_size=rng.choices((1, 2), (2, 1))[0],
        max_size=rng.choice((3, 4, 5)),
        target_size=rng.choice((2, 3, 4)),
        meetings_per_week=rng.choices((1, 2, 3), (2, 1, 1))[0],
        same_time=rng.random() < 2 / 3,
        session_minutes=rng.choice((45, 60, 90)),
        start_every_minutes=rng.choice((15, 30, 60)),
        buffer_minutes=rng.choices((0, 15, 30), (2, 1, 1))[0],
        max_grade_gap=rng.choice((1, 2, 3)),
        member_regions=rng.choice(tuple(MemberRegions)),
    )
    mentor = MentorPolicy(max_groups=rng.choice((1, 2, 3)), min_weeks=rng.choice((4, 8, 14)))
    points = Points(
        placed=rng.choice((100, 1000)),
        continuity=rng.choice((0, 120, 500)),
        region=rng.choice((0, 40, 75)),
        time=rng.choice((0, 10, 33)),
        missing_week=rng.choice((0, -15)),
        first_group=rng.choice((-400, 0, 60, 300)),
        first_seat=rng.choice((0, 300)),
        off_target=rng.choice((0, -20, -90)),
        grade_gap=rng.choice((0, -30)),
        region_mix=rng.choice((0, -15, -60)),
    )
    return group, mentor, points
