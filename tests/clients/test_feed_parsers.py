"""Independent parsers give exactly the service's own list of sessions (FEEDS.md F23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from sqlalchemy import Engine, select, update

from api.app import create_app
from data.database import reading, transaction
from data.feeds import Audience
from data.programs import Term
from data.sessions import Session, State
from tests.api.web import Web
from tests.subscribed import DAY, FIRST, NOW, a_taught_term, subscribed

Told = set[tuple[str, dt.datetime, dt.datetime, bool]]
"""Sessions by id, with their start, their end, and whether they are cancelled."""


def by_icalendar(feed: bytes) -> Told:
    return {_told(event) for event in icalendar.Calendar.from_ical(feed).walk("VEVENT")}


def by_recurring_ical_events(feed: bytes) -> Told:
    calendar = icalendar.Calendar.from_ical(feed)
    return {_told(event) for event in recurring_ical_events.of(calendar).between(FIRST - 400 * DAY, FIRST + 400 * DAY)}


def _told(event: icalendar.cal.Component) -> tuple[str, dt.datetime, dt.datetime, bool]:
    start, end = (event.decoded(name).astimezone(dt.UTC) for name in ("DTSTART", "DTEND"))
    return str(event["UID"]).removesuffix("@dure"), start, end, event["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("parse", [by_icalendar, by_recurring_ical_events])
@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "Australia/Sydney"])
def test_f23_a_parser_gives_the_services_list(database: Engine, zone: str, parse: Callable[[bytes], Told]) -> None:
    """The term has a change of clocks in it where the zone has any; one session is moved and one cancelled."""
    term = a_taught_term(database, weeks=6)
    feed = subscribed(database, term, Audience.MENTOR, "m-01", alarms=(60,))
    with transaction(database) as db:
        db.execute(update(Term).values(zone=zone))
        sessions = db.scalars(select(Session).order_by(Session.starts_at)).all()
        for week, session in enumerate(sessions):  # at 19:00 by the clock of the zone, each week
            wall = dt.datetime.combine(FIRST.date() + 7 * week * DAY, dt.time(19), ZoneInfo(zone))
            session.starts_at, session.ends_at = wall.astimezone(dt.UTC), wall.astimezone(dt.UTC) + dt.timedelta(minutes=50)
        sessions[2].starts_at, sessions[2].ends_at = sessions[3].starts_at + DAY, sessions[3].ends_at + DAY  # past its neighbour
        sessions[4].state, sessions[4].sequence, sessions[4].changed_at = State.CANCELLED, 1, NOW
    answer = Web(create_app(database, lambda: NOW)).ask(feed.path)
    with reading(database) as db:
        kept = {(str(one.id), one.starts_at, one.ends_at, one.state == State.CANCELLED) for one in db.scalars(select(Session))}
    assert len(kept) == 6
    assert parse(answer.content) == kept
