"""Who meets in a group, on which day, and how each of its sessions stands.

The members of a session are those of its day, by their memberships; its mentor is the group's or a substitute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.bookings import Member, members_of
from data.groups import Group
from data.people import Mentor
from data.programs import Term
from data.sessions import Series, Session, State


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who takes part, in one term: their row there, their person, and, of a mentee, the school."""

    id: UUID
    person: UUID
    school: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What people see of a session, [starts_at, ends_at) in UTC; another look raises its sequence (F7)."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    mentor: Attendee
    members: frozenset[Attendee]
    link: str
    state: State = State.PLANNED
    why: str = ""

    @property
    def persons(self) -> frozenset[UUID]:
        """All who take part."""
        return frozenset({self.mentor.person, *(member.person for member in self.members)})


@dataclass(frozen=True, slots=True)
class Circle:
    """A group of a term, and all who are or were its members, or will be, as they are when it is read."""

    term: Term
    group: Group
    everybody: Sequence[Member]

    def day(self, at: dt.datetime) -> dt.date:
        """The day of an instant in the term's zone."""
        return day_of(self.term, at)

    def wall(self, at: dt.datetime) -> str:
        """An instant by the clock of the term's zone."""
        return f"{at.astimezone(ZoneInfo(self.term.zone)):%Y-%m-%d %H:%M}"

    def name(self, session: Session) -> str:
        """What people call a session."""
        return session_name(self.group.key, session.starts_at.astimezone(ZoneInfo(self.term.zone)))

    def members(self, on: dt.date) -> frozenset[Attendee]:
        """The members on a day."""
        return frozenset(Attendee(one.mentee_id, one.person_id, one.school) for one in self.everybody if one.is_there(on))


def session_name(group: str, begins: dt.datetime) -> str:
    """What people call a session of a group that begins at an instant, in the term's zone."""
    return f"{group}@{begins:%Y-%m-%dT%H:%M}"


def day_of(term: Term, at: dt.datetime) -> dt.date:
    """The day of an instant in a term's zone."""
    return at.astimezone(ZoneInfo(term.zone)).date()


def circle_of(db: DbSession, group: Group) -> Circle:
    """The circle of a group."""
    return Circle(db.get_one(Term, group.term_id), group, members_of(db, [group.id]).get(group.id, ()))


def hold(db: DbSession, group: UUID, session: Session | None = None) -> Circle:
    """The circle of a group that is to be changed, or one of its sessions, once they are locked."""
    return circle_of(db, lock(db, group, session))


def lock(db: DbSession, group: UUID, session: Session | None = None) -> Group:
    """A group that is to be changed, or one of its sessions: whoever else wants to change it waits until this transaction ends, and then
    sees it as it has become."""
    row = db.scalars(select(Group).where(Group.id == group).with_for_update().execution_options(populate_existing=True)).one()
    if session is not None:
        db.refresh(session, with_for_update=True)
    return row


def looks_of(db: DbSession, circle: Circle, sessions: Iterable[Session]) -> dict[UUID, Look]:
    """How sessions of one group stand now, by their ids."""
    rows = list(sessions)
    asked = select(Mentor.id, Mentor.person_id).where(Mentor.id.in_({one.mentor_id for one in rows}))
    persons = {row.id: row.person_id for row in db.execute(asked)} if rows else {}
    return {one.id: _look(circle, one, persons[one.mentor_id]) for one in rows}


def _look(circle: Circle, session: Session, mentors_person: UUID) -> Look:
    return Look(
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        mentor=Attendee(session.mentor_id, mentors_person),
        members=circle.members(circle.day(session.starts_at)),
        link=circle.group.link,
        state=session.state,
        why=session.cancelled_why,
    )


def sessions_of(db: DbSession, group: Group) -> list[Session]:
    """All sessions of a group, in order of time."""
    asked = select(Session).where(Session.group_id == group.id).order_by(Session.starts_at, Session.id)
    return list(db.scalars(asked.execution_options(populate_existing=True)))


def tutoring_of(db: DbSession, group: Group) -> Series | None:
    """The series of a group's weekly meetings; None for one that was made for a single session."""
    return next((one for one in db.scalars(select(Series).where(Series.group_id == group.id)) if one.meetings), None)
