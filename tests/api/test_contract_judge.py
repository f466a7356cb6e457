"""The contract's own judge finds nothing wrong with the files that `dure match` writes, for any kind of round, whenever a run ends."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from matching.round import Round
from matching.tables import write_round
from tests.bench.planted import planted_round
from tests.bench.rounds import make_round
from tests.command import dure
from tests.matching.contract import faults_of, needs_the_contract
from tests.rounds.office_hours import office_hours

pytestmark = [needs_the_contract, pytest.mark.timeout(300)]

EFFORT, TIME = ("--effort", "0.05"), ("--time", "3")
CASES = [
    pytest.param("tiny", 1.0, (2,), EFFORT, id="tiny"),
    pytest.param("mixed", 1.0, (3,), EFFORT, id="mixed"),
    pytest.param("mixed", 1.0, (6, 17), TIME, id="mixed, the hard ones", marks=pytest.mark.long),
    pytest.param("campus", 0.25, (1,), TIME, id="campus"),
    pytest.param("campus", 1.0, (1,), TIME, id="campus, whole", marks=pytest.mark.long),
    pytest.param("rural", 1.0, (1,), TIME, id="rural, whole", marks=pytest.mark.long),
    pytest.param("seoul", 0.2, (1,), TIME, id="seoul"),
    pytest.param("nation", 0.02, (1,), TIME, id="nation"),
    pytest.param("mixed", 1.0, (4,), EFFORT, id="mixed, another", marks=pytest.mark.long),
    pytest.param("campus", 0.25, (2,), TIME, id="campus, another", marks=pytest.mark.long),
    pytest.param("mixed", 1.0, tuple(range(21, 51)), ("--time", "10"), id="mixed, thirty seeds", marks=pytest.mark.long),
    pytest.param("seoul", 1.0, (2,), ("--time", "30"), id="seoul, whole", marks=pytest.mark.long),
    pytest.param("nation", 0.1, (2,), ("--time", "30"), id="nation, a tenth", marks=pytest.mark.long),
]


def matched(round: Path, out: Path, *options: str | Path) -> Path:
    """The folder of a result; somebody who looks only at what is written."""
    ended = dure("match", round, "--out", out, "--explain-time", "1", "--quiet", *options)
    assert (ended.status, ended.stderr) == (0, "")
    return out


def after_some_left(round: Round, seed: int) -> Round:
    """The round without one mentor in ten."""
    gone = {mentor.key for mentor in random.Random(seed).sample(round.mentors, max(1, len(round.mentors) // 10))}
    return replace(
        round,
        mentors=tuple(mentor for mentor in round.mentors if mentor.key not in gone),
        pairs=tuple(row for row in round.pairs if row.mentor not in gone),
    )


@pytest.mark.parametrize(("kind", "scale", "seeds", "options"), CASES)
def test_nothing_is_wrong_with_a_result_and_its_repair(
    kind: str, scale: float, seeds: Sequence[int], options: tuple[str, ...], tmp_path: Path
) -> None:
    for seed in seeds:
        round = make_round(kind, seed, scale)
        before, after = tmp_path / f"before {seed}", tmp_path / f"after {seed}"
        write_round(round, before)
        write_round(after_some_left(round, seed), after)
        result = matched(before, tmp_path / f"result {seed}", *options)
        assert faults_of(before, result, "--reasons", "60") == [], seed
        repaired = matched(after, tmp_path / f"repaired {seed}", *options, "--previous", result)
        assert faults_of(after, repaired, "--previous", result, "--reasons", "60") == [], seed


def test_nothing_is_wrong_with_office_hours(tmp_path: Path) -> None:
    write_round(office_hours(4), tmp_path / "round")
    assert faults_of(tmp_path / "round", matched(tmp_path / "round", tmp_path / "result", *EFFORT)) == []


@pytest.mark.parametrize("perfect", [True, False])
def test_no_bound_is_below_a_planted_score(perfect: bool, tmp_path: Path) -> None:
    round, _, score = planted_round(11, mentors=12, perfect=perfect)
    write_round(round, tmp_path / "round")
    assert faults_of(tmp_path / "round", matched(tmp_path / "round", tmp_path / "result", *EFFORT), "--known", str(score)) == []


def test_it_would_find_a_summary_that_claims_too_much(tmp_path: Path) -> None:
    write_round(make_round("tiny", 1), tmp_path / "round")
    result = matched(tmp_path / "round", tmp_path / "result", *EFFORT)
    told = json.loads((result / "summary.json").read_text(encoding="utf-8"))
    (result / "summary.json").write_text(json.dumps({**told, "bound": told["bound"] - 1}), encoding="utf-8")
    assert faults_of(tmp_path / "round", result)
