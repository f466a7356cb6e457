"""Weekly stretches of time and the meetings that fit in them.

Every time here is wall-clock time in the program's zone, in minutes from Monday 00:00 of an unnamed week,
and every interval is half-open `[start, end)`. Nothing crosses midnight.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, groupby

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES

Meetings = tuple[int, ...]
"""The starts of one group's weekly meetings, in week order."""


class WeekError(ValueError):
    """The root of what can be wrong with a weekly time."""


@dataclass(eq=False)
class NotOneDay(WeekError):
    """A stretch is empty, crosses midnight or lies outside the week."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"[{self.start}, {self.end}) is no stretch of one day"


@dataclass(eq=False)
class NotAWeeklyTime(WeekError):
    """A text is not of the form it should have."""

    text: str
    form: str

    def __str__(self) -> str:
        return f"{self.text!r} is not of the form {self.form}"


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A weekly stretch of wall-clock time on one day, in minutes from Monday 00:00, half-open [start, end).

    Raises
    ------
    NotOneDay
        The stretch is empty, crosses midnight or lies outside the week.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= WEEK_MINUTES or self.start // DAY_MINUTES != (self.end - 1) // DAY_MINUTES:
            raise NotOneDay(self.start, self.end)

    def __str__(self) -> str:
        return _written(self.start, self.end)


@lru_cache(maxsize=65536)
def _written(start: int, end: int) -> str:
    day, from_ = divmod(start, DAY_MINUTES)
    return f"{DAYS[day]} {clock(from_)}-{clock(end - day * DAY_MINUTES)}"


@cache
def clock(minutes: int) -> str:
    """Minutes from midnight as `HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def merge(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time in week order, with stretches of one day that touch or overlap made one (ROUND.md rule 4)."""
    merged: list[Stretch] = []
    for stretch in sorted(stretches):
        last = merged[-1] if merged else None
        if last and stretch.start <= last.end and stretch.start // DAY_MINUTES == last.start // DAY_MINUTES:
            merged[-1] = Stretch(last.start, max(last.end, stretch.end))
        else:
            merged.append(stretch)
    return tuple(merged)


def inside(start: int, end: int, stretches: Iterable[Stretch]) -> bool:
    """Whether [start, end) lies within one of the stretches."""
    return any(stretch.start <= start and end <= stretch.end for stretch in stretches)


def starts(stretches: Iterable[Stretch], session_minutes: int, every_minutes: int) -> tuple[int, ...]:
    """All starts, in week order, at which a session fits into one of the (merged) stretches (ROUND.md rule 4).

    Starts are multiples of `every_minutes` counted from 00:00 of each day.
    """
    found: list[int] = []
    for stretch in stretches:
        midnight = stretch.start - stretch.start % DAY_MINUTES
        first = midnight + -(-(stretch.start - midnight) // every_minutes) * every_minutes
        found += range(first, stretch.end - session_minutes + 1, every_minutes)
    return tuple(found)


def patterns(shared: Iterable[int], meetings_per_week: int, same_time: bool) -> Iterator[Meetings]:
    """All meetings of a week that can be made of the given starts: on different weekdays, and with `same_time`
    at one time of day (ROUND.md rule 2)."""
    if same_time:
        by_clock: dict[int, list[int]] = defaultdict(list)
        for start in sorted(shared):
            by_clock[start % DAY_MINUTES].append(start)
        for _, at in sorted(by_clock.items()):
            yield from combinations(at, meetings_per_week)
    else:
        days = [list(of_day) for _, of_day in groupby(sorted(shared), key=lambda start: start // DAY_MINUTES)]
        for chosen in combinations(days, meetings_per_week):
            yield from _one_of_each(chosen)


def _one_of_each(days: tuple[list[int], ...]) -> Iterator[Meetings]:
    if not days:
        yield ()
        return
    for start in days[0]:
        for rest in _one_of_each(days[1:]):
            yield (start, *rest)


def overlap(a: Meetings, b: Meetings, session_minutes: int, buffer_minutes: int = 0) -> bool:
    """Whether a meeting of `a` and one of `b` overlap, or lie less than the buffer apart on one day (ROUND.md rule 5)."""
    for one in a:
        for other in b:
            apart = session_minutes + (buffer_minutes if one // DAY_MINUTES == other // DAY_MINUTES else 0)
            if abs(one - other) < apart:
                return True
    return False


_STRETCH = re.compile(r"(\w{3})\s+(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)", re.ASCII)
_START = re.compile(r"(\w{3})\s+(\d{1,2}):([0-5]\d)", re.ASCII)


def read_stretch(text: str) -> Stretch:
    """Reads `Mon 18:00-21:00`; 24:00 is allowed as an end.

    Raises
    ------
    NotAWeeklyTime
        The text is not of that form.
    NotOneDay
        It is, but is empty or runs past midnight.
    """
    match = _STRETCH.fullmatch(text)
    if not match or match[1] not in DAYS:
        raise NotAWeeklyTime(text, "Mon 18:00-21:00")
    midnight = DAYS.index(match[1]) * DAY_MINUTES
    start, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    if not 0 <= start < end <= DAY_MINUTES:
        raise NotOneDay(midnight + start, midnight + end)
    return Stretch(midnight + start, midnight + end)


def read_meetings(text: str) -> Meetings:
    """Reads `Tue 19:00; Thu 19:00`, in the order written.

    Raises
    ------
    NotAWeeklyTime
        An item is not a weekday and a start.
    """
    found = []
    for item in (part.strip() for part in text.split(";")):
        match = _START.fullmatch(item)
        if not match or match[1] not in DAYS or int(match[2]) > 23:
            raise NotAWeeklyTime(item, "Tue 19:00")
        found.append(DAYS.index(match[1]) * DAY_MINUTES + int(match[2]) * 60 + int(match[3]))
    return tuple(found)


def write_meetings(meetings: Meetings) -> str:
    """`Tue 19:00; Thu 19:00`."""
    return "; ".join(f"{DAYS[start // DAY_MINUTES]} {clock(start % DAY_MINUTES)}" for start in meetings)
