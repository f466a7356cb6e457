"""Rounds and results of any content, for hypothesis to draw."""

from __future__ import annotations

import datetime as dt
import unicodedata
from zoneinfo import available_timezones

from hypothesis import strategies as st

from matching.kinds import MOST
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
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
from matching.week import DAY_MINUTES, DAYS, Stretch, merge


def _as_read(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


_FREE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12).map(_as_read)
_WORDS = st.sampled_from(["", "a, b", 'says "hi"', "두 줄\n둘", "가나\r\n", "=1+1", "é"]).map(_as_read) | _FREE
_KEYS = _FREE.filter(bool)
_SUBJECTS = _FREE.filter(lambda text: bool(text) and not set(text) & set(":;"))
_REGIONS = st.lists(_FREE.filter(lambda text: bool(text) and ";" not in text), max_size=3).map(tuple)
_DATES = st.none() | st.dates()


def _count(least: int, most: int = MOST) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(least, most)


@st.composite
def _stretches(draw: st.DrawFn, least: int = 0) -> tuple[Stretch, ...]:
    found = []
    for _ in range(draw(st.integers(least, 3))):
        day = draw(st.integers(0, len(DAYS) - 1)) * DAY_MINUTES
        start = draw(st.integers(0, DAY_MINUTES - 1))
        found.append(Stretch(day + start, day + draw(st.integers(start + 1, DAY_MINUTES))))
    return merge(found)


@st.composite
def _teaches(draw: st.DrawFn) -> tuple[Teaching, ...]:
    subjects = draw(st.lists(_SUBJECTS, min_size=1, max_size=3, unique=True))
    return tuple(Teaching(subject, *sorted((draw(st.integers(1, 12)), draw(st.integers(1, 12))))) for subject in subjects)


_PRIORITIES = st.dictionaries(_SUBJECTS, st.integers(1, 9), min_size=1, max_size=3)
_REQUESTS = _PRIORITIES.map(lambda asked: tuple(Request(subject, priority) for subject, priority in asked.items()))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy."""
    start = draw(st.dates(max_value=dt.date(9990, 1, 1)))
    least = draw(st.integers(1, 50))
    return Policy(
        program=Program(
            name=draw(_WORDS),
            time_zone=draw(st.sampled_from(sorted(available_timezones() & {"Asia/Seoul", "America/New_York", "Etc/GMT+3", "UTC"}))),
            term_start=start,
            term_end=start + dt.timedelta(days=draw(st.integers(0, 1095))),
        ),
        group=GroupPolicy(
            min_size=least,
            max_size=draw(st.integers(least, 50)),
            target_size=draw(st.integers(1, 50)),
            meetings_per_week=draw(st.integers(1, 3)),
            same_time=draw(st.booleans()),
            session_minutes=draw(st.integers(5, 720)),
            start_every_minutes=draw(st.integers(5, 720)),
            buffer_minutes=draw(st.integers(0, 720)),
            max_grade_gap=draw(st.integers(0, 11)),
            member_regions=draw(st.sampled_from(MemberRegions)),
        ),
        mentor=MentorPolicy(max_groups=draw(st.integers(0, MOST)), min_weeks=draw(st.integers(0, MOST))),
        points=Points(**{name: draw(st.integers(-1_000_000, 1_000_000)) for name in Points.__dataclass_fields__}),
    )


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """Any round of a few people."""
    mentors = tuple(
        Mentor(
            key=key,
            teaches=draw(_teaches()),
            availability=draw(_stretches(1)),
            preferred=draw(_stretches()),
            home_region=draw(_WORDS),
            regions=draw(_REGIONS),
            max_groups=draw(_count(0)),
            max_size=draw(_count(1)),
            max_weekly_minutes=draw(_count(0)),
            available_from=draw(_DATES),
            available_until=draw(_DATES),
            **{name: draw(_WORDS) for name in ("name", "gender", "email", "language", "affiliation")},
        )
        for key in draw(st.lists(_KEYS, max_size=3, unique=True))
    )
    mentees = tuple(
        Mentee(
            key=key,
            grade=draw(st.integers(1, 12)),
            requests=draw(_REQUESTS),
            availability=draw(_stretches(1)),
            preferred=draw(_stretches()),
            max_groups=draw(_count(0)),
            **{
                name: draw(_WORDS)
                for name in ("name", "region", "gender", "school", "email", "language", "mentor_gender", "previous_mentor")
            },
        )
        for key in draw(st.lists(_KEYS, max_size=3, unique=True))
    )
    mentor_keys, mentee_keys = [mentor.key for mentor in mentors], [mentee.key for mentee in mentees]
    pairs: tuple[Pair, ...] = ()
    peers: tuple[Peers, ...] = ()
    if mentor_keys and mentee_keys:
        who = {"mentor": st.sampled_from(mentor_keys), "mentee": st.sampled_from(mentee_keys), "subject": st.just("") | _SUBJECTS}
        given = st.builds(Pair, rule=st.just(PairRule.POINTS), points=st.integers(-MOST, MOST), **who)
        pairs = tuple(draw(st.lists(given | st.builds(Pair, rule=st.sampled_from([PairRule.REQUIRE, PairRule.FORBID]), **who), max_size=3)))
    if len(mentee_keys) > 1:
        both = {"mentee": st.just(mentee_keys[0]), "other": st.sampled_from(mentee_keys[1:])}
        worth = st.builds(Peers, rule=st.just(PeerRule.POINTS), points=st.integers(-MOST, MOST), **both)
        peers = tuple(draw(st.lists(worth | st.builds(Peers, rule=st.just(PeerRule.APART), **both), max_size=3)))
    return Round(policy=draw(policies()), mentors=mentors, mentees=mentees, pairs=pairs, peers=peers)


_MEETINGS = st.lists(st.integers(0, 7 * DAY_MINUTES - 1), min_size=1, max_size=3).map(tuple)


@st.composite
def results(draw: st.DrawFn) -> Result:
    """Any result of a few groups; it need not keep any rule."""
    groups = tuple(
        Group(
            key=key,
            mentor=draw(_KEYS),
            subject=draw(_SUBJECTS),
            meetings=draw(_MEETINGS),
            members=tuple(sorted(draw(st.lists(_KEYS, max_size=3)))),
        )
        for key in sorted(draw(st.lists(_KEYS, max_size=3, unique=True)))
    )
    reason = st.sampled_from(Reason)
    unplaced = draw(st.lists(st.builds(Unplaced, mentee=_KEYS, subject=_SUBJECTS, reason=reason, detail=_KEYS), max_size=3))
    changes = draw(st.lists(st.builds(Change, mentee=_KEYS, subject=_SUBJECTS, before=_WORDS, after=_WORDS, why=_KEYS), max_size=3))
    advice = st.builds(
        Advice, sentence=_KEYS, file=_KEYS, key=_WORDS, change=_KEYS, gain=st.integers(0, MOST), placed=st.integers(-MOST, MOST)
    )
    score = draw(st.integers(-(10**12), 10**12))
    return Result(
        groups=groups,
        unplaced=tuple(sorted(unplaced, key=lambda row: (row.mentee, row.subject))),
        score=score,
        bound=score + draw(st.integers(0, 10**12)),
        requests=draw(st.integers(0, 10**6)),
        seed=draw(st.integers(0, 2**31 - 1)),
        seconds=draw(st.integers(0, 10**7)) / 1000,
        ended_by=draw(st.sampled_from(EndedBy)),
        history=tuple((float(second), score, score) for second in range(draw(st.integers(0, 3)))),
        advice=tuple(draw(st.lists(advice, max_size=3))),
        changes=tuple(sorted(changes, key=lambda row: (row.mentee, row.subject))),
    )
