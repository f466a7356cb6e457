"""A feed keeps to F1 to F15 of FEEDS.md, whatever names and topics are in it."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st
from icalendar import Calendar

from scheduler.feed import CANCELLED, Entry, Feed, components, plain, rendered
from tests.scheduler.feed_checker import Part, faults, parsed

HERE = Path(__file__).parents[2]

START = dt.datetime(2027, 3, 2, 10, 0, tzinfo=dt.UTC)
ENTRY = Entry(
    uid="01890a5d-ac96-774b-bcce-b302099a8057@dure",
    sequence=0,
    changed_at=dt.datetime(2027, 2, 20, 3, 4, 5, tzinfo=dt.UTC),
    starts_at=START,
    ends_at=START + dt.timedelta(minutes=60),
    title="수학 · 3명",
    lines=("두레 온라인 멘토링",),
    link="https://meet.example/abc?x=1,2;y",
)
FEED = Feed(name="두레", zone="Asia/Seoul", language="ko", entries=(ENTRY,))

TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["김하늘 🎓👩‍🏫", "a;b,c\\n:d", "\x00\x07\x1b[31m", "x" * 300, "가" * 300, "줄\r\n바꿈", "\u202eabc", "\ud800", "BEGIN:VEVENT"]
    ),
)
INSTANTS = st.integers(946_684_800, 2_840_140_800).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
ENTRIES = st.builds(
    Entry,
    uid=st.uuids().map(lambda key: f"{key}@dure"),
    sequence=st.integers(0, 2**40),
    changed_at=INSTANTS,
    starts_at=INSTANTS,
    ends_at=st.just(START),
    title=TEXTS,
    lines=st.lists(TEXTS, max_size=4).map(tuple),
    link=st.sampled_from(["", "https://meet.example/abc", "https://meet.example/회의?a=1,2;b=\\3"]),
    cancelled=st.booleans(),
).map(lambda entry: replace(entry, ends_at=entry.starts_at + dt.timedelta(minutes=50)))
FEEDS = st.builds(
    Feed,
    name=TEXTS,
    zone=st.sampled_from(
        ["Asia/Seoul", "Asia/Taipei", "America/New_York", "Australia/Sydney", "UTC", "Asia/Kathmandu", "America/Sao_Paulo"]
    ),
    language=st.sampled_from(["ko", "en", "zh-TW"]),
    entries=st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.uid).map(tuple),
    alarms=st.sampled_from([(), (60,), (1440, 10)]),
)


@settings(max_examples=60, deadline=None)
@given(FEEDS)
def test_every_rule_holds_whatever_is_in_a_feed(feed: Feed) -> None:
    """F1 to F15: of the bytes alone, and of what they say of each entry."""
    told = rendered(feed)
    assert faults(told) == []
    events = [part for part in parsed(told.decode()).parts if part.kind == "VEVENT"]
    for entry, event in zip(feed.entries, events, strict=True):
        stamp = f"{entry.changed_at:%Y%m%dT%H%M%SZ}"
        assert [event.value(name) for name in ("UID", "DTSTAMP", "LAST-MODIFIED")] == [entry.uid, stamp, stamp]
        assert event.value("SEQUENCE") == str(min(entry.sequence, 2**31 - 1))
        assert [instant_of(event, name) for name in ("DTSTART", "DTEND")] == [entry.starts_at, entry.ends_at]
        assert (event.value("STATUS") == "CANCELLED") == entry.cancelled
        assert (event.value("LOCATION") is None) == (not entry.link)
        assert len(event.parts) == (0 if entry.cancelled else len(feed.alarms))


def instant_of(event: Part, name: str) -> dt.datetime:
    """The instant of a time of an event, by the clock of its zone."""
    [(parameters, value)] = event.all(name)
    return dt.datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(parameters.get("TZID", "UTC")))


ELSEWHERE = """
import pickle, sys
import time_machine
from scheduler.feed import rendered
with time_machine.travel("2031-05-06 07:08:09"):
    sys.stdout.buffer.write(pickle.dumps([rendered(feed) for feed in pickle.load(sys.stdin.buffer)]))
"""


def test_the_same_values_give_the_same_bytes_in_another_process_at_another_time() -> None:
    """Nothing in a feed is of the clock, of chance, or of the order in which a process keeps things (F4, F6)."""
    cancelled = replace(ENTRY, uid="b@dure", starts_at=START - dt.timedelta(days=7), ends_at=START - dt.timedelta(days=6), cancelled=True)
    feeds = [
        replace(FEED, zone=zone, alarms=(60, 10), entries=entries) for zone in ("Asia/Seoul", "UTC") for entries in ((), (cancelled, ENTRY))
    ]
    command = [sys.executable, "-c", ELSEWHERE]
    other = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    ended = subprocess.run(command, input=pickle.dumps(feeds), capture_output=True, check=True, env=other, cwd=HERE)
    assert pickle.loads(ended.stdout) == [rendered(feed) for feed in feeds]  # noqa: S301  our own


@settings(max_examples=15, deadline=None)
@given(FEEDS)
def test_a_feed_holds_the_components_that_others_add_to(feed: Feed) -> None:
    calendar = Calendar()
    for part in components(feed):
        calendar.add_component(part)
    told, alike = (parsed(bytes(one).decode()).parts for one in (rendered(feed), calendar.to_ical()))
    assert [(part.kind, sorted(map(str, part.lines)), part.parts) for part in told] == [
        (part.kind, sorted(map(str, part.lines)), part.parts) for part in alike
    ]


SEOUL = re.search(b"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", rendered(FEED), re.DOTALL)
assert SEOUL
BROKEN = [
    pytest.param(b"\r\n", b"\n", "F1", id="line ends"),
    pytest.param(b"SUMMARY:", b"SUMMARY:" + b"x" * 80, "F1", id="a long line"),
    pytest.param(b"SUMMARY:", b"SUMMARY:\x07", "F1", id="a control character"),
    pytest.param(b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", "F1", id="a byte-order mark"),
    pytest.param("수".encode(), "수".encode()[:1] + b"\r\n " + "수".encode()[1:], "F1", id="half a sign on a line"),
    pytest.param(b"VERSION:2.0", b"VERSION:1.0", "F2", id="an old version"),
    pytest.param(b"PRODID:", b"X-PRODID:", "F2", id="nobody's product"),
    pytest.param(b"GREGORIAN", b"HEBREW", "F2", id="another way to count days"),
    pytest.param(b"METHOD:PUBLISH", b"METHOD:REQUEST", "F2", id="a request"),
    pytest.param(b"X-PUBLISHED-TTL:PT1H", b"X-PUBLISHED-TTL:PT2H", "F3", id="two intervals"),
    pytest.param(b"\r\nNAME:", b"\r\nNAME:x", "F3", id="two names"),
    pytest.param(b";VALUE=DURATION", b"", "F3", id="an interval that is no duration"),
    pytest.param(b"UID:", "UID:김".encode(), "F5", id="a name in the UID"),
    pytest.param(b"DTSTAMP:20270220T030405Z", b"DTSTAMP:20270220T030405", "F6", id="a floating stamp"),
    pytest.param(b"LAST-MODIFIED:", b"X-MODIFIED:", "F6", id="no change is dated"),
    pytest.param(b"SEQUENCE:0", b"SEQUENCE:-1", "F7", id="a sequence below none"),
    pytest.param(b"DTEND;TZID=Asia/Seoul:20270302T20", b"DTEND;TZID=Asia/Seoul:20270302T18", "F8", id="an end before the start"),
    pytest.param(b"DTSTART;TZID=Asia/Seoul:", b"DTSTART:", "F8", id="a floating time"),
    pytest.param(b"DTEND;TZID=Asia/Seoul:20270302T200000", b"DURATION:PT1H", "F8", id="a duration"),
    pytest.param(b"BEGIN:VEVENT", SEOUL[0] + b"BEGIN:VEVENT", "F9", id="a zone twice"),
    pytest.param(b"END:VCALENDAR", SEOUL[0].replace(b"Seoul", b"Tokyo") + b"END:VCALENDAR", "F9", id="a zone after the events"),
    pytest.param(b"END:VTIMEZONE", b"BEGIN:DAYLIGHT\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE", "F9", id="a zone with a summer"),
    pytest.param(b"TZOFFSETTO:+0900", b"TZOFFSETTO:+0800", "F10", id="another offset than the zone has"),
    pytest.param(b"TZID:Asia/Seoul", b"TZID:Seoul", "F9", id="a zone that is none"),
    pytest.param(b"END:STANDARD", b"RDATE:19870510T020000\r\nEND:STANDARD", "F9", id="a zone with changes"),
    pytest.param(b"STATUS:CONFIRMED", b"STATUS:CANCELLED", "F12", id="a cancelled event without a mark"),
    pytest.param(b"SUMMARY:", "SUMMARY:[취소] ".encode(), "F12", id="a mark without a cancelled event"),
    pytest.param(b"TRANSP:OPAQUE", b"TRANSP:TRANSPARENT", "F12", id="a session that takes no time"),
    pytest.param(b"LOCATION:", b"LOCATION:x", "F13", id="two links"),
    pytest.param(b"LOCATION:", b"X-PLACE:", "F13", id="a link in one place only"),
    pytest.param(b"DESCRIPTION:", b"X-WORDS:", "F13", id="a link that no words tell"),
    pytest.param(b"FEATURE=VIDEO", b"FEATURE=VIDEO,AUDIO", "F13", id="a conference of two features"),
    pytest.param(b"VALUE=URI", b"VALUE=TEXT", "F13", id="a link that is only text"),
    pytest.param(b"FEATURE=VIDEO;", b"", "F13", id="a conference without a feature"),
    pytest.param(b"STATUS:", b"ATTENDEE:mailto:a@b.example\r\nSTATUS:", "F14", id="a person"),
    pytest.param(b"STATUS:", b"ORGANIZER:mailto:a@b.example\r\nSTATUS:", "F14", id="who asks"),
    pytest.param(b"STATUS:", b"CONTACT:02-123\r\nSTATUS:", "F14", id="a number"),
    pytest.param(b"END:VEVENT", b"BEGIN:VTODO\r\nEND:VTODO\r\nEND:VEVENT", "F15", id="something in an event that is no alarm"),
    pytest.param(b"STATUS:", b"RRULE:FREQ=WEEKLY\r\nSTATUS:", "shape", id="a repetition"),
]


@pytest.mark.parametrize(("old", "new", "rule"), BROKEN)
def test_the_checker_finds_each_fault(old: bytes, new: bytes, rule: str) -> None:
    feed = rendered(FEED)
    assert old in feed
    assert rule in {fault.partition(":")[0] for fault in faults(feed.replace(old, new, 1))}


def test_a_cancelled_session_that_rings_is_found() -> None:
    feed = rendered(replace(FEED, entries=(replace(ENTRY, cancelled=True),)))
    alarm = b"BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT"
    assert faults(feed.replace(b"END:VEVENT", alarm)) == ["F15: an alarm that rings for nothing"]


def test_a_zone_with_changes_that_is_declared_with_one_offset_is_found() -> None:
    """As it would be if what is told of Seoul were told of London (F10)."""
    feed = rendered(FEED).replace(b"Asia/Seoul", b"Europe/London").replace(b"+0900", b"+0000").replace(b"20270302T20", b"20270602T20")
    assert faults(feed) == ["F10: at 20270602T200000 Europe/London has +0100, and +0000 is declared"]


def test_two_events_of_one_uid_are_found() -> None:
    assert faults(rendered(replace(FEED, entries=(ENTRY, ENTRY)))) == ["F11: two events with one UID"]


def test_a_zone_without_changes_is_declared_with_one_offset_and_its_name() -> None:
    told = rendered(FEED).decode()
    assert "DTSTART;TZID=Asia/Seoul:20270302T190000\r\n" in told
    assert "TZOFFSETTO:+0900\r\n" in told
    assert "TZNAME:KST\r\n" in told


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Sydney"])
def test_times_of_a_zone_with_changes_are_told_in_utc(zone: str) -> None:
    told = rendered(replace(FEED, zone=zone)).decode()
    assert "DTSTART:20270302T100000Z\r\n" in told
    assert "VTIMEZONE" not in told


@pytest.mark.parametrize("language", CANCELLED)
def test_a_cancelled_session_says_so_and_does_not_ring(language: str) -> None:
    told = rendered(replace(FEED, language=language, alarms=(60,), entries=(replace(ENTRY, cancelled=True, sequence=3),))).decode()
    for line in (f"SUMMARY:{CANCELLED[language]} 수학 · 3명", "STATUS:CANCELLED", "TRANSP:TRANSPARENT", "SEQUENCE:3"):
        assert f"\r\n{line}\r\n" in told
    assert "VALARM" not in told


def test_an_alarm_rings_only_where_it_was_asked_for() -> None:
    assert b"VALARM" not in rendered(FEED)
    assert rendered(replace(FEED, alarms=(1440, 60))).count(b"TRIGGER:-P1D\r\n") == 1


def test_an_empty_feed_is_a_calendar_with_a_name() -> None:
    calendar = parsed(rendered(replace(FEED, entries=())).decode())
    assert (calendar.value("NAME"), calendar.parts) == ("두레", [])


def test_text_is_on_one_line_and_holds_nothing_that_steers() -> None:
    assert plain(" a\r\nb\tc\x00\x07\u202ed\ud800 ") == "a  b cd"
