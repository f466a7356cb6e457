"""Readers of calendars that others made: each fetches the feed at an address and says which sessions it finds there."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import ical.calendar
import ical.event
import icalendar
import pytest
import recurring_ical_events
from ical.calendar_stream import IcsCalendarStream

HERE = Path(__file__).parent
AFAR = dt.timedelta(days=3 * 366)

NODE = shutil.which("node") if (HERE / "node_modules" / ".installed.json").exists() else None
"""Node, where it has the packages that these tests ask."""

needs_node = pytest.mark.skipif(NODE is None, reason="Node or its packages are missing: `make packages` says what")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A session as a reader sees it, and in what kind of calendar: instants are in UTC, people are addresses."""

    method: str
    organizer: str = ""
    attendees: tuple[str, ...] = ()
    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    sequence: int
    cancelled: bool
    title: str
    description: str
    link: str


Reader = Callable[[Sequence[str]], Sequence[Collection[Seen]]]
"""Gives what it finds at each address, in any order."""


def by_icalendar(addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """By the library that we write with."""
    return [[_of_icalendar(event, calendar) for event in calendar.events] for calendar in _fetched(addresses)]


def by_recurring_ical_events(addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """Everything that takes place from three years ago to three years ahead."""
    now = dt.datetime.now(dt.UTC)
    found = ((recurring_ical_events.of(calendar).between(now - AFAR, now + AFAR), calendar) for calendar in _fetched(addresses))
    return [[_of_icalendar(event, calendar) for event in events] for events, calendar in found]


def by_ical(addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """As Home Assistant reads calendars: the timeline of all that is fetched."""
    streams = [asyncio.run(IcsCalendarStream.from_url(address)) for address in addresses]
    return [[_of_ical(event, calendar) for calendar in stream.calendars for event in calendar.timeline] for stream in streams]


def by_ical_js(addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """As Thunderbird and Nextcloud read calendars."""
    return _by_node("ical.js", addresses)


def by_node_ical(addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """As MagicMirror and Node-RED read calendars."""
    return _by_node("node-ical", addresses)


def _fetched(addresses: Sequence[str]) -> Sequence[icalendar.Calendar]:
    with httpx.Client() as client:
        return [icalendar.Calendar.from_ical(client.get(address).content) for address in addresses]


def _of_icalendar(event: icalendar.Event, calendar: icalendar.Calendar) -> Seen:
    return Seen(
        method=str(calendar["METHOD"]),
        organizer=str(event.get("ORGANIZER", "")),
        attendees=tuple(map(str, event.attendees)),
        uid=str(event["UID"]),
        starts_at=event.decoded("DTSTART").astimezone(dt.UTC),
        ends_at=event.decoded("DTEND").astimezone(dt.UTC),
        sequence=event.sequence,
        cancelled=event["STATUS"] == "CANCELLED",
        title=str(event["SUMMARY"]),
        description=str(event["DESCRIPTION"]),
        link=str(event.get("LOCATION", "")),
    )


def _of_ical(event: ical.event.Event, calendar: ical.calendar.Calendar) -> Seen:
    assert isinstance(event.dtstart, dt.datetime)
    assert isinstance(event.dtend, dt.datetime)
    return Seen(
        method=calendar.method or "",
        organizer=str(event.organizer.uri) if event.organizer else "",
        attendees=tuple(str(one.uri) for one in event.attendees),
        uid=event.uid,
        starts_at=event.dtstart.astimezone(dt.UTC),
        ends_at=event.dtend.astimezone(dt.UTC),
        sequence=event.sequence or 0,
        cancelled=event.status == ical.event.EventStatus.CANCELLED,
        title=event.summary or "",
        description=event.description or "",
        link=event.location or "",
    )


def _by_node(reader: str, addresses: Sequence[str]) -> Sequence[Collection[Seen]]:
    """On a machine whose own zone is none of ours, so that a time without a zone would be taken for another."""
    assert NODE is not None
    ended = subprocess.run(
        [NODE, HERE / "read_feed.js", reader, *addresses],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "TZ": "Asia/Kathmandu"},
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [[_of_node(event) for event in events] for events in json.loads(ended.stdout)]


def _of_node(event: Mapping[str, Any]) -> Seen:
    starts_at, ends_at = (dt.datetime.fromisoformat(event[name]) for name in ("starts_at", "ends_at"))
    return Seen(**{**event, "starts_at": starts_at, "ends_at": ends_at, "attendees": tuple(event["attendees"])})
