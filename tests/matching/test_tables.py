"""A round reads the same from a folder, a workbook or frames, and from what was written of it."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings

from matching.faults import BadRound
from matching.round import Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Request, Round, Teaching
from matching.tables import read_round, round_from_frames, write_round
from matching.week import read_stretch
from tests import small
from tests.matching.made import rounds
from tests.small import Edit, add, be, encoded, swap
from tests.workbooks import sheets_of, write_workbook

ROUNDS = Path(__file__).parents[3] / "shared" / "rounds"


def read(folder: Path, edits: dict[str, Edit] | None = None) -> Round:
    return read_round(small.write(folder / f"round-{len(list(folder.iterdir()))}", edits))


def frame(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return pd.DataFrame(rows, columns=header)


def test_every_cell_comes_to_its_place(tmp_path: Path) -> None:
    round = read(tmp_path)
    assert round.mentors == (
        Mentor(
            key="m-1",
            name="김하늘",
            teaches=(Teaching("math", 7, 9), Teaching("english", 10, 10)),
            availability=(read_stretch("Mon 18:00-21:00"), read_stretch("Sat 09:00-12:30")),
            preferred=(read_stretch("Mon 18:00-21:00"),),
            home_region="Gyeongbuk",
            regions=("Gyeongbuk", "Muan"),
            max_groups=2,
            max_size=3,
            max_weekly_minutes=240,
            available_from=dt.date(2026, 3, 2),
            available_until=dt.date(2026, 6, 19),
            gender="F",
        ),
        Mentor(
            key="m-2", name="Lee, Ann", teaches=(Teaching("english", 7, 12),), availability=(read_stretch("Tue 18:00-21:00"),), gender="M"
        ),
    )
    assert round.mentees == (
        Mentee(
            key="s-1",
            name="이서준",
            grade=8,
            requests=(Request("math", 3), Request("english", 1)),
            availability=(read_stretch("Mon 19:00-22:00"), read_stretch("Tue 18:00-20:00")),
            preferred=(read_stretch("Mon 19:00-22:00"),),
            region="Gyeongbuk/Andong",
            max_groups=1,
            mentor_gender="F",
            previous_mentor="m-1",
            school="Andong Middle",
        ),
        Mentee(key="s-2", grade=7, requests=(Request("english"),), availability=(read_stretch("Tue 18:00-21:00"),), previous_mentor="m-99"),
    )
    assert round.pairs == (
        Pair(mentor="m-1", mentee="s-1", subject="math", rule=PairRule.POINTS, points=50),
        Pair(mentor="m-2", mentee="s-2", rule=PairRule.FORBID),
    )
    assert [pair.line for pair in round.pairs] == [2, 3]
    assert round.peers == (Peers(mentee="s-1", other="s-2", rule=PeerRule.POINTS, points=-20),)
    assert round.policy.program.time_zone == "Asia/Seoul"
    assert (round.policy.group.max_size, round.policy.group.target_size, round.policy.points.off_target) == (3, 3, -20)


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param({"mentors.csv": encoded("utf-8-sig"), "policy.toml": encoded("utf-8-sig")}, id="a byte-order mark"),
        pytest.param({name: lambda held: held.replace(b"\n", b"\r\n") for name in small.FILES}, id="lines that end in CR LF"),
        pytest.param({"mentees.csv": lambda held: held.replace(b"\n", b"\r")}, id="lines that end in CR"),
        pytest.param({"peers.csv": lambda held: held.rstrip(b"\n")}, id="a last line without an end"),
        pytest.param({"peers.csv": add("\n\n"), "pairs.csv": lambda held: held.replace(b"\n", b"\n\n")}, id="empty lines"),
        pytest.param({"mentees.csv": lambda held: unicodedata.normalize("NFD", held.decode()).encode()}, id="another Unicode form"),
        pytest.param({"mentees.csv": swap("s-1,이서준,8", ' s-1 ,"이서준"," 8 "')}, id="quotes and spaces"),
        pytest.param({"mentors.csv": swap("math:7-9; english:10", " math : 7 - 9;english:10-10 ;; ")}, id="spaces around items"),
        pytest.param({"mentors.csv": swap("Sat 09:00-12:30", "Sat  9:00 - 11:00;Sat 11:00-12:30")}, id="touching stretches"),
        pytest.param({"notes.txt": be("more"), "mentors.csv~": be(b"\xff")}, id="other files"),
        pytest.param({"policy.toml": swap("placed = 1000\noff_target = -20\n", "")}, id="keys of the usual worth left out"),
    ],
)
def test_what_means_the_same_reads_the_same(edits: dict[str, Edit], tmp_path: Path) -> None:
    assert read(tmp_path, edits) == read(tmp_path)


def test_points_beside_another_rule_say_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, {"pairs.csv": swap("forbid,", "forbid,7")}).pairs[1].points == 0


def test_pairs_and_peers_may_be_left_out(tmp_path: Path) -> None:
    round = read(tmp_path, {"pairs.csv": be(None), "peers.csv": be(None)})
    assert (round.pairs, round.peers) == ((), ())


def test_tables_without_rows_are_rounds_without_people(tmp_path: Path) -> None:
    edits = {"mentors.csv": be("mentor_id,subjects,availability\n"), "mentees.csv": be("mentee_id,grade,requests,availability\n")}
    round = read(tmp_path, {**edits, "pairs.csv": be(None), "peers.csv": be(None)})
    assert (round.mentors, round.mentees) == ((), ())


@given(rounds())
@settings(max_examples=60, deadline=None)
def test_a_round_that_is_written_reads_back_equal(round: Round) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_round(round, Path(folder) / "round")
        assert read_round(Path(folder) / "round") == round


def test_writing_a_round_again_gives_the_same_bytes(tmp_path: Path) -> None:
    write_round(read(tmp_path), tmp_path / "one")
    write_round(read_round(tmp_path / "one"), tmp_path / "other")
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()
    }


def test_a_workbook_reads_like_its_folder(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    assert read_round(write_workbook(tmp_path / "book.xlsx", sheets_of(folder))) == read_round(folder)


def test_cells_of_a_workbook_may_have_types_of_their_own(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    sheets = sheets_of(folder)
    sheets["mentors"][1][7:12] = [2, 3.0, 240, dt.date(2026, 3, 2), dt.date(2026, 6, 19)]
    sheets["mentees"][1][2] = 8
    sheets["pairs"][1][4] = 50.0
    sheets["policy"][3:5] = [["program", "term_start", "2026-03-02"], ["program", "term_end", dt.date(2026, 6, 19)]]
    sheets["notes"] = [["anything"]]
    sheets["mentees"].insert(2, [])
    assert read_round(write_workbook(tmp_path / "book.xlsx", sheets)) == read_round(folder)


def test_a_key_that_is_a_number_is_its_digits(tmp_path: Path) -> None:
    sheets = sheets_of(small.write(tmp_path / "round", {"pairs.csv": be(None), "peers.csv": be(None)}))
    sheets["mentees"][1][0] = 20260001
    assert read_round(write_workbook(tmp_path / "book.xlsx", sheets)).mentees[0].key == "20260001"


def test_frames_read_like_their_folder(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    whole = read_round(folder)
    mentors, mentees, pairs, peers = (frame(folder / f"{name}.csv") for name in ("mentors", "mentees", "pairs", "peers"))
    assert round_from_frames(mentors, mentees, whole.policy, pairs, peers) == whole


def test_cells_of_frames_may_have_types_of_their_own(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    whole = read_round(folder)
    mentors, mentees = frame(folder / "mentors.csv"), frame(folder / "mentees.csv")
    mentors["max_groups"] = pd.Series([2, None], dtype="float64")
    mentors["max_size"] = pd.Series([3, pd.NA], dtype="Int64")
    mentors["available_from"] = pd.to_datetime(pd.Series(["2026-03-02", None]))
    mentees["grade"] = mentees["grade"].astype("int64")
    mentees["school"] = pd.Series(["Andong Middle", float("nan")], dtype="object")
    assert round_from_frames(mentors, mentees, whole.policy).mentors == whole.mentors
    assert round_from_frames(mentors, mentees, whole.policy).mentees == whole.mentees


def test_faults_of_frames_name_the_frame_and_its_row(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    mentors, mentees = frame(folder / "mentors.csv"), frame(folder / "mentees.csv").drop(columns="requests")
    mentees["grade"] = [7, 7.5]
    mentors["name"] = pd.Series([True, b"Kim"], dtype="object")
    with pytest.raises(BadRound) as caught:
        round_from_frames(mentors, mentees, read_round(folder).policy)
    assert caught.value.lines() == [
        "mentors:2: name: holds the truth value TRUE; write plain text",
        "mentors:3: name: holds a bytes; write plain text",
        "mentees:1: requests: is missing; add this column, with subjects with priorities from 1 to 9, such as math:3; english:1",
        "mentees:3: grade: '7.5' is no whole number; write a whole number from 1 to 12",
    ]


def test_what_is_no_frame_is_told(tmp_path: Path) -> None:
    folder = small.write(tmp_path / "round")
    mentors, policy = frame(folder / "mentors.csv"), read_round(folder).policy
    with pytest.raises(BadRound) as caught:
        round_from_frames(mentors, None, policy, peers=[("s-1", "s-2", "apart")])  # type: ignore[arg-type]  # no frames
    assert caught.value.lines() == [
        "mentees: is no pandas frame; give a DataFrame with the columns of mentees.csv",
        "peers: is no pandas frame; give a DataFrame with the columns of peers.csv",
    ]


def test_a_real_round_reads(tmp_path: Path) -> None:
    if not ROUNDS.is_dir():
        pytest.skip("the folder `shared` with its real rounds is not beside this checkout")
    round = read_round(ROUNDS / "office-hours")
    assert (len(round.mentors), len(round.mentees)) == (25, 500)
    write_round(round, tmp_path / "again")
    assert read_round(tmp_path / "again") == round
