"""`dure import` and `dure export`: what changes is printed, all of it is taken in or nothing, and what goes out comes back the same."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
import time_machine

from data.demo import ROUND
from matching.tables import read_round
from tests.api.typed import Typed, typed
from tests.command import dure
from tests.small import add, swap, write

__all__ = ["typed"]

SPRING = ("tutoring/spring", "--zone", "Asia/Seoul", "--from", "2026-03-02", "--to", "2026-06-19")
NOTHING = """\
mentors: 0 new, 0 changed, 2 unchanged, 0 gone
mentees: 0 new, 0 changed, 2 unchanged, 0 gone
pairs: 0 new, 0 changed, 2 unchanged, 0 gone
peers: 0 new, 0 changed, 1 unchanged, 0 gone
policy: 0 new, 0 changed, 27 unchanged, 0 gone
"""
DRY = "nothing was changed: this is a dry run\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write(tmp_path / "small")


def entered(typed: Typed, round: Path) -> Path:
    """Makes a term of this round."""
    assert typed("term", "new", *SPRING).exit_code == 0
    assert typed("import", "spring", round).exit_code == 0
    return round


def test_what_would_change_is_printed_and_a_dry_run_changes_nothing(typed: Typed, small: Path, tmp_path: Path) -> None:
    entered(typed, small)
    changed = write(
        tmp_path / "changed",
        {
            "mentors.csv": swap("김하늘", "김바다"),
            "mentees.csv": lambda held: swap("english,Tue", "english; math:2,Tue")(add("s-3,,9,math,Mon 18:00-20:00,,,,,,\n")(held) or b""),
            "peers.csv": lambda _: None,
            "policy.toml": swap("placed = 1000", "placed = 900"),
        },
    )
    told = """\
mentors: 0 new, 1 changed, 1 unchanged, 0 gone
  changed m-1: name
mentees: 1 new, 1 changed, 1 unchanged, 0 gone
  new s-3
  changed s-2: requests
pairs: 0 new, 0 changed, 2 unchanged, 0 gone
peers: 0 new, 0 changed, 0 unchanged, 1 gone
  gone s-1 s-2 points
policy: 0 new, 1 changed, 26 unchanged, 0 gone
  changed points.placed: 1000 -> 900
"""
    assert typed("import", "spring", changed, "--dry-run").output == told + DRY
    assert typed("import", "spring", small, "--dry-run").output == NOTHING + DRY
    assert typed("import", "spring", changed).output == told
    assert (
        typed("import", "spring", changed, "--dry-run").output
        == NOTHING.replace("mentees: 0 new, 0 changed, 2", "mentees: 0 new, 0 changed, 3").replace("1 unchanged", "0 unchanged") + DRY
    )


def test_long_lists_are_cut(typed: Typed) -> None:
    typed("term", "new", *SPRING)
    lines = typed("import", "spring", ROUND, "--dry-run", "--rows", "2").output.splitlines()
    assert lines[:4] == [
        "mentors: 24 new, 0 changed, 0 unchanged, 0 gone",
        "  new m-01",
        "  new m-02",
        "  and 22 more that are new: --rows says how many to print",
    ]


@pytest.mark.parametrize("out", ["folder", "book.xlsx", "people"])
def test_what_is_exported_comes_back_the_same(typed: Typed, tmp_path: Path, out: str) -> None:
    typed("term", "new", *SPRING)
    typed("import", "spring", ROUND)
    words = ("--for", "people") if out == "people" else ()
    assert typed("export", "spring", tmp_path / out, *words).output == f"24 mentors, 70 mentees: {tmp_path / out}\n"
    told = typed("import", "spring", tmp_path / out, "--dry-run").output
    assert {line.split(": ")[1].split(", ")[-1] for line in told.splitlines()[:5]} == {"0 gone"}
    assert told.count("0 new, 0 changed") == 5
    typed("term", "new", "tutoring/autumn", *SPRING[1:])
    typed("import", "autumn", tmp_path / out)
    typed("export", "autumn", tmp_path / "again")
    typed("export", "spring", tmp_path / "once")
    once, again = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("once", "again"))
    assert "mentors.csv" in once
    assert once == again


def test_only_exports_for_people_are_marked(typed: Typed, tmp_path: Path) -> None:
    entered(typed, write(tmp_path / "round", {"mentors.csv": swap("김하늘", "=1+2"), "mentees.csv": swap("이서준", "'=1+2")}))
    names = {}
    for out, words in (("own", ()), ("people", ("--for", "people"))):
        assert typed("export", "spring", tmp_path / out, *words).exit_code == 0
        for table in ("mentors", "mentees"):
            with (tmp_path / out / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
                names[out, table] = next(csv.DictReader(file))["name"]
        assert typed("import", "spring", tmp_path / out).output == NOTHING
    assert names == {
        ("own", "mentors"): "=1+2",
        ("own", "mentees"): "'=1+2",
        ("people", "mentors"): "'=1+2",
        ("people", "mentees"): "''=1+2",
    }


def test_an_export_takes_the_place_of_an_earlier_one_and_of_nothing_else(typed: Typed, small: Path, tmp_path: Path) -> None:
    entered(typed, small)
    out = tmp_path / "out"
    typed("export", "spring", out, "--for", "people")
    typed("import", "spring", write(tmp_path / "fewer", {"pairs.csv": lambda _: None, "peers.csv": lambda _: None}))
    assert typed("export", "spring", out).exit_code == 0
    assert {path.name for path in out.iterdir()} == {"policy.toml", "mentors.csv", "mentees.csv"}
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    ended = typed("export", "spring", out)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith("out: holds notes.txt")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param(("import", "autumn", "{small}"), ["there is no term 'autumn'; there is tutoring/spring"], id="no term"),
        pytest.param(("import", "spring", "{small}/nowhere"), ["{small}/nowhere: is missing; give a folder"], id="no folder"),
        pytest.param(
            ("import", "spring", "{bad}"),
            ["mentors.csv:2: availability: 'Fun 18:00-21:00' is no weekly time; write", "mentees.csv:3: grade: 13 is too large; write"],
            id="bad cells, each with its place",
        ),
        pytest.param(
            ("import", "spring", "{fewer}"), ["1 of 4 people would be gone, more than a tenth; where that is meant"], id="too many gone"
        ),
        pytest.param(("export", "spring", "{small}/mentors.csv"), ["mentors.csv: "], id="a file in the place of a folder"),
        pytest.param(
            ("export", "spring", "{small}/no/such/book.xlsx"), ["{small}/no/such/book.xlsx: lies in no folder"], id="a book in no folder"
        ),
        pytest.param(("export", "spring", "{small}/no/out"), ["{small}/no/out: lies in no folder"], id="a folder in no folder"),
        pytest.param(("export", "autumn", "{small}/out"), ["there is no term 'autumn'"], id="no term to export"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    typed: Typed, small: Path, tmp_path: Path, words: tuple[str, ...], lines: list[str]
) -> None:
    entered(typed, small)
    places = {
        "small": small,
        "bad": write(
            tmp_path / "bad",
            {"mentors.csv": swap("Mon 18:00-21:00; Sat", "Fun 18:00-21:00; Sat"), "mentees.csv": swap("s-2,,7", "s-2,,13")},
        ),
        "fewer": write(
            tmp_path / "fewer",
            {
                "mentees.csv": lambda held: held[: held.index(b"s-2,")],
                "peers.csv": lambda _: None,
                "pairs.csv": swap("m-2,s-2,,forbid,\n", ""),
            },
        ),
    }
    ended = typed(*(word.format(**places) for word in words))
    told = ended.output.splitlines()
    assert (ended.exit_code, len(told)) == (2, len(lines))
    assert all(found.startswith(line.format(**places)) for found, line in zip(told, lines, strict=True)), told
    assert typed("import", "spring", small, "--dry-run").output == NOTHING + DRY
    assert not (small / "out").exists()


def test_who_may_be_gone_is_gone(typed: Typed, small: Path, tmp_path: Path) -> None:
    entered(typed, small)
    fewer = write(
        tmp_path / "fewer",
        {"mentees.csv": lambda held: held[: held.index(b"s-2,")], "peers.csv": lambda _: None, "pairs.csv": lambda _: None},
    )
    told = typed("import", "spring", fewer, "--dry-run")
    assert told.exit_code == 0
    assert told.output.endswith(DRY + "1 of 4 people would be gone, more than a tenth; where that is meant, say --allow-removals\n")
    assert "  gone s-2\n" in typed("import", "spring", fewer, "--allow-removals").output
    assert "2 mentors, 1 mentees" in typed("term", "show", "spring").output


def test_an_open_ended_term_is_exported_and_stays_so(typed: Typed, small: Path, tmp_path: Path) -> None:
    typed("term", "new", "tutoring/always", "--zone", "Asia/Seoul", "--from", "2026-03-02")
    typed("import", "always", small)
    typed("export", "always", tmp_path / "out")
    assert str(read_round(tmp_path / "out").policy.program.term_end) == "2029-03-01"
    assert typed("import", "always", tmp_path / "out").output == NOTHING
    assert typed("term", "list").output == "tutoring/always: 2026-03-02 without an end, Asia/Seoul, Spring\n"


def test_a_new_users_file_is_made_on_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DURE_DATABASE_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert dure("term", "new", *SPRING).status == 0
    ended = dure("import", "spring", ROUND)
    assert (ended.status, ended.stderr) == (0, "")
    assert (tmp_path / "dure" / "dure.db").is_file()


def test_who_left_is_back_by_a_table_of_before_only_where_that_is_allowed(typed: Typed, small: Path) -> None:
    with time_machine.travel(dt.datetime(2026, 4, 1, 3, tzinfo=dt.UTC), tick=False):
        entered(typed, small)
        assert typed("leave", "mentee", "spring", "s-2", "--from", "2026-04-01", "--why", "moves").exit_code == 0
        refused = typed("import", "spring", small)
        assert (refused.exit_code, refused.output) == (2, "s-2 left, and would be back; where that is meant, say --allow-returns\n")
        told = "mentees: 0 new, 0 changed, 1 unchanged, 0 gone, 1 back\n  back s-2, had left on 2026-04-01\n"
        dry = typed("import", "spring", small, "--dry-run").output
        assert told in dry
        assert dry.endswith(DRY + refused.output)
        assert told in typed("import", "spring", small, "--allow-returns").output
        assert typed("import", "spring", small).output == NOTHING
