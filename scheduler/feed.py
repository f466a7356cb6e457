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

END = b"END:VCALENDAR\r\n"

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the direction of writing."""

HIGHEST_SEQUENCE = 2**31 - 1
"""Clients keep it in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session as one feed shows it; instants are aware and in UTC, [starts_at, ends_at).

    `uid` is of the session and never changes, ASCII and short enough for a line; `sequence` rises with every change of time, link,
    people or state; `changed_at` is when the row was changed last (F5 to F7). `title` and `lines` are what may be shown to this
    subscriber, already in their language.
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
    every = vDuration(feed.refresh).to_ical().decode()
    calendar.add("X-PUBLISHED-TTL", every)
    zone = _zone(feed)
    if zone:
        calendar.add_component(zone)
    told_in = ZoneInfo(feed.zone) if zone else None
    head = bytes(calendar.to_ical()).removesuffix(END)
    return b"".join([head, *(_written(entry, feed, told_in) for entry in feed.entries), END])


def _written(entry: Entry, feed: Feed, told_in: ZoneInfo | None) -> bytes:
    """One event: the lines that are its own, which are short and hold no text, and those that the sessions of a group share.

    The library would take several times as long for all of them.
    """
    stamp = f"{entry.changed_at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    if told_in is None:
        start, end = (f":{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" for at in (entry.starts_at, entry.ends_at))
    else:
        start, end = (f";TZID={told_in.key}:{at.astimezone(told_in):%Y%m%dT%H%M%S}" for at in (entry.starts_at, entry.ends_at))
    own = (
        f"BEGIN:VEVENT\r\nDTSTART{start}\r\nDTEND{end}\r\nDTSTAMP:{stamp}\r\nLAST-MODIFIED:{stamp}\r\n"
        f"UID:{entry.uid}\r\nSEQUENCE:{min(entry.sequence, HIGHEST_SEQUENCE)}\r\n"
    )
    return own.encode("ascii") + _worded_bytes(*_words(entry, feed))


def components(feed: Feed) -> Iterator[Component]:
    """What a feed holds, for those who add to it: the declaration of the zone, where there is one, and the events, in the order of the
    entries.

    An event's words are written by `_worded` for both. Its own lines have two writers: `_written` for the feeds that thousands of clients
    poll, and this one for the library's events, to which a letter adds lines of its own; a test holds the two to the same lines.
    """
    zone = _zone(feed)
    if zone:
        yield zone
    told_in = ZoneInfo(feed.zone) if zone else dt.UTC
    for entry in feed.entries:
        event = _worded(*_words(entry, feed))
        event.add("UID", entry.uid)
        event.add("DTSTAMP", entry.changed_at)
        event.add("LAST-MODIFIED", entry.changed_at)
        event.add("SEQUENCE", min(entry.sequence, HIGHEST_SEQUENCE))
        event.add("DTSTART", entry.starts_at.astimezone(told_in))
        event.add("DTEND", entry.ends_at.astimezone(told_in))
        yield event


Words = tuple[str, tuple[str, ...], str, str, tuple[int, ...]]
"""What the sessions of a group share: a title, lines, a link, what opens the title of a cancelled one, and the minutes of alarms."""


def _words(entry: Entry, feed: Feed) -> Words:
    if entry.cancelled:
        return entry.title, entry.lines, entry.link, CANCELLED[feed.language], ()
    return entry.title, entry.lines, entry.link, "", feed.alarms


@lru_cache(maxsize=4096)
def _worded_bytes(title: str, lines: tuple[str, ...], link: str, cancelled: str, alarms: tuple[int, ...]) -> bytes:
    """The lines of an event that hold words, and its end."""
    return bytes(_worded(title, lines, link, cancelled, alarms).to_ical()).removeprefix(b"BEGIN:VEVENT\r\n")


def _worded(title: str, lines: tuple[str, ...], link: str, cancelled: str, alarms: tuple[int, ...]) -> Event:
    """An event with what it says in words, and no times yet."""
    event = Event()
    title = plain(title)
    event.add("SUMMARY", f"{cancelled} {title}" if cancelled else title)
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if cancelled else "OPAQUE")
    told = [plain(line) for line in lines]
    if link:
        link = quote(plain(link), safe=RESERVED)
        told.append(link)
        event.add("LOCATION", link)
        event.add("CONFERENCE", link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    if told:
        event.add("DESCRIPTION", "\n".join(told))
    for minutes in alarms:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("TRIGGER", dt.timedelta(minutes=-minutes))
        alarm.add("DESCRIPTION", title)
        event.add_component(alarm)
    return event


def plain(text: str) -> str:
    """The text on one line, without what no calendar may hold: control characters, marks that turn the direction of writing,
    halves of signs (F1). Line breaks become spaces."""
    if text.isprintable():  # nearly all is, and so has none of these
        return text.strip()
    parts = (" " if sign in "\n\r\t\v\f\x85\u2028\u2029" else sign for sign in text)
    return "".join(sign for sign in parts if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in TURNING).strip()


def _zone(feed: Feed) -> Timezone | None:
    return fixed_zone(feed.zone, _years(feed.entries)) if feed.entries else None


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
