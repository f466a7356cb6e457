"""What is to be said at a moment without anybody asking for it: that a session is near, and that one has no record yet.

Nothing is remembered from one moment to the next but what stands in the outbox, where each notice has its key: asked for the same moment
twice, at once by two, or late, nothing is said twice.

* A reminder is due so many minutes before its session. One that is late is sent as long as the session has not begun; of several that
  are due by then, only that nearest to the session. A session that moves is reminded of anew. Who has been reminded of a session since a
  reminder was due does not get that one too: not after wishes or settings have changed, nor after the clock was set back.
* Who has left by the day of a session that is theirs still, because nobody else holds it yet, is neither reminded of it nor asked for its
  record: the manager is shown it.
* A record is asked for so many hours after the session's end, each time once; of several times that have come, only the last. Nobody is
  asked later than `ASKED_FOR` after the session. Once the last time has come, the session is among those that the manager is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, null, select
from sqlalchemy.orm import Session as DbSession

from data.calendars import parts
from data.groups import Group
from data.outbox import About, Message, Notice, about_session
from data.people import Mentor, Person
from data.programs import Program, Term
from data.sessions import Booking, Session, State
from data.settings import Settings, settings_of

ASKED_FOR = dt.timedelta(days=14)
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """A session that is over and has no record, though its mentor was asked for it as often as the settings say."""

    term: str
    group: str
    mentor: str
    zone: str
    starts_at: dt.datetime


def due_reminders(db: DbSession, now: dt.datetime) -> list[Notice]:
    """The reminders that are due, also those that were written already, in the order in which their sessions begin."""
    settings = _settings(db)
    own = [minutes for minutes in db.scalars(select(Person.reminders).where(Person.reminders.is_not(null()))) if minutes]
    longest = max((minutes for some in (*own, *(one.reminders for one in settings.values())) for minutes in some), default=0)
    asked = (
        select(
            Session.id,
            Session.starts_at,
            Person.id.label("person"),
            Person.email,
            Person.reminders,
            Mentor.person_id.label("mentor"),
            Mentor.left_on,
            Term.zone,
            Term.program_id,
        )
        .join(Booking, Booking.session_id == Session.id)
        .join(Person, Person.id == Booking.person_id)
        .join(Mentor, Mentor.id == Session.mentor_id)
        .join(Group, Group.id == Session.group_id)
        .join(Term, Term.id == Group.term_id)
        .where(Session.state == State.PLANNED, Session.starts_at > now, Session.starts_at <= now + dt.timedelta(minutes=longest))
        .where(Person.email != "")
        .order_by(Session.starts_at, Session.id, Person.id)
    )
    found = []
    for row in db.execute(asked):
        if row.person == row.mentor and _left(row):
            continue
        wanted = settings[row.program_id].reminders if row.reminders is None else row.reminders
        due = [minutes for minutes in wanted if row.starts_at - dt.timedelta(minutes=minutes) <= now]
        if due:
            key = f"{About.REMINDER}:{row.id}:{row.starts_at:{STAMP}}:{min(due)}:{row.person}"
            body = about_session(About.REMINDER, row.id, starts_at=row.starts_at.isoformat())
            found.append(Notice(key=key, address=row.email, body=body, person_id=row.person))
    return found


def not_reminded_since(db: DbSession, reminders: Sequence[Notice]) -> list[Notice]:
    """Those of the reminders since which, as of when they were due, nobody was reminded of the same start of the same session."""
    if not reminders:
        return []
    due = {reminder.key: _due_at(reminder.key) for reminder in reminders}
    last: dict[str, dt.datetime] = {}
    for some in parts(sorted({reminder.person_id for reminder in reminders if reminder.person_id})):
        asked = select(Message.key, Message.written_at).where(Message.person_id.in_(some), Message.written_at >= min(due.values()))
        for key, written_at in db.execute(asked.where(Message.key.startswith(f"{About.REMINDER}:"))):
            last[_of(key)] = max(last.get(_of(key), written_at), written_at)
    return [reminder for reminder in reminders if _of(reminder.key) not in last or last[_of(reminder.key)] < due[reminder.key]]


def _of(key: str) -> str:
    """What a reminder's key says of session, start and person."""
    about, session, start, _, person = key.split(":")
    return f"{about}:{session}:{start}:{person}"


def _due_at(key: str) -> dt.datetime:
    _, _, start, minutes, _ = key.split(":")
    return dt.datetime.strptime(start, STAMP).replace(tzinfo=dt.UTC) - dt.timedelta(minutes=int(minutes))


def due_asks(db: DbSession, now: dt.datetime) -> list[Notice]:
    """The asks for records that are due, also those that were written already, in the order in which their sessions ended."""
    settings = _settings(db)
    found = []
    for row in db.execute(_without_record(now).where(Session.ends_at > now - ASKED_FOR, Person.email != "")):
        hours = [hours for hours in settings[row.program_id].ask_after_hours if row.ends_at + dt.timedelta(hours=hours) <= now]
        if hours and not _left(row):
            body = about_session(About.RECORD, row.id)
            key = f"{About.RECORD}:{row.id}:{max(hours)}:{row.person}"
            found.append(Notice(key=key, address=row.email, body=body, person_id=row.person))
    return found


def unrecorded(db: DbSession, now: dt.datetime) -> list[Unrecorded]:
    """What the manager is shown, in the order in which the sessions ended."""
    settings = _settings(db)
    return [
        Unrecorded(term=row.term, group=row.group, mentor=row.mentor, zone=row.zone, starts_at=row.starts_at)
        for row in db.execute(_without_record(now))
        if row.ends_at + dt.timedelta(hours=max(settings[row.program_id].ask_after_hours, default=0)) <= now
    ]


def _left(row: Row[Any]) -> bool:
    """Whether a session's mentor has left by its day: somebody else is to hold it."""
    return row.left_on is not None and row.left_on <= row.starts_at.astimezone(ZoneInfo(row.zone)).date()


def _settings(db: DbSession) -> dict[UUID, Settings]:
    return {program: settings_of(document) for program, document in db.execute(select(Program.id, Program.settings))}


def _without_record(now: dt.datetime) -> Select[*tuple[Any, ...]]:
    """Sessions that are over and were neither recorded nor cancelled, with those who held them."""
    return (
        select(
            Session.id,
            Session.starts_at,
            Session.ends_at,
            Person.id.label("person"),
            Person.email,
            Mentor.key.label("mentor"),
            Mentor.left_on,
            Group.key.label("group"),
            Term.key.label("term"),
            Term.zone,
            Term.program_id,
        )
        .join(Mentor, Mentor.id == Session.mentor_id)
        .join(Person, Person.id == Mentor.person_id)
        .join(Group, Group.id == Session.group_id)
        .join(Term, Term.id == Group.term_id)
        .where(Session.state == State.PLANNED, Session.ends_at <= now, Session.recorded_at.is_(None))
        .order_by(Session.ends_at, Session.id)
    )
