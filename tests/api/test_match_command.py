"""`dure match` writes a whole result, or nothing, and ends with the status that the contract names (ROUND.md, Exits)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result as Ended

from api.cli import app
from matching.check import check_result
from matching.result import EndedBy
from matching.resultfiles import read_result
from matching.round import Pair, PairRule
from matching.tables import read_round, write_round
from tests import small
from tests.bench.rounds import make_round
from tests.small import Edit, add, be, swap
from tests.workbooks import sheets_of, write_workbook

AT_ONCE = 10
"""Seconds from Ctrl-C until the result is written; two on a machine that nobody else uses."""

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}


def match(path: Path, *options: str) -> Ended:
    return CliRunner().invoke(app, ["match", str(path), "--out", str(path.parent / "result"), *options])


def command(path: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "api.cli", "match", str(path), "--out", str(out), *options]


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round that is not solved in a minute."""
    path = tmp_path_factory.mktemp("large") / "round"
    write_round(make_round("rural", 1), path)
    return path


@pytest.mark.parametrize(
    "edits", [pytest.param({}, id="the small round"), pytest.param({"pairs.csv": be(None), "peers.csv": be(None)}, id="without wishes")]
)
def test_a_result_is_written_that_the_judge_finds_right(edits: Mapping[str, Edit], tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", edits)
    ended = match(path)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].endswith(f"proven best: {tmp_path / 'result'}")
    assert sorted(held.name for held in (tmp_path / "result").iterdir()) == [
        "advice.csv",
        "groups.csv",
        "members.csv",
        "roster.json",
        "sentences.json",
        "summary.json",
        "unplaced.csv",
    ]
    judged = CliRunner().invoke(app, ["check", str(path), str(tmp_path / "result")])
    assert (judged.exit_code, judged.stderr) == (0, "")


def test_a_quiet_run_says_nothing(tmp_path: Path) -> None:
    ended = match(small.write(tmp_path / "round"), "--quiet")
    assert (ended.exit_code, ended.output) == (0, "")


def test_a_workbook_gives_the_same_result_as_its_folder(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    folder = small.write(tmp_path / "one" / "round")
    assert match(folder, "--seed", "3").exit_code == 0
    assert match(write_workbook(tmp_path / "other" / "book.xlsx", sheets_of(folder)), "--seed", "3").exit_code == 0
    one, other = ({path.name: path.read_bytes() for path in (tmp_path / name / "result").iterdir()} for name in ("one", "other"))
    assert {"groups.csv", "summary.json"} <= one.keys()
    del one["summary.json"], other["summary.json"]
    assert one == other


def test_a_repair_lists_its_changes(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    assert match(path).exit_code == 0
    assert match(path, "--previous", str(tmp_path / "result")).exit_code == 0
    assert (tmp_path / "result" / "changes.csv").read_text(encoding="utf-8") == "mentee_id,subject,before,after,why\n"


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        pytest.param({"pairs.csv": add("m-2,s-2,,require,\n")}, {"3", "4"}, id="required and forbidden"),
        pytest.param({"pairs.csv": add("m-1,s-2,,require,\n")}, {"4"}, id="a mentor who does not teach it"),
        pytest.param({"pairs.csv": add("m-1,s-1,social,require,\n")}, {"4"}, id="a subject not asked for"),
        pytest.param({"pairs.csv": swap("forbid,", "require,\nm-1,s-2,english,require,")}, {"4"}, id="two mentors, one of whom cannot"),
    ],
)
def test_an_infeasible_round_names_rows_that_cannot_all_hold(edits: Mapping[str, Edit], lines: set[str], tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", edits)
    ended = match(path)
    assert ended.exit_code == 3
    assert set(re.findall(r"^pairs\.csv:(\d+): ", ended.stderr, re.MULTILINE)) == lines
    assert [held.name for held in tmp_path.iterdir()] == ["round"]


def test_rows_of_a_workbook_are_named_with_their_sheet(tmp_path: Path) -> None:
    sheets = sheets_of(small.write(tmp_path / "round"))
    sheets["pairs"].append(["m-2", "s-2", None, "require"])
    ended = match(write_workbook(tmp_path / "book.xlsx", sheets))
    assert ended.exit_code == 3
    assert set(re.findall(r"^book\.xlsx\[pairs\]:(\d+): ", ended.stderr, re.MULTILINE)) == {"3", "4"}


def test_a_time_limit_that_is_over_at_once_still_gives_a_whole_result(large: Path, tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["match", str(large), "--out", str(tmp_path / "result"), "--time", "0.000001"])
    assert ended.exit_code == 0
    assert check_result(read_round(large), read_result(tmp_path / "result"), reasons=50).fine


def test_the_time_limit_holds_for_the_whole_command(large: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    limited = command(large, tmp_path / "result", "--time", "4", "--explain-time", "0")
    ended = subprocess.run(limited, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - began < 4 + 5
    assert read_result(tmp_path / "result").ended_by is EndedBy.TIME


def test_ctrl_c_writes_the_best_so_far(large: Path, tmp_path: Path) -> None:
    long = command(large, tmp_path / "result", "--time", "100", "--explain-time", "0")
    with subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
        assert running.stdout
        first = running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=30)
    assert (running.returncode, stderr) == (0, ""), first
    result = read_result(tmp_path / "result")
    assert result.ended_by is EndedBy.INTERRUPT
    assert result.groups


@pytest.mark.parametrize("seconds", [4, pytest.param(10, marks=pytest.mark.long)])
def test_ctrl_c_is_heard_where_something_is_required_and_while_programs_are_solved(seconds: int, large: Path, tmp_path: Path) -> None:
    """CP-SAT takes Ctrl-C for itself where it is let, and HiGHS hears nothing."""
    assert match(large, "--out", str(tmp_path / "first"), "--time", "2", "--explain-time", "0").exit_code == 0
    group = read_result(tmp_path / "first").groups[0]
    round = read_round(large)
    pair = Pair(mentor=group.mentor, mentee=group.members[0], subject=group.subject, rule=PairRule.REQUIRE)
    write_round(replace(round, pairs=(*round.pairs, pair)), tmp_path / "round")
    long = command(tmp_path / "round", tmp_path / "result", "--effort", "50", "--explain-time", "0")
    with subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
        assert running.stdout
        running.stdout.readline()
        time.sleep(seconds)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, stderr = running.communicate(timeout=60)
    assert (running.returncode, stderr) == (0, "")
    assert time.monotonic() - began < AT_ONCE
    result = read_result(tmp_path / "result")
    assert result.ended_by is EndedBy.INTERRUPT
    assert check_result(read_round(tmp_path / "round"), result, reasons=50).fine


def test_a_file_that_comes_into_the_folder_meanwhile_stays_and_the_result_is_written_beside_it(large: Path, tmp_path: Path) -> None:
    long = command(large, tmp_path / "result", "--time", "100", "--explain-time", "0")
    with subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
        assert running.stdout
        running.stdout.readline()
        (tmp_path / "result").mkdir()
        (tmp_path / "result" / "thesis.doc").write_text("much work")
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=30)
    assert running.returncode == 0
    assert stderr.splitlines() == [
        "result: holds thesis.doc, which is no file of a result; name a new or empty folder",
        f"so the result is in {tmp_path / 'result-2'}",
    ]
    assert stdout.endswith(f": {tmp_path / 'result-2'}\n")
    assert (tmp_path / "result" / "thesis.doc").read_text() == "much work"
    assert read_result(tmp_path / "result-2").groups


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        pytest.param("--time", "-3", "--time: -3 cannot be; a number above 0\n", id="time"),
        pytest.param("--effort", "0", "--effort: 0 cannot be; a number above 0\n", id="effort"),
        pytest.param("--explain-time", "-0.5", "--explain-time: -0.5 cannot be; 0 or more seconds\n", id="time to explain"),
    ],
)
def test_a_limit_that_cannot_be_is_named_as_it_was_typed(option: str, value: str, told: str, tmp_path: Path) -> None:
    ended = match(small.write(tmp_path / "round"), option, value)
    assert (ended.exit_code, ended.stderr) == (2, told)


def test_a_cluster_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    ended = match(small.write(tmp_path / "round"), "--cluster", "nonsense://127.0.0.1:1")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("--cluster: no cluster at nonsense://127.0.0.1:1")
    assert [held.name for held in tmp_path.iterdir()] == ["round"]
