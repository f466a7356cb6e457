"""A real client keeps in step with a feed: vdirsyncer fetches it, khal shows it (FEEDS.md F24)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.calendars import touch_groups
from data.database import transaction
from data.feeds import Audience
from data.programs import Program, Term
from data.sessions import Kind, Session
from scheduler.changes import cancel, move
from scheduler.feed import CANCELLED
from scheduler.finding import group_named, session_named
from scheduler.single_sessions import plan_for_group
from scheduler.term import instant
from scheduler.undo import remove
from tests.clients.phone import Phone, Told
from tests.serving import serving
from tests.sessions import taught_term
from tests.subscribed import DAY, Subscribed, seen, subscribed

BY = "office"
LINK = "https://meet.example.org/{group}"
TITLE = "{subject} 🧮; 멘토링, \\ 60"


def monday_after_next(now: dt.datetime) -> dt.date:
    return now.date() + (14 - now.weekday()) * DAY


def is_to_be_shown(database: Engine, feed: Subscribed) -> list[Told]:
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


@pytest.fixture
def term(database: Engine) -> Term:
    """A term in New York in which m-1 meets s-1 and s-2 on Tuesdays and Thursdays, and s-4 on Mondays, always at 19:00."""
    made = taught_term(database, zone="America/New_York", first_on=monday_after_next(dt.datetime.now(dt.UTC)))
    with transaction(database) as db:
        db.get_one(Program, made.program_id).settings = {"titles": {"en": TITLE}, "link": LINK}
    return made


def test_f24_a_client_follows_what_is_made_moved_cancelled_and_deleted(database: Engine, term: Term, tmp_path: Path) -> None:
    feed, phone = subscribed(database, term, Audience.MENTOR, "m-1"), Phone(tmp_path)

    def at(day: int, hour: int) -> dt.datetime:
        return instant(term.zone, term.first_on + day * DAY, hour * 60)

    def after(change: Callable[[DbSession, dt.datetime], object], *words: str) -> list[tuple[dt.datetime, str, str]]:
        """What is shown after a change and a sync, which is what the service says: starts, groups, states."""
        with transaction(database) as db:
            change(db, dt.datetime.now(dt.UTC))
        phone.sync(*words)
        shown = phone.shows(term.first_on, 40)
        assert shown == is_to_be_shown(database, feed)
        return [(one.starts_at, one.link[-3:], one.status) for one in shown]

    def session(db: DbSession, name: str, day: int) -> Session:
        return session_named(db, db.get_one(Term, term.id), f"{name}@{term.first_on + day * DAY}")

    def create(db: DbSession, now: dt.datetime) -> None:
        plan_for_group(db, group_named(db, term, "g-3"), Kind.COUNSELLING, at(2, 8), 45, by=BY, now=now)

    def delete(group: str) -> Callable[[DbSession, dt.datetime], object]:
        def deleted(db: DbSession, now: dt.datetime) -> None:
            groups = [group_named(db, term, group).id]
            touch_groups(db, groups, now)
            remove(db, groups)

        return deleted

    mondays = [(at(day, 19), "g-3", "CONFIRMED") for day in (0, 7, 14, 21)]
    others = [(at(day, 19), "g-1", "CONFIRMED") for day in (1, 3, 8, 10, 15, 17, 22, 24)]
    with serving(database, tmp_path, "--http-only") as server:
        phone.subscribe(server.url + feed.path)
        assert after(lambda *_: None) == sorted([*mondays, *others])
        mondays.append((at(2, 8), "g-3", "CONFIRMED"))
        assert after(create) == sorted([*mondays, *others])
        others[0] = (at(4, 20), "g-1", "CONFIRMED")
        assert after(lambda db, now: move(db, session(db, "g-1", 1), at(4, 20), by=BY, now=now)) == sorted([*mondays, *others])
        mondays[1] = (at(7, 19), "g-3", "CANCELLED")
        assert after(lambda db, now: cancel(db, session(db, "g-3", 7), by=BY, now=now, reason="exam")) == sorted([*mondays, *others])
        assert after(delete("g-1")) == sorted(mondays)
        assert after(delete("g-3"), "--force-delete") == []
