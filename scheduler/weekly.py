"""A series' weekly meetings, week by week: each known by when it was to be at first, and dated at the times that hold on its day.

Pure. The i-th meeting of a week stays the i-th wherever the series shifts, so that a session keeps its identity.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from matching.week import DAY_MINUTES, Meetings
from scheduler.term import DAY, WEEK_DAYS, Dated, LeftOut, Term, instant

wall = lru_cache(maxsize=65536)(instant)
"""`instant`, which all groups of a term ask for the same times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A repetition: `meetings` as they were at first, ascending weekly starts; `shifts` say where they are from a day on, by ascending
    days, each as many in the same order."""

    meetings: Meetings
    session_minutes: int
    shifts: tuple[tuple[dt.date, Meetings], ...] = ()

    @property
    def latest(self) -> Meetings:
        """The weekly starts after all shifts."""
        return self.shifts[-1][1] if self.shifts else self.meetings

    def on(self, monday: dt.date, place: int) -> tuple[dt.date, int]:
        """The day and the minutes from midnight of one meeting of the week that begins with a Monday.

        A shift moves it where it would lie, before and after, on the shift's day or later: what has been is left alone.
        """
        on, minutes = _day(monday, self.meetings[place])
        for from_on, meetings in self.shifts:
            shifted = _day(monday, meetings[place])
            if min(on, shifted[0]) >= from_on:
                on, minutes = shifted
        return on, minutes


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a series: its identity, as an instant in UTC, and when it is, or why it is not."""

    original_start: dt.datetime
    at: Dated | LeftOut


def meetings_of(
    term: Term, weekly: Weekly, first_on: dt.date, last_on: dt.date, schools: Callable[[dt.date], Collection[str]] = lambda _: ()
) -> Iterator[Meeting]:
    """All meetings from a day to another, both included and within the term, week by week in the series' order.

    `schools` are those of the members on a day (`Term.off`).
    """
    first = max(first_on, term.first_on)
    last = last_on if term.last_on is None else min(last_on, term.last_on)
    lasts = dt.timedelta(minutes=weekly.session_minutes)
    monday = first - first.weekday() * DAY
    while monday <= last:
        for place, start in enumerate(weekly.meetings):
            on, minutes = weekly.on(monday, place)
            if first <= on <= last:
                starts_at = wall(term.zone, on, minutes)
                why = term.off(on, schools(on))
                at = LeftOut(on, starts_at, why) if why else Dated(on, starts_at, starts_at + lasts)
                yield Meeting(wall(term.zone, *_day(monday, start)), at)
        monday += WEEK_DAYS * DAY


def _day(monday: dt.date, start: int) -> tuple[dt.date, int]:
    days, minutes = divmod(start, DAY_MINUTES)
    return monday + days * DAY, minutes
