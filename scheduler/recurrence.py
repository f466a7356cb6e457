"""Recurrence rules of calendars (RFC 5545 3.3.10): at which wall-clock times something repeats, looked at day by day.

Libraries for this may go on for ever: a rule may match no day at all, or every second since 1900. Here only the days that are wanted are
looked at, and those from the first on where they are counted; each takes from a measure of work that a whole file shares.
"""

from __future__ import annotations

import datetime as dt
from calendar import isleap, monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from icalendar import vRecur

DAY = dt.timedelta(days=1)
WEEK_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_TIMES = 288
"""So many times on one day a rule may name."""

KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
BY = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND"}


class RuleError(ValueError):
    """The root of why a rule of recurrence is not followed."""


@dataclass(eq=False)
class BadRule(RuleError):
    """The rule says what it must not, or what is not followed here."""

    problem: str

    def __str__(self) -> str:
        return self.problem


@dataclass(eq=False)
class TooMuchWork(RuleError):
    """So much repeats, or so often, that nobody means it."""

    def __str__(self) -> str:
        return "more repeats in it than can be looked at"


class Work:
    """A measure of work: days looked at, times found."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, amount: int = 1) -> None:
        """Takes some of it.

        Raises
        ------
        TooMuchWork
            There is no more.
        """
        self._left -= amount
        if self._left < 0:
            raise TooMuchWork


class Frequency(StrEnum):
    """What a rule counts its intervals in."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What repeats, by the clock on the wall of its own zone; `weekdays` are (n-th, day from Monday), n-th 0 for each of them.

    `until` is the last time, or the last day, that may be.
    """

    frequency: Frequency
    interval: int
    count: int | None
    until: dt.date | None
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    places: frozenset[int]
    times: tuple[dt.time, ...]
    week_begins: int


def read_rule(text: str, start: dt.datetime) -> Rule:
    """The rule that a text says of something that begins at a wall-clock time, which fills in what it leaves out.

    Raises
    ------
    BadRule
        It cannot be read, repeats more often than each day, or goes by numbers of weeks or by other calendars.
    """
    try:
        said = vRecur.from_ical(text)
        found = {str(key).upper(): list(values) for key, values in said.items()}
        return _rule(found, start)
    except BadRule:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):  # whatever the library makes of nonsense
        raise BadRule("the rule by which it repeats cannot be read") from None


def _rule(found: dict[str, list[Any]], start: dt.datetime) -> Rule:
    others = sorted(key for key in found.keys() - KNOWN - BY if not key.startswith("X-"))
    if others:
        raise BadRule(f"it repeats by {others[0][:20]}, which is not followed")
    if found["FREQ"][0] not in list(Frequency):
        raise BadRule("it repeats more often than each day")
    frequency = Frequency(found["FREQ"][0])
    months, month_days, year_days = (_numbers(found, key, most) for key, most in (("BYMONTH", 12), ("BYMONTHDAY", 31), ("BYYEARDAY", 366)))
    weekdays = frozenset((one.relative or 0, WEEK_DAYS.index(one.weekday)) for one in found.get("BYDAY", ()))
    if not (month_days or year_days or weekdays):
        if frequency is Frequency.WEEKLY:
            weekdays = frozenset({(0, start.weekday())})
        elif frequency is not Frequency.DAILY:
            month_days = frozenset({start.day})
            if frequency is Frequency.YEARLY:
                months = months or frozenset({start.month})
    [interval], [count] = (found.get(key, usual) for key, usual in (("INTERVAL", [1]), ("COUNT", [None])))
    if interval < 1 or (count is not None and count < 1):
        raise BadRule("it repeats less than once")
    until = found.get("UNTIL", [None])[0]
    if until is not None and not isinstance(until, dt.date):
        raise BadRule("the rule by which it repeats has no day as its end")
    return Rule(
        frequency=frequency,
        interval=int(interval),
        count=count,
        until=until,
        months=months,
        month_days=month_days,
        year_days=year_days,
        weekdays=weekdays,
        places=_numbers(found, "BYSETPOS", 366),
        times=_times(found, start),
        week_begins=WEEK_DAYS.index(str(found.get("WKST", ["MO"])[0]).upper()),
    )


def _numbers(found: dict[str, list[Any]], key: str, most: int) -> frozenset[int]:
    numbers = frozenset(int(number) for number in found.get(key, ()))
    if any(not 1 <= abs(number) <= most for number in numbers):
        raise BadRule(f"it repeats by a {key} that there is not")
    return numbers


def _times(found: dict[str, list[Any]], start: dt.datetime) -> tuple[dt.time, ...]:
    hours, minutes = (
        sorted({int(one) for one in found.get(key, (usual,))}) for key, usual in (("BYHOUR", start.hour), ("BYMINUTE", start.minute))
    )
    if len(hours) * len(minutes) > MOST_TIMES:
        raise BadRule("it repeats more often in a day than can be looked at")
    return tuple(dt.time(hour, minute, start.second) for hour in hours for minute in minutes)


def times_of(
    rule: Rule, start: dt.datetime, first_on: dt.date, last_on: dt.date, work: Work, instant: Callable[[dt.datetime], dt.datetime]
) -> Iterator[dt.datetime]:
    """The wall-clock times from a day to another, both included, at which something repeats that begins at `start`, which is always one.

    `instant` gives the moment of such a time, for rules that end at one.

    Raises
    ------
    TooMuchWork
        There is more to look at than the measure allows.
    """
    if first_on <= start.date() <= last_on:
        yield start
    left = None if rule.count is None else rule.count - 1
    for at in _candidates(rule, start, start.date() if rule.count else max(start.date(), first_on), last_on, work):
        if at <= start:
            continue
        if left == 0 or at.date() > last_on or _is_over(rule.until, at, instant):
            return
        if left is not None:
            left -= 1
        if at.date() >= first_on:
            yield at


def _is_over(until: dt.date | None, at: dt.datetime, instant: Callable[[dt.datetime], dt.datetime]) -> bool:
    if isinstance(until, dt.datetime):
        return (at if until.tzinfo is None else instant(at)) > until
    return until is not None and at.date() > until


def _candidates(rule: Rule, start: dt.datetime, first_on: dt.date, last_on: dt.date, work: Work) -> Iterator[dt.datetime]:
    """All times that the rule names from a day to another, of whole periods where it names places in them, in order of time."""
    period = _period_of(rule)
    begun = period(start.date())
    if not rule.places:
        for on in _days(first_on, lambda on: on <= last_on, work):
            if (period(on) - begun) % rule.interval == 0 and _matches(rule, on):
                yield from _times_on(rule, on, work)
        return
    ends = period(last_on)
    days = _days(_first_of_period(rule, first_on), lambda on: period(on) <= ends, work)
    for number, of_one in groupby(days, period):
        if (number - begun) % rule.interval == 0:
            times = [at for on in of_one if _matches(rule, on) for at in _times_on(rule, on, work)]
            yield from (at for place, at in enumerate(times) if place + 1 in rule.places or place - len(times) in rule.places)


def _times_on(rule: Rule, on: dt.date, work: Work) -> list[dt.datetime]:
    work.take(len(rule.times))
    return [dt.datetime.combine(on, time) for time in rule.times]


def _days(first_on: dt.date, goes_on: Callable[[dt.date], bool], work: Work) -> Iterator[dt.date]:
    on = first_on
    while goes_on(on):
        work.take()
        yield on
        on += DAY


def _period_of(rule: Rule) -> Callable[[dt.date], int]:
    """Numbers the days, weeks, months or years that the rule counts."""
    match rule.frequency:
        case Frequency.DAILY:
            return dt.date.toordinal
        case Frequency.WEEKLY:
            return lambda on: (on.toordinal() - 1 - rule.week_begins) // 7
        case Frequency.MONTHLY:
            return lambda on: on.year * 12 + on.month
        case Frequency.YEARLY:
            return lambda on: on.year


def _first_of_period(rule: Rule, on: dt.date) -> dt.date:
    match rule.frequency:
        case Frequency.DAILY:
            return on
        case Frequency.WEEKLY:
            return on - (on.weekday() - rule.week_begins) % 7 * DAY
        case Frequency.MONTHLY:
            return on.replace(day=1)
        case Frequency.YEARLY:
            return on.replace(month=1, day=1)


def _matches(rule: Rule, on: dt.date) -> bool:
    """The rule names this day, whatever its interval and places."""
    if rule.months and on.month not in rule.months:
        return False
    if rule.month_days and not {on.day, on.day - monthrange(on.year, on.month)[1] - 1} & rule.month_days:
        return False
    if rule.year_days and not {number := on.timetuple().tm_yday, number - 366 - isleap(on.year)} & rule.year_days:
        return False
    return not rule.weekdays or _matches_weekday(rule, on)


def _matches_weekday(rule: Rule, on: dt.date) -> bool:
    day = on.weekday()
    if rule.frequency in {Frequency.DAILY, Frequency.WEEKLY}:
        return any(day == one for _, one in rule.weekdays)
    if rule.frequency is Frequency.MONTHLY or rule.months:
        place, days = on.day, monthrange(on.year, on.month)[1]
    else:
        place, days = on.timetuple().tm_yday, 365 + isleap(on.year)
    return bool({(0, day), ((place - 1) // 7 + 1, day), (-((days - place) // 7) - 1, day)} & rule.weekdays)
