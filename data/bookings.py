"""Takes and gives back people's time for sessions, and names the clash where somebody would be in two at once.

The database itself has the last word (`data.sessions`): whoever loses a race against another process is told the same clash.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from data.base import rows_of
from data.calendars import parts
from data.groups import Group, Membership
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.sessions import Booking, Session, State

DAY = dt.timedelta(days=1)
THE_DATABASES_WORD = "booking_no_two_at_once"


class BookingError(Exception):
    """The root of what can be wrong with bookings."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A person, by key, who is in another session then, [starts_at, ends_at); `zone` is that of its term."""

    person_id: UUID
    person: str
    session_id: UUID
    group: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    zone: str

    def __str__(self) -> str:
        start, end = (at.astimezone(ZoneInfo(self.zone)) for at in (self.starts_at, self.ends_at))
        return f"{self.person} is in a session of group {self.group} on {start:%Y-%m-%d} from {start:%H:%M} to {end:%H:%M}"


@dataclass(eq=False)
class Clash(BookingError):
    """Somebody would be in two sessions at once: the first such people, in order of time."""

    busy: tuple[Busy, ...]

    def __str__(self) -> str:
        return "\n".join(str(one) for one in self.busy)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to take part in a session, by their persons' ids, and when: [starts_at, ends_at)."""

    session_id: UUID
    people: Collection[UUID]
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(slots=True)
class Diary:
    """What people are booked for: (starts_at, ends_at, session), ascending, none over another."""

    booked: dict[UUID, list[tuple[dt.datetime, dt.datetime, UUID]]] = field(default_factory=dict)

    def meets(self, person: UUID, starts_at: dt.datetime, ends_at: dt.datetime) -> UUID | None:
        """The session that a person is in at some moment of [starts_at, ends_at); None where they are free."""
        booked = self.booked.get(person)
        if not booked:
            return None
        at = bisect_left(booked, ends_at, key=lambda one: one[0])
        return booked[at - 1][2] if at and booked[at - 1][1] > starts_at else None

    def enter(self, person: UUID, starts_at: dt.datetime, ends_at: dt.datetime, session: UUID) -> None:
        """Enters a session into the diary of somebody who is free then."""
        booked = self.booked.setdefault(person, [])
        booked.insert(bisect_left(booked, starts_at, key=lambda one: one[0]), (starts_at, ends_at, session))


def diary(db: DbSession, people: Iterable[UUID], first: dt.datetime, last: dt.datetime, but: Collection[UUID] = ()) -> Diary:
    """What people are booked for at some moment of [first, last), but for some sessions."""
    found, left_out = Diary(), set(but)
    columns = (Booking.person_id, Booking.starts_at, Booking.ends_at, Booking.session_id)
    for some in parts(sorted(set(people))):
        # Sessions are shorter than a day: the first bound lets the index be used.
        then = (Booking.starts_at > first - DAY, Booking.starts_at < last, Booking.ends_at > first)
        for person, starts_at, ends_at, session in db.execute(
            select(*columns).where(Booking.person_id.in_(some), *then).order_by(Booking.person_id, Booking.starts_at)
        ):
            if session not in left_out:
                found.booked.setdefault(person, []).append((starts_at, ends_at, session))
    return found


def clashes(
    db: DbSession, people: Iterable[UUID], starts_at: dt.datetime, ends_at: dt.datetime, but: Collection[UUID] = ()
) -> tuple[Busy, ...]:
    """Who of these people is in another session at some moment of [starts_at, ends_at), but for some sessions; in order of time."""
    found = diary(db, people, starts_at, ends_at, but)
    return named(db, [(person, session) for person, booked in found.booked.items() for _, _, session in booked])


def named(db: DbSession, pairs: Iterable[tuple[UUID, UUID]]) -> tuple[Busy, ...]:
    """People and the sessions that they are in, as persons and sessions in the database, with their keys and times."""
    wanted = set(pairs)
    keys: dict[UUID, str] = {}
    for some in parts(sorted({person for person, _ in wanted})):
        keys |= dict(db.execute(select(Person.id, Person.key).where(Person.id.in_(some))).all())
    sessions: dict[UUID, tuple[str, dt.datetime, dt.datetime, str]] = {}
    columns = (Session.id, Group.key, Session.starts_at, Session.ends_at, Term.zone)
    for some in parts(sorted({session for _, session in wanted})):
        rows = db.execute(select(*columns).join(Group, Group.id == Session.group_id).join(Term).where(Session.id.in_(some)))
        sessions |= {session: (group, starts_at, ends_at, zone) for session, group, starts_at, ends_at, zone in rows}
    found = [Busy(person, keys[person], session, *sessions[session]) for person, session in wanted]
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.person, one.session_id)))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's time in a group, [from_on, until_on); whoever has left the term has left it too."""

    mentee_id: UUID
    key: str
    person_id: UUID
    school: str
    from_on: dt.date
    until_on: dt.date | None

    def is_there(self, on: dt.date) -> bool:
        """Whether they are a member on a day."""
        return self.from_on <= on and (self.until_on is None or on < self.until_on)


def members_of(db: DbSession, groups: Iterable[UUID]) -> Mapping[UUID, Sequence[Member]]:
    """All who are or were members of groups, or will be, by group; a group without any is left out."""
    found: dict[UUID, list[Member]] = {}
    membership = (Membership.group_id, Membership.from_on, Membership.until_on)
    columns = (*membership, Mentee.left_on, Mentee.id, Mentee.key, Mentee.person_id, Mentee.school)
    for some in parts(groups):
        rows = db.execute(select(*columns).join(Mentee, Mentee.id == Membership.mentee_id).where(Membership.group_id.in_(some)))
        for group, from_on, until_on, left_on, mentee, key, person, school in rows:
            ends = min((day for day in (until_on, left_on) if day), default=None)
            found.setdefault(group, []).append(Member(mentee, key, person, school, from_on, ends))
    return found


def people_of(db: DbSession, sessions: Iterable[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """Whose time each session is: the person who holds it, and each who is a member of its group on its day in the term's zone."""
    found: dict[UUID, frozenset[UUID]] = {}
    columns = (Session.id, Session.group_id, Session.starts_at, Mentor.person_id, Term.zone)
    for some in parts(sessions):
        rows = db.execute(
            select(*columns).join(Mentor, Mentor.id == Session.mentor_id).join(Term, Term.id == Mentor.term_id).where(Session.id.in_(some))
        ).all()
        members = members_of(db, {row.group_id for row in rows})
        for session, group, starts_at, holds, zone in rows:
            on = starts_at.astimezone(ZoneInfo(zone)).date()
            found[session] = frozenset({holds, *(one.person_id for one in members.get(group, ()) if one.is_there(on))})
    return found


def give_back(db: DbSession, sessions: Iterable[UUID]) -> None:
    """Frees the time of all who take part in these sessions."""
    for some in parts(sessions):
        db.execute(delete(Booking).where(Booking.session_id.in_(some)))


def take(db: DbSession, sessions: Iterable[UUID]) -> None:
    """Makes the bookings of these sessions what they should be, whatever they were: nobody's where a session is cancelled.

    Raises
    ------
    Clash
        Somebody would be in two sessions at once.
    """
    ids = sorted(set(sessions))
    db.flush()
    give_back(db, ids)
    people = people_of(db, ids)
    wanted: list[Wanted] = []
    for some in parts(ids):
        columns = select(Session.id, Session.starts_at, Session.ends_at)
        for session, starts_at, ends_at in db.execute(columns.where(Session.id.in_(some), Session.state != State.CANCELLED)):
            wanted.append(Wanted(session, people[session], starts_at, ends_at))
    book(db, wanted)


def book(db: DbSession, wanted: Sequence[Wanted]) -> None:
    """Books sessions that are in the database and have no bookings yet.

    Raises
    ------
    Clash
        Somebody would be in two sessions at once.
    """
    refuse_clashes(db, wanted)
    write_bookings(db, wanted)


def write_bookings(db: DbSession, wanted: Sequence[Wanted]) -> None:
    """Books sessions that are in the database, of people who were seen to be free.

    Raises
    ------
    Clash
        Another process was quicker.
    """
    rows = [
        {"session_id": one.session_id, "person_id": person, "starts_at": one.starts_at, "ends_at": one.ends_at}
        for one in wanted
        for person in one.people
    ]
    if not rows:
        return
    # In one order, whoever books: else two who book the same people at once may wait for each other for ever.
    rows.sort(key=lambda row: (row["person_id"], row["starts_at"]))
    try:
        with db.begin_nested():
            db.execute(insert(rows_of(Booking)), rows)
    except IntegrityError as refused:
        if THE_DATABASES_WORD in str(refused.orig):
            refuse_clashes(db, wanted)  # now the other's bookings are there to be named
        raise


def refuse_clashes(db: DbSession, wanted: Sequence[Wanted]) -> None:
    """Does nothing where all are free.

    Raises
    ------
    Clash
        Somebody is not, or would be in two of these at once.
    """
    if not wanted:
        return
    first, last = min(one.starts_at for one in wanted), max(one.ends_at for one in wanted)
    found = diary(db, {person for one in wanted for person in one.people}, first, last)
    pairs: list[tuple[UUID, UUID]] = []
    for one in wanted:
        for person in one.people:
            other = found.meets(person, one.starts_at, one.ends_at)
            if other is None:
                found.enter(person, one.starts_at, one.ends_at, one.session_id)
            else:
                pairs.append((person, other))
    if pairs:
        raise Clash(named(db, pairs))
