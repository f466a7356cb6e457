"""Calendars are told that what they show has changed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, select

from data.calendars import touch_groups
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.people import Person
from tests.taught import a_group
from tests.terms import demo_term

BEFORE = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
NOW = BEFORE + dt.timedelta(days=1)
LATER = NOW + dt.timedelta(days=1)


def test_a_change_of_a_group_bumps_all_who_see_it_and_no_others(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        group = a_group(db, term, "g-1", mentor="m-01", members=("s-01", "s-02")).group_id
        other = a_group(db, term, "g-2", mentor="m-02", members=("s-03",)).group_id
        person = {key: str(db.scalars(select(Person.id).where(Person.key == key)).one()) for key in ("m-01", "m-02", "s-01", "s-03")}
        concerned = [
            (Audience.MENTOR, person["m-01"]),
            (Audience.MENTEE, person["s-01"]),
            (Audience.GROUP, str(group)),
            (Audience.SCHOOL, "봉화새빛중학교"),
            (Audience.PROGRAM, ""),
        ]
        others = [
            (Audience.MENTOR, person["m-02"]),
            (Audience.MENTEE, person["s-03"]),
            (Audience.GROUP, str(other)),
            (Audience.SCHOOL, "another"),
        ]
        for audience, owner in concerned + others:
            db.add(Calendar(program_id=term.program_id, audience=audience, owner=owner, changed_at=BEFORE))
    with transaction(database) as db:
        touch_groups(db, [group], NOW)
    with reading(database) as db:
        found = {(one.audience, one.owner): (one.version, one.changed_at) for one in db.scalars(select(Calendar))}
    assert found == dict.fromkeys(concerned, (2, NOW)) | dict.fromkeys(others, (1, BEFORE))


def test_the_time_of_the_last_change_never_falls(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        group = a_group(db, term, "g-1").group_id
        db.add(Calendar(program_id=term.program_id, audience=Audience.GROUP, owner=str(group), changed_at=LATER))
    with transaction(database) as db:
        touch_groups(db, [group], NOW)
    with reading(database) as db:
        one = db.scalars(select(Calendar)).one()
        assert (one.version, one.changed_at) == (2, LATER)
