"""The events of a calendar file (.ics, RFC 5545): only their times are read, no titles, places or people.

Days as a whole that do not say that they take time are free: most are only marks. Times without a zone are those of the reader's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import vDDDTypes
from icalendar.parser import Contentline, Parameters
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduler.recurrence import DAY, Rule, RuleError, read_rule

MOST_BYTES = 2_000_000
MOST_EVENTS = 10_000
MOST_LISTED = 50_000
"""So many dates one calendar may list besides its rules."""

DEEPEST = 10
YEARS = range(1000, 3000)
T = TypeVar("T")


class TimetableError(ValueError):
    """The root of why a calendar is not read."""


@dataclass(eq=False)
class NoCalendar(TimetableError):
    """It is no calendar, or not a whole one."""

    problem: str

    def __str__(self) -> str:
        return f"the timetable {self.problem}"


@dataclass(eq=False)
class BadLine(TimetableError):
    """A line of it cannot be; lines are counted from 1."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"the timetable, line {self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    parameters: Parameters
    value: str


@dataclass(slots=True)
class _Component:
    """What stands between BEGIN and END: the lines that count, by name."""

    kind: str
    number: int
    lines: dict[str, list[_Line]] = field(default_factory=lambda: defaultdict(list))

    def text(self, name: str) -> str:
        """The value of a line, empty where there is none."""
        return self.lines[name][0].value.strip() if self.lines[name] else ""


TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
READ = {
    "VEVENT": TIMES | {"UID", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"},
    "VTIMEZONE": {"TZID", "X-LIC-LOCATION"},
    "STANDARD": {"TZOFFSETTO"},
    "DAYLIGHT": {"TZOFFSETTO"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event: wall-clock times of its zone. `lasts` is time that goes by, or for `whole_days` a number of days.

    One that `replaces` a time of another event with its UID, the one on a day or at a moment, may do so `onward`: with all that follow.
    """

    line: int
    uid: str
    start: dt.datetime
    zone: dt.tzinfo
    lasts: dt.timedelta
    whole_days: bool
    free: bool
    rules: tuple[Rule, ...]
    listed: tuple[tuple[dt.datetime, dt.tzinfo, dt.timedelta], ...]
    left_out: frozenset[dt.date]
    replaces: dt.date | None
    onward: bool

    def instant(self, wall: dt.datetime) -> dt.datetime:
        """The moment of a wall-clock time of its zone."""
        return wall.replace(tzinfo=self.zone).astimezone(dt.UTC)


def events_of(content: bytes, home: dt.tzinfo) -> list[Event]:
    """The events of a calendar, in its order; `home` is the zone of times without one.

    Raises
    ------
    NoCalendar, BadLine
        It cannot be read, or is larger than anybody's timetable.
    """
    found = list(_components(content))
    zones = _Zones([one for one in found if one.kind in {"VTIMEZONE", "STANDARD", "DAYLIGHT"}])
    events, listed = [], 0
    for component in found:
        if component.kind == "VEVENT" and component.lines["DTSTART"]:
            events.append(_event(component, zones, home))
            listed += len(events[-1].listed) + len(events[-1].left_out)
            if len(events) > MOST_EVENTS or listed > MOST_LISTED:
                raise NoCalendar(f"has more than {MOST_EVENTS:,} events or {MOST_LISTED:,} dates")
    return events


def _components(content: bytes) -> Iterator[_Component]:
    """The components of a calendar that count, inner ones before those around them."""
    if len(content) > MOST_BYTES:
        raise NoCalendar(f"has more than {MOST_BYTES // 1_000_000} MB")
    within: list[_Component] = []
    whole = False
    for number, line in _unfolded(content.decode("utf-8-sig", errors="replace")):
        name = re.split("[:;]", line, maxsplit=1)[0].strip().upper()
        if name == "BEGIN":
            within.append(_Component(line.partition(":")[2].strip().upper(), number))
            if within[0].kind != "VCALENDAR" or len(within) > DEEPEST:
                raise BadLine(number, "nothing of a calendar begins here")
        elif name == "END":
            if not within or within[-1].kind != line.partition(":")[2].strip().upper():
                raise BadLine(number, "something ends that has not begun")
            component = within.pop()
            whole = whole or component.kind == "VCALENDAR"
            if component.kind in READ:
                yield component
        elif within and name in READ.get(within[-1].kind, ()):
            within[-1].lines[name].append(_parts(number, line))
    if within:
        raise NoCalendar("ends in the middle")
    if not whole:
        raise NoCalendar("is no calendar; hand in an .ics file")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on in the next made one (RFC 5545 3.1), and the number of each's first."""
    first, parts = 0, list[str]()
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if line[:1] in {" ", "\t"} and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield first, "".join(parts)
        first, parts = number, [line] if line.strip() else []
    if parts:
        yield first, "".join(parts)


def _parts(number: int, line: str) -> _Line:
    try:
        _, parameters, value = Contentline(line).parts()
    except ValueError:
        raise BadLine(number, "cannot be read") from None
    return _Line(number, parameters, value)


class _Zones:
    """The zones that a calendar names: those of IANA, as Windows calls them, or of one offset all through the year."""

    def __init__(self, declared: Iterable[_Component]) -> None:
        self._known: dict[str, dt.tzinfo] = {}
        self._declared: dict[str, tuple[str, set[str]]] = {}
        offsets: set[str] = set()
        for component in declared:  # its parts stand before a zone
            offsets.add(component.text("TZOFFSETTO"))
            if component.kind == "VTIMEZONE":
                self._declared[component.text("TZID")] = (component.text("X-LIC-LOCATION"), offsets - {""})
                offsets = set()

    def of(self, line: _Line, usual: dt.tzinfo) -> dt.tzinfo:
        """The zone in which a line's time is, the usual one where it names none."""
        name = line.parameters.get("TZID")
        if name is None:
            return usual
        if not isinstance(name, str):
            raise BadLine(line.number, "two zones are named")
        if name not in self._known:
            self._known[name] = self._found(line.number, name)
        return self._known[name]

    def _found(self, number: int, name: str) -> dt.tzinfo:
        location, offsets = self._declared.get(name, ("", set()))
        parts = name.strip('"/').split("/")
        names = [name, location, WINDOWS_TO_OLSON.get(name, ""), *("/".join(parts[-length:]) for length in (3, 2))]
        for one in names:
            try:
                if one:
                    return ZoneInfo(one)
            except (ZoneInfoNotFoundError, ValueError, OSError):  # what a zone's name is looked up as may be a path
                continue
        only = re.fullmatch(r"([+-])([01]\d|2[0-3])([0-5]\d)(\d\d)?", next(iter(offsets))) if len(offsets) == 1 else None
        if only is None:
            raise BadLine(number, f"the zone {name[:40]!r} is not known")
        offset = dt.timedelta(hours=int(only[2]), minutes=int(only[3]))
        return dt.timezone(offset if only[1] == "+" else -offset)


def _event(component: _Component, zones: _Zones, home: dt.tzinfo) -> Event:
    [line, *_] = component.lines["DTSTART"]
    on = _time(line, line.value)
    whole_days = not isinstance(on, dt.datetime)
    start, zone = _wall(on, zones.of(line, home))
    replaces = component.lines["RECURRENCE-ID"]
    lasts = _lasts(component, zones, start, zone, whole_days=whole_days)
    try:
        rules = tuple(read_rule(one.value, start) for one in component.lines["RRULE"])
    except RuleError as bad:
        raise BadLine(component.lines["RRULE"][0].number, str(bad)) from None
    return Event(
        line=component.number,
        uid=component.text("UID") or f"line {component.number}",
        start=start,
        zone=zone,
        lasts=lasts,
        whole_days=whole_days,
        free=_is_free(component, whole_days=whole_days),
        rules=rules,
        listed=tuple(_listed(component.lines["RDATE"], zones, zone, lasts)),
        left_out=frozenset(_moment(one, value, zones, zone) for one in component.lines["EXDATE"] for value in one.value.split(",")),
        replaces=_moment(replaces[0], replaces[0].value, zones, zone) if replaces else None,
        onward=bool(replaces) and str(replaces[0].parameters.get("RANGE", "")).upper() == "THISANDFUTURE",
    )


def _is_free(component: _Component, *, whole_days: bool) -> bool:
    """The event takes no time."""
    outlook = component.text("X-MICROSOFT-CDO-BUSYSTATUS").upper()
    takes = component.text("TRANSP").upper() or ("TRANSPARENT" if whole_days and outlook not in {"BUSY", "OOF"} else "OPAQUE")
    return component.text("STATUS").upper() == "CANCELLED" or takes == "TRANSPARENT" or outlook == "FREE"


def _lasts(component: _Component, zones: _Zones, start: dt.datetime, zone: dt.tzinfo, *, whole_days: bool) -> dt.timedelta:
    """How long an event lasts that begins at a wall-clock time of a zone."""
    lasts = DAY if whole_days else dt.timedelta()
    for line in component.lines["DTEND"][:1]:
        end, other = _wall(_time(line, line.value), zones.of(line, zone))
        lasts = end - start if whole_days else _between(start, zone, end, other)
    for line in component.lines["DURATION"][:1]:
        lasts = _read(line, line.value, dt.timedelta)
    if lasts < dt.timedelta():
        raise BadLine(component.number, "the event ends before it begins")
    return lasts


def _between(start: dt.datetime, zone: dt.tzinfo, end: dt.datetime, other: dt.tzinfo) -> dt.timedelta:
    """The time that goes by between two wall-clock times, each of its zone."""
    return end.replace(tzinfo=other).astimezone(dt.UTC) - start.replace(tzinfo=zone).astimezone(dt.UTC)


def _listed(
    lines: Iterable[_Line], zones: _Zones, usual: dt.tzinfo, lasts: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.tzinfo, dt.timedelta]]:
    """The dates that an event lists besides, some with times of their own."""
    for line in lines:
        for value in line.value.split(","):
            begins, _, until = value.partition("/")
            start, zone = _wall(_time(line, begins), zones.of(line, usual))
            own = lasts
            if until.upper().startswith("P"):
                own = max(_read(line, until, dt.timedelta), dt.timedelta())
            elif until:
                own = max(_between(start, zone, *_wall(_time(line, until), zones.of(line, usual))), dt.timedelta())
            yield start, zone, own


def _moment(line: _Line, value: str, zones: _Zones, usual: dt.tzinfo) -> dt.date:
    """A day, or the moment of a time."""
    on = _time(line, value)
    if not isinstance(on, dt.datetime):
        return on
    wall, zone = _wall(on, zones.of(line, usual))
    return wall.replace(tzinfo=zone).astimezone(dt.UTC)


def _wall(on: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.tzinfo]:
    """A day's or a time's wall-clock time, and its zone, which is UTC where it says so."""
    if not isinstance(on, dt.datetime):
        return dt.datetime.combine(on, dt.time()), zone
    return on.replace(tzinfo=None), on.tzinfo or zone


def _time(line: _Line, value: str) -> dt.date:
    on = _read(line, value, dt.date)
    if on.year not in YEARS:
        raise BadLine(line.number, f"the year {on.year} is in nobody's timetable")
    return on


def _read(line: _Line, value: str, kind: type[T]) -> T:
    """A value of the kind that it must be."""
    try:
        found = vDDDTypes.from_ical(value.strip())
    except (ValueError, OverflowError, TypeError):
        found = None
    if not isinstance(found, kind):
        raise BadLine(line.number, f"{value[:40]!r} is no {'duration' if kind is dt.timedelta else 'time'}")
    return found
