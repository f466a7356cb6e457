"""Sessions and groups of a term as people look through them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.bookings import members_of
from data.calendars import parts
from data.groups import Group
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.sessions import Kind, Series, Session, Shift, State
from matching.week import Meetings
from scheduler.circle import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A session with its group's key, and those of its mentor and the members of its day, ascending; and their names, in the same order,
    empty where they are not known."""

    id: UUID
    group: str
    subject: str
    kind: Kind
    starts_at: dt.datetime
    ends_at: dt.datetime
    mentor: str
    members: tuple[str, ...]
    mentor_name: str
    member_names: tuple[str, ...]
    state: State
    why: str
    makes_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGroup:
    """A group with the keys of its mentor and its members on a day, and the weekly times that hold then; [from_on, until_on)."""

    key: str
    subject: str
    mentor: str
    members: tuple[str, ...]
    meetings: tuple[int, ...]
    from_on: dt.date
    until_on: dt.date | None
    link: str


def sessions_between(
    db: DbSession,
    term: Term,
    *,
    first_on: dt.date | None = None,
    last_on: dt.date | None = None,
    group: str = "",
    mentor: str = "",
    mentee: str = "",
    only: Collection[UUID] | None = None,
) -> list[Listed]:
    """The sessions of a term in order of time: from a day to another, both included, of a group, a mentor or a mentee that is named, and
    `only` some, where that is said."""
    asked = (
        select(Session, Group, Series.kind, Mentor.key, Person.name)
        .join(Group, Group.id == Session.group_id)
        .join(Series, Series.id == Session.series_id)
        .join(Mentor, Mentor.id == Session.mentor_id)
        .join(Person, Person.id == Mentor.person_id)
        .where(Group.term_id == term.id)
    )
    if group:
        asked = asked.where(Group.key == group)
    if mentor:
        asked = asked.where(Mentor.key == mentor)
    every = [asked] if only is None else [asked.where(Session.id.in_(some)) for some in parts(only)]
    rows = [
        row
        for part in every
        for row in db.execute(part)
        if (first_on is None or day_of(term, row.Session.starts_at) >= first_on)
        and (last_on is None or day_of(term, row.Session.starts_at) <= last_on)
    ]
    mentees = select(Mentee.id, Mentee.key, Person.name).join(Person, Person.id == Mentee.person_id).where(Mentee.term_id == term.id)
    called = {row.id: (row.key, row.name) for row in db.execute(mentees)}
    members = members_of(db, {row.Group.id for row in rows})
    found = []
    for session, of, kind, holds, name in rows:
        on = day_of(term, session.starts_at)
        come = sorted(called[one.mentee_id] for one in members.get(of.id, ()) if one.is_there(on))
        keys = tuple(key for key, _ in come)
        if not mentee or mentee in keys:
            found.append(
                Listed(
                    id=session.id,
                    group=of.key,
                    subject=of.subject,
                    kind=kind,
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                    mentor=holds,
                    members=keys,
                    mentor_name=name,
                    member_names=tuple(named for _, named in come),
                    state=session.state,
                    why=session.cancelled_why,
                    makes_up=session.makes_up_id is not None,
                )
            )
    return sorted(found, key=lambda one: (one.starts_at, one.group, one.id))


def groups_on(db: DbSession, term: Term, on: dt.date) -> list[ListedGroup]:
    """The groups of a term as they are on a day, by key; those that have ended by then are left out."""
    rows = db.execute(
        select(Group, Mentor.key).join(Mentor, Mentor.id == Group.mentor_id).where(Group.term_id == term.id).order_by(Group.key)
    )
    groups = [(group, mentor) for group, mentor in rows if group.until_on is None or group.until_on > on]
    keys = dict(db.execute(select(Mentee.id, Mentee.key).where(Mentee.term_id == term.id)).all())
    members = members_of(db, {group.id for group, _ in groups})
    times = weekly_times(db, [group.id for group, _ in groups], on)
    return [
        ListedGroup(
            key=group.key,
            subject=group.subject,
            mentor=mentor,
            members=tuple(sorted(keys[one.mentee_id] for one in members.get(group.id, ()) if one.is_there(max(on, group.from_on)))),
            meetings=times[group.id][0] if group.id in times else (),
            from_on=group.from_on,
            until_on=group.until_on,
            link=group.link,
        )
        for group, mentor in groups
    ]


def weekly_times(db: DbSession, groups: Iterable[UUID], on: dt.date) -> Mapping[UUID, tuple[Meetings, int]]:
    """At which weekly times groups meet on a day, and for how many minutes; one without weekly meetings is left out."""
    found: dict[UUID, tuple[Meetings, int]] = {}
    for some in parts(groups):
        series = {one.id: one for one in db.scalars(select(Series).where(Series.group_id.in_(some))) if one.meetings}
        for one in series.values():
            found[one.group_id] = tuple(one.meetings), one.session_minutes
        shifts = select(Shift).join(Series).where(Series.group_id.in_(some), Shift.from_on <= on).order_by(Shift.from_on)
        for shift in db.scalars(shifts):
            of = series[shift.series_id]
            found[of.group_id] = tuple(shift.meetings), of.session_minutes
    return found
