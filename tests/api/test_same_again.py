"""The same round, seed, effort and workers give the same files, byte for byte; twice the effort takes about twice the time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from matching.result import EndedBy
from matching.resultfiles import read_result
from matching.tables import write_round
from tests.bench.rounds import make_round
from tests.command import dure

TIMES = ("seconds", "history")
"""The only keys of summary.json that may differ (ROUND.md, Out)."""

ROUNDS = {
    "tiny": ("tiny", 1, 1.0, "1"),
    "mixed": ("mixed", 2, 1.0, "0.2"),
    "campus, small": ("campus", 1, 0.25, "0.1"),
    "rural, not proven": ("rural", 1, 1.0, "0.02"),
    "campus, not proven": ("campus", 1, 1.0, "0.1"),
    "seoul, small": ("seoul", 1, 0.1, "0.1"),
}
LONG = ("rural, not proven", "campus, not proven", "seoul, small")
CASES = [
    pytest.param(name, workers, marks=[pytest.mark.long] if name in LONG else [])
    for name in ROUNDS
    for workers in ("1", "2")
]


def files_of(result: Path) -> dict[str, object]:
    """What a result says, but for the times of its run."""
    found: dict[str, object] = {path.name: path.read_bytes() for path in sorted(result.iterdir())}
    summary = json.loads((result / "summary.json").read_text(encoding="utf-8"))
    found["summary.json"] = {name: value for name, value in summary.items() if name not in TIMES}
    return found


def write_made(kind: str, seed: int, scale: float, path: Path) -> Path:
    write_round(make_round(kind, seed, scale), path)
    return path


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "workers"), CASES)
def test_a_run_done_twice_gives_the_same_files(name: str, workers: str, tmp_path: Path) -> None:
    kind, seed, scale, effort = ROUNDS[name]
    round = write_made(kind, seed, scale, tmp_path / "round")
    for hash_seed in (1, 2):
        options = ("--effort", effort, "--seed", "5", "--workers", workers, "--explain-time", "0", "--quiet")
        ended = dure("match", round, "--out", tmp_path / str(hash_seed), *options, hash_seed=hash_seed, most_seconds=300)
        assert (ended.status, ended.stderr) == (0, "")
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")


def test_a_time_limit_that_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    round = write_made("campus", 1, 0.5, tmp_path / "round")
    for name, limit in (("counted", ()), ("capped", ("--time", "1000"))):
        ended = dure("match", round, "--out", tmp_path / name, "--effort", "0.2", *limit, "--explain-time", "0", "--quiet")
        assert (ended.status, ended.stderr) == (0, "")
    assert read_result(tmp_path / "counted").ended_by is EndedBy.EFFORT
    assert files_of(tmp_path / "counted") == files_of(tmp_path / "capped")


def test_a_repair_with_all_its_explaining_done_twice_gives_the_same_files(tmp_path: Path) -> None:
    """Explaining is counted in work; a cap that is not reached changes nothing."""
    before = make_round("tiny", 3)
    gone = before.mentors[2].key
    after = replace(
        before, mentors=tuple(m for m in before.mentors if m.key != gone), pairs=tuple(p for p in before.pairs if p.mentor != gone)
    )
    write_round(before, tmp_path / "before")
    write_round(after, tmp_path / "after")
    assert dure("match", tmp_path / "before", "--out", tmp_path / "earlier", "--effort", "0.5", "--explain-time", "0").status == 0
    for hash_seed in (1, 2):
        options = ("--previous", tmp_path / "earlier", "--effort", "0.5", "--seed", "7", "--explain-time", "100", "--quiet")
        ended = dure("match", tmp_path / "after", "--out", tmp_path / str(hash_seed), *options, hash_seed=hash_seed)
        assert (ended.status, ended.stderr) == (0, "")
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("kind", "scale", "efforts"), [("rural", 1.0, ("0.5", "1")), ("rural", 1.0, ("1", "2")), ("seoul", 0.5, ("0.5", "1"))]
)
def test_twice_the_effort_takes_about_twice_the_time(kind: str, scale: float, efforts: tuple[str, str], tmp_path: Path) -> None:
    """Counted in processor time, which grows little where others use the machine too."""
    round = write_made(kind, 1, scale, tmp_path / "round")
    took = []
    for effort in efforts:
        options = ("--effort", effort, "--explain-time", "0", "--quiet")
        ended = dure("match", round, "--out", tmp_path / effort, *options, most_seconds=500)
        assert ended.status == 0, ended.stderr
        assert json.loads((tmp_path / effort / "summary.json").read_text(encoding="utf-8"))["ended_by"] == "effort"
        took.append(ended.cpu_seconds)
    assert 1.4 < took[1] / took[0] < 2.8, took
