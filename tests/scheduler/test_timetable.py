"""When somebody's own calendar says that they are busy, what that takes out of a week, and files that nobody should have to read."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import example, given, settings, strategies as st
from icalendar import Calendar

from matching.kinds import STRETCHES
from scheduler.ics import MOST_BYTES, BadLine, NoCalendar, TimetableError
from scheduler.timetable import Busy, busy_times, weekly

SEOUL = "Asia/Seoul"
FIRST_ON, LAST_ON = dt.date(2026, 3, 2), dt.date(2026, 6, 19)
SURELY = dt.timedelta(days=3)
LECTURE = "DTSTART:20260302T090000\nDTEND:20260302T103000\n"


def calendar(*events: str, zones: str = "") -> bytes:
    """A calendar of events, each of the lines between its BEGIN and END."""
    text = "".join(f"BEGIN:VEVENT\nUID:{n}\n{event.strip()}\nEND:VEVENT\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zones}{text}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def weeks(content: bytes, zone: str = SEOUL, from_on: dt.date = FIRST_ON) -> str:
    """What a calendar takes out of the weeks of a term."""
    return STRETCHES.write(weekly(busy_times(content, zone, FIRST_ON, LAST_ON), zone, from_on, LAST_ON))


@pytest.mark.parametrize(
    ("events", "taken"),
    [
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY"], "Mon 09:00-10:30", id="a lecture of each week"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;INTERVAL=2"], "Mon 09:00-10:30", id="of every second week"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;COUNT=4"], "Mon 09:00-10:30", id="of a quarter of the weeks"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;COUNT=3"], "", id="of less"),
        pytest.param([LECTURE], "", id="a single appointment"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;UNTIL=20260323T000000Z"], "Mon 09:00-10:30", id="until a moment"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;UNTIL=20260322T235959Z"], "", id="until the second before"),
        pytest.param(["DTSTART:20260302T230000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY"], "Mon 23:00-24:00; Tue 00:00-01:00", id="over midnight"),
        pytest.param(
            [LECTURE + "RRULE:FREQ=WEEKLY", "DTSTART:20260302T103000\nDTEND:20260302T120000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE"],
            "Mon 09:00-12:00; Wed 10:30-12:00",
            id="two lectures, one after the other",
        ),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY\nTRANSP:TRANSPARENT"], "", id="what takes no time"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY\nX-MICROSOFT-CDO-BUSYSTATUS:FREE"], "", id="what Outlook calls free"),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY\nSTATUS:CANCELLED"], "", id="what is cancelled"),
        pytest.param(["DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY"], "", id="a mark on whole days"),
        pytest.param(["DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY\nTRANSP:OPAQUE"], "Mon 00:00-24:00", id="whole days that are taken"),
        pytest.param(
            ["DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\nRRULE:FREQ=WEEKLY\nX-MICROSOFT-CDO-BUSYSTATUS:OOF"],
            "Mon 00:00-24:00; Tue 00:00-24:00",
            id="days out of office",
        ),
        pytest.param(
            [LECTURE + "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20260309T090000"],
            "",
            id="an exception",
        ),
        pytest.param([LECTURE + "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;VALUE=DATE:20260309"], "", id="a day that is excepted"),
        pytest.param([LECTURE + "RDATE:20260309T090000,20260316T090000\nRDATE:20260323T000000Z"], "Mon 09:00-10:30", id="dates in a list"),
        pytest.param(
            [LECTURE + "RDATE;VALUE=PERIOD:20260309T090000/PT1H,20260316T090000/20260316T100000,20260323T090000/PT3H"],
            "Mon 09:00-10:00",
            id="times in a list",
        ),
        pytest.param(["DTSTART:20260302T000000Z\nDTEND:20260302T013000Z\nRRULE:FREQ=WEEKLY"], "Mon 09:00-10:30", id="in UTC"),
        pytest.param(
            ["DTSTART;TZID=Korea Standard Time:20260302T090000\nDURATION:PT1H30M\nRRULE:FREQ=WEEKLY"],
            "Mon 09:00-10:30",
            id="as Windows says",
        ),
        pytest.param(
            ["DTSTART;TZID=/mozilla.org/20050126_1/Asia/Seoul:20260302T090000\nDURATION:PT1H30M\nRRULE:FREQ=WEEKLY"],
            "Mon 09:00-10:30",
            id="a zone behind a path",
        ),
    ],
)
def test_what_is_busy_often_is_taken_out_of_the_week(events: list[str], taken: str) -> None:
    assert weeks(calendar(*events)) == taken


def test_a_lecture_that_is_moved_once_is_busy_where_it_was_moved_to() -> None:
    content = calendar(LECTURE + "RRULE:FREQ=WEEKLY;COUNT=2").replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20260309T090000\r\nDTSTART:20260310T140000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert busy_times(content, SEOUL, FIRST_ON, LAST_ON) == ((_at(2, 9), _at(2, 10, 30)), (_at(10, 14), _at(10, 15)))


def test_a_lecture_that_is_cancelled_once_is_not_busy_then() -> None:
    content = calendar(LECTURE + "RRULE:FREQ=WEEKLY;COUNT=2").replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20260309T000000Z\r\nDTSTART:20260309T000000Z\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert busy_times(content, SEOUL, FIRST_ON, LAST_ON) == ((_at(2, 9), _at(2, 10, 30)),)


def changed(onward: str, *more: str, first: str = LECTURE + "RRULE:FREQ=WEEKLY") -> bytes:
    """A calendar of a lecture, each of whose changes is the lines of an event of the same UID."""
    return re.sub(rb"UID:\d", b"UID:0", calendar(first, onward, *more))


ONWARD = "RECURRENCE-ID;RANGE=THISANDFUTURE:"


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        pytest.param(
            changed(ONWARD + "20260420T090000\nDTSTART:20260421T140000\nDURATION:PT1H"),
            "Mon 09:00-10:30; Tue 14:00-15:00",
            id="another day, another hour, another length",
        ),
        pytest.param(
            changed(ONWARD + "20260302T090000\nDTSTART:20260226T140000\nDURATION:PT1H"), "Thu 14:00-15:00", id="earlier, from the first on"
        ),
        pytest.param(
            changed(ONWARD + "20260302T000000Z\nDTSTART:20260302T030000Z\nDURATION:PT1H"), "Mon 12:00-13:00", id="told in another zone"
        ),
        pytest.param(
            changed(ONWARD + "20260420T090000\nDTSTART:20260420T090000\nSTATUS:CANCELLED"),
            "Mon 09:00-10:30",
            id="cancelled from its middle on",
        ),
        pytest.param(changed(ONWARD + "20260316T090000\nDTSTART:20260316T090000\nSTATUS:CANCELLED"), "", id="cancelled after two weeks"),
        pytest.param(
            changed(
                ONWARD + "20260316T090000\nDTSTART:20260316T090000\nTRANSP:OPAQUE\nDURATION:PT2H",
                first=LECTURE + "TRANSP:TRANSPARENT\nRRULE:FREQ=WEEKLY",
            ),
            "Mon 09:00-11:00",
            id="free at first",
        ),
        pytest.param(
            changed(
                ONWARD + "20260316T090000\nDTSTART:20260316T120000\nDURATION:PT1H",
                ONWARD + "20260413T090000\nDTSTART:20260413T160000\nDURATION:PT1H",
            ),
            "Mon 12:00-13:00; Mon 16:00-17:00",
            id="changed again: the first two weeks are too few, each of the others is not",
        ),
        pytest.param(
            changed("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260309\nDTSTART:20260309T120000\nDURATION:PT1H"),
            "Mon 12:00-13:00",
            id="from a day on",
        ),
        pytest.param(
            changed(
                "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260309\nDTSTART;VALUE=DATE:20260310\nTRANSP:OPAQUE",
                first="DTSTART;VALUE=DATE:20260302\nTRANSP:OPAQUE\nRRULE:FREQ=WEEKLY",
            ),
            "Tue 00:00-24:00",
            id="whole days",
        ),
        pytest.param(
            changed("RECURRENCE-ID;RANGE=THISANDPRIOR:20260420T090000\nDTSTART:20260421T140000\nDURATION:PT1H"),
            "Mon 09:00-10:30",
            id="a range that is no more: only that one",
        ),
    ],
)
def test_what_is_changed_onward_is_so_with_all_that_follow(content: bytes, taken: str) -> None:
    assert weeks(content) == taken


def test_a_time_that_is_changed_by_itself_does_not_go_on_as_those_around_it() -> None:
    content = changed(
        ONWARD + "20260309T090000\nDTSTART:20260309T120000\nDURATION:PT1H",
        "RECURRENCE-ID:20260316T090000\nDTSTART:20260318T180000\nDURATION:PT2H",
        first=LECTURE + "RRULE:FREQ=WEEKLY;COUNT=4",
    )
    found = ((_at(2, 9), _at(2, 10, 30)), (_at(9, 12), _at(9, 13)), (_at(18, 18), _at(18, 20)), (_at(23, 12), _at(23, 13)))
    assert busy_times(content, SEOUL, FIRST_ON, LAST_ON) == found


def test_what_is_moved_onward_keeps_its_time_by_its_own_clock_when_clocks_change() -> None:
    zone = ";TZID=America/New_York:"
    content = changed(
        f"RECURRENCE-ID;RANGE=THISANDFUTURE{zone}20260302T090000\nDTSTART{zone}20260302T200000\nDURATION:PT1H",
        first=f"DTSTART{zone}20260302T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
    )
    found = busy_times(content, SEOUL, FIRST_ON, FIRST_ON + dt.timedelta(days=13))
    assert [start.astimezone(ZoneInfo(SEOUL)).strftime("%a %H:%M") for start, _ in found] == ["Tue 10:00", "Tue 09:00"]


def test_a_zone_that_is_declared_with_one_offset_is_that_offset() -> None:
    offset = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\n"
    zone = f"BEGIN:VTIMEZONE\nTZID:Campus\n{offset}END:VTIMEZONE\n"
    event = "DTSTART;TZID=Campus:20260302T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    assert weeks(calendar(event, zones=zone)) == "Mon 09:00-10:00"


def test_a_lecture_keeps_its_time_by_its_own_clock_when_clocks_change() -> None:
    event = "DTSTART;TZID=America/New_York:20260302T200000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    found = busy_times(calendar(event), SEOUL, FIRST_ON, FIRST_ON + dt.timedelta(days=13))
    assert [start.astimezone(ZoneInfo(SEOUL)).strftime("%a %H:%M") for start, _ in found] == ["Tue 10:00", "Tue 09:00"]


def test_only_what_is_left_of_the_term_counts() -> None:
    first_half = calendar(LECTURE + "RRULE:FREQ=WEEKLY;COUNT=8")
    assert weeks(first_half) == "Mon 09:00-10:30"
    assert weeks(first_half, from_on=dt.date(2026, 4, 27)) == ""
    last = calendar("DTSTART:20260615T090000\nDURATION:PT1H")
    assert weeks(last) == ""
    assert weeks(last, from_on=dt.date(2026, 6, 8)) == ""
    assert weeks(last, from_on=dt.date(2026, 6, 15)) == "Mon 09:00-10:00"
    assert weeks(last, from_on=dt.date(2026, 6, 20)) == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "the timetable is no calendar; hand in an .ics file", id="nothing"),
        pytest.param(b"<html>Sign in</html>", "the timetable is no calendar; hand in an .ics file", id="a page"),
        pytest.param(calendar(LECTURE)[:-30], "the timetable ends in the middle", id="half of a file"),
        pytest.param(b"BEGIN:VEVENT\nEND:VEVENT", "the timetable, line 1: nothing of a calendar begins here", id="no calendar around"),
        pytest.param(b"BEGIN:VCALENDAR\nEND:VEVENT", "the timetable, line 2: something ends that has not begun", id="a wrong end"),
        pytest.param(b"BEGIN:VCALENDAR\n" * 1000, "the timetable, line 11: nothing of a calendar begins here", id="very deep"),
        pytest.param(calendar("DTSTART:soon"), "the timetable, line 6: 'soon' is no time", id="no time"),
        pytest.param(calendar("DTSTART:99990101T000000"), "the timetable, line 6: the year 9999 is in nobody's timetable", id="a far year"),
        pytest.param(calendar(LECTURE + "DURATION:long"), "the timetable, line 8: 'long' is no duration", id="no duration"),
        pytest.param(
            calendar("DTSTART:20260302T090000\nDTEND:20260301T090000"), "the timetable, line 4: the event ends before", id="backward"
        ),
        pytest.param(calendar("DTSTART;TZID=Moon:20260302T090000"), "the timetable, line 6: the zone 'Moon' is not known", id="no zone"),
        pytest.param(calendar("DTSTART;TZID=../../etc/passwd:20260302T090000"), "the timetable, line 6: the zone '../../etc", id="a path"),
        pytest.param(calendar(LECTURE + "RRULE:FREQ=SECONDLY"), "the timetable, line 8: it repeats more often than each day", id="seconds"),
        pytest.param(
            calendar(LECTURE + "RRULE:FREQ=YEARLY;BYWEEKNO=2"), "the timetable, line 8: it repeats by BYWEEKNO", id="weeks by number"
        ),
        pytest.param(
            calendar(LECTURE + "RRULE:COUNT=2"), "the timetable, line 8: the rule by which it repeats cannot be read", id="no frequency"
        ),
        pytest.param(
            calendar(LECTURE + "RRULE:FREQ=DAILY;INTERVAL=0"), "the timetable, line 8: it repeats less than once", id="no interval"
        ),
        pytest.param(calendar(LECTURE + "RRULE:FREQ=DAILY;BYHOUR=25"), "the timetable, line 8: the rule by which", id="no hour"),
        pytest.param(b" " * (MOST_BYTES + 1), "the timetable has more than 2 MB", id="a large file"),
        pytest.param(calendar(*["DTSTART:20260302T090000"] * 10_001), "the timetable has more than 10,000 events", id="many events"),
        pytest.param(
            calendar("DTSTART:20260302T090000\nRDATE:" + ",".join(["20260302T090000"] * 50_001)),
            "the timetable has more than 10,000 events or 50,000 dates",
            id="many dates",
        ),
        pytest.param(
            calendar(*["DTSTART:16040302T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=999999;BYMONTH=2;BYMONTHDAY=30"] * 20),
            "the timetable has more in it than can be looked at",
            id="rules without a day, for centuries",
        ),
        pytest.param(
            calendar(*["DTSTART:19000302T090000\nDURATION:P99999D\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8"] * 5),
            "the timetable has more in it than can be looked at",
            id="years that begin each hour",
        ),
    ],
)
def test_a_file_that_cannot_be_is_told_in_one_line_and_soon(content: bytes, told: str) -> None:
    began = time.process_time()
    with pytest.raises(TimetableError) as refused:
        weeks(content)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)
    assert time.process_time() - began < 20


FRAGMENTS = """BEGIN:VEVENT|END:VEVENT|BEGIN:VALARM|END:VALARM|BEGIN:VTIMEZONE|END:VTIMEZONE|END:VCALENDAR|UID:1| folded|\x00
DTSTART:20260302T090000|DTSTART;TZID=Asia/Seoul:20260309T100000|DTSTART;VALUE=DATE:20260302|DTEND:20260302T230000Z|DTSTART;X=":20260302|TZID:x
DURATION:P1W|DURATION:-PT1H|RDATE:20260303T090000/PT1H|EXDATE:20260302|RECURRENCE-ID:20260302T090000|RRULE:FREQ=DAILY;UNTIL=99991231
RRULE:FREQ=WEEKLY;BYDAY=MO,-1FR|RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO|RRULE:FREQ=YEARLY;WKST=XX|RRULE:FREQ=WEEKLY;BYDAY=|RRULE:;;;=|TRANSP:OPAQUE|RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260302"""


@given(st.lists(st.sampled_from(re.split(r"[|\n]", FRAGMENTS)) | st.text(max_size=8), max_size=12))
@settings(max_examples=100, deadline=None)
@example(["BEGIN:VEVENT", "DTSTART;TZID=a;TZID=b:20260302T090000", "END:VEVENT"])
@example(["BEGIN:VEVENT", "DTSTART:20260302T090000", "RRULE:FREQ=YEARLY;UNTIL=PT1H", "END:VEVENT"])
def test_any_lines_are_read_or_refused_with_one_line(lines: list[str]) -> None:
    content = "\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]).encode("utf-8", errors="replace")
    try:
        told = str(busy_times(content, SEOUL, FIRST_ON, LAST_ON))
    except (NoCalendar, BadLine) as refused:
        told = str(refused)
    assert told.splitlines() == [told]


def rules() -> st.SearchStrategy[str]:
    """Rules whose first time is what they name: only those mean the same to everybody."""
    ends = st.sampled_from(["", ";COUNT=5", ";COUNT=30", ";UNTIL=20260415T000000Z"])
    every = st.sampled_from(["", ";INTERVAL=2", ";INTERVAL=3"])
    by = st.sampled_from(
        [
            "FREQ=DAILY",
            "FREQ=DAILY;BYDAY=MO,WE,FR",
            "FREQ=DAILY;BYMONTH=3,5",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU",
            "FREQ=WEEKLY;BYDAY=MO,SU",
            "FREQ=WEEKLY;BYHOUR=9,13,23;BYDAY=MO",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYDAY=1MO",
            "FREQ=MONTHLY;BYDAY=1MO,-1FR",
            "FREQ=MONTHLY;BYMONTHDAY=2,-1",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
            "FREQ=YEARLY",
            "FREQ=YEARLY;BYDAY=9MO",
            "FREQ=YEARLY;BYMONTH=3,4;BYDAY=1MO",
            "FREQ=YEARLY;BYYEARDAY=61,-270",
        ]
    )
    return st.tuples(by, every, ends).map("".join)


MORE = ["", "EXDATE{zone}:20260309T{start:02}0000", "TRANSP:TRANSPARENT", "RDATE{zone}:20260401T120000"]
EVENTS = st.builds(
    lambda said: ("DTSTART{zone}:20260302T{start:02}0000\nDURATION:{lasts}\nRRULE:{rule}\n" + said["more"]).format_map(said),
    st.fixed_dictionaries(
        {
            "zone": st.sampled_from([";TZID=Asia/Seoul", ";TZID=Europe/London", ";TZID=Australia/Sydney"]),
            "start": st.sampled_from([9, 13, 23]),
            "lasts": st.sampled_from(["PT1H", "PT90M", "PT26H"]),
            "rule": rules(),
            "more": st.sampled_from(MORE),
        }
    ),
)


@given(st.lists(EVENTS, min_size=1, max_size=3), st.sampled_from([SEOUL, "Europe/London"]))
@settings(max_examples=60, deadline=None)
def test_others_find_the_same_times_in_a_calendar(events: list[str], zone: str) -> None:
    content = calendar(*events)
    assert busy_times(content, zone, FIRST_ON, LAST_ON) == _as_others_say(content, zone)


@st.composite
def changed_onward(draw: st.DrawFn) -> bytes:
    """A weekly lecture that is changed up to twice with all that follow, and once by itself. Its clock does not change: others take a move
    over a change of clocks for one by so many real hours."""
    zone = draw(st.sampled_from([";TZID=Asia/Seoul:", ";TZID=Asia/Kolkata:", ";TZID=America/Bogota:"]))
    start = dt.datetime(2026, 3, 2, 9)  # noqa: DTZ001  by the clock of that zone
    changes = []
    for place, week in enumerate(draw(st.lists(st.integers(0, 15), min_size=1, max_size=3, unique=True))):
        was = start + dt.timedelta(days=7 * week)
        now = was + dt.timedelta(hours=draw(st.integers(-72, 72)))
        onward = "" if place == 2 else ";RANGE=THISANDFUTURE"
        lines = [f"RECURRENCE-ID{onward}{zone}{was:%Y%m%dT%H%M%S}", f"DTSTART{zone}{now:%Y%m%dT%H%M%S}"]
        changes.append("\n".join([*lines, draw(st.sampled_from(["DURATION:PT1H", "DURATION:PT26H", "DURATION:PT1H\nTRANSP:TRANSPARENT"]))]))
    return changed(*changes, first=f"DTSTART{zone}{start:%Y%m%dT%H%M%S}\nDURATION:PT90M\nRRULE:FREQ=WEEKLY;COUNT=16")


@given(changed_onward(), st.sampled_from([SEOUL, "Europe/London"]))
@settings(max_examples=40, deadline=None)
def test_others_find_the_same_times_of_what_is_changed_onward(content: bytes, zone: str) -> None:
    assert busy_times(content, zone, FIRST_ON, LAST_ON) == _as_others_say(content, zone)


def _as_others_say(content: bytes, zone: str) -> Busy:
    home = ZoneInfo(zone)
    begin = dt.datetime.combine(FIRST_ON, dt.time(), home).astimezone(dt.UTC)
    end = dt.datetime.combine(LAST_ON + dt.timedelta(days=1), dt.time(), home).astimezone(dt.UTC)
    busy = []
    for one in recurring_ical_events.of(Calendar.from_ical(content)).between(begin - SURELY, end + SURELY):
        if one.get("TRANSP") != "TRANSPARENT":
            start = one.start if one.start.tzinfo else one.start.replace(tzinfo=home)
            start = start.astimezone(dt.UTC)
            busy.append((max(start, begin), min(start + one.duration, end)))
    return tuple(_merged(sorted(span for span in busy if span[0] < span[1])))


def _merged(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> list[tuple[dt.datetime, dt.datetime]]:
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(SEOUL)).astimezone(dt.UTC)
