"""Results are written exactly as the contract says, and read back with every fault told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from matching.faults import BadResult
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
from matching.resultfiles import read_groups, read_result, write_result
from tests.matching.made import results
from tests.small import Edit, add, be, swap

RESULT = Result(
    groups=(
        Group(key="g-0002", mentor="m-2", subject="english", meetings=(1140, 4020), members=("s-2",)),
        Group(key="g-0001", mentor="m-1", subject="math", meetings=(0,), members=("s-1", "s-3")),
    ),
    unplaced=(
        Unplaced(mentee="s-9", subject="math", reason=Reason.NO_SEAT, detail='m-1 is full, and "evenings" are over'),
        Unplaced(mentee="s-1", subject="english", reason=Reason.NO_TIME, detail="김하늘 is free on Mon only"),
    ),
    score=4000,
    bound=4100,
    requests=5,
    seed=7,
    seconds=1.23456,
    ended_by=EndedBy.EFFORT,
    history=((0.5, 3000, 4200), (1.2, 4000, 4100)),
    advice=(Advice(sentence="One more group for m-1", file="mentors.csv", key="m-1", change="max_groups=2", gain=900, placed=1),),
    changes=(Change(mentee="s-2", subject="english", before="m-1 @ Mon 19:00", after="m-2 @ Mon 19:00; Wed 19:00", why="m-1 left"),),
)


def test_the_files_are_those_of_the_contract(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", repaired=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "result").iterdir()} == {
        "groups.csv": "group_id,mentor_id,subject,meetings\ng-0001,m-1,math,Mon 00:00\ng-0002,m-2,english,Mon 19:00; Wed 19:00\n",
        "members.csv": "group_id,mentee_id\ng-0001,s-1\ng-0001,s-3\ng-0002,s-2\n",
        "unplaced.csv": "mentee_id,subject,reason,detail\n"
        "s-1,english,no_time,김하늘 is free on Mon only\n"
        's-9,math,no_seat,"m-1 is full, and ""evenings"" are over"\n',
        "advice.csv": "gain,placed,file,key,change,sentence\n900,1,mentors.csv,m-1,max_groups=2,One more group for m-1\n",
        "changes.csv": "mentee_id,subject,before,after,why\ns-2,english,m-1 @ Mon 19:00,m-2 @ Mon 19:00; Wed 19:00,m-1 left\n",
        "summary.json": """\
{
  "objective": 4000,
  "bound": 4100,
  "status": "feasible",
  "gap": 0.02439,
  "placed": 3,
  "requests": 5,
  "groups": 2,
  "seed": 7,
  "ended_by": "effort",
  "seconds": 1.235,
  "history": [[0.5, 3000, 4200], [1.2, 4000, 4100]]
}
""",
    }


def test_without_a_previous_result_there_is_no_list_of_changes(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", repaired=True)
    write_result(RESULT, tmp_path / "result")
    assert not (tmp_path / "result" / "changes.csv").exists()


@given(results())
@settings(max_examples=60, deadline=None)
def test_a_result_that_is_written_reads_back_equal(result: Result) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_result(result, Path(folder) / "result", repaired=True)
        assert read_result(Path(folder) / "result") == result
        assert read_groups(Path(folder) / "result") == result.groups


def test_the_order_of_the_parts_makes_no_difference(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "one")
    write_result(read_result(tmp_path / "one"), tmp_path / "other")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


WHOLE = "give a whole result folder"


def told(folder: Path, edits: Mapping[str, Edit]) -> list[str]:
    """What is told of the result with these files edited."""
    write_result(RESULT, folder, repaired=True)
    for name, edit in edits.items():
        held = edit((folder / name).read_bytes() if (folder / name).exists() else b"")
        (folder / name).unlink() if held is None else (folder / name).write_bytes(held)
    with pytest.raises(BadResult) as caught:
        read_result(folder)
    return caught.value.lines()


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        pytest.param(
            {"groups.csv": swap("group_id,mentor_id", "mentor_id,group_id")},
            ["groups.csv:1: header: is not as it must be; write group_id,mentor_id,subject,meetings"],
            id="columns in another order",
        ),
        pytest.param(
            {"members.csv": add("g-0009,s-1\n")},
            ["members.csv:5: group_id: 'g-0009' is no group_id of groups.csv; write one that is, or leave this row out"],
            id="a member of an unknown group",
        ),
        pytest.param(
            {"groups.csv": swap("g-0002", "g-0001"), "members.csv": swap("g-0002", "g-0001")},
            ["groups.csv:3: group_id: 'g-0001' is given twice, first in line 2; write each group_id once"],
            id="a group given twice",
        ),
        pytest.param(
            {"groups.csv": swap("Mon 00:00", "Mon 24:00")},
            ["groups.csv:2: meetings: 'Mon 24:00' is not of the form Tue 19:00; write weekly starts such as Tue 19:00; Thu 19:00"],
            id="a meeting that starts at midnight of the next day",
        ),
        pytest.param(
            {"unplaced.csv": swap("no_seat", "full")},
            ["unplaced.csv:3: reason: 'full' is none of these; write no_mentor, no_time, no_group or no_seat"],
            id="a reason that is none",
        ),
        pytest.param({"unplaced.csv": be(None)}, [f"unplaced.csv: is missing; {WHOLE}, with unplaced.csv in it"], id="a file missing"),
        pytest.param({"summary.json": be(None)}, [f"summary.json: cannot be read (No such file or directory); {WHOLE}"], id="no summary"),
        pytest.param({"summary.json": be("{")}, [f"summary.json: is no JSON in UTF-8; {WHOLE}"], id="no JSON"),
        pytest.param({"summary.json": be("[1]")}, [f"summary.json: is no JSON object; {WHOLE}"], id="a list"),
        pytest.param({"summary.json": be("[" * 200_000)}, [f"summary.json: is no JSON in UTF-8; {WHOLE}"], id="lists without end"),
        pytest.param({"summary.json": be(b'{"a": "\xff"}')}, [f"summary.json: is no JSON in UTF-8; {WHOLE}"], id="another encoding"),
        pytest.param(
            {"summary.json": be(" " * 10_000_001)}, [f"summary.json: is over 10,000,000 bytes long; {WHOLE}"], id="10 MB of spaces"
        ),
        pytest.param(
            {"summary.json": swap('"feasible"', '"optimal"')},
            ["summary.json:4: status: says optimal; by the rest of the result it is feasible"],
            id="a status that the bound denies",
        ),
        pytest.param(
            {"summary.json": swap('"placed": 3', '"placed": 4')},
            ["summary.json:6: placed: says 4; by the rest of the result it is 3"],
            id="a wrong count",
        ),
        pytest.param(
            {"summary.json": swap('"objective": 4000', '"objective": 4000.0')},
            ["summary.json:2: objective: holds '4000.0'; write a whole number"],
            id="a score that is no whole number",
        ),
        pytest.param(
            {"summary.json": swap('"seed": 7,\n', "")}, ["summary.json:1: seed: is missing; write a whole number"], id="a key missing"
        ),
        pytest.param(
            {"summary.json": swap("[1.2, 4000, 4100]", "[1.2, 4000]")},
            ["summary.json:12: history: holds '[[0.5, 3000, 4200], [1.2, 4000]]'; write a list of [seconds, score, bound]"],
            id="a moment of the history that lacks its bound",
        ),
        pytest.param(
            {"summary.json": swap("1.235", "NaN")},
            ["summary.json:11: seconds: holds 'NaN'; write a number from 0 up"],
            id="a time that is no number",
        ),
        pytest.param(
            {"summary.json": swap('"effort"', '"boredom"')},
            ['summary.json:10: ended_by: holds \'"boredom"\'; write "proof", "effort", "time", "interrupt"'],
            id="an end that is none",
        ),
    ],
)
def test_a_result_that_is_not_as_it_must_be_is_refused(edits: Mapping[str, Edit], lines: list[str], tmp_path: Path) -> None:
    assert told(tmp_path / "result", edits) == lines


def test_advice_and_changes_may_be_missing(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result")
    (tmp_path / "result" / "advice.csv").unlink()
    result = read_result(tmp_path / "result")
    assert (result.advice, result.changes) == ((), ())


def test_a_summary_may_say_more(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result")
    path = tmp_path / "result" / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"version": "0.1.0"}), encoding="utf-8")
    assert read_result(tmp_path / "result").score == 4000


def test_a_key_is_written_as_it_was_given_though_a_spreadsheet_would_reckon_with_it(tmp_path: Path) -> None:
    """Whoever looks for it by its name finds it (ROUND.md, Out): an apostrophe before it would make it another key."""
    group = Group(key="g-0001", mentor="@m", subject="math", meetings=(0,), members=("=1+2",))
    write_result(replace(RESULT, groups=(group,), unplaced=(), requests=1), tmp_path / "result")
    assert (tmp_path / "result" / "groups.csv").read_text(encoding="utf-8").splitlines()[1] == "g-0001,@m,math,Mon 00:00"
    assert (tmp_path / "result" / "members.csv").read_text(encoding="utf-8").splitlines()[1] == "g-0001,=1+2"
    assert read_result(tmp_path / "result").groups == (group,)
