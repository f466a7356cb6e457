"""Readers find the sessions of a feed at their wall-clock times, over both changes of the clocks of a year (FEEDS.md F8 to F10)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from matching.week import read_meetings
from scheduler.feed import Entry, Feed, rendered
from scheduler.term import Dated, Term, meetings_on
from tests.clients.hosting import hosting
from tests.clients.readers import Reader, by_ical, by_ical_js, by_node_ical, needs_node

DAY = dt.timedelta(days=1)
FIRST_ON, LAST_ON = dt.date(2027, 1, 1), dt.date(2027, 12, 31)
CHANGES = {
    "Europe/London": 2,
    "America/Santiago": 2,
    "Australia/Lord_Howe": 2,
    "Pacific/Auckland": 2,
    "Africa/Casablanca": 2,
    "Asia/Kathmandu": 0,
    "America/Sao_Paulo": 0,
}
"""Zones, and how often their clocks change in that year: north and south, by half an hour, the other way round in Ramadan, and no more."""

EVER = ("Sat 19:00", "Sun 12:00", "Mon 08:00")
CHANGING = ("Sun 00:15", "Sun 02:30")
"""Hours that a change leaves out or has twice."""


def changes_of(zone: str) -> list[dt.date]:
    """The days in the course of which the clocks change; some day where they never do."""
    days = [FIRST_ON + n * DAY for n in range(365)]
    at = ZoneInfo(zone)
    changed = [
        day
        for day, after in pairwise(days)
        if dt.datetime.combine(day, dt.time(), at).utcoffset() != dt.datetime.combine(after, dt.time(), at).utcoffset()
    ]
    assert len(changed) == CHANGES[zone]
    return changed or [dt.date(2027, 7, 1)]


def sessions(zone: str) -> list[Dated]:
    """What the service makes of weekly meetings in the two weeks around each change."""
    term = Term(zone=zone, first_on=FIRST_ON, last_on=LAST_ON)
    meetings = read_meetings("; ".join((*EVER, *CHANGING)))
    found = (meetings_on(term, meetings, 90, on - 7 * DAY, on + 6 * DAY) for on in changes_of(zone))
    return [one for some in found for one in some if isinstance(one, Dated)]


def feed_of(zone: str, held: Sequence[Dated]) -> bytes:
    """Their feed."""
    entry = Entry(
        uid="",
        sequence=0,
        changed_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
        starts_at=held[0].starts_at,
        ends_at=held[0].ends_at,
        title="x",
        link="https://meet.example.org/x",
    )
    entries = (replace(entry, uid=f"{n}@dure", starts_at=one.starts_at, ends_at=one.ends_at) for n, one in enumerate(held))
    return rendered(Feed(name=zone, zone=zone, language="en", entries=tuple(entries)))


@pytest.fixture(scope="module")
def held() -> Mapping[str, Sequence[Dated]]:
    """The sessions of each zone."""
    return {zone: sessions(zone) for zone in CHANGES}


@pytest.mark.parametrize("read", [by_ical, pytest.param(by_ical_js, marks=needs_node), pytest.param(by_node_ical, marks=needs_node)])
def test_a_reader_finds_sessions_at_their_wall_clock_times_over_both_changes(held: Mapping[str, Sequence[Dated]], read: Reader) -> None:
    with hosting() as host:
        found = read(host.put_all([feed_of(zone, of_zone) for zone, of_zone in held.items()]))
    for (zone, of_zone), seen in zip(held.items(), found, strict=True):
        assert sorted((one.starts_at, one.ends_at) for one in seen) == [(one.starts_at, one.ends_at) for one in of_zone]
        told = Counter(f"{one.starts_at.astimezone(ZoneInfo(zone)):%a %H:%M}" for one in seen)
        assert all(told[wall] == 2 * len(changes_of(zone)) for wall in EVER)


@pytest.mark.parametrize("zone", CHANGES)
def test_a_zone_is_declared_where_its_clocks_never_change_and_then_as_it_is(held: Mapping[str, Sequence[Dated]], zone: str) -> None:
    feed = feed_of(zone, held[zone]).decode()
    offsets = {f"{one.starts_at.astimezone(ZoneInfo(zone)):%z}" for one in held[zone]}
    if CHANGES[zone]:
        assert len(offsets) == 2
        assert "VTIMEZONE" not in feed
    else:
        assert [line for line in feed.splitlines() if line.startswith("TZOFFSET")] == [
            f"TZOFFSET{way}:{next(iter(offsets))}" for way in ("FROM", "TO")
        ]
