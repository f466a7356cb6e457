"""What is said of a race: goals missed, things that must never be, and how time grows."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.goals import GOALS, Goal
from tests.bench.kinds import KINDS
from tests.bench.picture import draw
from tests.bench.race import Entry, Race
from tests.bench.report import show_race, show_scaling, show_shares, write_json
from tests.bench.scaling import Scaling, growth
from tests.bench.verdict import missed, proven_share, too_few_proven, wrong

GOAL = Goal(kind="seoul", seconds=60, gap=0.02, first_within=10.0, megabytes=2000, ratios={"flat_cpsat": 1.15})
OURS = Entry(
    who="dure", state="ok", seconds=61.0, megabytes=900.0, score=990, bound=1000, placed=9,
    history=((4.0, 800, 1200), (20.0, 970, 1010), (50.0, 990, 1000)),
)  # fmt: skip
FLAT = Entry(who="flat_cpsat", state="ok", seconds=60.0, megabytes=4000.0, score=700, bound=1500, placed=7)
ABSENT = Entry(who="flat_highs", state="not built", seconds=65.0, megabytes=9000.0)
RACE = Race(
    kind="seoul", seed=1, limit=60.0, mentors=3, mentees=8, requests=10, reading=0.1, entries=(OURS, FLAT, ABSENT),
)  # fmt: skip


def with_ours(**changes: object) -> Race:
    ours: Entry = replace(OURS, **changes)  # type: ignore[arg-type]  # the fields are named where this is called
    return replace(RACE, entries=(ours, FLAT, ABSENT))


def test_a_race_that_reaches_its_goal_misses_nothing_and_nothing_is_wrong() -> None:
    assert list(missed(RACE, GOAL)) == []
    assert list(wrong(RACE)) == []


@pytest.mark.parametrize(
    ("race", "word"),
    [
        pytest.param(with_ours(bound=1100), "gap over 2.0%", id="too wide a gap"),
        pytest.param(with_ours(bound=None), "gap over 2.0%", id="nothing proven"),
        pytest.param(with_ours(seconds=65.1), "over 65 s", id="too long"),
        pytest.param(with_ours(history=((12.0, 800, 1200),)), "first result after 12 s", id="a late first result"),
        pytest.param(with_ours(megabytes=2001.0), "over 2,000 MB", id="too much memory"),
        pytest.param(with_ours(score=800, bound=805), "only 1.143 times flat_cpsat", id="not enough better than a peer"),
        pytest.param(with_ours(score=None, bound=None, state="exit 4"), "exit 4", id="no result"),
    ],
)
def test_each_way_to_miss_a_goal_is_told(race: Race, word: str) -> None:
    assert list(missed(race, GOAL)) == [word]


def test_a_bound_below_what_anybody_reached_is_wrong() -> None:
    assert list(wrong(with_ours(score=650, bound=690))) == ["dure: its bound 690 is below the score 700 that can be reached"]


def test_an_illegal_result_is_wrong_and_its_score_proves_nothing() -> None:
    bad = replace(FLAT, state="illegal", score=2000, bound=3000, faults=("group 1: 9 members",))
    assert list(wrong(replace(RACE, entries=(OURS, bad)))) == ["flat_cpsat: group 1: 9 members"]


def test_the_share_of_proven_races_counts_only_those_in_time() -> None:
    goal = replace(GOAL, proven_within=10.0)
    proven, late = with_ours(bound=990, seconds=9.0), with_ours(bound=990, seconds=11.0)
    assert proven_share([proven, late, RACE, proven], goal) == 0.5
    assert too_few_proven([proven, late], replace(goal, share=0.8))
    assert not too_few_proven([proven, late], replace(goal, share=0.5))
    assert not too_few_proven([late], GOAL)


def test_the_history_tells_when_a_gap_was_first_reached() -> None:
    assert [OURS.first_within(gap) for gap in (0.5, 0.04, 0.01, 0.001)] == [4.0, 20.0, 50.0, None]


def test_growth_is_the_exponent_of_a_power_law() -> None:
    assert growth([(size, 0.003 * size**1.5) for size in (100, 200, 400, 800)]) == pytest.approx(1.5)
    assert growth([(100, 1.0)]) is None


def test_every_kind_of_round_has_a_goal() -> None:
    assert set(KINDS) <= {goal.kind for goal in GOALS}


def test_tables_file_and_picture_hold_what_was_measured(tmp_path: Path) -> None:
    screen = StringIO()
    console = Console(file=screen, width=140)
    scaling = Scaling(kind="seoul", gap=0.02, runs=((0.5, replace(RACE, requests=5), 10.0), (1.0, RACE, 20.0), (2.0, RACE, None)))
    show_race(console, RACE, GOAL)
    show_race(console, with_ours(bound=690, score=650), GOAL)
    show_shares(console, [RACE], replace(GOAL, proven_within=10.0))
    show_scaling(console, scaling)
    for word in ("1.414 ×", "not built", "1.00%", "met", "wrong: dure", "0% of 1 proven", "requests^1.00", "not in 60"):
        assert word in screen.getvalue()
    write_json(tmp_path / "bench.json", [(RACE, GOAL)], scaling)
    told = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert told["races"][0]["ratios"] == {"flat_cpsat": 990 / 700, "flat_highs": None}
    assert told["scaling"]["exponent"] == pytest.approx(1.0)
    draw([RACE, RACE, with_ours(score=None), RACE], tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
