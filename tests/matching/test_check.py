"""Each rule finds what breaks it and nothing else, and each kind of point counts what it should."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from matching.case import Case
from matching.check import check, check_result
from matching.check_reasons import People, true_reason
from matching.result import EndedBy, Group, Reason, Result, Unplaced
from matching.round import MemberRegions, Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Points, Request, Round
from matching.week import read_meetings
from tests.rounds.hand_made import a_round, apart, at, forbid, mentee, mentor, require


def a_group(*members: str, key: str = "g", mentor: str = "m", subject: str = "math", meetings: str = "Mon 18:00") -> Group:
    return Group(key=key, mentor=mentor, subject=subject, meetings=read_meetings(meetings) if meetings else (), members=members)


S, T, M = mentee("s"), mentee("t"), mentor("m")
TWICE = {"meetings_per_week": 2}
WEEK = "Mon 18:00-21:00; Tue 18:00-21:00; Wed 18:00-21:00"
BOTH = ("math", "english")
FREE = [mentor("m", free=WEEK, subjects=BOTH), mentee("s", free=WEEK, subjects=BOTH), mentee("t", free=WEEK)]

BREACHES = [
    pytest.param([M, S], a_group("s"), {"min_size": 2}, "rule 1", id="too few members"),
    pytest.param([M, S, T], a_group("s", "t"), {"max_size": 1}, "rule 1", id="too many members"),
    pytest.param([mentor("m", max_size=1), S, T], a_group("s", "t"), {}, "rule 1", id="too many members for this mentor"),
    pytest.param([M], a_group(), {}, "rule 1", id="no member"),
    pytest.param([M, S], a_group("s", "s"), {}, "rule 1", id="a member twice"),
    pytest.param([mentor("m", subjects=BOTH), S], a_group("s", subject="english"), {}, "rule 1", id="a subject not asked for"),
    pytest.param(FREE, a_group("s"), TWICE, "rule 2", id="too few meetings"),
    pytest.param(FREE, a_group("s", meetings="Mon 18:00; Mon 19:00"), TWICE | {"same_time": False}, "rule 2", id="twice on a weekday"),
    pytest.param(FREE, a_group("s", meetings="Mon 18:00; Tue 19:00"), TWICE, "rule 2", id="at two times of day"),
    pytest.param(FREE, a_group("s", meetings="Tue 18:00; Mon 18:00"), TWICE, "groups.csv", id="out of week order"),
    pytest.param([M, mentee("s", grade=10)], a_group("s"), {}, "rule 3", id="a grade not taught"),
    pytest.param([M, mentee("s", subjects=("art",))], a_group("s", subject="art"), {}, "rule 3", id="a subject not taught"),
    pytest.param([M, mentee("s", grade=7), mentee("t", grade=9)], a_group("s", "t"), {}, "rule 3", id="grades too far apart"),
    pytest.param([M, mentee("s", free="Mon 18:30-21:00")], a_group("s"), {}, "rule 4", id="a member comes too late"),
    pytest.param([mentor("m", free="Mon 18:00-18:59"), S], a_group("s"), {}, "rule 4", id="the mentor leaves too early"),
    pytest.param([M, S], a_group("s", meetings="Mon 18:30"), {}, "rule 4", id="a start off the grid"),
    pytest.param([mentor("m", regions=("A/B",)), mentee("s", region="A/C")], a_group("s"), {}, "rule 8", id="a region not served"),
    pytest.param([mentor("m", regions=("A",)), S], a_group("s"), {}, "rule 8", id="no region, where some are served"),
    pytest.param([mentor("m", gender="M"), mentee("s", mentor_gender="F")], a_group("s"), {}, "rule 8", id="another gender asked for"),
    pytest.param(
        [M, mentee("s", region="A/B"), mentee("t", region="A/C")],
        a_group("s", "t"),
        {"member_regions": MemberRegions.SAME},
        "rule 9",
        id="two regions that should be the same",
    ),
    pytest.param(
        [M, mentee("s", region="A/B"), T], a_group("s", "t"), {"member_regions": MemberRegions.NEAR}, "rule 9", id="a region and none"
    ),
    pytest.param([mentor("m", available_until=dt.date(2026, 3, 7)), S], a_group("s"), {}, "rule 10", id="a mentor of too few weeks"),
]


@pytest.mark.parametrize(("people", "group", "policy", "rule"), BREACHES)
def test_a_group_breaks_one_rule(people: Sequence[Mentor | Mentee], group: Group, policy: dict[str, object], rule: str) -> None:
    verdict = check(a_round(people, **policy), [group])  # type: ignore[arg-type]  # keys of the policy's group
    assert [fault.source for fault in verdict.faults] == [rule]
    assert (verdict.score, verdict.parts, verdict.fine) == (None, {}, False)


KEPT = [
    pytest.param([M, S, T], a_group("s", "t"), {"min_size": 2, "max_size": 2}, id="as few and as many as allowed"),
    pytest.param([M, mentee("s", grade=7), mentee("t", grade=8)], a_group("s", "t"), {}, id="one grade apart"),
    pytest.param([mentor("m", free="Mon 17:59-18:30; Mon 18:30-19:00"), S], a_group("s"), {}, id="two stretches that touch are one"),
    pytest.param([M, S, T], a_group("s", "t"), {"member_regions": MemberRegions.SAME}, id="two empty regions"),
    pytest.param(
        [M, mentee("s", region="A"), mentee("t", region="A/C")],
        a_group("s", "t"),
        {"member_regions": MemberRegions.NEAR},
        id="near regions",
    ),
    pytest.param(
        [mentor("m", free="Sun 23:00-24:00"), mentee("s", free="Sun 23:00-24:00")], a_group("s", meetings="Sun 23:00"), {}, id="to midnight"
    ),
]


@pytest.mark.parametrize(("people", "group", "policy"), KEPT)
def test_a_group_keeps_the_rules(people: Sequence[Mentor | Mentee], group: Group, policy: dict[str, object]) -> None:
    assert check(a_round(people, **policy), [group]).faults == ()  # type: ignore[arg-type]  # keys of the policy's group


TOGETHER = [
    pytest.param([a_group("s"), a_group("t", key="h", meetings="Mon 19:00")], {"buffer_minutes": 1}, ["rule 5"], id="no buffer between"),
    pytest.param([a_group("s"), a_group("t", key="h")], {}, ["rule 5"], id="a mentor in two places"),
    pytest.param([a_group("s"), a_group("s", key="h", mentor="n", subject="english")], {}, ["rule 5"], id="a mentee in two places"),
    pytest.param(
        [a_group("s"), a_group("t", key="h", meetings="Mon 19:00")], {"max_groups": 1}, ["rule 6"], id="a mentor of too many groups"
    ),
    pytest.param(
        [a_group("s", mentor="n"), a_group("t", key="h", mentor="n", meetings="Mon 19:00")],
        {},
        ["rule 6"],
        id="a mentor of too many minutes",
    ),
    pytest.param([a_group("s"), a_group("s", key="h", meetings="Mon 19:00")], {}, ["rule 7"], id="a request twice"),
    pytest.param(
        [a_group("u"), a_group("u", key="h", subject="english", meetings="Mon 19:00")], {}, ["rule 7"], id="a mentee of too many groups"
    ),
    pytest.param([a_group("s"), a_group("t", meetings="Mon 19:00")], {}, ["groups.csv"], id="a key twice"),
    pytest.param([a_group("s", mentor="nobody")], {}, ["groups.csv"], id="a mentor who is not there"),
    pytest.param([a_group("s", "nobody")], {}, ["members.csv"], id="a mentee who is not there"),
    pytest.param([a_group("s"), a_group("t", key="h", meetings="Mon 19:00")], {}, [], id="meetings that touch, without a buffer"),
]


@pytest.mark.parametrize(("groups", "policy", "sources"), TOGETHER)
def test_groups_break_rules_together(groups: Sequence[Group], policy: dict[str, object], sources: Sequence[str]) -> None:
    people = [
        mentor("m", subjects=BOTH),
        mentor("n", subjects=BOTH, max_weekly_minutes=60),
        mentee("s", subjects=BOTH),
        T,
        mentee("u", subjects=BOTH, max_groups=1),
    ]
    faults = check(a_round(people, **policy), groups).faults  # type: ignore[arg-type]  # keys of the policy's group
    assert [fault.source for fault in faults] == sources


SAID = [
    pytest.param([forbid("m", "s")], [a_group("s")], ["rule 11"], id="a forbidden pair"),
    pytest.param([forbid("m", "s", "english")], [a_group("s")], [], id="a pair forbidden for another subject"),
    pytest.param([require("m", "s")], [], ["rule 11"], id="a required request left out"),
    pytest.param([require("n", "s")], [a_group("s")], ["rule 11"], id="a required request with another mentor"),
    pytest.param([require("m", "s", "english")], [a_group("s")], ["rule 11"], id="a required subject not asked for"),
    pytest.param([require("m", "s"), require("n", "s")], [a_group("s")], ["rule 11"], id="two mentors required"),
    pytest.param([require("m", "s")], [a_group("s")], [], id="a required request with its mentor"),
    pytest.param([apart("t", "s")], [a_group("s", "t")], ["rule 12"], id="two who should be apart"),
    pytest.param([apart("t", "s")], [a_group("s"), a_group("t", key="h", mentor="n")], [], id="two who are apart"),
]


@pytest.mark.parametrize(("rows", "groups", "sources"), SAID)
def test_rows_hold_or_do_not(rows: Sequence[Pair | Peers], groups: Sequence[Group], sources: Sequence[str]) -> None:
    faults = check(a_round([M, mentor("n"), S, T], rows), groups).faults
    assert [fault.source for fault in faults] == sources


def test_a_fault_says_where_and_by_which_rule() -> None:
    (fault,) = check(a_round([M, mentee("s", grade=10)]), [a_group("s")]).faults
    assert str(fault) == "group g: m does not teach math at s's grade 10 (rule 3)"


NOTHING = Points(
    placed=0, continuity=0, region=0, time=0, missing_week=0, stay=0, first_group=0, first_seat=0, off_target=0, grade_gap=0, region_mix=0
)
HOME = mentor("m", home_region="A/B", preferred=at("Mon 18:00-19:30"), available_from=dt.date(2026, 3, 3))
HERE = mentee("s", region="A/B", previous_mentor="m", preferred=at("Mon 18:00-19:00"), grade=7)
NEAR = replace(mentee("t", region="A/C", grade=8), requests=(Request("math", 3),))
ROWS: list[Pair | Peers] = [
    Pair(mentor="m", mentee="s", rule=PairRule.POINTS, points=7),
    Pair(mentor="m", mentee="s", subject="math", rule=PairRule.POINTS, points=-2),
    Peers(mentee="t", other="s", rule=PeerRule.POINTS, points=11),
]


@pytest.mark.parametrize(
    ("points", "kind", "worth"),
    [
        pytest.param({"placed": 10}, "placed", 40, id="each placed request, times its priority"),
        pytest.param({"continuity": 10}, "continuity", 10, id="the one with a previous mentor"),
        pytest.param({"region": 11}, "region", 16, id="one at home and one near"),
        pytest.param({"time": 10}, "time", 30, id="the mentor's liking for each member, and one member's"),
        pytest.param({"missing_week": -10}, "missing_week", -20, id="one week missed, for each member"),
        pytest.param({"stay": 10}, "stay", 10, id="one who stays"),
        pytest.param({}, "pairs", 5, id="the rows of a pair"),
        pytest.param({"off_target": -10}, "off_target", -10, id="one member fewer than three"),
        pytest.param({"grade_gap": -10}, "grade_gap", -10, id="one grade between lowest and highest"),
        pytest.param({"region_mix": -10}, "region_mix", -10, id="one region beyond the first"),
        pytest.param({}, "peers", 11, id="the row of two peers"),
        pytest.param({"first_group": 10}, "first_group", 10, id="a mentor with a group"),
        pytest.param({"first_seat": 10}, "first_seat", 20, id="two mentees with a group"),
    ],
)
def test_points_are_counted_by_kind(points: dict[str, int], kind: str, worth: int) -> None:
    round = a_round([HOME, mentor("n"), HERE, NEAR, mentee("u")], ROWS, points=replace(NOTHING, **points))
    verdict = check(round, [a_group("s", "t")], previous=[a_group("s", "u"), a_group("t", mentor="n")])
    assert verdict.parts[kind] == worth
    others = {each: count for each, count in verdict.parts.items() if count and each not in {kind, "pairs", "peers"}}
    assert others == {}
    assert verdict.score == sum(verdict.parts.values())


def a_result(round: Round, groups: Sequence[Group], unplaced: Sequence[Unplaced], **told: object) -> Result:
    score = check(round, groups).score or 0
    requests = sum(len(mentee.requests) for mentee in round.mentees)
    result = Result(
        groups=tuple(groups),
        unplaced=tuple(unplaced),
        score=score,
        bound=score,
        requests=requests,
        seed=0,
        seconds=0.0,
        ended_by=EndedBy.PROOF,
    )
    return replace(result, **told)  # type: ignore[arg-type]  # fields by name


FULL = a_round([mentor("m", free="Mon 18:00-19:00", max_size=1), S, T])
WAITS = Unplaced(mentee="t", subject="math", reason=Reason.NO_SEAT, detail="m is full")


def test_a_true_result_has_no_fault() -> None:
    assert check_result(FULL, a_result(FULL, [a_group("s")], [WAITS])).fine


@pytest.mark.parametrize(
    ("rows", "told", "sentence"),
    [
        pytest.param([], {}, "is in no group and has no row", id="a row missing"),
        pytest.param([WAITS, WAITS], {}, "has 2 rows", id="a row twice"),
        pytest.param([WAITS, replace(WAITS, mentee="s")], {}, "has a row, but is placed or not asked for", id="a row of a placed request"),
        pytest.param([replace(WAITS, reason=Reason.NO_TIME)], {}, "no_time, but it is no_seat", id="a reason that does not hold"),
        pytest.param([replace(WAITS, detail=" ")], {}, "has no detail", id="no detail"),
        pytest.param([WAITS], {"score": 3}, "3, but it scores 1300", id="another score told"),
        pytest.param([WAITS], {"bound": 3}, "3 is below the score 1300", id="a bound below the score"),
        pytest.param([WAITS], {"requests": 3}, "3, but there are 2", id="requests miscounted"),
    ],
)
def test_a_result_is_told_wrongly(rows: Sequence[Unplaced], told: dict[str, object], sentence: str) -> None:
    round = replace(FULL, policy=replace(FULL.policy, points=replace(NOTHING, placed=1000, first_seat=300)))
    faults = check_result(round, a_result(round, [a_group("s")], rows, **told)).faults
    assert [fault.sentence for fault in faults] == [sentence]


def test_reasons_beyond_the_number_asked_for_are_not_looked_at() -> None:
    result = a_result(FULL, [a_group("s")], [replace(WAITS, reason=Reason.NO_TIME)])
    assert not check_result(FULL, result).fine
    assert check_result(FULL, result, reasons=0).fine


def test_groups_that_break_rules_are_all_that_is_told() -> None:
    faults = check_result(FULL, a_result(FULL, [a_group("s", "t")], [WAITS], score=5)).faults
    assert [fault.source for fault in faults] == ["rule 1"]


@pytest.mark.parametrize(
    ("people", "rows", "policy", "reason"),
    [
        pytest.param([M, mentee("s", grade=10)], [], {}, Reason.NO_MENTOR, id="nobody teaches the grade"),
        pytest.param([M, S], [forbid("m", "s")], {}, Reason.NO_MENTOR, id="the only mentor is forbidden"),
        pytest.param([M, mentee("s", free="Tue 18:00-19:00")], [], {}, Reason.NO_TIME, id="no time in common"),
        pytest.param([M, S], [], {"meetings_per_week": 2}, Reason.NO_TIME, id="one of two meetings in common"),
        pytest.param([mentor("m", max_groups=0), S], [], {}, Reason.NO_GROUP, id="a mentor of no groups"),
        pytest.param([M, S, T], [apart("s", "t")], {"min_size": 2}, Reason.NO_GROUP, id="apart from the only company"),
        pytest.param([M, mentor("n", free="Tue 18:00-19:00"), S], [require("n", "s")], {}, Reason.NO_GROUP, id="required elsewhere"),
        pytest.param([M, mentee("s", max_groups=0)], [], {}, Reason.NO_SEAT, id="a mentee of no groups"),
        pytest.param([M, S, mentee("t", max_groups=0)], [], {"min_size": 2}, Reason.NO_SEAT, id="company of no groups"),
        pytest.param([M, mentor("n"), S, T], [require("n", "t")], {"min_size": 2}, Reason.NO_SEAT, id="company required elsewhere"),
    ],
)
def test_the_first_reason_that_holds_is_the_true_one(
    people: Sequence[Mentor | Mentee], rows: Sequence[Pair | Peers], policy: dict[str, object], reason: Reason
) -> None:
    round = a_round(people, rows, **policy)  # type: ignore[arg-type]  # keys of the policy's group
    assert true_reason(People(Case.of(round)), round.mentee_of["s"], "math") is reason


@pytest.mark.parametrize(("free", "reason"), [("Mon 18:00-19:00", Reason.NO_SEAT), ("Wed 18:00-19:00", Reason.NO_GROUP)])
def test_company_is_found_among_many_who_cannot_come(free: str, reason: Reason) -> None:
    many = [mentee(f"t{n:03d}", free="Tue 18:00-19:00") for n in range(100)]
    round = a_round([M, S, *many, mentee("u", free=free)], min_size=2)
    assert true_reason(People(Case.of(round)), round.mentee_of["s"], "math") is reason
