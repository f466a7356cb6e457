"""What is wrong with the bytes of a feed, by F1 to F15 of FEEDS.md: read from the bytes alone, with no calendar library."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, available_timezones

LINE = re.compile(r"([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(.*)", re.DOTALL)
UTC = re.compile(r"\d{8}T\d{6}Z")
LOCAL = re.compile(r"\d{8}T\d{6}")
PREFIXES = ("[취소] ", "[Cancelled] ", "[取消] ")
PERSONAL = ("ATTENDEE", "ORGANIZER", "CONTACT")


@dataclass(slots=True)
class Part:
    """A component: its lines as (name, parameters, value), and the components in it."""

    kind: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def all(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(parameters, value) for held, parameters, value in self.lines if held == name]

    def value(self, name: str) -> str | None:
        found = self.all(name)
        return found[0][1] if len(found) == 1 else None


def faults(feed: bytes) -> list[str]:
    """Every fault, with the key of the rule that it breaks."""
    bytes_wrong = list(_bytes(feed))
    if bytes_wrong:
        return bytes_wrong
    calendar = parsed(feed.decode())
    of_events = [fault for event in _events(calendar) for fault in _event(event)]
    return [*_head(calendar), *_zones(calendar), *of_events, *_unique(calendar)]


def parsed(text: str) -> Part:
    """The calendar in a feed."""
    stack = [Part("")]
    for line in text.replace("\r\n ", "").split("\r\n")[:-1]:
        match = LINE.fullmatch(line)
        assert match, line
        name, parameters, value = match[1], dict(re.findall(r";([A-Z0-9-]+)=([^;]*)", match[2])), match[3]
        if name == "BEGIN":
            stack.append(Part(value))
        elif name == "END":
            assert stack[-1].kind == value, line
            done = stack.pop()
            stack[-1].parts.append(done)
        else:
            stack[-1].lines.append((name, parameters, value))
    assert len(stack) == 1
    assert [part.kind for part in stack[0].parts] == ["VCALENDAR"]
    return stack[0].parts[0]


def _bytes(feed: bytes) -> Iterator[str]:
    if feed.startswith(b"\xef\xbb\xbf"):
        yield "F1: a byte-order mark"
    if not feed.endswith(b"\r\n") or b"\n" in feed.replace(b"\r\n", b"") or b"\r" in feed.replace(b"\r\n", b""):
        yield "F1: a line does not end in CRLF"
    for line in feed.split(b"\r\n"):
        if len(line) > 75:
            yield f"F1: a line of {len(line)} octets"
        try:
            text = line.decode()
        except UnicodeDecodeError:
            yield f"F1: a line is no UTF-8: {line!r}"
        else:
            if any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in text):
                yield f"F1: a control character: {text!r}"


def _head(calendar: Part) -> Iterator[str]:
    for name, right in (("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")):
        if calendar.value(name) != right:
            yield f"F2: {name} is {calendar.value(name)}"
    if not calendar.value("PRODID"):
        yield "F2: no PRODID"
    if calendar.value("NAME") is None or calendar.value("NAME") != calendar.value("X-WR-CALNAME"):
        yield "F3: NAME is not X-WR-CALNAME"
    interval = calendar.all("REFRESH-INTERVAL")
    if [parameters for parameters, _ in interval] != [{"VALUE": "DURATION"}] or interval[0][1] != calendar.value("X-PUBLISHED-TTL"):
        yield "F3: REFRESH-INTERVAL is not X-PUBLISHED-TTL, or no duration"


def _zones(calendar: Part) -> Iterator[str]:
    kinds = [part.kind for part in calendar.parts]
    declared = [part.value("TZID") for part in calendar.parts if part.kind == "VTIMEZONE"]
    if kinds != sorted(kinds, key=lambda kind: kind != "VTIMEZONE") or len(set(declared)) != len(declared):
        yield "F9: zones are not declared once, before the events"
    used = {parameters["TZID"] for event in _events(calendar) for _, parameters, _ in event.lines if "TZID" in parameters}
    if used != set(declared) or not used <= available_timezones():
        yield f"F9: {used} are used, {declared} declared"
    for part in calendar.parts:
        if part.kind == "VTIMEZONE":
            if [inner.kind for inner in part.parts] != ["STANDARD"] or part.parts[0].all("RDATE") or part.parts[0].all("RRULE"):
                yield "F9: a zone with more than one offset"
            yield from _offsets(calendar, part.value("TZID") or "", part.parts[0].value("TZOFFSETTO") or "")


def _offsets(calendar: Part, zone: str, declared: str) -> Iterator[str]:
    """Where a time of a zone is not by its only offset: so it would be shown by clients that believe the feed."""
    for event in _events(calendar):
        for _, parameters, value in event.lines:
            if parameters.get("TZID") == zone in available_timezones() and LOCAL.fullmatch(value):
                offset = f"{dt.datetime.strptime(value, '%Y%m%dT%H%M%S').replace(tzinfo=ZoneInfo(zone)):%z}"
                if offset != declared:
                    yield f"F10: at {value} {zone} has {offset}, and {declared} is declared"


def _events(calendar: Part) -> list[Part]:
    return [part for part in calendar.parts if part.kind == "VEVENT"]


def _event(event: Part) -> Iterator[str]:
    uid = event.value("UID") or ""
    if not uid or not uid.isascii():
        yield f"F5: UID is {uid!r}"
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        if not UTC.fullmatch(event.value(name) or ""):
            yield f"F6: {name} is {event.value(name)}"
    if not (event.value("SEQUENCE") or "").isdigit():
        yield f"F7: SEQUENCE is {event.value('SEQUENCE')}"
    yield from _times(event)
    if event.all("RRULE") or event.all("RDATE") or event.all("EXDATE"):
        yield "shape: a repetition"
    cancelled = event.value("STATUS") == "CANCELLED"
    opened = (event.value("SUMMARY") or "").startswith(PREFIXES)
    if cancelled != opened or event.value("TRANSP") != ("TRANSPARENT" if cancelled else "OPAQUE"):
        yield "F12: a cancelled event is not marked as such, or another is"
    yield from _link(event)
    if any(event.all(name) for name in PERSONAL):
        yield "F14: a person is named"
    if any(part.kind != "VALARM" for part in event.parts) or (cancelled and event.parts):
        yield "F15: an alarm that rings for nothing"


def _times(event: Part) -> Iterator[str]:
    times = []
    for name in ("DTSTART", "DTEND"):
        found = event.all(name)
        parameters, value = found[0] if len(found) == 1 else ({}, "")
        if not (UTC.fullmatch(value) if "TZID" not in parameters else LOCAL.fullmatch(value)):
            yield f"F8: {name} is {value!r} with {parameters}"
        times.append((parameters.get("TZID"), value))
    if times[0][0] != times[1][0] or not times[0][1] < times[1][1] or event.all("DURATION"):
        yield f"F8: it begins and ends at {times}"


def _link(event: Part) -> Iterator[str]:
    places, conferences = event.all("LOCATION"), event.all("CONFERENCE")
    if len(places) != len(conferences) or len(places) > 1:
        yield "F13: the link is not in both places"
    for parameters, value in conferences:
        if parameters.get("VALUE") != "URI" or not parameters.get("FEATURE", "").isalpha():
            yield f"F13: CONFERENCE has {parameters}"
        if not value.isascii() or _text(event.value("LOCATION") or "") != value or value not in _text(event.value("DESCRIPTION") or ""):
            yield "F13: the link is not everywhere the same"


def _text(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def _unique(calendar: Part) -> Iterator[str]:
    seen = [(event.value("UID"), event.value("RECURRENCE-ID")) for event in _events(calendar)]
    if len(set(seen)) != len(seen):
        yield "F11: two events with one UID"
