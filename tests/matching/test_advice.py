"""Advice comes true: who edits the files as it says, and solves again, gains at least what it says, and little more."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from typer.testing import CliRunner

from api.cli import app
from matching import solve
from matching.advice import OTHERS, TWENTY
from matching.limits import Limits
from matching.result import Advice, Result
from matching.resultfiles import read_result
from matching.round import Request, Round
from matching.tables import read_round, write_round
from tests.bench.rounds import make_round
from tests.rounds.hand_made import a_round, mentee, mentor

USUAL = Limits(effort=1.0)


NEARLY = 130
"""Points: a tenth of what a request is worth."""


def advised(round: Round, limits: Limits = USUAL) -> Result:
    """A result with advice."""
    return solve(round, limits=limits, clock=_from_now())


def _from_now() -> Callable[[], float]:
    began = monotonic()
    return lambda: monotonic() - began


def edited(folder: Path, advice: Advice) -> None:
    """Edits the round's files as the advice says: a cell or a key for each `name=value` of the change."""
    path = folder / advice.file
    wanted = dict(part.split("=", 1) for part in advice.change.split(" | "))
    if path.suffix == ".toml":
        part, name = advice.key.split(".")
        old = tomllib.loads(path.read_text(encoding="utf-8"))[part][name]
        text = path.read_text(encoding="utf-8")
        assert text.count(f"{name} = {old}\n") == 1
        path.write_text(text.replace(f"{name} = {old}\n", f"{name} = {wanted[name]}\n"), encoding="utf-8")
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(dict.fromkeys([*rows[0], *wanted]))
    key = names[0]
    if advice.key not in {row[key] for row in rows}:
        rows.append({key: advice.key})
    for row in rows:
        if row[key] == advice.key:
            row.update(wanted)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names, restval="")
        table.writeheader()
        table.writerows(rows)


@pytest.mark.parametrize(("kind", "seed"), [("tiny", 1), ("tiny", 2), ("mixed", 3)])
def test_who_does_as_the_advice_says_gains_at_least_what_it_says(kind: str, seed: int, tmp_path: Path) -> None:
    round = make_round(kind, seed)
    write_round(round, tmp_path / "round")
    said = CliRunner().invoke(app, ["match", str(tmp_path / "round"), "--out", str(tmp_path / "result"), "--effort", "1", "--quiet"])
    assert said.exit_code == 0, said.output
    before = read_result(tmp_path / "result")
    assert before.optimal
    assert before.advice
    some = [before.advice[0], *{advice.file + advice.change.split("=")[0]: advice for advice in before.advice}.values()]
    for n, advice in enumerate(some):
        write_round(round, tmp_path / f"round{n}")
        edited(tmp_path / f"round{n}", advice)
        after = solve(read_round(tmp_path / f"round{n}"), limits=Limits(effort=1.0, explain_seconds=0), clock=_from_now())
        gain = after.score - before.score
        assert advice.gain <= gain <= advice.gain + max(gain // 10, NEARLY), advice


def test_the_best_comes_first_and_there_are_no_more_than_wanted() -> None:
    round = make_round("campus", 1, 0.3)
    advice = advised(round, Limits(seconds=3, explain_seconds=20)).advice
    new = [one for one in advice if one.key not in round.mentor_of and one.file == "mentors.csv"]
    assert [one.gain for one in advice] == sorted((one.gain for one in advice), reverse=True)
    assert 0 < len(new) <= TWENTY
    assert len(advice) - len(new) <= 3 * OTHERS
    assert min(one.gain for one in advice) > 0


def test_a_missing_mentor_is_advised_in_words_and_as_a_row() -> None:
    mentees = [mentee(f"s-{n}", region="Gyeongbuk/Andong", free="Tue 19:00-20:00") for n in range(3)]
    (advice,) = advised(a_round([mentor("m-1", subjects=["art"]), *mentees])).advice
    assert advice.sentence == "one more mentor for math, grades 7 to 9, free Tue 19:00-21:00, serving Gyeongbuk: 3 more requests placed"
    assert (advice.file, advice.key, advice.placed) == ("mentors.csv", "new-1", 3)
    assert advice.change == (
        "mentor_id=new-1 | subjects=math:7-9 | availability=Tue 19:00-21:00 | home_region=Gyeongbuk | regions=Gyeongbuk"
    )
    assert advice.gain == 3 * (1000 + 300 + 20) + 60


def test_who_would_only_free_another_mentor_is_advised_too() -> None:
    """Nobody waits for math; but who has those who learn it leaves m-1 the time for art."""
    hour = "Mon 19:00-20:00"
    urgent = replace(mentee("s-1", free=hour), requests=(Request("math", 5),))
    people = (mentor("m-1", subjects=["math", "art"], free=hour), urgent, mentee("s-2", subjects=["art"], free=hour))
    seen = {one.change.split(" | ")[1]: one.placed for one in advised(a_round(people)).advice if one.key.startswith("new-")}
    assert seen == {"subjects=art:7-9": 1, "subjects=math:7-9": 1}


def test_what_a_manager_can_do_without_a_mentor_is_advised() -> None:
    hours = "Mon 18:00-21:00"
    seen = {
        one.change: one.sentence
        for round in (
            a_round([mentor("m-1", max_groups=1, max_size=1), mentee("s-1", free=hours), mentee("s-2", free=hours)]),
            a_round([mentor("m-1", max_weekly_minutes=60, max_size=1), mentee("s-1"), mentee("s-2")]),
            a_round([mentor("m-1"), mentee("s-1", free="Mon 16:00-17:00; Mon 17:30-18:30")]),
            a_round([mentor("m-1"), mentee("s-1")], min_size=2),
        )
        for one in advised(round).advice
    }
    assert seen["max_groups=2"] == "one more group for m-1, 2 instead of 1: 1 more request placed"
    assert seen["max_groups=2 | max_weekly_minutes=120"] == "one more group for m-1, 2 instead of 1: 1 more request placed"
    assert seen["availability=Mon 16:00-17:00; Mon 17:30-19:30"] == "one more hour of s-1, Mon 18:30-19:30: 1 more request placed"
    assert seen["min_size=1"] == "groups of 1 instead of at least 2: 1 more request placed"


def test_a_mentor_who_may_have_no_group_is_advised_to_have_one() -> None:
    idle = (mentor("m-2", max_groups=0), mentor("m-3", max_weekly_minutes=0), mentor("m-4", subjects=["art"], max_groups=0))
    advice = advised(a_round([mentor("m-1", max_groups=1, max_size=1), *idle, mentee("s-1"), mentee("s-2")])).advice
    seen = {(one.key, one.change): one.sentence for one in advice}
    assert seen["m-2", "max_groups=1"] == "one more group for m-2, 1 instead of 0: 1 more request placed"
    assert seen["m-3", "max_groups=2 | max_weekly_minutes=60"] == "one more group for m-3, 1 instead of 0: 1 more request placed"
    assert "m-4" not in {key for key, _ in seen}


def test_where_everybody_is_placed_nothing_is_advised() -> None:
    assert advised(a_round([mentor("m-1"), mentee("s-1")])).advice == ()


def test_without_time_for_explaining_there_is_no_advice() -> None:
    assert advised(make_round("tiny", 1), Limits(effort=1.0, explain_seconds=0)).advice == ()


def test_the_same_effort_gives_the_same_advice() -> None:
    round = make_round("tiny", 4)
    assert advised(round).advice == advised(round).advice != ()


def test_advice_is_counted_in_work_and_more_time_changes_nothing() -> None:
    round = make_round("tiny", 4)
    some, much = (advised(round, Limits(effort=1.0, explain_seconds=seconds)).advice for seconds in (60, 6_000))
    assert some == much != ()
