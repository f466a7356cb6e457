"""Tells calendars that something they show has changed: their version rises, and the time of their last change never falls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, case, or_, select, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session as DbSession

from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Session

A_STATEMENT = 5000
"""So many values one statement takes."""

T = TypeVar("T")
R = TypeVarTuple("R")


def parts(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """The values in parts that a statement takes."""
    every = list(values)
    for at in range(0, len(every), A_STATEMENT):
        yield every[at : at + A_STATEMENT]


def among(db: DbSession, asked: Select[*R], column: InstrumentedAttribute[Any], values: Iterable[Any]) -> Iterator[Row[*R]]:
    """What a statement finds of which a column has one of some values, however many they are and however much else there is."""
    for some in parts(sorted(set(values))):
        yield from db.execute(asked.where(column.in_(some)))


_PROGRAMS = select(Group.id, Term.program_id).join(Term).where(Group.id.in_(bindparam("groups", expanding=True)))
_THEIR_MENTORS = union(
    select(Group.mentor_id).where(Group.id.in_(bindparam("groups", expanding=True))),
    select(Session.mentor_id).where(Session.group_id.in_(bindparam("groups", expanding=True))).distinct(),
)
_MENTORS = select(Mentor.person_id).where(Mentor.id.in_(_THEIR_MENTORS))
_MEMBERS = (
    select(Mentee.person_id, Mentee.school)
    .join(Membership, Membership.mentee_id == Mentee.id)
    .where(Membership.group_id.in_(bindparam("groups", expanding=True)))
)
_SHOWING = select(Calendar.id).where(
    Calendar.program_id == bindparam("program"),
    or_(
        *(
            and_(Calendar.audience.in_(audiences), Calendar.owner.in_(bindparam(of, expanding=True)))
            for audiences, of in (
                ((Audience.MENTOR, Audience.MENTEE), "people"),
                ((Audience.GROUP,), "groups"),
                ((Audience.SCHOOL,), "schools"),
            )
        ),
        Calendar.audience == Audience.PROGRAM,
    ),
)
"""Made once: making them takes as long as what they do for one group."""


def touch(
    db: DbSession,
    program: UUID,
    now: dt.datetime,
    *,
    people: Iterable[UUID] = (),
    groups: Iterable[UUID] = (),
    schools: Iterable[str] = (),
) -> None:
    """Bumps the calendars of a program that show these people, as mentors or mentees, groups or schools, and the program's own.

    Calendars that nobody has subscribed to are not there, and need nothing. They are locked in one order, whoever changes them.
    """
    owners = ({str(person) for person in people}, {str(group) for group in groups}, {school for school in schools if school})
    found: set[UUID] = set()
    for first, second, third in [*zip_longest(*map(parts, owners), fillvalue=())] or [((), (), ())]:
        found.update(db.scalars(_SHOWING, {"program": program, "people": first, "groups": second, "schools": third}))
    _bump(db, found, now)


def touch_program(db: DbSession, program: UUID, now: dt.datetime) -> None:
    """Bumps all calendars of a program."""
    _bump(db, db.scalars(select(Calendar.id).where(Calendar.program_id == program)), now)


def _bump(db: DbSession, calendars: Iterable[UUID], now: dt.datetime) -> None:
    changed_at = case((Calendar.changed_at < now, now), else_=Calendar.changed_at)
    for some in parts(sorted(calendars)):
        db.execute(select(Calendar.id).where(Calendar.id.in_(some)).order_by(Calendar.id).with_for_update())
        db.execute(update(Calendar).where(Calendar.id.in_(some)).values(version=Calendar.version + 1, changed_at=changed_at))


def touch_groups(db: DbSession, groups: Collection[UUID], now: dt.datetime, *, people: Iterable[UUID] = ()) -> None:
    """Bumps the calendars of all who see these groups' sessions: whoever holds or held one, whoever is or was a member, their schools,
    the groups' own and their program's; and of some `people` besides."""
    seen: set[UUID] = set(people)
    schools: set[str] = set()
    programs: dict[UUID, list[UUID]] = {}
    for some in parts(sorted(groups)):
        which = {"groups": some}
        for group, program in db.execute(_PROGRAMS, which):
            programs.setdefault(program, []).append(group)
        seen.update(db.scalars(_MENTORS, which))
        for person, school in db.execute(_MEMBERS, which):
            seen.add(person)
            schools.add(school)
    for program, of in sorted(programs.items()):
        touch(db, program, now, people=seen, groups=of, schools=schools)
