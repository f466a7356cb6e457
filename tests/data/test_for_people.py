"""Exports for people run nothing in a spreadsheet, and come back exactly as they were."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import example, given, settings, strategies as st

from data.for_people import SIGN_FILE, NotForAWorkbook, marked, read_tables, unmarked, write_folder, write_workbook
from matching.faults import BadRound
from matching.round import Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Policy, Request, Round, Teaching
from matching.tables import read_round, write_round
from matching.week import read_stretch
from tests.small import write
from tests.terms import demo_round

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run opens with one of these."""
OPENINGS = ["", "=", "+", "-", "@", "\t", "\r", "'", "'=", "''=", "'-", "'x", "=1+2", "-20"]

anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
cells = st.builds(str.__add__, st.sampled_from(OPENINGS), anything)


@given(cell=cells)
@settings(max_examples=500, deadline=None)
def test_a_marked_cell_runs_nothing_and_comes_back(cell: str) -> None:
    assert not marked(cell).startswith(RUNS)
    assert unmarked(marked(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "mark"),
    [
        ("=1+2", "'=1+2"),
        ("-20", "'-20"),
        ("@home", "'@home"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=1+2", "''=1+2"),
        ("''=", "'''="),
        ("'tis", "'tis"),
        ("'", "'"),
        ("", ""),
        ("a=b", "a=b"),
        ("김하늘", "김하늘"),
    ],
)
def test_what_begins_with_an_apostrophe_by_itself_gets_one_only_where_it_looks_like_a_marked_cell(cell: str, mark: str) -> None:
    assert marked(cell) == mark
    assert unmarked(mark) == cell


def subjects(text: str) -> str:
    """A text that may be a subject."""
    return text.replace(":", "").replace(";", "").strip() or "math"


texts = cells.map(lambda text: text.strip())
plain = cells.map(lambda text: "".join(sign for sign in text if sign.isprintable()).strip())


def round_of(text: str, key: str) -> Round:
    """A round that says this wherever a text may stand."""
    times, subject = (read_stretch("Mon 18:00-21:00"),), subjects(text)
    mentor = Mentor(
        key=key,
        name=text,
        teaches=(Teaching(subject, 1, 12), Teaching(f"'{subject}", 7, 8)),
        availability=times,
        affiliation=text,
        email=text,
    )
    mentee = Mentee(key=key, name=text, grade=7, requests=(Request(subject), Request(f"={subject}", 3)), availability=times, school=text)
    other = replace(mentee, key=f"'{key}", region=text, previous_mentor=key)
    return Round(
        policy=replace(demo_round().policy, program=replace(demo_round().policy.program, name=text)),
        mentors=(mentor,),
        mentees=(mentee, other),
        pairs=(Pair(mentor=key, mentee=key, subject=subject, rule=PairRule.POINTS, points=-20),),
        peers=(Peers(mentee=key, other=other.key, rule=PeerRule.POINTS, points=-7),),
    )


def as_kept(round: Round, folder: Path) -> Round:
    """The round as its own files say it, where texts are in one form of Unicode and without blanks around them."""
    write_round(round, folder)
    return read_round(folder)


@given(text=texts, key=texts.filter(bool))
@example(text="'=1+2", key="=1")
@example(text="-20", key="-1")
@settings(max_examples=40, deadline=None)
def test_any_texts_come_back_from_a_folder_for_people(text: str, key: str) -> None:
    with TemporaryDirectory() as own, TemporaryDirectory() as people:
        kept = as_kept(round_of(text, key), Path(own))
        write_folder(kept, Path(people))
        assert read_tables(Path(people)) == kept
        assert read_tables(Path(own)) == kept  # the contract's own files have no marks to be taken away
        for path in Path(people).glob("*.csv"):
            with path.open(encoding="utf-8-sig", newline="") as file:
                header, *rows = csv.reader(file)
            assert not [cell for row in rows for name, cell in zip(header, row, strict=True) if name != "points" and cell.startswith(RUNS)]


@given(text=plain, key=plain.filter(bool))
@example(text="'=1+2", key="=1")
@example(text="_x000D_", key="_xD_")
@settings(max_examples=30, deadline=None)
def test_any_texts_come_back_from_a_workbook(text: str, key: str) -> None:
    with TemporaryDirectory() as folder:
        book = Path(folder) / "book.xlsx"
        kept = as_kept(round_of(text, key), Path(folder))
        write_workbook(kept, book)
        assert read_tables(book) == kept
        sheets = openpyxl.load_workbook(book).worksheets
    for sheet in sheets:
        found = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in found if cell.data_type == "f" or (isinstance(cell.value, str) and cell.value.startswith(RUNS))]


def test_whole_numbers_are_numbers_in_a_workbook(tmp_path: Path) -> None:
    write_workbook(demo_round(), tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert {type(row[2]) for row in book["mentees"].iter_rows(min_row=2, values_only=True)} == {int}
    assert {row[1]: row[2] for row in book["policy"].iter_rows(min_row=2, values_only=True)}[
        "off_target"
    ] == demo_round().policy.points.off_target


@pytest.mark.parametrize("name", ["a\x07b", "a\rb", "_x005F_"])
def test_what_a_workbook_would_not_give_back_is_refused(name: str, tmp_path: Path) -> None:
    first, *others = demo_round().mentors
    with pytest.raises(NotForAWorkbook, match="mentors m-01: name: holds characters that no workbook keeps"):
        write_workbook(replace(demo_round(), mentors=(replace(first, name=name), *others)), tmp_path / "book.xlsx")


@pytest.mark.parametrize(
    ("edits", "line"),
    [
        pytest.param(
            {"mentees.csv": lambda held: held.replace(b"s-1,", b"\n's-1,", 1).replace(b",8,", b",13,")},
            "mentees.csv:3: grade:",
            id="a cell",
        ),
        pytest.param({"mentees.csv": lambda _: None}, "mentees.csv: is missing", id="a table that is missing"),
        pytest.param({"policy.toml": lambda _: None}, "policy.toml: is missing", id="a policy that is missing"),
        pytest.param({"policy.toml": lambda _: b"[grp]"}, "policy.toml:1: grp:", id="a policy"),
        pytest.param(
            {"pairs.csv": lambda held: held.replace(b"m-1,", b"'=m-1,")}, "pairs.csv:2: mentor_id: '=m-1' is no mentor_id", id="a pointer"
        ),
    ],
)
def test_faults_are_told_at_their_places_in_tables_for_people(
    edits: Mapping[str, Callable[[bytes], bytes | None]], line: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "round", edits)
    (folder / SIGN_FILE).write_text("", encoding="utf-8")
    with pytest.raises(BadRound) as bad:
        read_tables(folder)
    assert any(told.startswith(line) for told in bad.value.lines()), bad.value.lines()


def test_a_torn_workbook_is_told(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"PK nothing")
    with pytest.raises(BadRound, match=r"book\.xlsx: is no workbook that can be read"):
        read_tables(tmp_path / "book.xlsx")


def test_what_says_not_for_whom_it_is_keeps_its_apostrophes(tmp_path: Path) -> None:
    policy = Policy(program=demo_round().policy.program)
    round = replace(round_of("'=1", "'=k"), policy=policy)
    write_round(round, tmp_path)
    assert read_tables(tmp_path).mentors[0].name == "'=1"
    (tmp_path / SIGN_FILE).write_text("", encoding="utf-8")
    assert read_tables(tmp_path).mentors[0].name == "=1"
