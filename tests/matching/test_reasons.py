"""The reason of every unplaced request holds, and what its sentence says of the score comes true when it is tried."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from matching.board import MILLI
from matching.check import check, check_result
from matching.result import Group, Reason, Unplaced
from matching.round import Mentee, Mentor, Pair, Peers
from matching.week import read_meetings
from tests.matching.contract import ReferenceJudge, needs_the_contract
from tests.matching.finished import finished
from tests.rounds.hand_made import a_round, apart, at, forbid, mentee, mentor, require
from tests.rounds.random_rounds import earlier_groups, some_groups, tiny_round, with_required


@needs_the_contract
def test_the_contracts_judge_finds_every_reason_true(tmp_path: Path) -> None:
    reasons: Counter[Reason] = Counter()
    for seed in range(60):
        rng = random.Random(f"reasons {seed}")
        round = tiny_round(rng, requires=0)
        earlier = earlier_groups(rng, round)
        _, _, result = finished(round, some_groups(rng, round), earlier)
        judge = ReferenceJudge(round, tmp_path / str(seed), earlier)
        assert judge.wrong_rows(result.groups, result.unplaced) == [], seed
        reasons.update(row.reason for row in result.unplaced)
    assert min(reasons[reason] for reason in Reason) > 5


def test_the_sentences_of_no_seat_come_true() -> None:
    told: Counter[str] = Counter()
    for seed in range(400):
        rng = random.Random(f"seats {seed}")
        round = tiny_round(rng, requires=0)
        earlier, groups = earlier_groups(rng, round), some_groups(rng, round)
        _, _, result = finished(round, groups, earlier, rounds=rng.choice((0, 20)))
        for row in result.unplaced:
            if row.reason is Reason.NO_SEAT and (done := Said.of(row)):
                told[done.how] += 1
                then = check(round, done.applied(result.groups, row), earlier)
                assert then.faults == (), (seed, row.detail)
                assert then.score == result.score + done.gain, (seed, row.detail)
    assert min(told[how] for how in ("join", "take the seat of", "be alone with")) > 10, told


def test_the_sentences_of_no_seat_leave_what_is_required() -> None:
    told = 0
    for seed in range(400):
        rng = random.Random(f"required {seed}")
        round = tiny_round(rng, requires=0)
        groups = some_groups(rng, round)
        round = with_required(rng, round, groups)
        if check(round, groups).faults:
            continue
        table, _, result = finished(round, groups)
        # To the solver alone, what is required is worth more than everything else together.
        required = table.board.bonus // max(1, int((table.board.locked >= 0).sum()))
        for row in result.unplaced:
            for points in re.findall(r"the score would be ([0-9,]+) lower", row.detail):
                assert not required or MILLI * int(points.replace(",", "")) < required // 2, (seed, row.detail)
                told += 1
    assert told > 100


class Said:
    """What the sentence of a `no_seat` says would be done, where it names a single way."""

    SENTENCE = re.compile(
        r"at best (?P<who>\S+) would ((?P<leave>leave|end) (?P<left>\S+) \(.*?\) to )?"
        r"(?P<how>join|take the seat of|be alone with) (?P<rest>.*),? and the score would be (?P<points>no|[0-9,]+) (?P<way>lower|higher).*"
    )

    def __init__(self, found: re.Match[str]) -> None:
        self.left, self.ends, self.how, self.rest = found["left"], found["leave"] == "end", found["how"], found["rest"]
        points = 0 if found["points"] == "no" else int(found["points"].replace(",", ""))
        self.gain = points if found["way"] == "higher" else -points

    @classmethod
    def of(cls, row: Unplaced) -> Said | None:
        """The way, or nothing where the sentence names something else."""
        found = cls.SENTENCE.fullmatch(row.detail)
        return cls(found) if found else None

    def applied(self, groups: Sequence[Group], row: Unplaced) -> list[Group]:
        """The groups when it is done; one that is left by its last member ends."""
        kept = {group.key: group for group in groups}
        if self.ends:
            del kept[self.left]
        elif self.left:
            kept[self.left] = _without(kept[self.left], row.mentee)
        if self.how == "be alone with":
            found = re.fullmatch(r"(\S+) at (.+?)(?: in the place of (\S+) \(.*\),?)?", self.rest)
            assert found
            kept.pop(found[3], None)
            meetings = read_meetings(found[2])
            kept["new"] = Group(key="new", mentor=found[1], subject=row.subject, meetings=meetings, members=(row.mentee,))
        else:
            key = self.rest.split(" in ")[1].split()[0] if self.how == "take the seat of" else self.rest.split()[0]
            if self.how == "take the seat of":
                kept[key] = _without(kept[key], self.rest.split()[0])
            kept[key] = replace(kept[key], members=(*kept[key].members, row.mentee))
        return [group for group in kept.values() if group.members]


def _without(group: Group, mentee: str) -> Group:
    return replace(group, members=tuple(member for member in group.members if member != mentee))


ONE = mentee("s-1")


@pytest.mark.parametrize(
    ("people", "rows", "policy", "reason", "detail"),
    [
        pytest.param([mentor("m-1", subjects=["art"])], [], {}, Reason.NO_MENTOR, "nobody teaches math", id="the subject is not taught"),
        pytest.param(
            [mentor("m-1")],
            [],
            {"grade": 10},
            Reason.NO_MENTOR,
            "m-1, the only mentor of math, does not teach math at grade 10",
            id="the grade is not taught",
        ),
        pytest.param(
            [mentor("m-1", gender="M"), mentor("m-2")],
            [],
            {"mentor_gender": "F"},
            Reason.NO_MENTOR,
            "the 2 mentors of math at grade 8 who could be asked do not have the gender asked for (F)",
            id="nobody has the gender",
        ),
        pytest.param(
            [mentor("m-1", regions=("Jeonnam",))],
            [],
            {"region": "Gyeongbuk/Andong"},
            Reason.NO_MENTOR,
            "m-1, the only mentor of math at grade 8 who could be asked, does not serve Gyeongbuk/Andong",
            id="the region is not served",
        ),
        pytest.param(
            [mentor("m-1")],
            [forbid("m-1", "s-1")],
            {},
            Reason.NO_MENTOR,
            "pairs.csv forbids m-1 who could have s-1 for math",
            id="the pair is forbidden",
        ),
        pytest.param(
            [mentor("m-1", free="Mon 20:30-22:00")],
            [],
            {},
            Reason.NO_TIME,
            "m-1, the only mentor who may have s-1, does not share time for a meeting of 60 minutes: the most is 30 minutes, with m-1",
            id="too little time is shared",
        ),
        pytest.param(
            [mentor("m-1", free="Tue 18:00-22:00"), mentor("m-2")],
            [forbid("m-2", "s-1")],
            {},
            Reason.NO_TIME,
            "m-1, the only mentor who may have s-1, does not share time for a meeting of 60 minutes, and no other time either; "
            "pairs.csv forbids m-2, who would have time",
            id="somebody with time is forbidden",
        ),
        pytest.param(
            [mentor("m-1", free="Tue 18:00-22:00"), mentor("m-2"), mentor("m-3"), mentor("m-4", free="Wed 18:00-22:00")],
            [forbid("m-2", "s-1"), forbid("m-3", "s-1", "math"), forbid("m-4", "s-1")],
            {},
            Reason.NO_TIME,
            "m-1, the only mentor who may have s-1, does not share time for a meeting of 60 minutes, and no other time either; "
            "pairs.csv forbids 2 mentors who would have time",
            id="several with time are forbidden",
        ),
        pytest.param(
            [mentor("m-1")],
            [],
            {"availability": at("Mon 18:00-18:30")},
            Reason.NO_TIME,
            "s-1 has no time for a meeting of 60 minutes: Mon 18:00-18:30",
            id="the mentee has no time for any meeting",
        ),
        pytest.param(
            [mentor("m-1", max_groups=0)],
            [],
            {},
            Reason.NO_GROUP,
            "m-1, the only mentor with a time for s-1, does not have room for a group: max_groups of m-1 is 0",
            id="the mentor may have no group",
        ),
        pytest.param(
            [mentor("m-1", max_weekly_minutes=30)],
            [],
            {},
            Reason.NO_GROUP,
            "m-1, the only mentor with a time for s-1, does not have room for a group: "
            "max_weekly_minutes of m-1 (30) is less than one group takes",
            id="the mentor has no minutes for a group",
        ),
        pytest.param(
            [mentor("m-1"), mentee("s-2", subjects=["art"]), mentee("s-3", grade=7), mentee("s-4", free="Tue 18:00-20:00")],
            [apart("s-1", "s-3")],
            {"min_size": 2},
            Reason.NO_GROUP,
            "a group needs 2 members, and of others near grade 8 who asked for math nobody can come when s-1 and a mentor can",
            id="there is no company",
        ),
        pytest.param(
            [mentor("m-1"), mentee("s-2")],
            [],
            {"min_size": 3},
            Reason.NO_GROUP,
            "a group needs 3 members, and of others near grade 8 who asked for math at most 1 can come when s-1 can, to m-1 at Mon 18:00",
            id="there is too little company",
        ),
        pytest.param(
            [mentor("m-1"), mentee("s-2", max_groups=0)],
            [],
            {"min_size": 2},
            Reason.NO_SEAT,
            "s-1 and s-2 could meet m-1 at Mon 18:00, but s-2 may be in no group",
            id="the only company may be in no group",
        ),
        pytest.param(
            [mentor("m-1"), mentor("m-2"), mentee("s-2", grade=7), mentee("s-3", grade=7)],
            [require("m-2", "s-2"), require("m-2", "s-3"), forbid("m-2", "s-1")],
            {"min_size": 2},
            Reason.NO_SEAT,
            "s-1 and s-3 could meet m-1 at Mon 18:00, but s-3 is required with m-2",
            id="the only company is required elsewhere",
        ),
        pytest.param(
            [mentor("m-1", subjects=["math"]), mentee("s-2", grade=7), mentee("s-3", grade=9)],
            [],
            {"min_size": 3},
            Reason.NO_GROUP,
            "a group needs 3 members, and of others near grade 8 who asked for math too few may sit together of the 2 who can come "
            "to m-1 at Mon 18:00",
            id="those who can come may not sit together",
        ),
        pytest.param(
            [mentor("m-1")], [], {"max_groups": 0}, Reason.NO_SEAT, "s-1 may be in no group: max_groups is 0", id="the mentee may have none"
        ),
        pytest.param(
            [mentor("m-1", max_size=1, max_groups=1, free="Mon 18:00-19:00"), mentee("s-0", preferred=at("Mon 18:00-19:00"))],
            [],
            {},
            Reason.NO_SEAT,
            "at best s-1 would take the seat of s-0 in g-1 (math with m-1, Mon 18:00), which is full with 1, "
            "and the score would be 10 lower",
            id="the group is full",
        ),
        pytest.param(
            [mentor("m-1", max_groups=1, free="Mon 18:00-19:00"), mentee("s-0", previous_mentor="m-1")],
            [apart("s-0", "s-1")],
            {},
            Reason.NO_SEAT,
            "at best s-1 would take the seat of s-0 in g-1 (math with m-1, Mon 18:00), where the two may not sit together, "
            "and the score would be 120 lower",
            id="somebody must be apart",
        ),
    ],
)
def test_the_detail_names_what_is_missing_full_or_in_the_way(
    people: list[Mentor | Mentee], rows: list[Pair | Peers], policy: dict[str, object], reason: Reason, detail: str
) -> None:
    of_mentee = {key: value for key, value in policy.items() if key != "min_size"}
    one = replace(ONE, **of_mentee)  # type: ignore[arg-type]  # fields by name
    round = a_round([*people, one], rows, min_size=policy.get("min_size", 1))
    _, _, result = finished(round)
    assert check_result(round, result).faults == ()
    assert [(row.reason, row.detail) for row in result.unplaced if row.mentee == "s-1"] == [(reason, detail)]


def test_a_request_that_needs_company_is_told_which_group_would_have_to_end() -> None:
    early = [mentee(f"s-{n}", free="Mon 18:00-19:00", preferred=at("Mon 18:00-19:00")) for n in (2, 3)]
    late = [mentee(f"s-{n}", free="Mon 19:00-20:00") for n in (1, 4)]
    _, _, result = finished(a_round([mentor("m-1", max_groups=1), *early, *late], min_size=2, max_size=2, target_size=2))
    told = "s-1 could have a new group with m-1 at Mon 19:00 if g-1 (math with m-1, Mon 18:00) ended, and the score would be 20 lower"
    assert [(row.reason, row.detail) for row in result.unplaced] == [(Reason.NO_SEAT, told), (Reason.NO_SEAT, told.replace("s-1", "s-4"))]


def test_a_request_whose_company_is_held_elsewhere_is_told_by_whom() -> None:
    people = [mentor("m-1", free="Mon 18:00-19:00"), mentor("m-2", free="Mon 18:00-19:00", subjects=["art"])]
    math = [mentee(f"s-{n}", preferred=at("Mon 18:00-19:00")) for n in (2, 3)]
    art = [mentee("s-4", subjects=["math", "art"]), mentee("s-5", subjects=["art"])]
    rows = [apart("s-1", "s-2"), apart("s-1", "s-3")]
    _, _, result = finished(a_round([*people, *math, *art, mentee("s-1")], rows, min_size=2, max_size=2))
    row = next(row for row in result.unplaced if row.mentee == "s-1")
    assert row.detail == (
        "s-1 and s-4 could meet m-1 at Mon 18:00, but they are held by g-1 (math with m-1, Mon 18:00) and g-2 (art with m-2, Mon 18:00), "
        "without which the score would be 2,660 lower"
    )


@pytest.mark.parametrize(
    ("free", "same_time", "how"),
    [
        pytest.param(
            "Mon 18:00-19:00; Tue 19:00-20:00",
            True,
            "on 2 weekdays there is time with m-1, but not at one time of day",
            id="time of day",
        ),
        pytest.param("Mon 18:00-20:00", False, "there is time on 1 of 2 weekdays at most, with m-1", id="weekdays"),
        pytest.param("Mon 18:30-19:30; Tue 20:30-21:30", False, "the most is 90 minutes, with m-1", id="minutes"),
    ],
)
def test_where_enough_minutes_are_shared_the_weekdays_or_the_time_of_day_are_told(free: str, same_time: bool, how: str) -> None:
    teacher, learner = (
        mentor("m-1", free="Mon 18:00-21:00; Tue 18:00-21:00"),
        mentee("s-1", free=f"{free}; Wed 18:00-20:00; Thu 18:00-20:00"),
    )
    _, _, result = finished(a_round([teacher, learner], meetings_per_week=2, same_time=same_time))
    told = f"m-1, the only mentor who may have s-1, does not share time for 2 meetings of 60 minutes: {how}"
    assert [(row.reason, row.detail) for row in result.unplaced] == [(Reason.NO_TIME, told)]
