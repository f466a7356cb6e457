"""Booked sessions of a term for tests of what ticks: group `g-NNN` of mentor `m-NN`, all of whose people have addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, insert, select

from data.base import new_id
from data.database import transaction
from data.groups import Group, Membership
from data.people import CameAs as Role, Mentee, Mentor, Person
from data.programs import Organisation, Program, Term
from data.sessions import Booking, Series, Session

HOUR = dt.timedelta(hours=1)
MONDAY = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
"""The first session: at 19:00 in Seoul."""


def lessons(
    database: Engine,
    starts: Sequence[dt.datetime],
    *,
    settings: dict[str, object] | None = None,
    language: str = "en",
    meeting: int = 1140,
) -> list[UUID]:
    """The ids of sessions of an hour that begin then, each of a group of its own with a mentor and a mentee of its own.

    The series of all have a weekly `meeting`, in minutes from Monday 00:00.
    """
    with transaction(database) as db:
        organisation, program, term = new_id(), new_id(), new_id()
        db.add(Organisation(id=organisation, key="city"))
        db.flush()
        db.add(Program(id=program, organisation_id=organisation, key="run", name="Evening school", settings=settings or {}))
        db.flush()
        db.add(Term(id=term, program_id=program, key="spring", zone="Asia/Seoul", first_on=dt.date(2026, 3, 2)))
        db.flush()
        sessions = [new_id() for _ in starts]
        rows: dict[type, list[dict[str, object]]] = {kind: [] for kind in (Person, Mentor, Mentee, Group, Series, Session, Booking)}
        for n, (session, at) in enumerate(zip(sessions, starts, strict=True)):
            teaches, learns, mentor, group, series = (new_id() for _ in range(5))
            for person, role, key in ((teaches, Role.MENTOR, f"m-{n:03}"), (learns, Role.MENTEE, f"s-{n:03}")):
                named = {"key": key, "name": f"Name of {key}", "email": f"{key}@b.example", "language": language}
                rows[Person].append({"id": person, "organisation_id": organisation, "came_as": role, **named})
            known = {"term_id": term, "availability": "Mon 18:00-21:00"}
            begins = {"from_on": dt.date(2026, 3, 2)}
            rows[Mentor].append({"id": mentor, "person_id": teaches, "key": f"m-{n:03}", "subjects": "math:7", **known})
            rows[Mentee].append({"id": new_id(), "person_id": learns, "key": f"s-{n:03}", "grade": 7, **known})
            rows[Group].append({"id": group, "term_id": term, "key": f"g-{n:03}", "mentor_id": mentor, "subject": "math", **begins})
            rows[Series].append({"id": series, "group_id": group, "meetings": [meeting], "session_minutes": 60, **begins})
            time = {"starts_at": at, "ends_at": at + HOUR}
            of = {"series_id": series, "group_id": group, "original_start": at, "mentor_id": mentor, "changed_at": MONDAY - 1000 * HOUR}
            rows[Session].append({"id": session, **of, **time})
            rows[Booking] += [{"session_id": session, "person_id": person, **time} for person in (teaches, learns)]
        for kind, some in rows.items():
            db.execute(insert(kind), some)
    return sessions


def set_reminders(database: Engine, key: str, reminders: list[int]) -> None:
    """What a person wants to be reminded of."""
    with transaction(database) as db:
        db.scalars(select(Person).where(Person.key == key)).one().reminders = reminders


def let_them_meet(database: Engine) -> None:
    """The mentees become members of their groups, so that there are sessions to produce and to change."""
    with transaction(database) as db:
        mentees = {mentee.key[1:]: mentee.id for mentee in db.scalars(select(Mentee))}
        for group in db.scalars(select(Group)):
            db.add(Membership(group_id=group.id, mentee_id=mentees[group.key[1:]], from_on=group.from_on))


def half_a_week_from(now: dt.datetime) -> int:
    """A weekly meeting, in minutes from Monday 00:00 in Seoul, at the full hour half a week from an instant."""
    then = now + dt.timedelta(hours=9 + 84)
    return then.weekday() * 1440 + then.hour * 60
