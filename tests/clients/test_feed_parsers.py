"""Independent readers give exactly the service's own list of sessions, from a real server (FEEDS.md F23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.feeds import Audience, Calendar, Subscription
from data.groups import Group
from data.people import Person
from data.programs import Program, Term
from data.sessions import Session, State
from data.settings import Language
from scheduler.calendars import shown
from scheduler.changes import cancel, make_up, move, substitute
from scheduler.feed import CANCELLED
from scheduler.finding import mentor_named, session_named
from scheduler.term import instant
from tests.clients.readers import Reader, Seen, by_ical, by_ical_js, by_icalendar, by_node_ical, by_recurring_ical_events, needs_node
from tests.serving import serving
from tests.sessions import taught_term
from tests.subscribed import subscribed

ZONES = ["Asia/Seoul", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "UTC"]
"""One that keeps its time; north and south of the equator; one that changes by half an hour; and that of all instants."""

DAY = dt.timedelta(days=1)
BY = "office"
NAMES = {
    "m-1": "김하늘 👩🏽‍🏫",
    "m-2": "Zoë; O'Néill, jr. \\ x",
    "m-3": "陳大文 " * 40 + "陳",
    "s-1": "박 별🌟",
    "s-2": "이강",
    "s-4": "최;바다",
}
"""No backslash stands before an n: node-ical takes the two for a break of the line, whatever stands before them."""

SETTINGS = {
    "languages": ["ko"],
    "link": "https://meet.example.org/{group}?k=가,나;1&name=🧑🏽",
    "names": "given",
    "titles": {"ko": '{subject} 🧮: "{mentor}" \\ 1:1, 멘토링'},
}


@dataclass(frozen=True, slots=True)
class Served:
    """The address of a feed, and what it is to hold."""

    address: str
    holds: Collection[Seen]


@pytest.fixture(scope="module")
def feeds(lasting_database: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Served]]:
    """A real server's feeds of programs, by the zones of their terms."""
    now = dt.datetime.now(dt.UTC)
    terms = {zone: taught_term(lasting_database, zone=zone, first_on=monday_before_the_change(zone, now), city=zone) for zone in ZONES}
    with transaction(lasting_database) as db:
        for key, name in NAMES.items():
            db.execute(update(Person).where(Person.key == key).values(name=name))
        for term in terms.values():
            program = db.get_one(Program, term.program_id)
            program.name, program.settings = '책나래 📚; 2학기, "가"', SETTINGS
            change_some(db, term, now)
    made = {zone: subscribed(lasting_database, term, Audience.PROGRAM, language=Language.KO, alarms=(60,)) for zone, term in terms.items()}
    with serving(lasting_database, tmp_path_factory.mktemp("server"), "--http-only") as server:
        yield {
            zone: Served(server.url + one.path, list(what_is_to_be_seen(lasting_database, one.row, terms[zone])))
            for zone, one in made.items()
        }


def monday_before_the_change(zone: str, now: dt.datetime) -> dt.date:
    """A Monday that is to come, in the week before the one at whose end the clocks of a zone change next, if they do at all."""
    days = [now.date() + n * DAY for n in range(14, 400)]
    offsets = [dt.datetime.combine(day, dt.time(12), ZoneInfo(zone)).utcoffset() for day in days]
    changed = next((day for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False) if before != after), days[0])
    return changed - (7 + changed.weekday()) * DAY


def change_some(db: DbSession, term: Term, now: dt.datetime) -> None:
    """Moves sessions past their neighbours and to right after a change of clocks, cancels, makes up, and has another mentor in."""

    def session(group: str, day: int) -> Session:
        return session_named(db, term, f"{group}@{term.first_on + day * DAY}")

    def at(day: int, hour: int) -> dt.datetime:
        return instant(term.zone, term.first_on + day * DAY, hour * 60)

    move(db, session("g-1", 1), at(4, 19), by=BY, now=now)
    move(db, session("g-1", 8), at(13, 4), by=BY, now=now)
    cancel(db, session("g-2", 2), by=BY, now=now, reason="시험")
    make_up(db, session("g-2", 2), at(5, 10), by=BY, now=now)
    cancel(db, session("g-1", 10), by=BY, now=now, reason="비")
    substitute(db, session("g-3", 7), mentor_named(db, term, "m-3"), by=BY, now=now)


def what_is_to_be_seen(database: Engine, subscription: Subscription, term: Term) -> Iterator[Seen]:
    """The sessions of a term in the words of its feed; as many, and at those times, as the database has."""
    with reading(database) as db:
        entries = shown(db, subscription, db.get_one(Calendar, subscription.calendar_id), dt.datetime.now(dt.UTC)).feed.entries
        kept = db.scalars(select(Session).join(Group).where(Group.term_id == term.id)).all()
    assert {(one.uid, one.starts_at, one.ends_at, one.sequence, one.cancelled) for one in entries} == {
        (f"{one.id}@dure", one.starts_at, one.ends_at, one.sequence, one.state == State.CANCELLED) for one in kept
    }
    assert (len(kept), sum(one.cancelled for one in entries)) == (17, 2)
    for one in entries:
        link = f"{one.link.partition('?')[0]}?k=%EA%B0%80,%EB%82%98;1&name=%F0%9F%A7%91%F0%9F%8F%BD"
        yield Seen(
            method="PUBLISH",
            uid=one.uid,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            sequence=one.sequence,
            cancelled=one.cancelled,
            title=f"{CANCELLED['ko']} {one.title}" if one.cancelled else one.title,
            description="\n".join([*one.lines, link]),
            link=link,
        )


@pytest.mark.parametrize(
    "read",
    [
        by_icalendar,
        by_recurring_ical_events,
        by_ical,
        pytest.param(by_ical_js, marks=needs_node),
        pytest.param(by_node_ical, marks=needs_node),
    ],
)
def test_a_reader_gives_the_services_list(feeds: Mapping[str, Served], read: Reader) -> None:
    """Each term has a change of clocks in it where its zone has any; sessions are moved, cancelled, made up and given away (F23)."""
    found = read([feed.address for feed in feeds.values()])
    for zone, seen in zip(feeds, found, strict=True):
        holds = set(feeds[zone].holds)
        assert (zone, set(seen) - holds, holds - set(seen), len(seen)) == (zone, set(), set(), len(holds))
