"""What a cell or a key may hold: how each kind of content is read from text, and written back.

Reading raises `BadCell`. Text comes in stripped and in Unicode NFC, and is never empty.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Generic, TypeVar

from matching.faults import BadCell, short
from matching.round import GRADES, POINTS, PRIORITIES, Request, Teaching
from matching.week import Meetings, NotAWeeklyTime, NotOneDay, Stretch, WeekError, merge, read_meetings, read_stretch, write_meetings

T = TypeVar("T")
Case = TypeVar("Case", bound=StrEnum)

MOST = 10**9
"""No number in a row is larger, so that sums over a round stay within 64 bits."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of content: `right` says what may be written, `typed` is its type where a file has types of its own."""

    right: str
    read: Callable[[str], T]
    write: Callable[[T], str] = str
    typed: type = str


def whole(least: int, most: int = MOST) -> Kind[int]:
    """A whole number from `least` to `most`, both included."""
    right = f"a whole number of {least} or more" if most == MOST and least >= 0 else f"a whole number from {least} to {most}"

    @lru_cache(maxsize=1024)
    def read(text: str) -> int:
        number = digits(text)
        if number < least:
            raise BadCell(f"{text[:40]} is too small")
        if number > most:
            raise BadCell(f"{text[:40]} is too large", f"write at most {MOST}" if most == MOST and least >= 0 else "")
        return number

    return Kind(right, read, typed=int)


def digits(text: str) -> int:
    """Reads `-?[0-9]+`; a number of very many digits is only known to lie beyond any range."""
    if not _WHOLE.fullmatch(text):
        raise BadCell(f"{short(text)} is no whole number")
    if len(text) < 20:
        return int(text)
    return -sys.maxsize if text[0] == "-" else sys.maxsize


_WHOLE = re.compile(r"-?[0-9]+")


def choice(cases: type[Case]) -> Kind[Case]:
    """One of the words of an enumeration."""
    words = [str(case) for case in cases]

    def read(text: str) -> Case:
        if text not in words:
            raise BadCell(f"{short(text)} is none of these")
        return cases(text)

    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", read)


def key(example: str) -> Kind[str]:
    """The key of a row."""
    return Kind(f"a unique key, such as {example}", sys.intern)


@dataclass(frozen=True, slots=True)
class Known:
    """The keys of a table, in the `column` of `file`; `None` where not all could be read, so that none can be called unknown."""

    keys: Container[str] | None
    column: str
    file: str


def pointer(known: Known) -> Kind[str]:
    """A key of another table."""

    def read(text: str) -> str:
        if known.keys is not None and text not in known.keys:
            raise BadCell(f"{short(text)} is no {known.column} of {known.file}", "write one that is, or leave this row out")
        return sys.intern(text)

    return Kind(f"a {known.column} of {known.file}", read)


def _read_subject(text: str) -> str:
    if ":" in text or ";" in text:
        raise BadCell(f"{short(text)} has a ':' or ';' in it")
    return sys.intern(text)


def _read_yes_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise BadCell(f"{short(text)} is neither true nor false")
    return text == "true"


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@lru_cache(maxsize=4096)
def _read_date(text: str) -> dt.date:
    if not _DATE.fullmatch(text):
        raise BadCell(f"{short(text)} is no date")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadCell(f"{text} is no day of the calendar") from None


def _read_zone(text: str) -> str:
    if text not in files("tzdata").joinpath("zones").read_text(encoding="utf-8").split("\n"):
        raise BadCell(f"{short(text)} is no IANA time zone")
    return text


def _items(text: str) -> list[str]:
    """The items of a list; what is empty between two `;` is no item."""
    return [item for part in text.split(";") if (item := part.strip())]


def _some(items: list[T]) -> list[T]:
    if not items:
        raise BadCell("lists nothing")
    return items


_stretch = lru_cache(maxsize=65536)(read_stretch)


@lru_cache(maxsize=65536)
def _read_stretches(text: str) -> tuple[Stretch, ...]:
    stretches = []
    for item in _items(text):
        try:
            stretches.append(_stretch(item))
        except NotAWeeklyTime:
            raise BadCell(f"{short(item)} is no weekly time") from None
        except NotOneDay as bad:
            raise BadCell(f"{short(item)} {_not_one_day(bad.start, bad.end)}") from None
    return merge(_some(stretches))


def _not_one_day(start: int, end: int) -> str:
    if start == end:
        return "is an empty stretch"
    return "ends before it starts" if end < start else "runs past midnight"


_TEACHING = re.compile(r"([^:]*?)\s*:\s*([0-9]+)\s*(?:-\s*([0-9]+))?")


@lru_cache(maxsize=65536)
def _read_teaches(text: str) -> tuple[Teaching, ...]:
    return _subjects(text, _read_teaching)


def _read_teaching(item: str) -> Teaching:
    match = _TEACHING.fullmatch(item)
    if not match:
        raise BadCell(f"{short(item)} is no subject with grades" if ":" in item else f"{short(item)} has no grades")
    lowest = digits(match[2])
    highest = digits(match[3]) if match[3] else lowest
    if lowest not in GRADES or highest not in GRADES:
        raise BadCell(f"{short(item)} has grades outside 1 to 12")
    if lowest > highest:
        raise BadCell(f"{short(item)} has its grades backwards")
    return Teaching(sys.intern(match[1]), lowest, highest)


@lru_cache(maxsize=65536)
def _read_requests(text: str) -> tuple[Request, ...]:
    return _subjects(text, _read_request)


def _read_request(item: str) -> Request:
    subject, colon, priority = (part.strip() for part in item.partition(":"))
    if not colon:
        return Request(sys.intern(subject))
    if not _WHOLE.fullmatch(priority) or digits(priority) not in PRIORITIES:
        raise BadCell(f"{short(item)} has no priority from 1 to 9")
    return Request(sys.intern(subject), digits(priority))


Asked = TypeVar("Asked", Teaching, Request)


def _subjects(text: str, read: Callable[[str], Asked]) -> tuple[Asked, ...]:
    """Reads the items, each of another subject."""
    found: dict[str, Asked] = {}
    for item in _some(_items(text)):
        one = read(item)
        if not one.subject:
            raise BadCell(f"{short(item)} has no subject")
        if one.subject in found:
            raise BadCell(f"{short(one.subject)} is in the list twice")
        found[one.subject] = one
    return tuple(found.values())


def _write_teaches(teaches: tuple[Teaching, ...]) -> str:
    return _list(f"{one.subject}:{one.lowest}" + (f"-{one.highest}" if one.highest > one.lowest else "") for one in teaches)


def _list(items: Iterable[object]) -> str:
    return "; ".join(map(str, items))


@lru_cache(maxsize=65536)
def _read_regions(text: str) -> tuple[str, ...]:
    return tuple(map(sys.intern, _some(_items(text))))


def _read_group_meetings(text: str) -> Meetings:
    try:
        return read_meetings(text)
    except WeekError as bad:
        raise BadCell(str(bad)) from None


TEXT: Kind[str] = Kind("plain text", sys.intern)
SUBJECT: Kind[str] = Kind("one subject, without ':' or ';'", _read_subject)
YES_NO: Kind[bool] = Kind("true or false", _read_yes_no, lambda value: str(value).lower(), typed=bool)
DATE: Kind[dt.date] = Kind("a date such as 2026-03-02", _read_date, typed=dt.date)
ZONE: Kind[str] = Kind("the IANA name of a time zone, such as Asia/Seoul", _read_zone)
GRADE = whole(GRADES.start, GRADES.stop - 1)
POLICY_POINTS = whole(POINTS.start, POINTS.stop - 1)
ROW_POINTS = whole(-MOST)
STRETCHES: Kind[tuple[Stretch, ...]] = Kind("weekly times such as Mon 18:00-21:00; Sat 09:00-12:30", _read_stretches, _list)
TEACHES: Kind[tuple[Teaching, ...]] = Kind("subjects with grades from 1 to 12, such as math:7-9; english:10", _read_teaches, _write_teaches)
REQUESTS: Kind[tuple[Request, ...]] = Kind(
    "subjects with priorities from 1 to 9, such as math:3; english:1",
    _read_requests,
    lambda requests: _list(f"{one.subject}:{one.priority}" for one in requests),
)
REGIONS: Kind[tuple[str, ...]] = Kind("regions such as Gyeongbuk; Jeonnam/Muan", _read_regions, _list)
MEETINGS: Kind[Meetings] = Kind("weekly starts such as Tue 19:00; Thu 19:00", _read_group_meetings, write_meetings)
