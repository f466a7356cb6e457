"""A small term with groups, series and dated sessions made by hand, for tests of what may happen to them.

Mentors m-1 to m-3, mentees s-1 to s-5 (the odd ones of school north, the even of south). All groups meet for an hour, through
four weeks from Monday, 2 March 2026:

    g-1  m-1, s-1 and s-2   Tue 19:00; Thu 19:00
    g-2  m-2, s-2 and s-3   Wed 19:00
    g-3  m-1, s-4           Mon 19:00

m-3 and s-5 are in no group.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.base import new_id
from data.bookings import take
from data.database import transaction
from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.people import CameAs as Role, Mentee, Mentor, Person
from data.programs import Closure, Organisation, Program, Term
from data.sessions import Booking, Kind, Series, Session, State
from data.tables import METADATA
from matching.week import read_meetings
from scheduler.finding import session_named
from scheduler.term import DAY, Dated, Term as Days, meetings_on

FIRST_ON = dt.date(2026, 3, 2)
LAST_ON = dt.date(2026, 3, 29)
Groups = Mapping[str, tuple[str, tuple[str, ...], str]]
"""By key: the mentor, the members, the meetings."""

GROUPS: Groups = {
    "g-1": ("m-1", ("s-1", "s-2"), "Tue 19:00; Thu 19:00"),
    "g-2": ("m-2", ("s-2", "s-3"), "Wed 19:00"),
    "g-3": ("m-1", ("s-4",), "Mon 19:00"),
}


def taught_term(
    database: Engine,
    *,
    zone: str = "Asia/Seoul",
    first_on: dt.date = FIRST_ON,
    closed: Sequence[dt.date] = (),
    groups: Groups | None = None,
    city: str = "city",
) -> Term:
    """The term, as it stands in the database."""
    with transaction(database) as db:
        return make_term(db, zone=zone, first_on=first_on, closed=closed, groups=groups or GROUPS, city=city)


def make_term(db: DbSession, *, zone: str, first_on: dt.date, closed: Sequence[dt.date], groups: Groups, city: str = "city") -> Term:
    """Puts the term of a city's organisation into a database, with calendars of all concerned."""
    last_on = first_on + (LAST_ON - FIRST_ON)
    organisation = Organisation(id=new_id(), key=city)
    program = Program(id=new_id(), organisation_id=organisation.id, key="tutoring")
    term = Term(id=new_id(), program_id=program.id, key="spring", zone=zone, first_on=first_on, last_on=last_on)
    for row in (organisation, program, term):
        db.add(row)
        db.flush()
    db.add_all(Closure(term_id=term.id, first_on=on, last_on=on, name="exams") for on in closed)
    made_at = dt.datetime.combine(first_on - 30 * DAY, dt.time(), dt.UTC)
    mentors = {key: _mentor(db, term, organisation, key) for key in ("m-1", "m-2", "m-3")}
    mentees = {key: _mentee(db, term, organisation, key) for key in ("s-1", "s-2", "s-3", "s-4", "s-5")}
    owners = [(Audience.PROGRAM, ""), (Audience.SCHOOL, "north"), (Audience.SCHOOL, "south")]
    owners += [(Audience.MENTOR, str(one.person_id)) for one in mentors.values()]
    owners += [(Audience.MENTEE, str(one.person_id)) for one in mentees.values()]
    for key, (mentor, members, meetings) in groups.items():
        group = Group(id=new_id(), term_id=term.id, key=key, mentor_id=mentors[mentor].id, subject="math", from_on=first_on, link="")
        db.add(group)
        db.flush()
        db.add_all(Membership(group_id=group.id, mentee_id=mentees[member].id, from_on=first_on) for member in members)
        times = read_meetings(meetings)
        series = Series(
            id=new_id(),
            group_id=group.id,
            kind=Kind.TUTORING,
            meetings=list(times),
            session_minutes=60,
            from_on=first_on,
            produced_until=last_on,
        )
        db.add(series)
        db.flush()
        days = Days(zone=zone, first_on=first_on, last_on=last_on)
        sessions = [
            Session(
                id=new_id(),
                series_id=series.id,
                group_id=group.id,
                original_start=one.starts_at,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                mentor_id=group.mentor_id,
                state=State.PLANNED,
                sequence=0,
                changed_at=made_at,
                cancelled_why="",
            )
            for one in meetings_on(days, times, 60, first_on, last_on)
            if isinstance(one, Dated) and one.on not in closed
        ]
        db.add_all(sessions)
        take(db, [session.id for session in sessions])
        owners.append((Audience.GROUP, str(group.id)))
    db.add_all(
        Calendar(id=new_id(), program_id=program.id, audience=audience, owner=owner, version=1, changed_at=made_at)
        for audience, owner in owners
    )
    db.flush()
    return term


def _mentor(db: DbSession, term: Term, organisation: Organisation, key: str) -> Mentor:
    person = _person(db, organisation, key, Role.MENTOR)
    mentor = Mentor(id=new_id(), term_id=term.id, person_id=person.id, key=key, subjects="math:1-12", availability="Mon 09:00-22:00")
    db.add(mentor)
    db.flush()
    return mentor


def _mentee(db: DbSession, term: Term, organisation: Organisation, key: str) -> Mentee:
    person = _person(db, organisation, key, Role.MENTEE)
    school = "north" if int(key[-1]) % 2 else "south"
    mentee = Mentee(id=new_id(), term_id=term.id, person_id=person.id, key=key, grade=7, availability="Mon 09:00-22:00", school=school)
    db.add(mentee)
    db.flush()
    return mentee


def _person(db: DbSession, organisation: Organisation, key: str, came_as: Role) -> Person:
    person = Person(id=new_id(), organisation_id=organisation.id, came_as=came_as, key=key, email=f"{key}@example.org")
    db.add(person)
    db.flush()
    return person


def at(text: str, zone: str = "Asia/Seoul") -> dt.datetime:
    """The instant of `2026-03-03 19:00` by the clock of a zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def booked(db: DbSession, session: Session) -> list[str]:
    """The keys of all whose time a session takes, ascending; each booking is of the session's own time."""
    rows = db.execute(
        select(Person.key, Booking.starts_at, Booking.ends_at)
        .join(Booking, Booking.person_id == Person.id)
        .where(Booking.session_id == session.id)
        .order_by(Person.key)
    ).all()
    assert all((row.starts_at, row.ends_at) == (session.starts_at, session.ends_at) for row in rows)
    return [row.key for row in rows]


def touched(db: DbSession) -> list[str]:
    """Whose calendars have a new version: keys of people and groups, names of schools, `program`; ascending."""
    keys = {str(person): key for person, key in db.execute(select(Person.id, Person.key))}
    keys |= {str(group): key for group, key in db.execute(select(Group.id, Group.key))}
    return sorted(keys.get(owner, owner) or "program" for owner in db.scalars(select(Calendar.owner).where(Calendar.version > 1)))


def deeds(db: DbSession) -> list[tuple[str, str]]:
    """What the audit says was done, to whom."""
    return [(deed.what, deed.whom) for deed in db.scalars(select(Deed).order_by(Deed.id))]


def dump(db: DbSession) -> dict[str, list[Any]]:
    """Everything in the database."""
    return {table.name: sorted((tuple(row) for row in db.execute(select(table))), key=repr) for table in METADATA.sorted_tables}


def on_session(database: Engine, term: Term, name: str, act: Callable[[DbSession, Session], object]) -> None:
    """Does something to a session of the term in one transaction."""
    with transaction(database) as db:
        act(db, session_named(db, db.get_one(Term, term.id), name))
