"""Office hours: every one of the 300 seats is taken, proven to be the best, within ten seconds in all."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.check import check_result
from matching.result import EndedBy
from matching.resultfiles import read_result
from matching.tables import read_round, write_round
from tests.command import dure
from tests.rounds.office_hours import ALL_TAKEN, SEATS, office_hours

REAL = Path(__file__).parents[2].parent / "shared" / "rounds" / "office-hours"
WITHIN = 10.0


def filled(round: Path, out: Path) -> None:
    """Solves the round and looks at what came of it."""
    ended = dure("match", round, "--out", out, "--time", "10", "--explain-time", "0", "--quiet")
    assert (ended.status, ended.stderr) == (0, "")
    result = read_result(out)
    assert result.placed == SEATS == 300
    assert (result.score, result.bound, result.ended_by) == (ALL_TAKEN, ALL_TAKEN, EndedBy.PROOF)
    assert min(ended.seconds, ended.cpu_seconds) < WITHIN
    assert check_result(read_round(round), result, reasons=50).fine


@pytest.mark.skipif(not REAL.exists(), reason="the real round is not here: no shared/rounds/office-hours beside the checkout")
def test_the_real_round_is_filled_and_proven(tmp_path: Path) -> None:
    filled(REAL, tmp_path / "result")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_made_round_of_the_same_kind_is_filled_and_proven(seed: int, tmp_path: Path) -> None:
    write_round(office_hours(seed), tmp_path / "round")
    filled(tmp_path / "round", tmp_path / "result")
