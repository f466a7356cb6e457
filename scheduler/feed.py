"""Sessions become the bytes of a calendar feed that stays right in real clients (RFC 5545, RFC 7986; FEEDS.md F1 to F15).

Pure: what a feed says hangs on its values alone, so the same values give the same bytes. There is one event for each session and no
repetition: clients disagree about moved parts of a series, and about series that leave a feed.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Component, Event, Timezone, TimezoneStandard, vDuration

PRODUCT = "-//Dure//Dure//EN"
CANCELLED = {"ko": "[취소]", "en": "[Cancelled]", "zh-TW": "[取消]"}
"""What opens the title of a cancelled session, for clients that show it like any other (F12)."""

RESERVED = "%/:=&?~#+!$,;'@()*[]"
"""Signs that mean something in an address; all others but letters and digits of ASCII are written by their bytes (RFC 3986)."""

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the direction of writing."""

HIGHEST_SEQUENCE = 2**31 - 1
"""Clients keep it in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session as one feed shows it; instants are aware and in UTC, [starts_at, ends_at).

    `uid` is of the session and never changes; `sequence` rises with every change of time, link, people or state; `changed_at` is when
    the row was changed last (F5 to F7). `title` and `lines` are what may be shown to this subscriber, already in their language.
    """

    uid: str
    sequence: int
    changed_at: dt.datetime
    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    lines: tuple[str, ...] = ()
    link: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One subscriber's calendar: its name, the zone its times are told in, and how many minutes before a session it rings, if at all."""

    name: str
    zone: str
    language: str
    entries: tuple[Entry, ...]
    refresh: dt.timedelta = dt.timedelta(hours=1)
    alarms: tuple[int, ...] = ()


def rendered(feed: Feed) -> bytes:
    """The feed as `text/calendar; charset=utf-8`, its events in the order of the entries."""
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    name = plain(feed.name)
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", feed.refresh, parameters={"VALUE": "DURATION"})
    every = vDuration(feed.refresh).to_ical().decode()  # type: ignore[no-untyped-call]  # the library says no type
    calendar.add("X-PUBLISHED-TTL", every)
    for part in components(feed):
        calendar.add_component(part)
    return bytes(calendar.to_ical())


def components(feed: Feed) -> Iterator[Component]:
    """The declaration of the zone, where there is one, and the events, in the order of the entries."""
    zone = fixed_zone(feed.zone, _years(feed.entries)) if feed.entries else None
    if zone:
        yield zone
    told_in = ZoneInfo(feed.zone) if zone else dt.UTC
    for entry in feed.entries:
        yield _event(entry, feed, told_in)


def _event(entry: Entry, feed: Feed, told_in: dt.tzinfo) -> Event:
    event = Event()
    title = plain(entry.title)
    event.add("UID", entry.uid)
    event.add("DTSTAMP", entry.changed_at)
    event.add("LAST-MODIFIED", entry.changed_at)
    event.add("SEQUENCE", min(entry.sequence, HIGHEST_SEQUENCE))
    event.add("DTSTART", entry.starts_at.astimezone(told_in))
    event.add("DTEND", entry.ends_at.astimezone(told_in))
    event.add("SUMMARY", f"{CANCELLED[feed.language]} {title}" if entry.cancelled else title)
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    lines = [plain(line) for line in entry.lines]
    if entry.link:
        link = quote(plain(entry.link), safe=RESERVED)
        lines.append(link)
        event.add("LOCATION", link)
        event.add("CONFERENCE", link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    if lines:
        event.add("DESCRIPTION", "\n".join(lines))
    if not entry.cancelled:
        for minutes in feed.alarms:
            alarm = Alarm()
            alarm.add("ACTION", "DISPLAY")
            alarm.add("TRIGGER", dt.timedelta(minutes=-minutes))
            alarm.add("DESCRIPTION", title)
            event.add_component(alarm)
    return event


def plain(text: str) -> str:
    """The text on one line, without what no calendar may hold: control characters, marks that turn the direction of writing,
    halves of signs (F1). Line breaks become spaces."""
    parts = (" " if sign in "\n\r\t\v\f\x85\u2028\u2029" else sign for sign in text)
    return "".join(sign for sign in parts if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in TURNING).strip()


def _years(entries: Iterable[Entry]) -> range:
    years = [entry.starts_at.year for entry in entries]
    return range(min(years) - 1, max(years) + 2)


@lru_cache(maxsize=64)
def fixed_zone(zone: str, years: range) -> Timezone | None:
    """The declaration of a zone that keeps one offset through these years; None where it changes, or is UTC's: its times
    are told in UTC (F9, F10).

    The library's own declarations list the changes of a century, which Outlook misreads.
    """
    told_in = ZoneInfo(zone)
    noons = [dt.datetime(year, month, day, 12, tzinfo=told_in) for year in years for month in range(1, 13) for day in (1, 15)]
    offsets = {noon.utcoffset() for noon in noons}
    if len(offsets) > 1 or offsets == {dt.timedelta(0)}:
        return None
    declared, standard = Timezone(), TimezoneStandard()
    declared.add("TZID", zone)
    standard.add("DTSTART", dt.datetime(1970, 1, 1))  # noqa: DTZ001  the wall clock of the zone that is declared here
    standard.add("TZOFFSETFROM", noons[0].utcoffset())
    standard.add("TZOFFSETTO", noons[0].utcoffset())
    standard.add("TZNAME", noons[0].tzname())
    declared.add_component(standard)
    return declared
