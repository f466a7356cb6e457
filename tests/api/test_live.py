"""Progress is shown as plain lines where the output is no terminal, as a board where it is one, and not at all with `--quiet`."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from api.live import EXPLAINING, Board, Lines, shown, told
from matching import solve
from matching.limits import Progress
from matching.tables import read_round
from tests import small


def progress(seconds: float, score: int, bound: int = 4_000) -> Progress:
    return Progress(seconds=seconds, placed=score // 1_000, score=score, bound=bound)


def test_a_line_names_everything() -> None:
    assert told(progress(12.34, 3_530), 1_200) == "12.3 s: placed 3 of 1,200, score 3,530, bound 4,000, gap 11.75%"


@pytest.mark.parametrize(
    ("score", "bound", "gap"),
    [pytest.param(0, 0, "0.00%", id="nothing to win"), pytest.param(-20, -10, "100.00%", id="points below nothing")],
)
def test_the_gap_is_a_share_of_the_bound(score: int, bound: int, gap: str) -> None:
    assert told(Progress(seconds=0, placed=0, score=score, bound=bound), 0).endswith(f"gap {gap}")


def test_lines_come_at_most_once_a_second_and_only_for_news() -> None:
    out = io.StringIO()
    lines = Lines(9, out)
    for moment in (progress(0.1, 1_000), progress(0.5, 2_000), progress(1.2, 2_000), progress(1.3, 2_500), progress(3.0, 2_500)):
        lines.watch(moment)
    lines.end()
    told_at = [line.split(",")[0] for line in out.getvalue().splitlines()]
    assert told_at == ["0.1 s: placed 1 of 9", "1.2 s: placed 2 of 9", "3.0 s: placed 2 of 9"]


def test_the_last_news_is_told_however_soon_it_comes() -> None:
    out = io.StringIO()
    lines = Lines(9, out)
    lines.watch(progress(0.1, 1_000))
    lines.watch(progress(0.2, 2_000))
    lines.end()
    assert out.getvalue().splitlines()[1:] == ["0.2 s: placed 2 of 9, score 2,000, bound 4,000, gap 50.00%"]


def test_a_board_shows_the_seconds_before_there_is_any_result() -> None:
    console = Console(file=io.StringIO(), width=80)
    board = Board(1_200, lambda: 2.5)
    with console.capture() as captured:
        console.print(board)
    assert captured.get().split() == ["seconds", "placed", "score", "bound", "gap", "2.5", "0", "of", "1,200"]
    board.watch(progress(2.0, 3_530))
    with console.capture() as captured:
        console.print(board)
    assert captured.get().split()[5:] == ["2.5", "3", "of", "1,200", "3,530", "4,000", "11.75%"]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(9, lambda: 0.0, quiet=True) as watch:
        watch(progress(0.1, 1_000))
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_there_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(9, lambda: 0.0, quiet=False) as watch:
        watch(progress(0.1, 1_000))
    assert capsys.readouterr() == ("0.1 s: placed 1 of 9, score 1,000, bound 4,000, gap 75.00%\n", "")


def test_before_reasons_and_advice_are_worked_out_that_is_said() -> None:
    out = io.StringIO()
    lines = Lines(9, out)
    lines.watch(progress(0.1, 1_000))
    lines.watch(progress(0.2, 2_000))
    lines.watch(replace(progress(0.3, 2_000), explaining=True))
    lines.end()
    assert [line.split(",")[0] for line in out.getvalue().splitlines()] == [
        "0.1 s: placed 1 of 9",
        "0.2 s: placed 2 of 9",
        "0.3 s: explaining who is left",
    ]


def test_a_board_says_what_is_going_on_after_the_search() -> None:
    console = Console(file=io.StringIO(), width=80)
    board = Board(9, lambda: 2.5)
    for explaining in (False, True):
        board.watch(replace(progress(2.0, 2_000), explaining=explaining))
        with console.capture() as captured:
            console.print(board)
        assert (captured.get().splitlines()[-1] == EXPLAINING) is explaining


def test_a_solve_tells_when_it_begins_to_explain(tmp_path: Path) -> None:
    told: list[Progress] = []
    solve(read_round(small.write(tmp_path / "round")), clock=time.monotonic, watch=told.append)
    assert [one.explaining for one in told] == [False] * (len(told) - 1) + [True]
