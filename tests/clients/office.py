"""An office changes sessions of a term within 48 hours, and whom that concerns gets mail with an invitation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.database import transaction
from data.programs import Program, Term
from data.sessions import Kind
from scheduler.changes import cancel, move, restore
from scheduler.finding import group_named, session_named
from scheduler.links import change_link
from scheduler.outbox import deliver_mail
from scheduler.single_sessions import plan_for_group
from tests.scheduler.mailbox import Mailbox
from tests.sessions import at, taught_term

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
    """What an invitation asks for."""
    return IcsCalendarStream.calendar_from_ics(invitation.decode()).method


def counselling(db: DbSession, term: Term, now: dt.datetime) -> object:
    """A new session."""
    return plan_for_group(db, group_named(db, term, "g-3"), Kind.COUNSELLING, at("2026-03-04 18:00", term.zone), 45, by=BY, now=now)


CHANGES: list[tuple[str, str, Change]] = [
    ("REQUEST", "2026-03-04", counselling),
    (
        "REQUEST",
        "2026-03-05",
        lambda db, term, now: move(db, session_named(db, term, "g-3@2026-03-04"), at("2026-03-05 11:30", term.zone), by=BY, now=now),
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
"""Changes of a session, the method of the mails that tell of them, and its day after them."""
