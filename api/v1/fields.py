"""Kinds of fields that many operations take or answer: days, instants, texts, and rows by their two keys."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, Field

from api.problems import Flaw, Problem
from api.v1.door import Wire
from data.terms import YEARS
from data.texts import LONGEST
from matching.week import Meetings, NotAWeeklyTime, read_meetings, write_meetings

PLAIN = r"^[^\x00]*$"
"""No database keeps the character NUL in a text."""


def _in_our_years(value: dt.date) -> dt.date:
    if value.year not in YEARS:
        raise ValueError(f"is too far away; write one of the years {YEARS[0]} to {YEARS[-1]}")
    return value


def _whole_minute(value: dt.datetime) -> dt.datetime:
    if value.second or value.microsecond:
        raise ValueError("is no whole minute; write one")
    _in_our_years(value)
    return value.astimezone(dt.UTC)


Day = Annotated[dt.date, AfterValidator(_in_our_years)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_our_years)]
Moment = Annotated[AwareDatetime, AfterValidator(_whole_minute), Field(examples=["2027-03-05T19:00:00+09:00"])]
"""A time at which something may begin, as an instant in UTC."""

Text = Annotated[str, Field(max_length=LONGEST, pattern=PLAIN)]
SomeText = Annotated[str, Field(max_length=LONGEST, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Reason = Annotated[Text, Field(description="Why, for the record.")]
EITHER = "An id, or `ext:` and the platform's own key."
AKey = Annotated[str, Field(max_length=200, pattern=PLAIN, description=EITHER, examples=["ext:m-01"])]
FilterKey = Annotated[str | None, Query(description=EITHER, max_length=200, pattern=PLAIN)]
InTerm = Annotated[
    str | None,
    Query(description="The term of an `ext:` key, where several of yours have it: an id, or `ext:...`.", max_length=200, pattern=PLAIN),
]


class Ref(Wire):
    """Somebody or something by both keys."""

    id: UUID
    external_id: str


def meetings_in(texts: list[str], pointer: str) -> Meetings:
    """The weekly times that are written, such as `Tue 19:00`.

    Raises
    ------
    Problem
        One is none: 422.
    """
    found: list[int] = []
    for place, text in enumerate(texts):
        try:
            (one,) = read_meetings(text)
        except (NotAWeeklyTime, ValueError):
            raise flawed(f"{pointer}/{place}", "is no weekly time", "write Tue 19:00") from None
        found.append(one)
    return tuple(found)


def meetings_out(meetings: Meetings) -> list[str]:
    """Weekly times as they are written, one by one."""
    return [write_meetings((one,)) for one in meetings]


def flawed(pointer: str, detail: str, mend: str) -> Problem:
    """One thing in what was sent is not right: 422."""
    flaw = Flaw(pointer=pointer, detail=detail, mend=mend)
    return Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=[flaw])
