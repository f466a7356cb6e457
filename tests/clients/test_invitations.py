"""Real readers take the invitations that come by mail, and do what they say (FEEDS.md F25; RFC 5546, RFC 6047)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import Engine

from data.feeds import Audience
from data.settings import Language
from scheduler.changes import move
from scheduler.feed import CANCELLED, rendered
from scheduler.finding import group_named, mentee_named, session_named
from scheduler.group_changes import leave
from tests.clients.hosting import hosting
from tests.clients.office import BY, CHANGES, Office, an_office, method_of
from tests.clients.phone import Phone
from tests.clients.readers import NODE, by_ical, by_ical_js, by_icalendar, by_node_ical
from tests.scheduler.mailbox import SENDER
from tests.sessions import at
from tests.subscribed import seen, subscribed

READERS = [by_icalendar, by_ical, *([by_ical_js, by_node_ical] if NODE else [])]

Event = tuple[dt.datetime, dt.datetime, str, str, str]
"""Start, end, title, state, link."""


def calendar(phone: Phone) -> list[Event]:
    """What is in somebody's calendar through the month."""
    return [(one.starts_at, one.ends_at, one.title, one.status, one.link) for one in phone.shows(dt.date(2026, 3, 1), 31)]


def feed_on(office: Office, mentee: str, *days: str) -> list[Event]:
    """What a mentee's feed says of these days in the same words."""
    feed = subscribed(office.database, office.term, Audience.MENTEE, mentee, language=Language.KO)
    entries = seen(office.database, feed, office.now).feed.entries
    return [
        (
            one.starts_at,
            one.ends_at,
            f"{CANCELLED['ko']} {one.title}" if one.cancelled else one.title,
            "CANCELLED" if one.cancelled else "CONFIRMED",
            one.link,
        )
        for one in entries
        if str(one.starts_at.date()) in days
    ]


def test_readers_enter_changes_and_strike_out_what_mails_say(database: Engine, tmp_path: Path) -> None:
    """After each mail the session is there once, as the feed has it: all are of one UID, each with the next SEQUENCE (F25)."""
    zone = "Asia/Seoul"  # it is declared
    office, phone, told = an_office(database, zone), Phone(tmp_path), []
    feed = subscribed(database, office.term, Audience.MENTEE, "s-4", language=Language.KO)
    mails, feeds = [], []
    for method, on, change in CHANGES:
        invitations = office.invites_to(change)
        assert set(invitations) == {"m-1", "s-4"}
        mails.append(invitations["s-4"])
        feeds.append(rendered(seen(database, feed, office.now).feed))
        phone.take_in(mails[-1])
        [event] = IcsCalendarStream.calendar_from_ics(mails[-1].decode()).events
        assert method_of(mails[-1]) == method
        [shown] = calendar(phone)
        assert [shown] == feed_on(office, "s-4", on)
        told.append((event.uid, event.sequence))
    assert told == [(told[0][0], sequence) for sequence in range(len(CHANGES))]
    check_readers(mails, feeds)


def check_readers(mails: Sequence[bytes], feeds: Sequence[bytes]) -> None:
    """What each mail says, from whom and to whom, is for each reader the session of that UID in the feed at that time (F5).

    A feed names nobody, neither as who asks nor as who is asked (F14), and only it tells how many mentees there are.
    """
    with hosting() as host:
        addresses = host.put_all([*mails, *feeds])
        for read in READERS:
            found = read(addresses)
            for (method, _, _), mail, of_feed in zip(CHANGES, found[: len(mails)], found[len(mails) :], strict=True):
                [asked] = mail
                [shown] = [one for one in of_feed if one.uid == asked.uid]
                assert (shown.method, shown.organizer, shown.attendees) == ("PUBLISH", "", ())
                assert (asked.method, asked.organizer, asked.attendees) == (method, f"mailto:{SENDER}", ("mailto:s-4@example.org",))
                told = replace(shown, method=asked.method, organizer=asked.organizer, attendees=asked.attendees)
                assert asked == replace(told, description=shown.link)


def test_who_leaves_is_asked_to_strike_out_what_others_keep(database: Engine, tmp_path: Path) -> None:
    """Each is told by a method of their own (F25)."""
    zone = "America/New_York"  # its times are told in UTC
    office = an_office(database, zone)
    phones = {}
    for key in ("s-1", "s-2"):
        (tmp_path / key).mkdir()
        phones[key] = Phone(tmp_path / key)
    moved = office.invites_to(
        lambda db, term, now: move(db, session_named(db, term, "g-1@2026-03-03"), at("2026-03-04 10:00", zone), by=BY, now=now)
    )
    for key, phone in phones.items():
        phone.take_in(moved[key])
    kept = calendar(phones["s-2"])
    assert calendar(phones["s-1"]) == kept == feed_on(office, "s-2", "2026-03-04")[:1]
    left = office.invites_to(
        lambda db, term, now: leave(
            db, group_named(db, term, "g-1"), mentee_named(db, term, "s-1"), dt.date(2026, 3, 4), by=BY, now=now, reason="moved away"
        )
    )
    assert {key: method_of(invitation) for key, invitation in left.items()} == {"m-1": "REQUEST", "s-1": "CANCEL", "s-2": "REQUEST"}
    for key, phone in phones.items():
        phone.take_in(left[key])
    assert calendar(phones["s-2"]) == kept
    [(starts_at, _, title, state, _)] = calendar(phones["s-1"])
    assert (starts_at, title, state) == (kept[0][0], f"{CANCELLED['ko']} {kept[0][2]}", "CANCELLED")
