"""What is wrong with a round is told exactly, and nothing is written (ROUND.md, Exits: status 2)."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from api.cli import app
from tests import small
from tests.api.broken_rounds import CASES
from tests.api.broken_workbooks import CASES as WORKBOOKS, Break
from tests.small import Edit, add
from tests.workbooks import sheets_of, write_workbook

MEMORY = 256 * 2**20
pytestmark = pytest.mark.timeout(10)


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Each case may take so much more address space than the tests have taken already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def refused(path: Path) -> tuple[str, ...]:
    """The lines that `dure match` tells of a round; makes sure that it exits with 2 and writes nothing."""
    before = sorted(path.parent.iterdir())
    ended = CliRunner().invoke(app, ["match", str(path), "--out", str(path.parent / "result")])
    assert ended.exit_code == 2, ended.output
    assert ended.stdout == ""
    assert sorted(path.parent.iterdir()) == before
    return tuple(ended.stderr.splitlines())


def test_there_are_enough_cases() -> None:
    assert len(CASES) + len(WORKBOOKS) >= 60


@pytest.mark.parametrize(("edits", "told"), CASES)
def test_a_broken_folder_is_refused_with_its_exact_faults(edits: Mapping[str, Edit], told: tuple[str, ...], tmp_path: Path) -> None:
    assert refused(small.write(tmp_path / "round", edits)) == told


@pytest.mark.parametrize(("change", "told"), WORKBOOKS)
def test_a_broken_workbook_is_refused_with_its_exact_faults(change: Break, told: tuple[str, ...], tmp_path: Path) -> None:
    sheets = sheets_of(small.write(tmp_path / "source"))
    change(sheets)
    assert refused(write_workbook(tmp_path / "book.xlsx", sheets)) == told


def test_at_most_fifty_faults_are_told_and_then_how_many_more(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", {"mentees.csv": add("".join(f"x-{n},,0,math,Mon 18:00-21:00,,,,,,\n" for n in range(60)))})
    told = refused(path)
    assert told[:50] == tuple(f"mentees.csv:{4 + n}: grade: 0 is too small; write a whole number from 1 to 12" for n in range(50))
    assert told[50:] == ("and 10 more",)


def test_fifty_faults_are_told_without_a_last_line(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", {"mentees.csv": add("".join(f"x-{n},,0,math,Mon 18:00-21:00,,,,,,\n" for n in range(50)))})
    assert len(refused(path)) == 50


def test_faults_beyond_those_kept_are_counted(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", {"peers.csv": add("?,?,?,?\n" * 5_000)})
    assert refused(path)[50:] == ("and 19950 more",)


def test_faults_of_all_files_are_told_in_the_order_of_the_files_and_their_lines(tmp_path: Path) -> None:
    edits = {
        "peers.csv": add("s-1,s-7,apart,\n"),
        "mentors.csv": add("m-3,,x,Mon 18:00-21:00,,,,,,,,,\n"),
        "policy.toml": add("bonus = 1\n"),
        "mentees.csv": add("s-3,,1,math,now,,,,,,\n"),
    }
    assert [line.split(": ")[0] for line in refused(small.write(tmp_path / "round", edits))] == [
        "mentors.csv:4",
        "mentees.csv:4",
        "policy.toml:20",
        "peers.csv:3",
    ]


def test_what_is_no_round_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "round.ods").write_bytes(b"PK")
    mend = "give a folder with mentors.csv, mentees.csv and policy.toml, or a workbook"
    assert refused(tmp_path / "nowhere") == (f"{tmp_path / 'nowhere'}: is missing; {mend}",)
    assert refused(tmp_path / "round.ods") == (f"{tmp_path / 'round.ods'}: is neither a folder nor an XLSX workbook; {mend}",)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", {"peers.csv": small.be(None), "policy.toml": small.be(None)})
    (path / "peers.csv").mkdir()
    (path / "policy.toml").mkdir()
    assert refused(path) == (
        "policy.toml: cannot be read (Is a directory); give a file that can be read",
        "peers.csv: cannot be read (Is a directory); give a file that can be read",
    )


def test_a_result_is_not_written_over_other_files(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    ended = CliRunner().invoke(app, ["match", str(path), "--out", str(path)])
    assert (ended.exit_code, ended.stderr) == (2, "round: holds mentees.csv, which is no file of a result; name a new or empty folder\n")
    assert sorted(held.name for held in path.iterdir()) == sorted(small.FILES)


def test_a_previous_result_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    mend = "give a result folder, with groups.csv in it"
    for previous, told in ((tmp_path / "nowhere", "nowhere: is missing"), (path / "peers.csv", "peers.csv: is no folder")):
        ended = CliRunner().invoke(app, ["match", str(path), "--out", str(tmp_path / "result"), "--previous", str(previous)])
        assert (ended.exit_code, ended.stderr) == (2, f"{told}; {mend}\n")


def test_a_round_in_the_place_of_a_previous_result_is_refused(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    ended = CliRunner().invoke(app, ["match", str(path), "--out", str(tmp_path / "result"), "--previous", str(path)])
    assert (ended.exit_code, ended.stderr.splitlines()) == (
        2,
        [
            "groups.csv: is missing; give a whole result folder, with groups.csv in it",
            "members.csv: is missing; give a whole result folder, with members.csv in it",
        ],
    )


def test_a_table_that_is_a_link_to_nowhere_is_told_and_not_left_out(tmp_path: Path) -> None:
    path = small.write(tmp_path / "round", {"pairs.csv": small.be(None)})
    (path / "pairs.csv").symlink_to(tmp_path / "nowhere")
    assert refused(path) == ("pairs.csv: cannot be read (No such file or directory); give a file that can be read",)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        pytest.param(("--time", "0"), "--time: 0 cannot be; a number above 0", id="no time at all"),
        pytest.param(("--time", "nan"), "--time: nan cannot be; a number above 0", id="a time that is no number"),
        pytest.param(("--effort", "-1"), "--effort: -1 cannot be; a number above 0", id="negative effort"),
        pytest.param(("--explain-time", "-1"), "--explain-time: -1 cannot be; 0 or more seconds", id="negative explaining"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(option: tuple[str, str], told: str, tmp_path: Path) -> None:
    path = small.write(tmp_path / "round")
    ended = CliRunner().invoke(app, ["match", str(path), "--out", str(tmp_path / "result"), *option])
    assert (ended.exit_code, ended.stderr) == (2, told + "\n")
