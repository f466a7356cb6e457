"""Strikes a person out of what an organisation's rows say in words: the audit, events, records of sessions, rounds and their runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session as DbSession

from data.audit import Deed, opened_audit
from data.calendars import parts
from data.events import Event
from data.feeds import Calendar, Subscription
from data.groups import Group
from data.outbox import Message
from data.people import Mentee, Mentor, Person
from data.programs import Closure
from data.rounds import Round, Run
from data.sessions import Session, Task
from data.striking import Struck
from data.struck_files import names_in, struck_archive

A_LOOK = 1000
"""So many rows are looked at at a time."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody may be named: an organisation, its programs, and their terms."""

    organisation: UUID
    programs: Collection[UUID]
    terms: Collection[UUID]


def names_in_rounds(db: DbSession, who: Struck, home: Home) -> Struck:
    """Them, with the names too by which they are in rounds that were frozen under others."""
    for round in _rounds(db, home):
        inputs = db.scalar(select(Round.inputs).where(Round.id == round))
        if inputs is not None:
            who = who.also(names_in(inputs, who))
    return who


def strike_rounds(db: DbSession, who: Struck, home: Home) -> None:
    """Strikes somebody out of what rounds asked, and of what their runs gave or took away."""
    for round in _rounds(db, home):
        for column in (Round.inputs, Run.result, Run.undo):
            table = column.class_
            of = Round.id == round if table is Round else Run.round_id == round
            for key in db.scalars(select(table.id).where(of, column.is_not(None))).all():
                held = db.scalar(select(column).where(table.id == key))
                if held is not None:
                    _replace(db, column, table.id == key, held, struck_archive(held, who) if isinstance(held, bytes) else who.value(held))


def strike_words(db: DbSession, who: Struck, home: Home) -> None:
    """Strikes somebody out of sentences that people wrote, and of what went wrong where they were told."""
    groups = select(Group.id).where(Group.term_id.in_(home.terms))
    sessions = Session.group_id.in_(groups)
    calendars = select(Calendar.id).where(Calendar.program_id.in_(home.programs))
    runs = Run.round_id.in_(select(Round.id).where(Round.term_id.in_(home.terms)))
    people = select(Person.id).where(Person.organisation_id == home.organisation)
    places: tuple[tuple[InstrumentedAttribute[Any], ColumnElement[bool]], ...] = (
        *((column, sessions) for column in (Session.topic, Session.note, Session.cancelled_why)),
        (Task.text, Task.session_id.in_(select(Session.id).where(sessions))),
        (Closure.name, Closure.term_id.in_(home.terms)),
        (Mentor.left_why, Mentor.term_id.in_(home.terms)),
        (Mentee.left_why, Mentee.term_id.in_(home.terms)),
        (Subscription.name, Subscription.calendar_id.in_(calendars)),
        (Run.problem, runs),
        (Message.problem, Message.person_id.in_(people)),
    )
    for column, where in places:
        _strike(db, column, where, who.text, who.may_be_in)
    _strike(db, Group.link, Group.term_id.in_(home.terms), lambda _: "", who.is_in)


def strike_history(db: DbSession, who: Struck, home: Home) -> None:
    """Strikes somebody out of the audit and of the events; what was done when, and by whom, stays."""
    role = who.role
    theirs = or_(Deed.program_id.in_(home.programs), Deed.program_id.is_(None))

    def whom(text: str) -> str:
        kind, _, key = text.partition(" ")
        if kind in {"mentor", "mentee"}:
            return f"{role} {who.alias}" if text == f"{role} {who.key}" else f"{kind} {key}"
        return who.text(text)

    def told(document: dict[str, Any]) -> dict[str, Any]:
        return {name: whom(value) if name == "whom" else who.value(value) for name, value in document.items()}

    with opened_audit(db):
        _strike(db, Deed.whom, theirs, whom, who.may_be_in)
        _strike(db, Deed.reason, theirs, who.text, who.may_be_in)
        _strike(db, Deed.details, theirs, told, who.may_be_in)
    _strike(db, Event.data, Event.program_id.in_(home.programs), told, who.may_be_in)


def strike_records(db: DbSession, who: Struck, groups: Iterable[UUID]) -> None:
    """Strikes somebody out of the records of groups that they were in, by the names that are theirs among those who know them."""
    for some in parts(sorted(groups)):
        sessions = Session.group_id.in_(some)
        for column in (Session.topic, Session.note, Session.cancelled_why):
            _strike(db, column, sessions, who.text, who.may_be_in)
        _strike(db, Task.text, Task.session_id.in_(select(Session.id).where(sessions)), who.text, who.may_be_in)


def _rounds(db: DbSession, home: Home) -> list[UUID]:
    return list(db.scalars(select(Round.id).where(Round.term_id.in_(home.terms)).order_by(Round.id)))


def _strike(
    db: DbSession,
    column: InstrumentedAttribute[Any],
    where: ColumnElement[bool],
    strike: Callable[[Any], Any],
    near: Callable[[str], bool],
) -> None:
    """Strikes in the rows in which they may be named, which `near` says of what is kept: a database folds the case of few signs, and knows
    of none that they may be written in several ways."""
    table = column.class_
    key = table.__table__.primary_key.columns.values()[0]
    asked = select(key, cast(column, String)).where(where, column.is_not(None)).execution_options(yield_per=A_LOOK)
    for row in [row for row, held in db.execute(asked) if held and near(held)]:
        held = db.scalar(select(column).where(key == row))
        _replace(db, column, key == row, held, strike(held))


def _replace(db: DbSession, column: InstrumentedAttribute[Any], where: ColumnElement[bool], before: object, after: object) -> None:
    if before != after:
        db.execute(update(column.class_).where(where).values({column: after}).execution_options(synchronize_session=False))
