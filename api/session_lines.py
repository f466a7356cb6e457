"""How commands read the times of sessions, and print sessions."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.edge import BadWord
from api.plain import clean, columns_of

if TYPE_CHECKING:
    from data.programs import Term
    from scheduler.closeup import CloseUp, Said
    from scheduler.listing import Listed


COLUMNS = 100
"""Names are left out where a line would be longer with them."""


def instant_of(term: Term, text: str, name: str) -> dt.datetime:
    """The instant of a time of the term's clock that somebody typed, `2026-03-05T19:00`.

    Raises
    ------
    BadWord
        It is none, one that the clock leaves out, or one of a year in which nothing is planned.
    """
    from data.terms import YEARS
    from scheduler.term import instant

    try:
        wall = dt.datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M")  # noqa: DTZ007  its zone is the term's
    except ValueError:
        raise BadWord(name, f"{text!r} is no time", "write 2026-03-05T19:00") from None
    if wall.year not in YEARS:
        raise BadWord(name, f"{wall.date()} is too far away", f"write a time of the years {YEARS[0]} to {YEARS[-1]}")
    at = instant(term.zone, wall.date(), wall.hour * 60 + wall.minute)
    if (there := at.astimezone(ZoneInfo(term.zone)).replace(tzinfo=None)) != wall:
        raise BadWord(name, f"{text!r} is left out: clocks are put forward then", f"write {there:%Y-%m-%dT%H:%M}")
    return at


def session_line(term: Term, one: Listed) -> str:
    """A session on one line."""
    start, end = (at.astimezone(ZoneInfo(term.zone)) for at in (one.starts_at, one.ends_at))
    what = one.subject or one.kind.value
    if one.subject and one.kind.value != "tutoring":
        what += f" ({one.kind.value})"
    state = one.state.value + (f": {one.why}" if one.why else "") + (", makes another up" if one.makes_up else "")
    return f"{one.group}@{start:%Y-%m-%dT%H:%M} to {end:%H:%M}  {what}  {one.mentor} with {', '.join(one.members) or 'nobody'}  {state}"


def named_line(term: Term, one: Listed) -> str:
    """A session on one line, and after all that is on it the names of its people, or the mentor's alone, where they fit in `COLUMNS`."""
    line = session_line(term, one)
    members = ", ".join(name for name in one.member_names if name)
    for names in ([f"{one.mentor_name} with {members}"] if one.mentor_name and members else []) + [one.mentor_name]:
        if names and columns_of(clean(f"{line}  {names}")) <= COLUMNS:
            return f"{line}  {names}"
    return line


def close_lines(term: Term, one: Listed, seen: CloseUp) -> Iterator[str]:
    """All about a session: its line, and one for each thing that is to be said of it."""
    yield session_line(term, one)
    if seen.at_first not in {None, one.starts_at}:
        yield f"at first: {_clock(term, seen.at_first)}"
    if seen.makes_up:
        yield f"makes up: {seen.makes_up}"
    for name in seen.made_up_by:
        yield f"made up by: {name}"
    if one.mentor != seen.usual_mentor:
        yield f"in the place of: {seen.usual_mentor}"
    yield from (f"{mentee}: {presence.value if presence else 'no record'}" for mentee, presence in seen.presence.items())
    if seen.record:
        yield f"recorded: {_clock(term, seen.recorded_at)}, {seen.record.minutes} minutes"
        yield from (f"{name}: {text}" for name, text in (("topic", seen.record.topic), ("note", seen.record.note)) if text)
        yield from (f"task: {text}" for text in seen.record.tasks)
    yield f"link: {seen.link or 'none'}"
    yield f"in calendars: {seen.uid}, sequence {seen.sequence}, changed {_clock(term, seen.changed_at)}"
    yield from (_said_line(term, message) for message in seen.said)


def _said_line(term: Term, message: Said) -> str:
    if message.sent_at:
        became = f"sent {_clock(term, message.sent_at)}"
    elif message.given_up_at:
        became = f"given up {_clock(term, message.given_up_at)}"
    else:
        became = f"waits, due {_clock(term, message.due_at)}"
    return f"message: {message.about} to {message.to}, {became}" + (f": {message.problem}" if message.problem else "")


def _clock(term: Term, at: dt.datetime | None) -> str:
    return f"{at.astimezone(ZoneInfo(term.zone)):%Y-%m-%d %H:%M}" if at else "-"


def lacking_lines(groups: int) -> list[str]:
    """What is told of so many groups without a meeting link: nothing where each has one."""
    return [f"groups without a meeting link: {groups:,}; `dure group links` takes a table of them"] if groups else []


def say(lines: Iterable[str], *, nothing: str = "") -> None:
    """Prints lines; where a list has none, `nothing`, which says so and, if it can, what would bring some."""
    some = list(lines) or ([nothing] if nothing else [])
    sys.stdout.writelines(clean(line) + "\n" for line in some)
