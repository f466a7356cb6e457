"""A term whose published groups are repaired in its middle, and what stands of it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.database import transaction
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Run
from data.sessions import Booking, Session
from data.tables import METADATA
from matching.result import EndedBy, Group as Placed, Result
from matching.week import read_meetings
from scheduler.publish import publish
from tests.solved import done_run
from tests.terms import demo_term

NOW = dt.datetime(2027, 2, 20, 5, tzinfo=dt.UTC)
MIDTERM = dt.datetime(2027, 4, 14, 5, tzinfo=dt.UTC)
"""A Wednesday: repairs hold from Monday 19 April on."""
MONDAY = dt.datetime(2027, 4, 18, 15, tzinfo=dt.UTC)
LATER = MIDTERM + dt.timedelta(hours=1)


def placed(key: str, mentor: str, members: str, meetings: str, subject: str = "math") -> Placed:
    return Placed(key=key, mentor=mentor, subject=subject, meetings=read_meetings(meetings), members=tuple(members.split()))


def result(*groups: Placed) -> Result:
    """A result of these groups; nobody asks whether they are good."""
    return Result(groups=groups, unplaced=(), score=0, bound=0, requests=0, seed=0, seconds=0, ended_by=EndedBy.EFFORT)


FIRST = (
    placed("g-1", "m-01", "s-01 s-02", "Tue 19:00; Thu 19:00"),
    placed("g-2", "m-02", "s-03 s-04", "Tue 19:00; Thu 19:00"),
    placed("g-3", "m-03", "s-05 s-06", "Tue 19:00; Thu 19:00"),
    placed("g-4", "m-04", "s-07 s-08", "Tue 19:00; Thu 19:00", "coding"),
    placed("g-5", "m-05", "s-09 s-10", "Tue 19:00; Thu 19:00"),
)
SECOND = (
    placed("g-1", "m-01", "s-01 s-02", "Tue 19:00; Thu 19:00"),
    placed("g-2", "m-02", "s-03 s-04", "Mon 20:00; Wed 20:00"),
    placed("g-3", "m-06", "s-05 s-11", "Tue 19:00; Thu 19:00"),
    placed("g-4", "m-07", "s-12 s-13", "Tue 19:00; Thu 19:00", "coding"),
    placed("g-5", "m-05", "s-09 s-14", "Tue 19:00; Thu 19:00"),
)
"""One stays, one moves, one has another mentor and another member, one is of others altogether, one has another member."""


def two_runs(database: Engine, first: tuple[Placed, ...] = FIRST, second: tuple[Placed, ...] = SECOND) -> tuple[Term, Run, Run]:
    """A term with one run published, and another that repairs it."""
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        run = done_run(db, row, result(*first))
        publish(db, run, NOW, "office")
        return row, run, done_run(db, row, result(*second), previous=run)


def repaired(database: Engine, run: Run) -> None:
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), MIDTERM, "office")


def sessions(db: DbSession) -> dict[UUID, dict[str, Any]]:
    """All sessions by id: their group's key, what feeds show, and who is booked."""
    booked: dict[UUID, set[UUID]] = {}
    for session, person in db.execute(select(Booking.session_id, Booking.person_id)):
        booked.setdefault(session, set()).add(person)
    rows = db.execute(
        select(Session, Group.key, Mentor.key).join(Group, Group.id == Session.group_id).join(Mentor, Mentor.id == Session.mentor_id)
    )
    return {
        one.id: {
            "group": group,
            "mentor": mentor,
            "starts_at": one.starts_at,
            "state": one.state,
            "sequence": one.sequence,
            "original": one.original_start,
            "booked": frozenset(booked.get(one.id, ())),
        }
        for one, group, mentor in rows
    }


def members(db: DbSession, group: str, on: dt.date) -> list[str]:
    rows = db.execute(
        select(Mentee.key, Membership.from_on, Membership.until_on)
        .join(Membership, Membership.mentee_id == Mentee.id)
        .join(Group, Group.id == Membership.group_id)
        .where(Group.key == group)
    )
    return sorted(key for key, from_on, until_on in rows if from_on <= on and (until_on is None or on < until_on))


def everything(db: DbSession) -> dict[str, list[Any]]:
    """All rows of all tables but the audit, events and mail, without what tells that something was done and undone."""
    passing = {"published_at", "undone_at", "undo", "sequence", "changed_at"}
    found: dict[str, list[Any]] = {}
    for table in METADATA.sorted_tables:
        if table.name not in {"deed", "event", "message"}:
            columns = [column for column in table.columns if column.name not in passing]
            found[table.name] = sorted(map(repr, db.execute(select(*columns))))
    return found
