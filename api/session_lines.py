"""How commands read the times of sessions, and print sessions."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.edge import BadWord
from api.plain import clean

if TYPE_CHECKING:
    from data.programs import Term
    from scheduler.listing import Listed


def instant_of(term: Term, text: str, name: str) -> dt.datetime:
    """The instant of a time of the term's clock that somebody typed, `2026-03-05T19:00`.

    Raises
    ------
    BadWord
        It is none, or one of a year in which nothing is planned.
    """
    from data.terms import YEARS
    from scheduler.term import instant

    try:
        wall = dt.datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M")  # noqa: DTZ007  its zone is the term's
    except ValueError:
        raise BadWord(name, f"{text!r} is no time", "write 2026-03-05T19:00") from None
    if wall.year not in YEARS:
        raise BadWord(name, f"{wall.date()} is too far away", f"write a time of the years {YEARS[0]} to {YEARS[-1]}")
    return instant(term.zone, wall.date(), wall.hour * 60 + wall.minute)


def session_line(term: Term, one: Listed) -> str:
    """A session on one line."""
    start, end = (at.astimezone(ZoneInfo(term.zone)) for at in (one.starts_at, one.ends_at))
    what = one.subject or one.kind.value
    if one.subject and one.kind.value != "tutoring":
        what += f" ({one.kind.value})"
    state = one.state.value + (f": {one.why}" if one.why else "") + (", makes another up" if one.makes_up else "")
    return f"{one.group}@{start:%Y-%m-%dT%H:%M} to {end:%H:%M}  {what}  {one.mentor} with {', '.join(one.members) or 'nobody'}  {state}"


def say(lines: Iterable[str]) -> None:
    """Prints lines."""
    sys.stdout.writelines(clean(line) + "\n" for line in lines)
