"""What is told of groups: many at once, each as far as the caller sees it.

Who teaches a group sees all its members; a mentee, and whoever is there for one, only their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from api.v1.door import Call, Wire
from api.v1.fields import Ref, meetings_out
from api.v1.noting import note_told
from data.access import Sight
from data.bookings import Member, members_of
from data.calendars import parts
from data.groups import Group
from data.own import groups_taught
from data.people import Mentor
from data.programs import Program, Term
from data.settings import settings_of
from scheduler.circle import day_of
from scheduler.listing import weekly_times

UNTIL = "The first day on which it is so no more; null where no end is known."


class MemberOut(Wire):
    """A mentee's time in a group."""

    mentee: Ref
    from_on: dt.date
    until_on: dt.date | None = Field(description=UNTIL)


class GroupOut(Wire):
    """A group: mentees who meet one mentor for one subject."""

    id: UUID
    external_id: str
    term_id: UUID
    run_id: UUID | None = Field(description="The run whose result it is of; null where it is of none.")
    subject: str = Field(description="Empty for a group that was made for a single session.")
    mentor: Ref
    members: list[MemberOut]
    meetings: list[str] = Field(description="The weekly times that hold on the day that was asked for, by default today.")
    session_minutes: int | None
    from_on: dt.date
    until_on: dt.date | None = Field(description=UNTIL)
    link: str = Field(description="Where it meets: at its own link, or where its program's settings say.")
    has_own_link: bool


def group_out(call: Call, group: Group) -> GroupOut:
    """What is told of one, as of today."""
    term = call.db.get_one(Term, group.term_id)
    (shown,) = groups_out(call, term, [group], day_of(term, call.now))
    return shown


def groups_out(call: Call, term: Term, groups: Sequence[Group], on: dt.date) -> list[GroupOut]:
    """What is told of groups of a term, with the times of a day."""
    db, sight = call.db, call.sight(term.program_id)
    ids = [group.id for group in groups]
    usual = settings_of(db.get_one(Program, term.program_id).settings).link
    mentors = refs(db, Mentor, {group.mentor_id for group in groups})
    members = seen_members(db, sight, ids)
    note_told(call, term.id, (one.key for some in members.values() for one in some), "groups read")
    times = weekly_times(db, ids, on)
    return [
        GroupOut(
            id=group.id,
            external_id=group.key,
            term_id=group.term_id,
            run_id=group.run_id,
            subject=group.subject,
            mentor=mentors[group.mentor_id],
            members=sorted(
                (MemberOut(mentee=ref_of(one), from_on=one.from_on, until_on=one.until_on) for one in members.get(group.id, ())),
                key=lambda one: (one.from_on, one.mentee.external_id),
            ),
            meetings=meetings_out(times[group.id][0]) if group.id in times else [],
            session_minutes=times[group.id][1] if group.id in times else None,
            from_on=group.from_on,
            until_on=group.until_on,
            link=group.link or usual.format(group=group.key),
            has_own_link=bool(group.link),
        )
        for group in groups
    ]


def seen_members(db: DbSession, sight: Sight, groups: Sequence[UUID]) -> dict[UUID, list[Member]]:
    """All members that groups have or had, as far as somebody sees them, by group."""
    taught = set[UUID]()
    if not sight.all:
        for some in parts(groups):
            taught |= set(db.scalars(select(Group.id).where(Group.id.in_(some), groups_taught(sight))))
    return {
        group: [one for one in members if sight.all or group in taught or one.person_id in sight.people or one.school in sight.schools]
        for group, members in members_of(db, groups).items()
    }


def ref_of(member: Member) -> Ref:
    """A member by both keys."""
    return Ref(id=member.mentee_id, external_id=member.key)


def refs(db: DbSession, table: type[Mentor | Group], ids: set[UUID]) -> dict[UUID, Ref]:
    """Rows by both keys."""
    found: dict[UUID, Ref] = {}
    for some in parts(sorted(ids)):
        found |= {row: Ref(id=row, external_id=key) for row, key in db.execute(select(table.id, table.key).where(table.id.in_(some)))}
    return found
