"""What an undone run takes away is remembered with it, so that calendars know it again when it is published again.

A group of a result comes again as one that went where a repair would have gone on with it (`scheduler.same_groups`): it has its id, and
so has its series. A session that comes again at its original start has its UID (F5), and a higher sequence than it ever had (F7).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.calendars import parts
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Round, Run
from data.sessions import Kind, Series, Session
from matching.result import Group as Placed
from scheduler.same_groups import Meets, same_groups

Started = tuple[UUID, dt.datetime]
"""A session, known by its series and its original start."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A session that went: its id, and the sequence that it had by then."""

    id: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Groups that went and are not there again, with the ids of their series, and sessions that went."""

    groups: Sequence[Meets] = ()
    series: Mapping[UUID, UUID] = field(default_factory=dict)
    sessions: Mapping[Started, Earlier] = field(default_factory=dict)

    def again(self, new: Sequence[Placed]) -> dict[str, tuple[UUID, UUID]]:
        """By the keys of the groups of a result that come again: the ids of each and of its series."""
        pairs = ((pair.old, pair.new) for pair in same_groups(self.groups, new))
        return {placed.key: (old.id, self.series[old.id]) for old, placed in pairs if old and placed}


def remembered(db: DbSession, groups: Collection[UUID], others: Collection[UUID]) -> Document:
    """What is to be known of groups and their weekly sessions, and of other sessions, once they are there no more."""
    members: dict[UUID, list[str]] = {}
    rows: list[Document] = []
    sessions: dict[str, list[tuple[str, str, int]]] = {}
    for some in parts(sorted(groups)):
        theirs = select(Membership.group_id, Mentee.key).join(Mentee).where(Membership.group_id.in_(some))
        for group, key in db.execute(theirs):
            members.setdefault(group, []).append(key)
        held = select(Group, Series, Mentor.key).join(Series, Series.group_id == Group.id).join(Mentor, Mentor.id == Group.mentor_id)
        for of, series, mentor in db.execute(held.where(Group.id.in_(some), Series.kind == Kind.TUTORING)):
            rows.append(
                {
                    "id": str(of.id),
                    "series": str(series.id),
                    "key": of.key,
                    "mentor": mentor,
                    "subject": of.subject,
                    "meetings": list(series.meetings),
                    "members": sorted(set(members.get(of.id, ()))),
                }
            )
    columns = select(Session.series_id, Session.original_start, Session.id, Session.sequence)
    asked = chain(
        (columns.where(Session.group_id.in_(some)) for some in parts(sorted(groups))),
        (columns.where(Session.id.in_(some)) for some in parts(sorted(others))),
    )
    for statement in asked:
        for one in db.execute(statement):
            sessions.setdefault(str(one.series_id), []).append((one.original_start.isoformat(), str(one.id), one.sequence))
    return {"gone": {"groups": rows, "sessions": sessions}}


def gone_from(db: DbSession, term: Term) -> Gone:
    """What the undone runs of a term took away: where several took the same, the last of them."""
    undone = select(Run.undo).join(Round, Round.id == Run.round_id).where(Round.term_id == term.id, Run.undone_at.is_not(None))
    documents = [document["gone"] for document in db.scalars(undone.order_by(Run.undone_at, Run.id)) if document]
    rows = {UUID(row["id"]): row for document in documents for row in document["groups"]}
    there = {group for some in parts(sorted(rows)) for group in db.scalars(select(Group.id).where(Group.id.in_(some)))}
    gone = {group: row for group, row in rows.items() if group not in there}
    sessions: dict[Started, Earlier] = {}
    for document in documents:
        for series, held in document["sessions"].items():
            for start, session, sequence in held:
                key = UUID(series), dt.datetime.fromisoformat(start)
                before = sessions.get(key)
                sessions[key] = Earlier(UUID(session), max(sequence, before.sequence if before else 0))
    return Gone(
        groups=tuple(
            Meets(
                id=group,
                key=row["key"],
                mentor=row["mentor"],
                subject=row["subject"],
                meetings=tuple(row["meetings"]),
                members=frozenset(row["members"]),
            )
            for group, row in gone.items()
        ),
        series={group: UUID(row["series"]) for group, row in gone.items()},
        sessions=sessions,
    )
