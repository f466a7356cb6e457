"""A result seen from above: what is counted, and what is left out where the people are not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.overview import Overview, Share, read_overview
from matching.faults import BadResult
from matching.result import Reason
from matching.resultfiles import write_result
from matching.roster import FILE, MenteeEntry
from matching.week import DAYS
from tests.api.shown import BARE, RESULT, ROSTER, WHOLE


def test_shares_count_placed_and_waiting_requests() -> None:
    assert WHOLE.by_subject == (Share("math", 3, 4), Share("art & <b>", 1, 1), Share("english", 0, 1))
    assert WHOLE.by_grade == (Share("7", 1, 1), Share("8", 1, 2), Share("9", 1, 1), Share("10", 1, 2))
    assert WHOLE.by_gender == (Share("F", 2, 3), Share("M", 1, 2), Share("", 1, 1))


def test_people_without_a_region_come_last() -> None:
    assert WHOLE.by_region == (Share("Gyeongbuk/Andong", 2, 3), Share("Jeonnam/Muan/Illo", 1, 2), Share("", 1, 1))


def test_many_regions_are_counted_by_their_first_part() -> None:
    many = tuple(
        MenteeEntry(key=f"s-{n}", name="", grade=7, region=f"{'North' if n % 2 else 'South'}/{n}", gender="", school="") for n in range(30)
    )
    groups = (replace(RESULT.groups[0], members=tuple(one.key for one in many)),)
    overview = Overview(replace(RESULT, groups=groups, unplaced=()), replace(ROSTER, mentees=many))
    assert overview.by_region == (Share("North", 15, 15), Share("South", 15, 15))


def test_a_group_is_at_work_in_every_hour_that_it_touches() -> None:
    heat = WHOLE.heat
    counted = {(hour, DAYS[day]): count for hour, row in zip(heat.hours, heat.rows, strict=True) for day, count in enumerate(row) if count}
    assert heat.hours == tuple(range(10, 21))
    assert counted == {
        (10, "Sat"): 1,
        (11, "Sat"): 1,
        (17, "Mon"): 1,
        (18, "Mon"): 2,
        (19, "Mon"): 2,
        (20, "Mon"): 1,
        (19, "Wed"): 2,
        (20, "Wed"): 2,
    }
    assert heat.most == 2


def test_a_meeting_ends_before_the_hour_that_it_ends_at() -> None:
    overview = Overview(replace(RESULT, groups=RESULT.groups[:1]), replace(ROSTER, session_minutes=60))
    assert overview.heat.hours == (19,)


def test_loads_name_mentors_without_a_group_too() -> None:
    told = [(load.key, load.name, load.groups, load.most_groups, load.members, load.minutes) for load in WHOLE.loads]
    assert told[:2] == [("m-1", "김하늘", 2, 2, 3, 360), ("m-2", "m-2", 1, 1, 1, 180)]
    assert [load.groups for load in WHOLE.loads if load.key == "m-3"] == [0]
    assert WHOLE.groups_held == {0: 1, 1: 1, 2: 1}


def test_without_a_roster_people_are_known_by_their_keys() -> None:
    assert [seat.name for seat in BARE.seats(RESULT.groups[0])] == ["s-1", "s-2"]
    assert (BARE.by_grade, BARE.by_region, BARE.by_gender) == ((), (), ())
    assert BARE.by_subject == WHOLE.by_subject
    assert [(load.key, load.most_groups, load.minutes) for load in BARE.loads] == [("m-1", None, None), ("m-2", None, None)]
    assert BARE.heat.hours == tuple(range(10, 20))


def test_counts_are_of_different_people() -> None:
    assert (len(WHOLE.mentees_seated), len(WHOLE.mentees_asking), len(WHOLE.mentors_used)) == (4, 4, 2)
    assert WHOLE.sizes == {1: 2, 2: 1}
    assert WHOLE.reasons == {Reason.NO_MENTOR: 1, Reason.NO_TIME: 0, Reason.NO_GROUP: 0, Reason.NO_SEAT: 1}


def test_a_result_without_groups_has_no_heat() -> None:
    empty = Overview(replace(RESULT, groups=()), ROSTER)
    assert (empty.heat.hours, empty.heat.most, empty.sizes) == ((), 0, {})


def test_a_written_result_is_shown_as_it_was(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result", roster=ROSTER, repaired=True)
    assert read_overview(tmp_path / "result") == WHOLE
    (tmp_path / "result" / FILE).unlink()
    assert read_overview(tmp_path / "result") == BARE


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"[]", "is no roster", id="another shape"),
        pytest.param(b"{", "is no roster", id="no JSON"),
        pytest.param(b"\xff", "is not UTF-8", id="another encoding"),
    ],
)
def test_a_broken_roster_is_refused(content: bytes, problem: str, tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result")
    (tmp_path / "result" / FILE).write_bytes(content)
    with pytest.raises(BadResult, match=problem):
        read_overview(tmp_path / "result")


def test_a_folder_in_the_place_of_the_roster_is_refused(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "result")
    (tmp_path / "result" / FILE).mkdir()
    with pytest.raises(BadResult, match=r"roster\.json: cannot be read \(Is a directory\)"):
        read_overview(tmp_path / "result")


def test_a_roster_that_lacks_somebody_is_refused() -> None:
    with pytest.raises(BadResult, match=r"roster\.json: lacks 's-4', who is in the result"):
        Overview(RESULT, replace(ROSTER, mentees=ROSTER.mentees[:-1]))
