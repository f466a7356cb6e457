"""Weekly meetings become dated ones in wall-clock time; days off are left out, and told."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from matching.week import read_meetings
from scheduler.term import (
    Closure,
    Dated,
    EndsBeforeItBegins,
    LeftOut,
    NoSuchCountry,
    NoSuchZone,
    Term,
    instant,
    made_up,
    meetings_on,
    public_holidays,
    working_weekends,
)

SPRING = Term(zone="Asia/Seoul", first_on=dt.date(2027, 3, 2), last_on=dt.date(2027, 6, 18))
TUESDAYS = read_meetings("Tue 19:00")
BOTH = read_meetings("Tue 19:00; Thu 19:00")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def held(
    term: Term, meetings: tuple[int, ...] = BOTH, first_on: str = "2000-01-01", last_on: str = "2100-01-01", schools: tuple[str, ...] = ()
) -> list[str]:
    """What is held, as days; what is left out, as day and reason."""
    found = meetings_on(term, meetings, 60, day(first_on), day(last_on), schools)
    return [str(one.on) if isinstance(one, Dated) else f"{one.on} {one.why}" for one in found]


def walls(zone: str, meetings: str, first_on: str, last_on: str) -> list[str]:
    """When meetings of 90 minutes begin and end by the wall clock, with the offset."""
    term = Term(zone=zone, first_on=day(first_on), last_on=day(last_on))
    found = [one for one in meetings_on(term, read_meetings(meetings), 90, term.first_on, day(last_on)) if isinstance(one, Dated)]
    assert all(one.ends_at - one.starts_at == dt.timedelta(minutes=90) and one.starts_at.tzinfo is dt.UTC for one in found)
    local = [(one.starts_at.astimezone(ZoneInfo(zone)), one.ends_at.astimezone(ZoneInfo(zone))) for one in found]
    return [f"{start:%m-%d %H:%M%z} to {end:%H:%M}" for start, end in local]


def test_a_term_holds_every_meeting_from_its_first_day_to_its_last() -> None:
    found = held(SPRING)
    assert (len(found), found[0], found[-1]) == (32, "2027-03-02", "2027-06-17")
    assert found == sorted(found)


def test_only_the_days_asked_for_are_given_both_ends_included() -> None:
    assert held(SPRING, first_on="2027-03-04", last_on="2027-03-11") == ["2027-03-04", "2027-03-09", "2027-03-11"]
    assert held(SPRING, first_on="2027-03-05", last_on="2027-03-08") == []
    assert held(SPRING, ()) == []


def test_an_open_ended_term_goes_on_as_far_as_is_asked() -> None:
    term = Term(zone="Asia/Seoul", first_on=day("2027-03-02"))
    assert held(term, TUESDAYS, last_on="2028-03-01")[-1] == "2028-02-29"


def test_holidays_and_closures_are_left_out_and_told() -> None:
    exams = Closure(first_on=day("2027-04-20"), last_on=day("2027-04-22"), name="exam week")
    days = {day("2027-05-06"): "a holiday"}
    term = Term(zone="Asia/Seoul", first_on=day("2027-04-12"), last_on=day("2027-05-07"), holidays=days, closures=(exams,))
    assert held(term) == [
        "2027-04-13", "2027-04-15", "2027-04-20 exam week", "2027-04-22 exam week", "2027-04-27", "2027-04-29", "2027-05-04",
        "2027-05-06 a holiday",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schools", "left_out"),
    [
        pytest.param(("Pohang",), True, id="the only school"),
        pytest.param(("Pohang", "Muan"), True, id="all schools, each for itself"),
        pytest.param(("Pohang", "Illo"), False, id="one of two schools"),
        pytest.param((), False, id="no school known"),
    ],
)
def test_what_schools_close_is_left_out_where_nobody_else_would_come(schools: tuple[str, ...], left_out: bool) -> None:
    exams = [Closure(first_on=day("2027-04-20"), last_on=day("2027-04-20"), name="exams", school=school) for school in ("Pohang", "Muan")]
    term = Term(zone="Asia/Seoul", first_on=day("2027-04-20"), last_on=day("2027-04-20"), closures=tuple(exams))
    assert held(term, schools=schools) == ["2027-04-20 exams" if left_out else "2027-04-20"]


@pytest.mark.parametrize(
    ("zone", "meetings", "first_on", "last_on", "expected"),
    [
        pytest.param(
            "America/New_York", "Sun 19:00", "2027-03-07", "2027-03-14",
            ["03-07 19:00-0500 to 20:30", "03-14 19:00-0400 to 20:30"], id="clocks go forward in the north",
        ),
        pytest.param(
            "America/New_York", "Sun 19:00", "2027-10-31", "2027-11-07",
            ["10-31 19:00-0400 to 20:30", "11-07 19:00-0500 to 20:30"], id="clocks go back in the north",
        ),
        pytest.param(
            "Australia/Sydney", "Mon 18:00", "2027-03-29", "2027-04-05",
            ["03-29 18:00+1100 to 19:30", "04-05 18:00+1000 to 19:30"], id="clocks go back in the south",
        ),
        pytest.param(
            "Australia/Sydney", "Mon 18:00", "2027-09-27", "2027-10-04",
            ["09-27 18:00+1000 to 19:30", "10-04 18:00+1100 to 19:30"], id="clocks go forward in the south",
        ),
        pytest.param(
            "Australia/Lord_Howe", "Mon 18:00", "2027-03-29", "2027-04-05",
            ["03-29 18:00+1100 to 19:30", "04-05 18:00+1030 to 19:30"], id="by half an hour",
        ),
        pytest.param(
            "America/New_York", "Sun 02:30", "2027-03-14", "2027-03-14", ["03-14 03:30-0400 to 05:00"], id="at a time left out",
        ),
        pytest.param(
            "America/New_York", "Sun 01:30", "2027-11-07", "2027-11-07", ["11-07 01:30-0400 to 02:00"], id="at a time there twice",
        ),
        pytest.param(
            "America/Santiago", "Sun 00:00", "2027-09-05", "2027-09-05", ["09-05 01:00-0300 to 02:30"], id="at a midnight left out",
        ),
        pytest.param("Asia/Seoul", "Sun 23:30", "2027-03-14", "2027-03-14", ["03-14 23:30+0900 to 01:00"], id="past midnight"),
    ],
)  # fmt: skip
def test_meetings_keep_their_wall_clock_time_over_both_changes(
    zone: str, meetings: str, first_on: str, last_on: str, expected: list[str]
) -> None:
    assert walls(zone, meetings, first_on, last_on) == expected


def test_an_instant_is_in_utc() -> None:
    assert instant("Asia/Seoul", day("2027-03-02"), 19 * 60) == dt.datetime(2027, 3, 2, 10, 0, tzinfo=dt.UTC)


def test_what_was_left_out_is_made_up_at_the_end_or_at_the_next_time_that_is_free() -> None:
    term = Term(zone="Asia/Seoul", first_on=day("2027-04-12"), last_on=day("2027-05-07"), holidays={day("2027-05-11"): "a holiday"})
    at_the_end = made_up(term, BOTH, 60, after=day("2027-05-07"), last_on=day("2027-06-30"), free=lambda _: True)
    assert at_the_end
    assert at_the_end.on == day("2027-05-13")
    common, busy = read_meetings("Wed 18:00; Fri 18:00"), {day("2027-04-14"), day("2027-04-16")}
    soon = made_up(term, common, 60, after=day("2027-04-13"), last_on=day("2027-05-07"), free=lambda one: one.on not in busy)
    assert soon
    assert (soon.on, soon.starts_at) == (day("2027-04-21"), instant("Asia/Seoul", day("2027-04-21"), 18 * 60))
    assert made_up(term, BOTH, 60, after=day("2027-04-13"), last_on=day("2027-05-07"), free=lambda _: False) is None
    assert made_up(term, (), 60, after=day("2027-04-13"), last_on=day("2027-05-07"), free=lambda _: True) is None


def test_korean_holidays_are_named_in_korean_with_their_substitutes() -> None:
    found = public_holidays("KR", "ko", SPRING.first_on, day("2027-06-18"))
    assert found[day("2027-05-05")] == "어린이날"
    assert public_holidays("KR", "en_US", day("2027-05-05"), day("2027-05-05")) == {day("2027-05-05"): "Children's Day"}
    # 9 October 2027 is a Saturday; its substitute is the Monday after.
    autumn = public_holidays("KR", "ko", day("2027-10-01"), day("2027-10-31"))
    assert day("2027-10-11") in autumn
    assert min(autumn) >= day("2027-10-01")


def test_the_year_may_change_within_a_term() -> None:
    found = public_holidays("TW", "zh_TW", day("2026-12-31"), day("2027-01-01"))
    assert list(found) == [day("2027-01-01")]
    assert "開國紀念日" in found[day("2027-01-01")]


def test_the_make_up_working_days_of_taiwan_are_known() -> None:
    """The Saturday before the lunar new year of 2025 was worked for the Monday between."""
    assert working_weekends("TW", day("2025-01-01"), day("2025-12-31")) == [day("2025-02-08")]
    assert working_weekends("KR", day("2025-01-01"), day("2025-12-31")) == []


@pytest.mark.parametrize("zone", ["Seoul", "", "../etc/passwd", "Asia"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(NoSuchZone):
        Term(zone=zone, first_on=day("2027-03-02"))


def test_what_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(EndsBeforeItBegins):
        Term(zone="Asia/Seoul", first_on=day("2027-03-02"), last_on=day("2027-03-01"))
    with pytest.raises(EndsBeforeItBegins):
        Closure(first_on=day("2027-03-02"), last_on=day("2027-03-01"), name="none")


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(NoSuchCountry, match="'XX'"):
        public_holidays("XX", "ko", day("2027-03-02"), day("2027-03-03"))


def test_what_is_left_out_says_when_it_would_have_begun() -> None:
    term = Term(zone="Asia/Seoul", first_on=day("2027-03-02"), last_on=day("2027-03-02"), holidays={day("2027-03-02"): "rest"})
    assert list(meetings_on(term, TUESDAYS, 60, day("2027-03-01"), day("2027-03-03"))) == [
        LeftOut(day("2027-03-02"), instant("Asia/Seoul", day("2027-03-02"), 19 * 60), "rest")
    ]
