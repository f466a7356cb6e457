"""After people have left, a repaired result keeps what is worth keeping, and tells of every change why."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import pytest

from matching import solve
from matching.check import check, check_result
from matching.eligible import table_of
from matching.limits import Limits
from matching.named import groups_of, plan_of
from matching.polish import desk
from matching.restore import before_of, undo_what_is_not_worth_it
from matching.result import Group, Result
from matching.round import Points, Round
from matching.rules import stays
from matching.run import Run
from matching.steps import take_steps
from matching.week import read_meetings
from tests.bench.rounds import make_round
from tests.rounds.hand_made import a_round, forbid, mentee, mentor
from tests.rounds.random_rounds import tiny_round

LITTLE = Limits(effort=0.5, explain_seconds=0)

FEW = [pytest.param(range(n, n + 20), id=f"seeds {n} to {n + 19}") for n in range(0, 60, 20)]
MANY = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}", marks=pytest.mark.long) for n in range(1000, 2000, 100)]


def repaired(round: Round, previous: Sequence[Group], limits: Limits = LITTLE) -> Result:
    """A result of the round that starts from an earlier one, found right by the judge."""
    result = solve(round, previous=previous, limits=limits, workers=2, clock=_from_now())
    assert check_result(round, result, previous).faults == ()
    return result


def without(round: Round, gone: set[str]) -> Round:
    """The round without these mentors."""
    return replace(
        round,
        mentors=tuple(mentor for mentor in round.mentors if mentor.key not in gone),
        pairs=tuple(row for row in round.pairs if row.mentor not in gone),
    )


def moved_back(result: Result, mentee: str, subject: str, before: str) -> list[Group]:
    """The groups with this request where it was, in the group that meets there or alone; one that it leaves empty ends."""
    mentor, _, times = before.partition(" @ ")
    place = (mentor, subject, read_meetings(times))
    groups = []
    for group in result.groups:
        members = tuple(member for member in group.members if (member, group.subject) != (mentee, subject))
        if (group.mentor, group.subject, group.meetings) == place:
            members = (*members, mentee)
        groups.append(replace(group, members=members))
    if place not in {(group.mentor, group.subject, group.meetings) for group in groups}:
        groups.append(Group(key="back", mentor=mentor, subject=subject, meetings=place[2], members=(mentee,)))
    return [group for group in groups if group.members]


def test_after_a_result_without_groups_every_group_is_a_change() -> None:
    listed = 0
    for seed in range(5):
        round = tiny_round(random.Random(seed), requires=0, mentors=4, mentees=8)
        result = repaired(round, ())
        assert [row.before for row in result.changes] == [""] * len(stays(result.groups))
        assert solve(round, limits=LITTLE, clock=monotonic).changes == ()
        listed += len(result.changes)
    assert listed > 5


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_every_change_is_listed_and_worth_it(seeds: Sequence[int]) -> None:
    why: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(f"repair {seed}")
        round = tiny_round(rng, requires=0, mentors=4, mentees=8)
        previous = solve(round, limits=LITTLE, clock=monotonic).groups
        if rng.random() < 0.7:
            round = without(round, {rng.choice(round.mentors).key})
        if rng.random() < 0.5:
            round = replace(round, mentees=(*round.mentees[1:], replace(round.mentees[0], key="new")), peers=(), pairs=())
        result = repaired(round, previous)
        was, now = stays(previous), stays(result.groups)
        assert [(row.mentee, row.subject) for row in result.changes] == sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
        for row in result.changes:
            why[re.sub(r"\S*\d\S*", "", row.why)] += 1
            if row.before:
                back = check(round, moved_back(result, row.mentee, row.subject, row.before), previous)
                assert back.score is None or back.score < result.score, (seed, row)
    assert len(why) > 2


def test_a_change_that_gains_nothing_is_undone() -> None:
    people = (mentor("m-1"), mentor("m-2"), mentee("s-1"), mentee("s-2"))
    round = a_round(people, points=Points(stay=0, first_group=0, off_target=0))
    for name in ("m-1", "m-2"):
        earlier = [Group(key="e", mentor=name, subject="math", meetings=read_meetings("Mon 19:00"), members=("s-1", "s-2"))]
        assert [replace(group, key="e") for group in repaired(round, earlier).groups] == earlier


def test_a_change_that_forces_another_is_undone_with_it() -> None:
    """Two who have only changed seats go back together; neither could alone."""
    people = [mentor(f"m-{n}", free="Mon 18:00-19:00", max_groups=1, max_size=1) for n in (1, 2)]
    round = a_round([*people, mentee("s-1"), mentee("s-2")], points=Points(stay=0))

    def groups(first: str, second: str) -> list[Group]:
        pairs = (("m-1", first), ("m-2", second))
        return [Group(key=f"g-{m}", mentor=m, subject="math", meetings=read_meetings("Mon 18:00"), members=(s,)) for m, s in pairs]

    table = table_of(round, groups("s-1", "s-2"))
    plan = plan_of(table, groups("s-2", "s-1"))
    assert undo_what_is_not_worth_it(table.board, plan, before_of(table.board), desk(table.board, plan, 0))
    assert [group.members for group in groups_of(table, plan)] == [("s-1",), ("s-2",)]


EVENING = "Mon 18:00-21:00"
CASES = {
    "the mentor left": ({"people": [mentor("m-2"), mentee("s-1")]}, "m-1 is not in this round"),
    "the mentee left": ({"people": [mentor("m-1"), mentee("s-2")]}, "s-1 is not in this round"),
    "the subject is not asked for": ({"people": [mentor("m-1"), mentee("s-1", subjects=["art"])]}, "s-1 does not ask for math any more"),
    "the mentor does not teach the grade": (
        {"people": [mentor("m-1"), mentee("s-1", grade=10)]},
        "m-1 does not teach math at grade 10",
    ),
    "the pair is forbidden": (
        {"people": [mentor("m-1"), mentee("s-1")], "rows": [forbid("m-1", "s-1")]},
        "pairs.csv forbids m-1 to have s-1 for math",
    ),
    "the mentor has no time": (
        {"people": [mentor("m-1", free="Mon 18:00-19:00"), mentee("s-1")]},
        "m-1 cannot come at Mon 19:00 any more",
    ),
    "the mentee has no time": (
        {"people": [mentor("m-1"), mentee("s-1", free="Mon 20:00-21:00")]},
        "s-1 cannot come at Mon 19:00 any more",
    ),
    "groups meet twice": (
        {
            "people": [mentor("m-1", free=f"{EVENING}; Tue 19:00-20:00"), mentee("s-1", free=f"{EVENING}; Tue 19:00-20:00")],
            "meetings_per_week": 2,
        },
        "groups do not meet at Mon 19:00 any more",
    ),
    "the mentor has no groups": (
        {"people": [mentor("m-1", max_groups=0), mentee("s-1")]},
        "max_groups of m-1 is 0",
    ),
    "another place is better": (
        {"people": [mentor("m-1"), mentor("m-2", home_region="A/B"), mentee("s-1", region="A/B")], "points": Points(region=500)},
        "going back would lower the score by 300",
    ),
}


@pytest.mark.parametrize(("round", "why"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_a_change_is_told_with_its_cause(round: dict[str, object], why: str) -> None:
    earlier = [Group(key="e", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00"), members=("s-1",))]
    result = repaired(a_round(**round), earlier)  # type: ignore[arg-type]  # arguments by name
    row = next(row for row in result.changes if (row.mentee, row.subject) == ("s-1", "math"))
    assert (row.before, row.why) == ("m-1 @ Mon 19:00", why)


def test_a_new_seat_is_told_with_its_worth() -> None:
    earlier = [Group(key="e", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00"), members=("s-1",))]
    result = repaired(a_round([mentor("m-1"), mentee("s-1"), mentee("s-2")]), earlier)
    row = next(row for row in result.changes if row.mentee == "s-2")
    assert (row.before, row.after, row.why) == ("", "m-1 @ Mon 19:00", "it was in no group; without it the score would be 1,320 lower")


def test_of_an_earlier_group_that_is_far_too_large_now_some_stay() -> None:
    many = [mentee(f"s-{n:03}") for n in range(300)]
    earlier = [Group(key="e", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00"), members=tuple(one.key for one in many))]
    result = repaired(a_round([mentor("m-1"), mentor("m-2"), *many], min_size=2, max_size=3), earlier)
    assert [(group.mentor, group.meetings) for group in result.groups if group.mentor == "m-1"].count(("m-1", earlier[0].meetings)) == 1
    assert len(result.changes) == 300 - 3


def test_where_nothing_has_changed_nothing_changes() -> None:
    round = make_round("tiny", 3)
    first = solve(round, limits=LITTLE, clock=monotonic)
    again = repaired(round, first.groups)
    assert (again.changes, again.groups) == ((), first.groups)


def solved_anew(round: Round, previous: Sequence[Group], seconds: float) -> int:
    """What a solve of so many seconds scores that begins with nothing, while what stays as it was earns its points."""
    table = table_of(round, previous)
    run = Run(table, plan_of(table, ()), 1, Limits(seconds=seconds), 2, _from_now(), lambda _: None, lambda: False)
    take_steps(run)
    return run.score()


@pytest.mark.long
@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_seoul_sized_round_is_repaired_in_seconds_nearly_as_well_as_it_is_solved_anew(share: float) -> None:
    round = make_round("seoul", 1)
    previous = solve(round, limits=Limits(seconds=60, explain_seconds=0), clock=_from_now()).groups
    gone = random.Random(1).sample([mentor.key for mentor in round.mentors], int(share * len(round.mentors)))
    round = without(round, set(gone))
    clock = _from_now()
    quick = repaired(round, previous, Limits(effort=1.0))
    assert clock() < 15
    assert quick.advice == ()
    assert quick.score >= 0.995 * solved_anew(round, previous, 90)


def _from_now() -> Callable[[], float]:
    began = monotonic()
    return lambda: monotonic() - began
