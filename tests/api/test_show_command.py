"""`dure show` prints a result for a manager: plain where there is no terminal, and with nothing that a name could do."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.cli import app
from api.overview import Overview
from api.show import show
from matching.resultfiles import write_result
from tests.api.shown import BARE, RESULT, ROSTER, TURNED, WHOLE

PAGE = """\
두레 & Co  2027-03-02 to 2027-06-18
4 of 6 requests placed (67 %) · 4 of 4 mentees have a group · 3 groups · 2 of 3 mentors teach
Score 9,000 · proven: at most 9.09% below the best (9,900)

The week: groups meeting in each hour
        Mon   Tue   Wed   Thu   Fri   Sat   Sun
  10:00   ·     ·     ·     ·     ·     1     ·
  11:00   ·     ·     ·     ·     ·     1     ·
"""
GROUPS = """\
Groups
 group   subject     mentor       meets                  size   members (grade)
 ──────────────────────────────────────────────────────────────────────────────────────────────────────
 g-1     math        m-1 김하늘   Mon 19:00; Wed 19:00      2   s-1 이서준 (8), s-2 제갈윤 (7)
 g-2     art & <b>   m-1 김하늘   Mon 17:30; Sat 10:00      1   s-3 <script>alert('name')</script> (10)
 g-3     math        m-2          Mon 18:00; Wed 19:00      1   s-4 evil[31m (9)
"""
MENTORS = """\
Mentors
 mentor   name                             home               groups          members   minutes a week
 ─────────────────────────────────────────────────────────────────────────────────────────────────────
 m-1      김하늘                           Gyeongbuk/Pohang   2 of 2  ●●            3              360
 m-2      m-2                                                 1 of 1  ●             1              180
 m-3      <script>alert('name')</script>   Gyeongbuk          may hold none         0                0
"""


def printed(overview: Overview, *, rows: int = 50, colours: bool = False) -> str:
    out = io.StringIO()
    show(overview, Console(file=out, width=200, highlight=False, markup=False, emoji=False, force_terminal=colours), rows=rows)
    return re.sub(r" +$", "", out.getvalue(), flags=re.MULTILINE)


def test_the_head_says_how_much_is_placed_and_how_good_it_is() -> None:
    assert printed(WHOLE).startswith(PAGE)


def test_groups_stand_in_a_table_that_is_straight_with_wide_letters() -> None:
    assert GROUPS in printed(WHOLE)


def test_loads_name_mentors_who_may_hold_none() -> None:
    assert MENTORS in printed(WHOLE)


@pytest.mark.parametrize(
    "line",
    [
        "math 3 4 75 % ███████████████░░░░░",
        "10 1 2 50 % ██████████░░░░░░░░░░",
        "Jeonnam/Muan/Illo 1 2 50 % ██████████░░░░░░░░░░",
        "not given 1 1 100 % ████████████████████",
        "no_mentor 1 no mentor may have this mentee for this subject",
        "s-1 이서준 8 english no_seat g-9 is full; <img src=x onerror=alert(1)>",
        "+1,300 +1 One more group for 김하늘 mentors.csv m-1",
        "s-2 제갈윤 math m-2 @ Mon 19:00 m-1 @ Mon 19:00; Wed 19:00 m-2 left",
    ],
)
def test_it_says(line: str) -> None:
    assert line in [re.sub(" +", " ", told.strip()) for told in printed(WHOLE).splitlines()]


def test_a_name_can_neither_colour_nor_turn_the_line() -> None:
    assert TURNED not in printed(WHOLE, colours=True)
    assert "\x1b" not in printed(WHOLE)
    assert "\u202e" not in printed(WHOLE)


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[" in printed(WHOLE, colours=True)


def test_long_tables_are_cut_and_say_so() -> None:
    assert "… and 2 more: --rows says how many to print" in printed(WHOLE, rows=1)
    assert "g-3" not in printed(WHOLE, rows=1)


def test_advice_is_cut_and_says_so() -> None:
    told = printed(Overview(replace(RESULT, advice=RESULT.advice * 5), ROSTER), rows=3)
    assert "… and 2 more: --rows says how many to print" in told.split("What would help most")[1].split("What changed")[0]


def test_without_a_roster_what_is_known_is_shown() -> None:
    told = printed(BARE)
    assert "Names, grades, regions and loads are not known: the result has no roster.json." in told
    assert "by subject" in told
    assert "by region" not in told


def test_a_proven_result_says_so() -> None:
    assert "proven: nothing better exists" in printed(Overview(replace(RESULT, bound=RESULT.score), ROSTER))


def test_an_empty_result_is_shown() -> None:
    told = printed(Overview(replace(RESULT, groups=(), unplaced=(), requests=0, history=(), advice=(), changes=()), ROSTER))
    assert "0 of 0 requests placed" in told
    assert "No group meets." in told


def test_the_command_prints_plainly_where_there_is_no_terminal(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", roster=ROSTER)
    ended = CliRunner().invoke(app, ["show", str(tmp_path / "result")])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    assert "s-1 이서준 (8), s-2 제갈윤 (7)" in ended.stdout


def test_what_is_no_result_is_bad_input(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["show", str(tmp_path)])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "groups.csv: is missing" in ended.stderr
