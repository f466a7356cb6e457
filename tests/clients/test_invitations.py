"""Real readers take the invitations that come by mail, and do what they say (FEEDS.md F25; RFC 5546, RFC 6047)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.database import transaction
from data.feeds import Audience
from data.programs import Program, Term
from data.sessions import Kind
from data.settings import Language
from scheduler.changes import cancel, move, restore
from scheduler.feed import CANCELLED
from scheduler.finding import group_named, mentee_named, session_named
from scheduler.group_changes import change_link, leave
from scheduler.outbox import deliver_mail
from scheduler.single_sessions import plan_for_group
from tests.clients.phone import Phone
from tests.scheduler.mailbox import Mailbox
from tests.sessions import at, taught_term
from tests.subscribed import seen, subscribed

BY = "office"
SETTINGS = {"languages": ["ko"], "titles": {"ko": "{subject} 멘토링 🧮; 60, \\"}, "link": "https://meet.example.org/{group}"}

Change = Callable[[DbSession, Term, dt.datetime], object]


@dataclass(frozen=True, slots=True)
class Office:
    """A term, on whose second day at noon sessions are changed; whom that concerns gets mail."""

    database: Engine
    term: Term
    box: Mailbox = field(default_factory=Mailbox)

    @property
    def now(self) -> dt.datetime:
        return at("2026-03-03 12:00", self.term.zone)

    def invites_to(self, change: Change) -> dict[str, bytes]:
        """The invitations that arrive after a change, by people's keys; each by the method that its mail says."""
        with transaction(self.database) as db:
            change(db, db.get_one(Term, self.term.id), self.now)
        self.box.arrived.clear()
        with self.box.up():
            deliver_mail(self.database, lambda: self.now, self.box.server)
        found = {}
        for mail in self.box.arrived:
            _, invitation = mail.iter_parts()
            content = invitation.get_payload(decode=True)
            assert isinstance(content, bytes)
            assert invitation.get_content_type() == "text/calendar"
            assert invitation.get_param("method") == method_of(content)
            found[str(mail["To"]).removesuffix("@example.org")] = content
        return found


def an_office(database: Engine, zone: str) -> Office:
    """The office of a term in a zone."""
    term = taught_term(database, zone=zone)
    with transaction(database) as db:
        db.get_one(Program, term.program_id).settings = SETTINGS
    return Office(database, term)


def method_of(invitation: bytes) -> str | None:
    return IcsCalendarStream.calendar_from_ics(invitation.decode()).method


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


def test_f25_a_reader_enters_changes_and_strikes_out_what_mails_say(database: Engine, tmp_path: Path) -> None:
    """After each mail the session is there once, as the feed has it: all are of one UID, each with the next SEQUENCE."""
    zone = "America/New_York"  # its times are told in UTC
    office, phone, told = an_office(database, zone), Phone(tmp_path), []

    def counselling(db: DbSession, term: Term, now: dt.datetime) -> None:
        plan_for_group(db, group_named(db, term, "g-3"), Kind.COUNSELLING, at("2026-03-04 18:00", zone), 45, by=BY, now=now)

    changes: list[tuple[str, str, Change]] = [
        ("REQUEST", "2026-03-04", counselling),
        (
            "REQUEST",
            "2026-03-05",
            lambda db, term, now: move(db, session_named(db, term, "g-3@2026-03-04"), at("2026-03-05 11:30", zone), by=BY, now=now),
        ),
        (
            "REQUEST",
            "2026-03-05",
            lambda db, term, now: change_link(db, group_named(db, term, "g-3"), "https://meet.example.org/b;2,c", by=BY, now=now),
        ),
        (
            "CANCEL",
            "2026-03-05",
            lambda db, term, now: cancel(db, session_named(db, term, "g-3@2026-03-05"), by=BY, now=now, reason="시험"),
        ),
        ("REQUEST", "2026-03-05", lambda db, term, now: restore(db, session_named(db, term, "g-3@2026-03-05"), by=BY, now=now)),
    ]
    for method, on, change in changes:
        invitations = office.invites_to(change)
        assert set(invitations) == {"m-1", "s-4"}
        phone.take_in(invitations["s-4"])
        [event] = IcsCalendarStream.calendar_from_ics(invitations["s-4"].decode()).events
        assert method_of(invitations["s-4"]) == method
        [shown] = calendar(phone)
        assert [shown] == feed_on(office, "s-4", on)
        told.append((event.uid, event.sequence))
    assert told == [(told[0][0], sequence) for sequence in range(len(changes))]


def test_f25_who_leaves_is_asked_to_strike_out_what_others_keep(database: Engine, tmp_path: Path) -> None:
    zone = "Asia/Seoul"  # it is declared
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
