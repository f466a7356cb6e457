"""The benchmark from end to end: the real command and every peer on the same rounds, judged alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import main, options
from tests.bench.peers import PEERS
from tests.bench.race import OURS
from tests.bench.scaling import SCALES


def test_a_short_benchmark_of_tiny_rounds_is_legal_and_nobody_beats_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny", "--seeds", "1,2", "--time", "10", "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [race["seed"] for race in told["races"]] == [1, 2]
    for race in told["races"]:
        entries = {entry["who"]: entry for entry in race["entries"]}
        assert tuple(entries) == (OURS, *PEERS)
        assert [entry["state"] for entry in entries.values()] == ["ok"] * 4
        assert race["wrong"] == []
        assert entries[OURS]["score"] == entries[OURS]["bound"] == entries["flat_cpsat"]["score"]
        assert all(entries[OURS]["score"] >= entries[peer]["score"] for peer in PEERS)
        assert entries[OURS]["history"]
    assert (tmp_path / "bench.png").stat().st_size > 10_000
    assert "tiny 2" in capsys.readouterr().out


@pytest.mark.long
def test_the_growth_of_time_is_measured_over_all_scales(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["tiny", "--seeds", "1", "--time", "5", "--peers", "none", "--scaling", "--scaling-time", "5", "--scaling-gap", "0.2"]
    assert main([*options, "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert told["proven in time"].keys() == {"tiny"}
    assert [scale for scale, _, _ in told["scaling"]["runs"]] == list(SCALES)
    assert all(seconds is not None for _, _, seconds in told["scaling"]["runs"])
    assert f"requests^{told['scaling']['exponent']:.2f}" in capsys.readouterr().out


@pytest.mark.long
def test_of_a_peer_that_comes_to_nothing_in_time_that_is_told(tmp_path: Path) -> None:
    main(["seoul", "--seeds", "1", "--time", "1", "--peers", "flat_highs", "--out", str(tmp_path)])
    race = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["races"][0]
    assert race["entries"][1]["state"] in {"not built", "no result"}
    assert race["entries"][1]["score"] is None


def test_without_a_kind_all_are_meant_and_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert options().parse_args([]).kinds == []
    assert options().parse_args(["seoul", "tiny"]).kinds == ["seoul", "tiny"]
    with pytest.raises(SystemExit):
        options().parse_args(["soul"])
    assert "no such kind: soul" in capsys.readouterr().err
