"""What is somebody's own: of a term with three groups, each role finds its people, groups and sessions, and no others."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.access import Sight
from data.database import reading, transaction
from data.groups import Group, Membership
from data.own import day_begins, groups_seen, mentees_seen, mentors_seen, sessions_held, sessions_seen, sessions_taught
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.sessions import Session
from tests.sessions import taught_term


def _sight(db: DbSession, *keys: str, schools: tuple[str, ...] = ()) -> Sight:
    return Sight(all=False, people=frozenset(db.scalars(select(Person.id).where(Person.key.in_(keys)))), schools=frozenset(schools))


def _groups(db: DbSession, sight: Sight) -> list[str]:
    return sorted(db.scalars(select(Group.key).where(groups_seen(sight))))


def _sessions(db: DbSession, sight: Sight, term: Term) -> dict[str, int]:
    keys = db.scalars(select(Group.key).join(Session).where(sessions_seen(db, sight, term.program_id))).all()
    return {key: keys.count(key) for key in sorted(set(keys))}


@pytest.mark.parametrize(
    ("keys", "schools", "groups", "mentors", "mentees"),
    [
        pytest.param(("m-1",), (), ["g-1", "g-3"], ["m-1"], ["s-1", "s-2", "s-4"], id="a mentor has their groups"),
        pytest.param(("s-2",), (), ["g-1", "g-2"], [], ["s-2"], id="a mentee has theirs, and sees no other mentee"),
        pytest.param((), ("south",), ["g-1", "g-2", "g-3"], [], ["s-2", "s-4"], id="a school has those of its mentees"),
        pytest.param(("s-5",), (), [], [], ["s-5"], id="who is in no group sees none"),
        pytest.param((), (), [], [], [], id="nobody sees nothing"),
    ],
)
def test_everybody_finds_their_own(
    database: Engine, keys: tuple[str, ...], schools: tuple[str, ...], groups: list[str], mentors: list[str], mentees: list[str]
) -> None:
    taught_term(database)
    with reading(database) as db:
        sight = _sight(db, *keys, schools=schools)
        assert _groups(db, sight) == groups
        assert sorted(db.scalars(select(Mentor.key).where(mentors_seen(sight)))) == mentors
        assert sorted(db.scalars(select(Mentee.key).where(mentees_seen(sight)))) == mentees


def test_who_may_see_all_sees_all(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        every = Sight(all=True)
        assert _groups(db, every) == ["g-1", "g-2", "g-3"]
        assert _sessions(db, every, term) == {"g-1": 8, "g-2": 4, "g-3": 4}
        assert len(db.scalars(select(Mentee).where(mentees_seen(every))).all()) == 5
        assert len(db.scalars(select(Session).where(sessions_taught(every), sessions_held(every))).all()) == 16


def test_a_substitute_has_the_session_and_its_group_and_its_mentor_still_has_it(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        first = db.scalars(select(Session).join(Group).where(Group.key == "g-1").order_by(Session.starts_at)).first()
        assert first is not None
        first.mentor_id = db.scalars(select(Mentor.id).where(Mentor.key == "m-3")).one()
    with reading(database) as db:
        substitute, usual = _sight(db, "m-3"), _sight(db, "m-1")
        assert _groups(db, substitute) == ["g-1"]
        assert _sessions(db, substitute, term) == {"g-1": 1}
        assert _sessions(db, usual, term) == {"g-1": 8, "g-3": 4}
        assert first.id not in set(db.scalars(select(Session.id).where(sessions_held(usual))))
        assert first.id in set(db.scalars(select(Session.id).where(sessions_taught(usual))))


def test_a_mentee_has_the_sessions_of_the_days_on_which_they_are_there(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        for key, left in (("s-2", None), ("s-3", dt.date(2026, 3, 18))):
            mentee = db.scalars(select(Mentee).where(Mentee.key == key)).one()
            mentee.left_on = left
            if key == "s-2":
                mine = db.scalars(select(Membership).join(Group).where(Membership.mentee_id == mentee.id, Group.key == "g-1")).one()
                mine.until_on = dt.date(2026, 3, 10)  # a Tuesday: the session of that day is no more theirs
    with reading(database) as db:
        assert _sessions(db, _sight(db, "s-2"), term) == {"g-1": 2, "g-2": 4}
        assert _sessions(db, _sight(db, "s-3"), term) == {"g-2": 2}
        assert _sessions(db, _sight(db, schools=("north",)), term) == {"g-1": 8, "g-2": 2}


def test_a_day_begins_at_midnight_by_the_clock_of_its_zone() -> None:
    assert day_begins("Asia/Seoul", dt.date(2026, 3, 10)) == dt.datetime(2026, 3, 9, 15, tzinfo=dt.UTC)
    assert day_begins("America/New_York", dt.date(2026, 7, 1)) == dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
