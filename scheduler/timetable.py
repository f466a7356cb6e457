"""Somebody's own calendar (.ics, RFC 5545): when they are busy through a term, and what that takes out of an availability.

Left out are what is cancelled, what says that it takes no time (TRANSP:TRANSPARENT, or free as Outlook writes it), and days as a whole that
do not say that they do. Times without a zone are those of the term's.

Pure: the days that count and the day that it is are arguments.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from matching.week import DAY_MINUTES, Stretch
from scheduler.ics import BadLine, Event, NoCalendar, events_of
from scheduler.recurrence import DAY, TooMuchWork, Work, times_of

MOST_WORK = 1_000_000
MINUTE = dt.timedelta(minutes=1)
NOT_AT_ALL = dt.timedelta()
OFTEN = 4
"""A weekly time is busy that is so on one of so many of its days."""

Busy = tuple[tuple[dt.datetime, dt.datetime], ...]
"""When somebody is busy: instants in UTC, half-open, in order of time, none touching another."""


def busy_times(content: bytes, zone: str, first_on: dt.date, last_on: dt.date) -> Busy:
    """When the calendar says that somebody is busy, from a day of the term's zone to another, both included.

    Raises
    ------
    NoCalendar, BadLine
        It cannot be read, or is larger than anybody's timetable.
    """
    days = (last_on - first_on).days + 1
    begin = dt.datetime.combine(first_on, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    end = dt.datetime.combine(last_on + DAY, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    marks = np.zeros(max(days, 0) * DAY_MINUTES + DAY_MINUTES, dtype=np.bool_)
    events = events_of(content, ZoneInfo(zone))
    changes: dict[str, _Changes] = defaultdict(_Changes)
    for event in events:
        if event.replaces is not None:
            changes[event.uid].replaced.add(event.replaces)
            if event.onward:
                changes[event.uid].onward.append((event.replaces, event))
    work = Work(MOST_WORK)
    for event in events:
        try:
            for starts_at, ends_at in _occurrences(event, changes[event.uid] if event.replaces is None else _Changes(), begin, end, work):
                first, last = max(starts_at, begin), min(ends_at, end)
                if first < last:
                    a, b = (first - begin) // MINUTE, -((begin - last) // MINUTE)
                    work.take(1 + (b - a) // DAY_MINUTES)
                    marks[a:b] = True
        except TooMuchWork:
            raise NoCalendar("has more in it than can be looked at") from None
        except OverflowError:
            raise BadLine(event.line, "the event lies outside of all calendars") from None
    edges = np.flatnonzero(np.diff(marks.astype(np.int8), prepend=0, append=0)).tolist()
    return tuple((begin + a * MINUTE, begin + b * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=True))


def weekly(busy: Busy, zone: str, first_on: dt.date, last_on: dt.date) -> tuple[Stretch, ...]:
    """The weekly times that somebody is busy at from a day to another, both included; in week order.

    A minute of a weekday is busy that is so on at least a quarter of these days and on at least two of them, or on the only one. A lecture
    of each week, of every second, or of a month out of four takes its time; a single appointment takes nothing.
    """
    days = (last_on - first_on).days + 1
    if days < 1:
        return ()
    at = ZoneInfo(zone)
    marks = np.zeros(days * DAY_MINUTES, dtype=np.bool_)
    for starts_at, ends_at in busy:
        first, last = (_minutes(instant.astimezone(at), first_on) for instant in (starts_at, ends_at))
        if last > 0:
            marks[max(first, 0) : last] = True
    by_day = marks.reshape(days, DAY_MINUTES)
    found: list[Stretch] = []
    for weekday in range(7):
        of_day = by_day[(weekday - first_on.weekday()) % 7 :: 7]
        often = of_day.sum(axis=0) >= max(-(-len(of_day) // OFTEN), min(2, len(of_day)), 1)
        edges = np.flatnonzero(np.diff(often.astype(np.int8), prepend=0, append=0)).tolist()
        midnight = weekday * DAY_MINUTES
        found += [Stretch(midnight + a, midnight + b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return tuple(found)


def _minutes(wall: dt.datetime, first_on: dt.date) -> int:
    """Minutes on the clock from midnight of a day."""
    return (wall.date() - first_on).days * DAY_MINUTES + wall.hour * 60 + wall.minute


@dataclass(frozen=True, slots=True)
class _Changes:
    """What others of its UID say of an event that repeats: the times that they replace, and from which of them on which events
    hold onward."""

    replaced: set[dt.date] = field(default_factory=set)
    onward: list[tuple[dt.date, Event]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Onward:
    """How an event goes on from a moment: as another says, and so much `later` by the clock of that one."""

    from_at: dt.datetime
    event: Event
    later: dt.timedelta


def _occurrences(
    event: Event, changes: _Changes, begin: dt.datetime, end: dt.datetime, work: Work
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """All that may lie between two moments and takes time.

    What is changed onward goes on as the last change before it says, as long, as free, and so much later by the clock (RFC 5545 3.8.4.4).
    """
    if event.free and not changes.onward:
        return
    work.take(len(changes.onward))
    onward = sorted(_goes_on(event, changes.onward), key=lambda change: change.from_at)
    lasts = max(one.lasts for one in (event, *(follows for _, follows in changes.onward)))
    latest = max((change.later for change in onward), default=NOT_AT_ALL)
    earliest = min((change.later for change in onward), default=NOT_AT_ALL)
    first_on = (begin - lasts - max(latest, NOT_AT_ALL) - DAY).date() - DAY
    last_on = (end - min(earliest, NOT_AT_ALL)).date() + DAY
    gone = event.left_out | changes.replaced
    for wall, zone, own in _times(event, first_on, last_on, work):
        at = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        if wall.date() in gone or at in gone:
            continue
        place = bisect_right(onward, at, key=lambda change: change.from_at)
        if not place:
            if not event.free:
                yield _span(event, wall, zone, own)
            continue
        change = onward[place - 1]
        if not change.event.free:
            moved = _wall(at, change.event.zone) + change.later
            yield _span(change.event, moved, change.event.zone, change.event.lasts if own == event.lasts else own)


def _goes_on(event: Event, onward: Iterable[tuple[dt.date, Event]]) -> Iterator[_Onward]:
    for on, one in onward:
        at = on if isinstance(on, dt.datetime) else event.instant(dt.datetime.combine(on, event.start.time()))
        yield _Onward(at, one, one.start - _wall(at, one.zone))


def _times(event: Event, first_on: dt.date, last_on: dt.date, work: Work) -> Iterator[tuple[dt.datetime, dt.tzinfo, dt.timedelta]]:
    """All wall-clock times of an event from a day to another, and how long it lasts then; what is left out is among them."""
    for rule in event.rules:
        for wall in times_of(rule, event.start, first_on, last_on, work, event.instant):
            yield wall, event.zone, event.lasts
    if not event.rules:
        yield event.start, event.zone, event.lasts
    yield from event.listed


def _wall(at: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _span(event: Event, wall: dt.datetime, zone: dt.tzinfo, lasts: dt.timedelta) -> tuple[dt.datetime, dt.datetime]:
    starts_at = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if event.whole_days:
        return starts_at, (wall + lasts).replace(tzinfo=zone).astimezone(dt.UTC)
    return starts_at, starts_at + lasts
