"""What happens to the sessions of a mentor, step by step, while clients follow: made, moved, cancelled, deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.calendars import touch_groups
from data.database import transaction
from data.programs import Program, Term
from data.sessions import Kind
from scheduler.changes import cancel, move
from scheduler.feed import CANCELLED
from scheduler.finding import group_named, session_named
from scheduler.single_sessions import plan_for_group
from scheduler.term import instant
from scheduler.undo import remove
from tests.sessions import taught_term
from tests.subscribed import DAY, Subscribed, seen

BY = "office"
ZONE = "America/New_York"
SETTINGS = {"titles": {"en": "{subject} 🧮; 멘토링, \\ 60"}, "link": "https://meet.example.org/{group}"}

Change = Callable[[DbSession, dt.datetime], object]


@dataclass(frozen=True, order=True, slots=True)
class Told:
    """An event as a client tells it; instants are in UTC."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    status: str
    description: str
    link: str


@dataclass(frozen=True, slots=True)
class Step:
    """A change, and the starts, groups and states of all sessions after it."""

    change: Change
    leaves: Sequence[tuple[dt.datetime, str, str]]


def watched_term(database: Engine) -> Term:
    """A term to come, in which m-1 meets g-1 on Tuesdays and Thursdays and g-3 on Mondays, always at 19:00."""
    today = dt.datetime.now(dt.UTC).date()
    made = taught_term(database, zone=ZONE, first_on=today + (14 - today.weekday()) * DAY)
    with transaction(database) as db:
        db.get_one(Program, made.program_id).settings = SETTINGS
    return made


def steps(term: Term) -> Iterator[Step]:
    """What happens, one after the other, and first nothing."""

    def at(day: int, hour: int) -> dt.datetime:
        return instant(ZONE, term.first_on + day * DAY, hour * 60)

    def named(day: int, group: str) -> str:
        return f"{group}@{term.first_on + day * DAY}"

    def make(db: DbSession, now: dt.datetime) -> None:
        plan_for_group(db, group_named(db, term, "g-3"), Kind.COUNSELLING, at(2, 8), 45, by=BY, now=now)

    def move_one(db: DbSession, now: dt.datetime) -> None:
        move(db, session_named(db, term, named(1, "g-1")), at(4, 20), by=BY, now=now)

    def cancel_one(db: DbSession, now: dt.datetime) -> None:
        cancel(db, session_named(db, term, named(7, "g-3")), by=BY, now=now, reason="exam")

    mondays = [(at(day, 19), "g-3", "CONFIRMED") for day in (0, 7, 14, 21)]
    others = [(at(day, 19), "g-1", "CONFIRMED") for day in (1, 3, 8, 10, 15, 17, 22, 24)]
    yield Step(lambda *_: None, sorted([*mondays, *others]))
    mondays.append((at(2, 8), "g-3", "CONFIRMED"))
    yield Step(make, sorted([*mondays, *others]))
    others[0] = (at(4, 20), "g-1", "CONFIRMED")
    yield Step(move_one, sorted([*mondays, *others]))
    mondays[1] = (at(7, 19), "g-3", "CANCELLED")
    yield Step(cancel_one, sorted([*mondays, *others]))
    yield Step(deleted(term, "g-1"), sorted(mondays))
    yield Step(deleted(term, "g-3"), [])


def deleted(term: Term, group: str) -> Change:
    """As when what was published is taken back."""

    def change(db: DbSession, now: dt.datetime) -> None:
        groups = [group_named(db, term, group).id]
        touch_groups(db, groups, now)
        remove(db, term, groups, now)

    return change


def take(database: Engine, step: Step) -> None:
    """Does what happens in a step."""
    with transaction(database) as db:
        step.change(db, dt.datetime.now(dt.UTC))


def to_be_shown(database: Engine, feed: Subscribed) -> list[Told]:
    """The service's own list, in the words of a calendar."""
    return sorted(
        Told(
            one.starts_at,
            one.ends_at,
            f"{CANCELLED['en']} {one.title}" if one.cancelled else one.title,
            "CANCELLED" if one.cancelled else "CONFIRMED",
            "\n".join([*one.lines, one.link]),
            one.link,
        )
        for one in seen(database, feed, dt.datetime.now(dt.UTC)).feed.entries
    )


def in_short(shown: Sequence[Told]) -> list[tuple[dt.datetime, str, str]]:
    """Starts, groups, states."""
    return [(one.starts_at, one.link[-3:], one.status) for one in shown]
