"""Weekly meetings keep their identity where their series shifts."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from matching.week import read_meetings
from scheduler.term import Closure, LeftOut, Term, meetings_on
from scheduler.weekly import Weekly, meetings_of

SEOUL = Term(zone="Asia/Seoul", first_on=dt.date(2027, 3, 2), last_on=dt.date(2027, 3, 21))


def told(term: Term, weekly: Weekly, first_on: dt.date = dt.date.min, last_on: dt.date = dt.date.max) -> list[str]:
    """When each meeting was to be at first, and when it is, or why not, by the wall clock."""
    zone = ZoneInfo(term.zone)
    return [
        f"{one.original_start.astimezone(zone):%a %d %H:%M}: "
        + (one.at.why if isinstance(one.at, LeftOut) else f"{one.at.starts_at.astimezone(zone):%a %d %H:%M}")
        for one in meetings_of(term, weekly, first_on, last_on)
    ]


def shifted(meetings: str, *shifts: tuple[str, str]) -> Weekly:
    return Weekly(
        meetings=read_meetings(meetings),
        session_minutes=60,
        shifts=tuple((dt.date.fromisoformat(from_on), read_meetings(to)) for from_on, to in shifts),
    )


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "UTC"])
def test_without_shifts_the_meetings_are_those_of_the_term(zone: str) -> None:
    closed = Closure(first_on=dt.date(2027, 4, 1), last_on=dt.date(2027, 4, 20), name="exams")
    term = Term(zone=zone, first_on=dt.date(2027, 3, 3), last_on=dt.date(2027, 11, 30), closures=(closed,))
    meetings = read_meetings("Tue 19:00; Sun 02:15")
    found = list(meetings_of(term, Weekly(meetings=meetings, session_minutes=60), dt.date.min, dt.date.max))
    assert [one.at for one in found] == list(meetings_on(term, meetings, 60, dt.date.min, dt.date.max))
    assert all(one.original_start == one.at.starts_at for one in found)


def test_a_shift_moves_what_lies_on_its_day_or_later_and_keeps_its_identity() -> None:
    assert told(SEOUL, shifted("Tue 19:00; Thu 19:00", ("2027-03-11", "Wed 20:00; Fri 20:00"))) == [
        "Tue 02 19:00: Tue 02 19:00",
        "Thu 04 19:00: Thu 04 19:00",
        "Tue 09 19:00: Tue 09 19:00",
        "Thu 11 19:00: Fri 12 20:00",
        "Tue 16 19:00: Wed 17 20:00",
        "Thu 18 19:00: Fri 19 20:00",
    ]


def test_what_lay_before_a_shifts_day_or_would_then_stays() -> None:
    later = shifted("Mon 19:00; Thu 19:00", ("2027-03-10", "Fri 20:00; Sat 20:00"))
    assert told(SEOUL, later)[1:4] == ["Mon 08 19:00: Mon 08 19:00", "Thu 11 19:00: Sat 13 20:00", "Mon 15 19:00: Fri 19 20:00"]
    earlier = shifted("Thu 19:00", ("2027-03-10", "Mon 20:00"))
    assert told(SEOUL, earlier) == ["Thu 04 19:00: Thu 04 19:00", "Thu 11 19:00: Thu 11 19:00", "Thu 18 19:00: Mon 15 20:00"]


def test_a_second_shift_holds_from_its_own_day() -> None:
    twice = shifted("Tue 19:00", ("2027-03-09", "Wed 19:00"), ("2027-03-17", "Fri 19:00"))
    assert told(SEOUL, twice) == ["Tue 02 19:00: Tue 02 19:00", "Tue 09 19:00: Wed 10 19:00", "Tue 16 19:00: Fri 19 19:00"]


def test_whether_a_day_is_off_is_asked_of_the_day_a_meeting_has_come_to_lie_on() -> None:
    closed = Closure(first_on=dt.date(2027, 3, 9), last_on=dt.date(2027, 3, 9), name="exams")
    term = Term(zone="Asia/Seoul", first_on=SEOUL.first_on, last_on=SEOUL.last_on, closures=(closed,))
    assert told(term, shifted("Tue 19:00"))[1] == "Tue 09 19:00: exams"
    assert told(term, shifted("Tue 19:00", ("2027-03-08", "Wed 19:00")))[1] == "Tue 09 19:00: Wed 10 19:00"
    assert told(term, shifted("Wed 19:00", ("2027-03-08", "Tue 19:00")))[1] == "Wed 10 19:00: exams"
