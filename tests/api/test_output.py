"""Whatever becomes of the output, a command ends plainly: of its encoding, of a full disk, and of Ctrl-C before there is anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from click import Group
from typer.main import get_command

from api.cli import app
from data.demo import ROUND
from matching.resultfiles import read_result, write_result
from matching.tables import write_round
from tests import small
from tests.api.shown import RESULT, ROSTER
from tests.command import COMMAND
from tests.rounds.hand_made import hard_to_arrange

FULL = Path("/dev/full")
UNTOLD = "standard output: cannot be written (No space left on device)\n"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    write_result(RESULT, tmp_path / "result", roster=ROSTER)
    return tmp_path / "result"


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        pytest.param("ascii", [r"\ub450\ub808 & Co  2027-03-02 to 2027-06-18", "###############....."], id="ASCII"),
        pytest.param("euc-kr", ["두레 & Co  2027-03-02 to 2027-06-18", "###############.....", "●●"], id="the Korean one"),
        pytest.param("utf-8", ["두레 & Co  2027-03-02 to 2027-06-18", "███████████████░░░░░", "●●"], id="UTF-8"),
        pytest.param("ascii:replace", ["?? & Co  2027-03-02 to 2027-06-18"], id="somebody wants other signs"),
    ],
)
def test_a_result_is_shown_whatever_the_encoding_lacks(encoding: str, lines: list[str], result: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = subprocess.run([COMMAND, "show", result], capture_output=True, check=False, env=environment, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    told = ended.stdout.decode(encoding.partition(":")[0])
    assert not [line for line in lines if line not in told]


TELLING = [
    pytest.param(["show", "{result}"], id="show"),
    pytest.param(["check", str(ROUND), "{result}"], id="check"),
    pytest.param(["--help"], id="help"),
    pytest.param(["match", "--help"], id="help of one command"),
]
"""Commands that tell something at standard output; `{result}` is a result."""


def typed(words: list[str], result: Path) -> list[str]:
    """The command, with a result."""
    return [str(COMMAND), *(word.format(result=result) for word in words)]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", TELLING)
def test_an_output_that_cannot_be_written_is_told_in_one_line(words: list[str], unbuffered: str, result: Path) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with FULL.open("wb") as full:
        command = typed(words, result)
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, text=True, env=environment, timeout=60)
    assert (ended.returncode, ended.stderr.splitlines(keepends=True)[-1], "Traceback" in ended.stderr) == (2, UNTOLD, False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", TELLING)
def test_a_reader_who_has_gone_ends_a_command_quietly(words: list[str], unbuffered: str, result: Path) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = typed(words, result)
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False, text=True, env=environment, timeout=60)
    os.close(write)
    assert (ended.returncode, "pipe" in ended.stderr, "Traceback" in ended.stderr) == (-signal.SIGPIPE, False, False)


@pytest.mark.parametrize("words", TELLING)
def test_an_output_that_is_closed_is_not_missed(words: list[str], result: Path) -> None:
    command = typed(words, result)
    told, closed = (
        subprocess.run(["/bin/sh", "-c", f'exec "$@" {where}', "sh", *command], capture_output=True, check=False, timeout=60)
        for where in ("", ">&-")
    )
    assert told.stdout
    assert (closed.returncode, closed.stdout, closed.stderr) == (told.returncode, b"", told.stderr)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["nothing"], [], ["match", "{result}", "--out", "{result}/out"]], ids=["usage", "no words", "bad input"])
def test_complaints_that_cannot_be_written_leave_the_status_as_it_is(words: list[str], result: Path) -> None:
    with FULL.open("wb") as full:
        command = typed(words, result)
        assert subprocess.run(command, stdout=subprocess.PIPE, stderr=full, check=False, timeout=60).returncode == 2


def test_a_result_is_written_though_nobody_reads_how_it_comes_about(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    words: list[str | Path] = [COMMAND, "match", path, "--out", tmp_path / "result"]
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False, text=True, timeout=60)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, "standard output: cannot be written (Broken pipe)\n")
    assert read_result(tmp_path / "result").groups


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_result_is_written_though_nothing_can_be_told_of_it(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    with FULL.open("wb") as full:
        words: list[str | Path] = [COMMAND, "match", path, "--out", tmp_path / "result"]
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, UNTOLD)
    assert read_result(tmp_path / "result").groups


STOPPED = """
import importlib.abc, os, signal, sys, threading

wanted, _, seconds = sys.argv.pop(1).partition("+")

class Stop(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == wanted and seconds:
            threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGINT)).start()
        elif name == wanted:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
sys.meta_path.insert(0, Stop())
from api.cli import main
main()
"""
"""Runs the command, and presses Ctrl-C as soon as some module is about to be loaded, or so many seconds after that."""


@pytest.mark.parametrize("module", ["typer", "api.match", "matching.tables"])
def test_ctrl_c_before_there_is_a_result_says_so(module: str, tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    words: list[str | Path] = [sys.executable, "-c", STOPPED, module, "match", path, "--out", tmp_path / "result"]
    ended = subprocess.run(words, capture_output=True, check=False, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (4, "", "interrupted\n")
    assert [held.name for held in tmp_path.iterdir()] == ["round"]


@pytest.mark.parametrize("moment", ["ortools.sat.python.cp_model", "ortools.sat.python.cp_model+3"])
def test_ctrl_c_while_what_is_required_is_hard_to_arrange_ends_the_command_soon(moment: str, tmp_path: Path) -> None:
    write_round(hard_to_arrange(150), tmp_path / "round")
    words: list[str | Path] = [sys.executable, "-c", STOPPED, moment, "match", tmp_path / "round", "--out", tmp_path / "result"]
    ended = subprocess.run(words, capture_output=True, check=False, text=True, timeout=25)
    told = "no result: it was not settled in time whether the 150 rows of require in pairs.csv can all hold\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (4, "", told)
    assert [held.name for held in tmp_path.iterdir()] == ["round"]


@pytest.mark.parametrize("module", ["typer", "api.show", "api.overview"])
def test_ctrl_c_ends_a_command_that_owes_no_result_quietly(module: str, result: Path) -> None:
    words: list[str | Path] = [sys.executable, "-c", STOPPED, module, "show", result]
    ended = subprocess.run(words, capture_output=True, check=False, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + signal.SIGINT, "", "")


def test_the_list_of_commands_has_each_ones_sentence_whole() -> None:
    environment = {**os.environ, "COLUMNS": "80"}
    ended = subprocess.run([COMMAND, "--help"], capture_output=True, check=False, text=True, env=environment, timeout=60)
    listed = ended.stdout.split("Commands:\n")[1].splitlines()
    assert len(listed) == len(cast("Group", get_command(app)).commands)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)
