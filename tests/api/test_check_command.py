"""`dure check` says what a result scores and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result as Ended

from api.cli import app
from matching.result import EndedBy, Group, Reason, Result, Unplaced
from matching.resultfiles import write_result
from matching.week import read_meetings
from tests import small
from tests.small import swap

GOOD = Result(
    groups=(Group(key="g-1", mentor="m-1", subject="math", meetings=read_meetings("Mon 19:00"), members=("s-1",)),),
    unplaced=(
        Unplaced(mentee="s-1", subject="english", reason=Reason.NO_MENTOR, detail="m-2 is no F"),
        Unplaced(mentee="s-2", subject="english", reason=Reason.NO_MENTOR, detail="m-2 is forbidden"),
    ),
    score=3530,
    bound=3530,
    requests=3,
    seed=0,
    seconds=0.1,
    ended_by=EndedBy.PROOF,
)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """A round and a good result of it."""
    write_result(GOOD, tmp_path / "result")
    return small.write(tmp_path / "round"), tmp_path / "result"


def check(*arguments: Path | str) -> Ended:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_a_good_result_has_a_score_and_no_faults(paths: tuple[Path, Path]) -> None:
    ended = check(*paths)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.startswith("score 3,530 (placed 3,000, ")
    assert ended.stdout.endswith("\nnothing is wrong\n")


def test_what_stays_as_it_was_counts(paths: tuple[Path, Path]) -> None:
    ended = check(*paths, "--previous", paths[1])
    assert ended.exit_code == 1
    assert ended.stdout.startswith("score 3,730 (")
    assert "objective: 3530, but it scores 3730" in ended.stderr


def test_the_earlier_result_of_a_repair_is_asked_for_where_it_is_not_named(paths: tuple[Path, Path]) -> None:
    write_result(replace(GOOD, score=3730, bound=3730), paths[1], repaired=True)
    ended = check(*paths)
    assert ended.exit_code == 1
    assert "this result is a repair: name the earlier one by --previous" in ended.stderr
    assert "this result is a repair" not in check(*paths, "--previous", paths[1]).stderr


def test_a_broken_rule_is_told(paths: tuple[Path, Path]) -> None:
    groups = paths[1] / "groups.csv"
    groups.write_bytes(swap("Mon 19:00", "Mon 20:30")(groups.read_bytes()))
    ended = check(*paths)
    assert (ended.exit_code, ended.stdout) == (1, "1 fault\n")
    assert len(ended.stderr.splitlines()) == 1
    assert "m-1" in ended.stderr


def test_a_result_that_cannot_be_read_is_faulty(paths: tuple[Path, Path]) -> None:
    (paths[1] / "members.csv").unlink()
    ended = check(*paths)
    assert (ended.exit_code, ended.stderr) == (1, "members.csv: is missing; give a whole result folder, with members.csv in it\n")


def test_a_round_that_cannot_be_read_is_bad_input(paths: tuple[Path, Path]) -> None:
    (paths[0] / "mentors.csv").unlink()
    ended = check(*paths)
    assert (ended.exit_code, ended.stderr) == (2, "mentors.csv: is missing; add it, with the columns mentor_id, subjects, availability\n")


def test_a_previous_result_that_cannot_be_read_is_bad_input(paths: tuple[Path, Path]) -> None:
    (paths[0] / "groups.csv").write_text("group_id\n")
    (paths[0] / "members.csv").write_text("group_id,mentee_id\n")
    ended = check(*paths, "--previous", paths[0])
    assert (ended.exit_code, ended.stderr) == (
        2,
        "groups.csv:1: header: is not as it must be; write group_id,mentor_id,subject,meetings\n",
    )
