"""What is somebody's own in a program: the people, groups and sessions that a right of theirs reaches, as conditions of queries.

A mentor has the groups that they teach, those of whose sessions they hold one in another's place, and the mentees of these; a mentee, and
whoever is there for one, the groups that they are or were in, and of their sessions those of their days; a partner the same of the mentees
of its school. Conditions hold within one program, to which a query is bound besides.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session as DbSession

from data.access import Sight
from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Session


def mentors_seen(sight: Sight) -> ColumnElement[bool]:
    """Of `Mentor`: themselves."""
    return true() if sight.all else Mentor.person_id.in_(sight.people)


def mentees_seen(sight: Sight) -> ColumnElement[bool]:
    """Of `Mentee`: themselves, those whom they teach, and those of their schools."""
    if sight.all:
        return true()
    taught = select(Membership.mentee_id).join(Group, Group.id == Membership.group_id).where(groups_taught(sight))
    return or_(_own_mentees(sight), Mentee.id.in_(taught))


def mentees_themselves(sight: Sight) -> ColumnElement[bool]:
    """Of `Mentee`: themselves, or whom they are there for."""
    return true() if sight.all else Mentee.person_id.in_(sight.people)


def mentees_written_to(sight: Sight) -> ColumnElement[bool]:
    """Of `Mentee`: those whose mail address they are told: themselves, whom they are there for, and those of their schools."""
    return true() if sight.all else _own_mentees(sight)


def groups_seen(sight: Sight) -> ColumnElement[bool]:
    """Of `Group`: those that they teach, and those in which they or theirs are or were."""
    if sight.all:
        return true()
    theirs = select(Membership.group_id).join(Mentee, Mentee.id == Membership.mentee_id).where(_own_mentees(sight))
    return or_(groups_taught(sight), Group.id.in_(theirs))


def groups_taught(sight: Sight) -> ColumnElement[bool]:
    """Of `Group`: those whose mentor they are, or of which they hold a session."""
    if sight.all:
        return true()
    mine = _own_mentors(sight)
    return or_(Group.mentor_id.in_(mine), Group.id.in_(select(Session.group_id).where(Session.mentor_id.in_(mine))))


def sessions_seen(db: DbSession, sight: Sight, program: UUID) -> ColumnElement[bool]:
    """Of `Session`: those that they teach, and those of the days on which they or theirs are members of its group."""
    if sight.all:
        return true()
    return or_(sessions_taught(sight), sessions_with(db, _own_mentees(sight), program))


def sessions_taught(sight: Sight) -> ColumnElement[bool]:
    """Of `Session`: those that they hold, and those of the groups whose mentor they are."""
    if sight.all:
        return true()
    groups = select(Group.id).where(Group.mentor_id.in_(_own_mentors(sight)))
    return or_(sessions_held(sight), Session.group_id.in_(groups))


def sessions_held(sight: Sight) -> ColumnElement[bool]:
    """Of `Session`: those that they hold, by which it is theirs to say what was held."""
    return true() if sight.all else Session.mentor_id.in_(_own_mentors(sight))


def sessions_with(db: DbSession, which: ColumnElement[bool], program: UUID) -> ColumnElement[bool]:
    """Of `Session`: those of a program at which some mentees are, by a condition of `Mentee`: of their groups, on days on which they
    are there."""
    asked = (
        select(Membership.group_id, Membership.from_on, Membership.until_on, Mentee.left_on, Term.zone)
        .join(Mentee, Mentee.id == Membership.mentee_id)
        .join(Term, Term.id == Mentee.term_id)
        .where(Term.program_id == program, which)
    )
    groups: dict[tuple[dt.datetime, dt.datetime | None], set[UUID]] = {}
    for group, from_on, until_on, left_on, zone in db.execute(asked):
        ends = min((on for on in (until_on, left_on) if on), default=None)
        span = day_begins(zone, from_on), day_begins(zone, ends) if ends else None
        groups.setdefault(span, set()).add(group)
    spans = []
    for (first, end), of in groups.items():
        then = and_(Session.group_id.in_(of), Session.starts_at >= first)
        spans.append(then if end is None else and_(then, Session.starts_at < end))
    return or_(false(), *spans)


def calendars_seen(sight: Sight) -> ColumnElement[bool]:
    """Of `Calendar`: their own, or that of whom they are there for, and those of their schools."""
    if sight.all:
        return true()
    people = Calendar.audience.in_([Audience.MENTOR, Audience.MENTEE]), Calendar.owner.in_([str(one) for one in sight.people])
    return or_(and_(*people), and_(Calendar.audience == Audience.SCHOOL, Calendar.owner.in_(sight.schools)))


def day_begins(zone: str, on: dt.date) -> dt.datetime:
    """The instant at which a day begins by the clock of a zone."""
    return dt.datetime.combine(on, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


def _own_mentors(sight: Sight) -> Select[UUID]:
    return select(Mentor.id).where(Mentor.person_id.in_(sight.people))


def _own_mentees(sight: Sight) -> ColumnElement[bool]:
    return or_(Mentee.person_id.in_(sight.people), Mentee.school.in_(sight.schools))
