"""People's time is taken and given back, and a clash is named."""

from __future__ import annotations

import datetime as dt
import threading
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as DbSession

from data.bookings import Clash, Wanted, clashes, give_back, take, write_bookings
from data.database import reading, transaction
from data.groups import Membership
from data.people import Mentor, Person
from data.sessions import Booking, Session, State
from tests.taught import HOUR, a_group, a_session
from tests.terms import demo_term

TUESDAY = dt.datetime(2027, 3, 9, 10, tzinfo=dt.UTC)
"""19:00 in Seoul."""


def two(database: Engine, apart: dt.timedelta = dt.timedelta()) -> tuple[Session, Session]:
    """Sessions of two groups that have a mentee in common, so far apart; nobody is booked yet."""
    term = demo_term(database)
    with transaction(database) as db:
        one = a_group(db, term, "g-1", mentor="m-01", members=("s-01", "s-02"))
        other = a_group(db, term, "g-2", mentor="m-02", members=("s-02", "s-03"))
        return a_session(db, one, TUESDAY), a_session(db, other, TUESDAY + apart)


def booked(db: DbSession, session: Session) -> list[str]:
    """The keys of all whose time a session takes."""
    return sorted(db.scalars(select(Person.key).join(Booking).where(Booking.session_id == session.id)))


def test_a_session_takes_the_time_of_its_mentor_and_its_members(database: Engine) -> None:
    one, other = two(database, HOUR)
    with transaction(database) as db:
        take(db, [one.id, other.id])
        assert (booked(db, one), booked(db, other)) == (["m-01", "s-01", "s-02"], ["m-02", "s-02", "s-03"])
        give_back(db, [one.id])
        assert (booked(db, one), booked(db, other)) == ([], ["m-02", "s-02", "s-03"])


def test_taking_again_follows_a_move_a_substitute_and_a_cancellation(database: Engine) -> None:
    one, other = two(database, HOUR)
    with transaction(database) as db:
        take(db, [one.id, other.id])
        moved, gone = db.get_one(Session, one.id), db.get_one(Session, other.id)
        moved.starts_at, moved.ends_at = TUESDAY + HOUR, TUESDAY + 2 * HOUR
        moved.mentor_id = db.scalars(select(Mentor.id).where(Mentor.key == "m-03")).one()
        gone.state = State.CANCELLED
        take(db, [one.id, other.id])
        assert (booked(db, one), booked(db, other)) == (["m-03", "s-01", "s-02"], [])
        assert set(db.scalars(select(Booking.starts_at))) == {TUESDAY + HOUR}


def test_who_is_a_member_on_a_sessions_day_is_booked_for_it(database: Engine) -> None:
    one, _ = two(database)
    with transaction(database) as db:
        first, second = db.scalars(select(Membership).where(Membership.group_id == one.group_id)).all()
        first.until_on = dt.date(2027, 3, 9)  # the day of the session is the first without them
        second.until_on = dt.date(2027, 3, 10)
        take(db, [one.id])
        assert len(booked(db, one)) == 2


def test_a_clash_names_who_and_where_and_when(database: Engine) -> None:
    one, other = two(database, HOUR / 2)
    with transaction(database) as db:
        take(db, [one.id])
    with pytest.raises(Clash) as told, transaction(database) as db:
        take(db, [other.id])
    assert str(told.value) == "s-02 is in a session of group g-1 on 2027-03-09 from 19:00 to 20:00"
    assert [busy.session_id for busy in told.value.busy] == [one.id]


def test_two_that_are_taken_at_once_clash_with_each_other(database: Engine) -> None:
    one, other = two(database, HOUR / 2)
    with pytest.raises(Clash, match="s-02 is in a session of group g-"), transaction(database) as db:
        take(db, [one.id, other.id])


def test_twenty_sessions_change_places_with_the_next_at_once(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
        all_of_them = [a_session(db, series, TUESDAY + hours * HOUR) for hours in range(20)]
        take(db, [one.id for one in all_of_them])
        for one in all_of_them:
            one.starts_at, one.ends_at = one.ends_at, one.ends_at + HOUR
        take(db, [one.id for one in all_of_them])
        starts = db.scalars(select(Booking.starts_at).distinct().order_by(Booking.starts_at)).all()
    assert starts == [TUESDAY + hours * HOUR for hours in range(1, 21)]


def test_clashes_are_those_of_the_moment_but_for_some_sessions(database: Engine) -> None:
    one, other = two(database, HOUR)
    with transaction(database) as db:
        take(db, [one.id, other.id])
        people = db.scalars(select(Person.id)).all()
        found = clashes(db, people, TUESDAY + HOUR / 2, TUESDAY + HOUR)
        assert [(busy.person, busy.group) for busy in found] == [("m-01", "g-1"), ("s-01", "g-1"), ("s-02", "g-1")]
        assert clashes(db, people, TUESDAY, TUESDAY + HOUR, but=[one.id]) == ()
        assert clashes(db, people, TUESDAY - HOUR, TUESDAY) == ()
        assert len(clashes(db, people, TUESDAY, TUESDAY + 2 * HOUR)) == 6


def test_who_loses_a_race_is_told_the_clash(database: Engine) -> None:
    one, other = two(database)
    start, told = threading.Barrier(2), []

    def race(session: Session) -> None:
        try:
            start.wait()
            with transaction(database) as db:
                take(db, [session.id])
        except Clash as clash:
            told.append(str(clash))

    threads = [threading.Thread(target=race, args=(session,)) for session in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    assert "s-02 is in a session of group g-" in told[0]
    with reading(database) as db:
        assert len(db.scalars(select(Booking)).all()) == 3


@pytest.mark.parametrize("try_", range(3))
def test_two_who_book_the_same_people_in_another_order_do_not_wait_for_each_other_for_ever(database: Engine, try_: int) -> None:
    one, other = two(database)
    with reading(database) as db:
        everybody = sorted(db.scalars(select(Person.id)))
    start, told = threading.Barrier(2), []

    def book_all(session: Session, people: list[UUID]) -> None:
        start.wait()
        try:
            with transaction(database) as db:
                write_bookings(db, [Wanted(session.id, [person], TUESDAY, TUESDAY + HOUR) for person in people])
            told.append("booked")
        except (Clash, OperationalError) as refused:
            told.append(type(refused).__name__)

    threads = [threading.Thread(target=book_all, args=given) for given in ((one, everybody), (other, everybody[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["Clash", "booked"], try_
