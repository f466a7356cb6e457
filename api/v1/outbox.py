"""Messages: what waits to be sent and what was given up, of a program; and all that was said of a session."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import ColumnElement, Uuid, cast, func, or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import InTerm, Ref
from api.v1.finding import Key
from api.v1.meant import program_meant, session_meant
from api.v1.noting import note_named
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.groups import Group
from data.outbox import Channel, Message
from data.people import Person
from data.programs import Term
from data.sessions import Session
from scheduler.closeup import said_of

routes = Routes("outbox")


class MessageOut(Wire):
    """A message that was not sent yet."""

    id: UUID
    about: str
    channel: Channel
    person: Ref | None = Field(description="To whom a mail goes.")
    session_id: UUID | None
    run_id: UUID | None
    written_at: dt.datetime
    due_at: dt.datetime | None = Field(description="When it is tried next; null where it was given up.")
    given_up_at: dt.datetime | None
    tries: int
    problem: str


class SaidOut(Wire):
    """A message about a session, and what became of it; one that was neither sent nor given up waits."""

    about: str
    to: str = Field(description="A person's key, or an address.")
    due_at: dt.datetime | None
    sent_at: dt.datetime | None
    given_up_at: dt.datetime | None
    problem: str


class SaidOfSession(Wire):
    """All that was said of a session, as far as it is kept."""

    session_id: UUID
    messages: list[SaidOut]


@routes.get("/programs/{program}/outbox", Right.AUDIT_READ)
def list_outbox(
    call: Call,
    program: Key,
    state: Annotated[Literal["waiting", "given_up"] | None, Query(description="Both, where nothing is said.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[MessageOut]:
    """What of a program waits to be sent, and what was given up."""
    found = program_meant(call, program)
    call.sight(found.id)
    asked = (
        select(Message, Person)
        .join(Person, Person.id == Message.person_id, isouter=True)
        .where(Message.sent_at.is_(None), _about(found.id))
    )
    if state is not None:
        asked = asked.where(Message.given_up_at.is_(None) if state == "waiting" else Message.given_up_at.is_not(None))
    shown = paged(call, asked, [Message.id], lambda rows: [_shown(one, who) for one, who in rows], after, limit)
    note_named(call, {found.id}, (one.person for one in shown.items if one.person), "messages read")
    return shown


@routes.get("/sessions/{session}/messages", Right.AUDIT_READ)
def list_messages_of_session(call: Call, session: Key, term: InTerm = None) -> SaidOfSession:
    """All that was said of a session, and to whom."""
    found = session_meant(call, session, term)
    said = [
        SaidOut(about=one.about, to=one.to, due_at=one.due_at, sent_at=one.sent_at, given_up_at=one.given_up_at, problem=one.problem)
        for one in said_of(call.db, found)
    ]
    of = call.db.get_one(Term, call.db.get_one(Group, found.group_id).term_id)
    note_named(call, {of.program_id}, said, "messages read")
    return SaidOfSession(session_id=found.id, messages=said)


def _about(program: UUID) -> ColumnElement[bool]:
    """Of messages: that they are about a session or a term of a program."""
    terms = select(Term.id).where(Term.program_id == program)
    sessions = select(Session.id).join(Group, Group.id == Session.group_id).where(Group.term_id.in_(terms))
    return or_(_id_in("session").in_(sessions), _id_in("term").in_(terms))


def _id_in(name: str) -> ColumnElement[UUID]:
    """An id that a message's body names, as both databases compare it with a column."""
    return cast(func.replace(Message.body[name].as_string(), "-", ""), Uuid())


def _shown(one: Message, person: Person | None) -> MessageOut:
    return MessageOut(
        id=one.id,
        about=one.body["about"],
        channel=one.channel,
        person=Ref(id=person.id, external_id=person.key) if person else None,
        session_id=one.body.get("session"),
        run_id=one.body.get("run"),
        written_at=one.written_at,
        due_at=one.due_at,
        given_up_at=one.given_up_at,
        tries=one.tries,
        problem=one.problem,
    )
