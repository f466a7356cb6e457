"""Tells the people of groups, by mail, that these are published, are as they were before, or are no more; and the program's webhooks of
the run as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.calendars import parts
from data.groups import Group, Membership
from data.outbox import About, Notice, write
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.rounds import Run

Theirs = Mapping[UUID, Sequence[str]]
"""The ids of people's groups, by their persons."""


def groups_by_person(db: DbSession, groups: Collection[UUID], *, from_on: dt.date | None = None) -> Theirs:
    """Whose some groups are: their mentors' and their members', of those who still will be so on a day, where that is named."""
    theirs: dict[UUID, list[str]] = {}
    for some in parts(sorted(groups)):
        mentors = select(Mentor.person_id, Group.id).join(Group, Group.mentor_id == Mentor.id).where(Group.id.in_(some))
        members = select(Mentee.person_id, Membership.group_id).join(Membership).where(Membership.group_id.in_(some))
        if from_on is not None:
            stays = or_(Group.until_on.is_(None), Group.until_on > from_on)
            mentors = mentors.where(stays)
            members = members.join(Group, Membership.group_id == Group.id).where(
                stays,
                or_(Membership.until_on.is_(None), Membership.until_on > from_on),
                or_(Mentee.left_on.is_(None), Mentee.left_on > from_on),
            )
        for asked in (mentors, members):
            for person, group in db.execute(asked):
                theirs.setdefault(person, []).append(str(group))
    return theirs


def announce(db: DbSession, run: Run, term: Term, theirs: Theirs, about: About, now: dt.datetime) -> None:
    """Puts a mail for each of these people into the outbox, where they have an address: which groups of a run are theirs, or were."""
    notices = []
    for some in parts(sorted(theirs)):
        for person, address in db.execute(select(Person.id, Person.email).where(Person.id.in_(some), Person.email != "")):
            body: Document = {"about": about.value, "run": str(run.id), "term": str(term.id), "groups": sorted(theirs[person])}
            notices.append(Notice(key=f"{about}:{run.id}:{now.isoformat()}:{person}", address=address, body=body, person_id=person))
    write(db, notices, now=now)
