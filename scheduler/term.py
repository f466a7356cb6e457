"""The days of a term: weekly meetings in wall-clock time become dated ones; days off are left out, and told.

Pure: what is today is nobody's business here. Days are those of the term's zone; instants are aware and in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from matching.week import DAY_MINUTES, Meetings

DAY = dt.timedelta(days=1)
WEEK_DAYS = 7


class TermError(ValueError):
    """The root of what can be wrong with a term."""


@dataclass(eq=False)
class NoSuchZone(TermError):
    """The zone is no IANA name."""

    zone: str

    def __str__(self) -> str:
        return f"{self.zone!r} is no IANA zone, such as Asia/Seoul"


@dataclass(eq=False)
class EndsBeforeItBegins(TermError):
    """A term or a closure has its last day before its first."""

    first_on: dt.date
    last_on: dt.date

    def __str__(self) -> str:
        return f"{self.last_on} lies before {self.first_on}"


@dataclass(eq=False)
class NoSuchCountry(TermError):
    """Nobody knows the public holidays of this country."""

    country: str

    def __str__(self) -> str:
        return f"the public holidays of {self.country!r} are not known; write a code of two letters, such as KR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Days without sessions, [first_on, last_on] with both ends: of everybody, or of one school's mentees.

    Raises
    ------
    EndsBeforeItBegins
        The last day lies before the first.
    """

    first_on: dt.date
    last_on: dt.date
    name: str
    school: str = ""

    def __post_init__(self) -> None:
        if self.last_on < self.first_on:
            raise EndsBeforeItBegins(self.first_on, self.last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A teaching period in one IANA zone, both ends included; without a last day it is open-ended.

    Raises
    ------
    NoSuchZone
        The zone is no IANA name.
    EndsBeforeItBegins
        The last day lies before the first.
    """

    zone: str
    first_on: dt.date
    last_on: dt.date | None = None
    holidays: Mapping[dt.date, str] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # what a zone's name is looked up as may be a path
            raise NoSuchZone(self.zone) from None
        if self.last_on is not None and self.last_on < self.first_on:
            raise EndsBeforeItBegins(self.first_on, self.last_on)

    def has(self, on: dt.date) -> bool:
        """Whether a day lies in the term."""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)

    def off(self, on: dt.date, schools: Collection[str] = ()) -> str:
        """Why there is no session on a day, empty where there may be one.

        A closure of single schools counts where it is that of all these `schools`: who could come would come alone otherwise.
        """
        if on in self.holidays:
            return self.holidays[on]
        closed = [closure for closure in self.closures if closure.first_on <= on <= closure.last_on]
        everybodys = next((closure.name for closure in closed if not closure.school), "")
        if everybodys:
            return everybodys
        shut = {closure.school: closure.name for closure in closed}
        return shut[min(schools)] if schools and shut.keys() >= set(schools) else ""


@dataclass(frozen=True, slots=True)
class Dated:
    """A meeting on a day, as instants in UTC, half-open [starts_at, ends_at)."""

    on: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A meeting that does not take place on its day, and why."""

    on: dt.date
    starts_at: dt.datetime
    why: str


def instant(zone: str, on: dt.date, minutes: int) -> dt.datetime:
    """The instant, in UTC, of a wall-clock time in minutes from midnight.

    A time that a change of clocks leaves out is as long after midnight as it says by the clock before the change; of a time that
    is there twice it is the first (RFC 5545 3.3.5).
    """
    wall = dt.datetime.combine(on, dt.time(minutes // 60, minutes % 60), ZoneInfo(zone))
    return wall.astimezone(dt.UTC)


def dated(term: Term, on: dt.date, minutes: int, session_minutes: int) -> Dated:
    """A meeting on a day at a wall-clock time in minutes from midnight; it lasts so many minutes, whatever clocks do."""
    starts_at = instant(term.zone, on, minutes)
    return Dated(on, starts_at, starts_at + dt.timedelta(minutes=session_minutes))


def meetings_on(
    term: Term, meetings: Meetings, session_minutes: int, first_on: dt.date, last_on: dt.date, schools: Collection[str] = ()
) -> Iterator[Dated | LeftOut]:
    """All weekly meetings from a day to another, both included and within the term, in order of time; those on days off are left out."""
    first = max(first_on, term.first_on)
    last = last_on if term.last_on is None else min(last_on, term.last_on)
    for on, minutes in _times(meetings, first):
        if on > last:
            return
        why = term.off(on, schools)
        one = dated(term, on, minutes, session_minutes)
        yield LeftOut(on, one.starts_at, why) if why else one


def made_up(
    term: Term,
    times: Sequence[int],
    session_minutes: int,
    *,
    after: dt.date,
    last_on: dt.date,
    free: Callable[[Dated], bool],
    schools: Collection[str] = (),
) -> Dated | None:
    """When a meeting that was left out is made up: the first of some weekly `times` after a day, up to another, at which nobody is
    off and all are `free`; None where there is no such time.

    With the group's own meetings, after the term's last day, it is made up at the end of the term; with all times that its people
    have in common, after the day it was left out, at the next that is free.
    """
    for on, minutes in _times(times, after + DAY):
        if on > last_on:
            return None
        one = dated(term, on, minutes, session_minutes)
        if not term.off(on, schools) and free(one):
            return one
    return None


def _times(times: Sequence[int], first_on: dt.date) -> Iterator[tuple[dt.date, int]]:
    """The days and times from midnight of weekly starts, from a day on, without end where there are any."""
    monday = first_on - first_on.weekday() * DAY
    for week in count() if times else ():
        for start in sorted(times):
            day, minutes = divmod(start, DAY_MINUTES)
            on = monday + (week * WEEK_DAYS + day) * DAY
            if on >= first_on:
                yield on, minutes


def public_holidays(country: str, language: str, first_on: dt.date, last_on: dt.date) -> dict[dt.date, str]:
    """A country's public holidays from a day to another, both included, named in a language where that is known, else in the country's.

    Raises
    ------
    NoSuchCountry
        Nobody knows them.
    """
    return {on: name for on, name in sorted(_calendar(country, language, first_on, last_on).items()) if first_on <= on <= last_on}


def working_weekends(country: str, first_on: dt.date, last_on: dt.date) -> list[dt.date]:
    """Days of a weekend on which a country works for a bridge day (Taiwan's make-up working days), from a day to another.

    Raises
    ------
    NoSuchCountry
        Nobody knows them.
    """
    return sorted(on for on in _calendar(country, "", first_on, last_on).weekend_workdays if first_on <= on <= last_on)


def _calendar(country: str, language: str, first_on: dt.date, last_on: dt.date) -> holidays.HolidayBase:
    if country not in holidays.list_supported_countries():
        raise NoSuchCountry(country)
    asked = language.replace("-", "_")
    spoken = holidays.list_localized_countries().get(country, [])
    alike = [known for known in spoken if asked and known.partition("_")[0] == asked.partition("_")[0]]
    named = asked if asked in alike else next(iter(alike), None)
    found = holidays.country_holidays(country, years=range(first_on.year, last_on.year + 1), language=named)
    if named is None and found.default_language:  # else the library takes the language of the machine
        return holidays.country_holidays(country, years=found.years, language=found.default_language)
    return found
