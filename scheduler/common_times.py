"""The weekly times that all people of a group have in common: for meetings that are made up at the next of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.bookings import members_of
from data.calendars import parts
from data.groups import Group
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import policy_of
from data.sessions import Series, Shift
from data.timetables import free_time, timetables_of
from matching.week import Stretch, starts


@dataclass(frozen=True, slots=True)
class CommonTimes:
    """The persons of some groups, when they are available, and the weekly meetings [start, end) of the term that are theirs."""

    people: Mapping[UUID, Collection[UUID]]
    available: Mapping[UUID, tuple[Stretch, ...]]
    taken: Mapping[UUID, Sequence[tuple[int, int]]]
    every_minutes: int

    @classmethod
    def of(cls, db: DbSession, term: Term, groups: Collection[UUID]) -> CommonTimes:
        """What is needed to know of some groups of a term."""
        held = select(Group.id, Mentor.person_id).join(Mentor, Mentor.id == Group.mentor_id).where(Group.term_id == term.id)
        mentors = dict(db.execute(held).all())
        members = members_of(db, mentors)
        people = {group: {person, *(one.person_id for one in members.get(group, ()))} for group, person in mentors.items()}
        shifted: dict[UUID, list[int]] = {}
        for shift in db.scalars(select(Shift).join(Series).join(Group).where(Group.term_id == term.id).order_by(Shift.from_on)):
            shifted[shift.series_id] = shift.meetings
        taken: dict[UUID, list[tuple[int, int]]] = {}
        going_on = (Group.term_id == term.id, Series.until_on.is_(None), Group.until_on.is_(None))
        for row in db.scalars(select(Series).join(Group).where(*going_on)):
            for person in people[row.group_id]:
                meetings = shifted.get(row.id, row.meetings)
                taken.setdefault(person, []).extend((start, start + row.session_minutes) for start in meetings)
        wanted = {person for group in groups for person in people[group]}
        return cls(people, _available(db, term, wanted), taken, policy_of(term, term.first_on).group.start_every_minutes)

    def of_group(self, group: UUID, session_minutes: int) -> tuple[int, ...]:
        """The weekly starts at which all of a group are available and none has a meeting, its own included; ascending."""
        people = self.people[group]
        shared = set.intersection(*({*starts(self.available[one], session_minutes, self.every_minutes)} for one in people))
        taken = [stretch for person in people for stretch in self.taken.get(person, ())]
        return tuple(start for start in sorted(shared) if not any(a < start + session_minutes and start < b for a, b in taken))


def _available(db: DbSession, term: Term, people: Collection[UUID]) -> dict[UUID, tuple[Stretch, ...]]:
    """When these persons are available, but for what their timetables take."""
    found: dict[UUID, tuple[Stretch, ...]] = {}
    busy = {mentor.person_id: one.weekly for mentor, one in timetables_of(db, term.id, dt.date.min)}
    for table in (Mentor, Mentee):
        for some in parts(sorted(people)):
            rows = db.execute(select(table.person_id, table.availability).where(table.term_id == term.id, table.person_id.in_(some)))
            found |= {person: free_time(available, busy.get(person, "")) for person, available in rows}
    return found
