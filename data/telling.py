"""Who is told of changes of sessions, by mail, and that events tell of them: of thousands at once as of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.calendars import parts
from data.event_types import SESSION_CHANGED
from data.events import Happening, happened
from data.groups import Group
from data.outbox import INVITING, About, Message, Notice, about_session, write
from data.people import Person
from data.programs import Term
from data.sessions import Session

NEAR = dt.timedelta(hours=48)
"""A change this close to a session goes by mail too: feeds are slow (FEEDS.md F25)."""


@dataclass(frozen=True, slots=True)
class News:
    """A change of a session, which is made already, and whom it concerns; `was` is its start before, where that was another."""

    session: Session
    people: Collection[UUID]
    about: About
    was: dt.datetime | None = None

    @property
    def body(self) -> Document:
        """What a message of it says."""
        was = {"was": self.was.isoformat()} if self.was else {}
        return about_session(self.about, self.session.id, sequence=self.session.sequence, **was)

    def is_near(self, now: dt.datetime) -> bool:
        """Whether the session is soon, or was to be."""
        return any(now <= start <= now + NEAR for start in (self.session.starts_at, self.was) if start)


def tell(db: DbSession, news: Sequence[News], *, now: dt.datetime) -> int:
    """Tells people by mail of changes of sessions; gives how many mails that are. An event is written of each session.

    Of a session that is not near, only those are told who had an invitation to it: what that entered into their calendars would else stay
    as it was. No mail is written to people without an address.
    """
    _note(db, news, now)
    near = [one for one in news if one.is_near(now)]
    far = [one for one in news if one.session.sequence and not one.is_near(now)]  # else nobody has heard of it
    hold = _invitations(db, {person for one in far for person in one.people})
    told = [
        *((one, person) for one in near for person in one.people),
        *((one, person) for one in far for person in one.people if (one.session.id, person) in hold),
    ]
    addresses = _addresses(db, {person for _, person in told})
    notices = [
        Notice(
            key=f"{one.about}:{one.session.id}:{one.session.sequence}:{person}",
            address=addresses[person],
            body=one.body,
            person_id=person,
        )
        for one, person in sorted(told, key=lambda pair: (pair[0].session.starts_at, pair[0].session.id, pair[1]))
        if person in addresses
    ]
    return write(db, notices, now=now)


def invited(db: DbSession, sessions: Collection[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Who has one of these sessions in a calendar of their own by our mails, and their addresses, by session."""
    holds: dict[UUID, dict[UUID, str]] = {}
    sent = select(Message.key, Message.person_id, Message.address).where(Message.sent_at.is_not(None), Message.person_id.is_not(None))
    for key, person, address in db.execute(sent.where(_invites()).order_by(Message.sent_at, Message.id)):
        about, session, _ = key.split(":", 2)
        if person and (which := UUID(session)) in sessions:
            if about in {About.CANCELLED, About.LEFT}:
                holds.get(which, {}).pop(person, None)
            else:
                holds.setdefault(which, {})[person] = address
    return holds


def _invitations(db: DbSession, people: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """The sessions that these people were ever invited to, each with who was."""
    rows = (
        row
        for some in parts(sorted(people))
        for row in db.execute(select(Message.key, Message.person_id).where(Message.person_id.in_(some), _invites()))
    )
    return {(UUID(key.split(":", 2)[1]), person) for key, person in rows if person}


def _invites() -> ColumnElement[bool]:
    return or_(*(Message.key.startswith(f"{about}:", autoescape=True) for about in INVITING))


def _addresses(db: DbSession, people: Iterable[UUID]) -> dict[UUID, str]:
    asked = select(Person.id, Person.email).where(Person.email != "")
    return {person: email for some in parts(sorted(people)) for person, email in db.execute(asked.where(Person.id.in_(some)))}


def _note(db: DbSession, news: Iterable[News], now: dt.datetime) -> None:
    """Writes an event of each session that changed, whomever it concerns."""
    sessions = {one.session.id: one.session for one in news}
    of = select(Group.id, Term.id, Term.program_id).join(Term, Group.term_id == Term.id)
    groups = sorted({session.group_id for session in sessions.values()})
    homes = {row[0]: (row[1], row[2]) for some in parts(groups) for row in db.execute(of.where(Group.id.in_(some)))}
    some = []
    for session in sessions.values():
        term, program = homes[session.group_id]
        keys = {"term": str(term), "group": str(session.group_id), "session": str(session.id)}
        some.append(Happening(program, SESSION_CHANGED, {**keys, "sequence": session.sequence}))
    happened(db, some, now=now)
