"""A roster says of a round's people what a page about its result says of them, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matching.faults import BadResult
from matching.roster import MenteeEntry, MentorEntry, read_roster, roster_of, write_roster
from matching.tables import read_round
from tests import small
from tests.small import swap


def test_a_roster_names_everybody_in_the_order_of_the_files(tmp_path: Path) -> None:
    roster = roster_of(read_round(small.write(tmp_path / "round")))
    assert roster.mentors == (
        MentorEntry(key="m-1", name="김하늘", region="Gyeongbuk", most_groups=2),
        MentorEntry(key="m-2", name="Lee, Ann", region="", most_groups=2),
    )
    assert roster.mentees == (
        MenteeEntry(key="s-1", name="이서준", grade=8, region="Gyeongbuk/Andong", gender="", school="Andong Middle"),
        MenteeEntry(key="s-2", name="", grade=7, region="", gender="", school=""),
    )
    assert (roster.program, roster.session_minutes) == ("Spring", 60)


def test_a_mentor_who_misses_too_many_weeks_may_hold_no_group(tmp_path: Path) -> None:
    late = small.write(tmp_path / "round", {"mentors.csv": swap("240,2026-03-02", "240,2026-06-01")})
    assert [one.most_groups for one in roster_of(read_round(late)).mentors] == [0, 2]


def test_a_written_roster_reads_as_it_was(tmp_path: Path) -> None:
    roster = roster_of(read_round(small.write(tmp_path / "round")))
    assert read_roster(write_roster(roster)) == roster


@pytest.mark.parametrize(
    ("part", "value"),
    [
        pytest.param("program", 3, id="a number for a text"),
        pytest.param("session_minutes", True, id="a truth for a number"),
        pytest.param("session_minutes", -1, id="fewer than none"),
        pytest.param("first_on", "spring", id="no date"),
        pytest.param("mentors", [{"key": "m-1"}], id="a person without a name"),
        pytest.param("mentees", None, id="no list"),
    ],
)
def test_what_is_no_roster_is_refused(part: str, value: object, tmp_path: Path) -> None:
    told = json.loads(write_roster(roster_of(read_round(small.write(tmp_path / "round")))))
    with pytest.raises(BadResult, match=r"roster\.json: is no roster"):
        read_roster(json.dumps(told | {part: value}))
