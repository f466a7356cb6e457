"""A feed keeps to F1 to F15 of FEEDS.md, whatever names and topics are in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from icalendar import Calendar

from scheduler.feed import CANCELLED, Entry, Feed, components, plain, rendered
from tests.scheduler.feed_checker import faults, parsed

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
    zone=st.sampled_from(["Asia/Seoul", "Asia/Taipei", "America/New_York", "Australia/Sydney", "UTC", "Asia/Kathmandu"]),
    language=st.sampled_from(["ko", "en", "zh-TW"]),
    entries=st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.uid).map(tuple),
    alarms=st.sampled_from([(), (60,), (1440, 10)]),
)


@settings(max_examples=60, deadline=None)
@given(FEEDS)
def test_f1_to_f15_hold_whatever_is_in_a_feed(feed: Feed) -> None:
    assert faults(rendered(feed)) == []


@settings(max_examples=15, deadline=None)
@given(FEEDS)
def test_f4_the_same_values_give_the_same_bytes(feed: Feed) -> None:
    assert rendered(feed) == rendered(feed)


@settings(max_examples=30, deadline=None)
@given(FEEDS)
def test_a_feed_holds_the_components_that_others_add_to(feed: Feed) -> None:
    calendar = Calendar()
    for part in components(feed):
        calendar.add_component(part)
    told, alike = (parsed(bytes(one).decode()).parts for one in (rendered(feed), calendar.to_ical()))
    assert [(part.kind, sorted(map(str, part.lines)), part.parts) for part in told] == [
        (part.kind, sorted(map(str, part.lines)), part.parts) for part in alike
    ]


BROKEN = [
    pytest.param(b"\r\n", b"\n", "F1", id="line ends"),
    pytest.param(b"SUMMARY:", b"SUMMARY:" + b"x" * 80, "F1", id="a long line"),
    pytest.param(b"SUMMARY:", b"SUMMARY:\x07", "F1", id="a control character"),
    pytest.param(b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", "F1", id="a byte-order mark"),
    pytest.param(b"METHOD:PUBLISH", b"METHOD:REQUEST", "F2", id="a request"),
    pytest.param(b"\r\nNAME:", b"\r\nNAME:x", "F3", id="two names"),
    pytest.param(b";VALUE=DURATION", b"", "F3", id="an interval that is no duration"),
    pytest.param(b"UID:", "UID:김".encode(), "F5", id="a name in the UID"),
    pytest.param(b"DTSTAMP:20270220T030405Z", b"DTSTAMP:20270220T030405", "F6", id="a floating stamp"),
    pytest.param(b"SEQUENCE:0", b"SEQUENCE:-1", "F7", id="a sequence below none"),
    pytest.param(b"DTEND;TZID=Asia/Seoul:20270302T20", b"DTEND;TZID=Asia/Seoul:20270302T18", "F8", id="an end before the start"),
    pytest.param(b"DTSTART;TZID=Asia/Seoul:", b"DTSTART:", "F8", id="a floating time"),
    pytest.param(b"TZID:Asia/Seoul", b"TZID:Seoul", "F9", id="a zone that is none"),
    pytest.param(b"END:STANDARD", b"RDATE:19870510T020000\r\nEND:STANDARD", "F9", id="a zone with changes"),
    pytest.param(b"STATUS:CONFIRMED", b"STATUS:CANCELLED", "F12", id="a cancelled event without a mark"),
    pytest.param(b"LOCATION:", b"LOCATION:x", "F13", id="two links"),
    pytest.param(b"FEATURE=VIDEO;", b"", "F13", id="a conference without a feature"),
    pytest.param(b"STATUS:", b"ATTENDEE:mailto:a@b.example\r\nSTATUS:", "F14", id="a person"),
]


@pytest.mark.parametrize(("old", "new", "rule"), BROKEN)
def test_the_checker_finds_each_fault(old: bytes, new: bytes, rule: str) -> None:
    feed = rendered(FEED)
    assert old in feed
    assert rule in {fault[: len(rule)] for fault in faults(feed.replace(old, new, 1))}


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
