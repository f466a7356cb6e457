"""Why a change of sessions or groups is refused: a class for each cause, in one line for people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


class Refused(Exception):
    """The root of why a change is refused; nothing has been changed then."""


@dataclass(eq=False)
class Unknown(Refused):
    """Nothing of that name is there; `near` are the names that are like it, the nearest first."""

    what: str
    name: str
    near: tuple[str, ...] = ()

    def __str__(self) -> str:
        meant = f"; write {' or '.join(self.near)}" if self.near else ""
        return f"{self.name}: there is no such {self.what}{meant}"


@dataclass(eq=False)
class MentorOrMentee(Refused):
    """A mentor and a mentee have one key."""

    key: str

    def __str__(self) -> str:
        return f"{self.key}: is a mentor and a mentee; say which by --as mentor or --as mentee"


@dataclass(eq=False)
class SeveralSessions(Refused):
    """A group has several sessions on a day."""

    name: str
    times: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: is at {' and '.join(self.times)}; write {self.name}T{self.times[0]}"


@dataclass(eq=False)
class SeveralHaveMoved(Refused):
    """Several sessions were to be on a day on which there is none now."""

    name: str
    now: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: has become {' and '.join(self.now)}; write one of these"


@dataclass(eq=False)
class NotASessionName(Refused):
    """A text is not of the form in which sessions are named."""

    text: str

    def __str__(self) -> str:
        return f"{self.text!r} names no session; write g-0001@2026-03-03, or g-0001@2026-03-03T19:00"


@dataclass(eq=False)
class WrongState(Refused):
    """A session is not in the state in which this can be done to it."""

    session: str
    is_: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.session}: is {self.is_}, not {self.wanted}"


@dataclass(eq=False)
class InThePast(Refused):
    """A time, or a day with a session that has begun, cannot be changed any more."""

    what: str

    def __str__(self) -> str:
        return f"{self.what}: has begun already"


@dataclass(eq=False)
class OutsideTheTerm(Refused):
    """A day is none on which a term's groups could meet."""

    on: dt.date
    first_on: dt.date
    last_on: dt.date | None

    def __str__(self) -> str:
        until = f"to {self.last_on}" if self.last_on else "on"
        return f"{self.on}: lies outside the term; write a day from {self.first_on} {until}"


@dataclass(eq=False)
class DayOff(Refused):
    """There are no sessions on a day."""

    on: dt.date
    why: str

    def __str__(self) -> str:
        return f"{self.on}: is off ({self.why})"


@dataclass(eq=False)
class AlreadySo(Refused):
    """The change would change nothing."""

    what: str
    so: str

    def __str__(self) -> str:
        return f"{self.what}: {self.so} already"


@dataclass(eq=False)
class NotThere(Refused):
    """Somebody or a group is not of the term, or not on that day."""

    who: str
    why: str

    def __str__(self) -> str:
        return f"{self.who}: {self.why}"


@dataclass(eq=False)
class BadMeetings(Refused):
    """New weekly times cannot be those of a group."""

    why: str

    def __str__(self) -> str:
        return f"meetings: {self.why}"


@dataclass(eq=False)
class BadLink(Refused):
    """A link is no address of a page."""

    link: str

    def __str__(self) -> str:
        return f"{self.link!r} is no link; write https://..."


@dataclass(eq=False)
class NoFreeTime(Refused):
    """There is no time at which a session could be made up."""

    session: str
    last_on: dt.date

    def __str__(self) -> str:
        return f"{self.session}: no meeting time is free until {self.last_on}"
