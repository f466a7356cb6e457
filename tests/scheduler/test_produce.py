"""Series become dated sessions, each once, that take people's time; days off are left out, told, and made up where the term says so."""

from __future__ import annotations

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.bookings import give_back, take
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.groups import Membership
from data.people import Mentor
from data.programs import Closure, MakeUp, Term
from data.sessions import Booking, Series, Session, Shift
from matching.week import read_meetings
from scheduler.produce import Produced, produce
from tests.taught import a_group, a_session
from tests.terms import demo_term

NOW = dt.datetime(2027, 2, 20, tzinfo=dt.UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def until(month: int, day: int) -> dt.date:
    return dt.date(2027, month, day)


def a_term(
    database: Engine,
    *,
    make_up: MakeUp = MakeUp.NO,
    closed: tuple[str, str] | None = None,
    school: str = "",
    last_on: dt.date | None = None,
) -> Term:
    """The demo's term, from 2 March 2027 until a day, without public holidays, closed from a day to another."""
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        row.first_on, row.last_on, row.country, row.make_up = until(3, 2), last_on or until(3, 21), "", make_up
        if closed:
            first_on, last = map(dt.date.fromisoformat, closed)
            db.add(Closure(term_id=term.id, first_on=first_on, last_on=last, name="exams", school=school))
        return row


def starts(db: DbSession, series: Series) -> list[str]:
    """When the sessions of a series are, by the wall clock in Seoul, by their original starts."""
    rows = db.scalars(select(Session.starts_at).where(Session.series_id == series.id).order_by(Session.original_start))
    return [f"{starts_at.astimezone(SEOUL):%a %m-%d %H:%M}" for starts_at in rows]


def made(database: Engine, series: Series, last_on: dt.date, now: dt.datetime = NOW) -> Produced:
    with transaction(database) as db:
        return produce(db, [db.get_one(Series, series.id)], last_on, now)


def test_sessions_are_made_with_bookings_up_to_a_day_and_then_the_rest(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    assert len(made(database, series, until(3, 9)).sessions) == 3
    with reading(database) as db:
        assert starts(db, series) == ["Tue 03-02 19:00", "Thu 03-04 19:00", "Tue 03-09 19:00"]
    assert len(made(database, series, until(12, 1)).sessions) == 3
    assert made(database, series, until(12, 1)) == Produced()
    with reading(database) as db:
        assert starts(db, series)[3:] == ["Thu 03-11 19:00", "Tue 03-16 19:00", "Thu 03-18 19:00"]
        assert len(db.scalars(select(Booking)).all()) == 6 * 3
        assert [deed.details for deed in db.scalars(select(Deed).where(Deed.what == "produced"))] == [
            {"sessions": 3, "left out": 0, "clashes": 0}
        ] * 2
        assert db.get_one(Series, series.id).produced_until == term.last_on


def test_two_producers_at_once_make_every_session_once(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    start, counts = threading.Barrier(4), []

    def one() -> None:
        start.wait()
        counts.append(len(made(database, series, until(3, 21)).sessions))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 6]


def test_days_off_are_left_out_and_told(database: Engine) -> None:
    term = a_term(database, closed=("2027-03-08", "2027-03-10"))
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    found = made(database, series, until(3, 21))
    assert [(one.group, one.on, one.why) for one in found.left_out] == [("g-1", until(3, 9), "exams")]
    with reading(database) as db:
        assert len(starts(db, series)) == 5


def test_a_closed_school_counts_where_all_members_are_of_it(database: Engine) -> None:
    term = a_term(database, closed=("2027-03-09", "2027-03-09"), school="봉화새빛중학교")
    with transaction(database) as db:
        of_it = a_group(db, term, "g-1", members=("s-01", "s-02"))
        mixed = a_group(db, term, "g-2", mentor="m-02", members=("s-03", "s-30"), meetings="Tue 20:00")
    assert len(made(database, of_it, until(3, 21)).left_out) == 1
    assert made(database, mixed, until(3, 21)).left_out == ()


def test_what_is_left_out_is_made_up_after_the_term(database: Engine) -> None:
    term = a_term(database, make_up=MakeUp.END, closed=("2027-03-08", "2027-03-12"))
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    found = made(database, series, until(3, 21))
    assert (len(found.sessions), found.made_up, len(found.left_out)) == (6, 2, 2)
    with reading(database) as db:
        assert starts(db, series)[2:4] == ["Tue 03-23 19:00", "Thu 03-25 19:00"]
    assert made(database, series, until(3, 21)) == Produced()


@pytest.mark.parametrize(
    ("buffer", "when"),
    [
        pytest.param(0, "Thu 03-11 20:00", id="right after another meeting of the mentor"),
        pytest.param(30, "Tue 03-23 20:00", id="never without the mentor's break: only after the term there is none to break from"),
    ],
)
def test_what_is_left_out_is_made_up_at_the_next_time_that_all_have_in_common(database: Engine, buffer: int, when: str) -> None:
    term = a_term(database, make_up=MakeUp.NEXT, closed=("2027-03-09", "2027-03-09"))
    with transaction(database) as db:
        db.get_one(Term, term.id).policy = {"group": {"buffer_minutes": buffer, "start_every_minutes": 60}}
        # All three of the first group are there on Tuesdays and Thursdays from 19:00 to 21:00.
        series = a_group(db, term, "g-1", mentor="m-02", members=("s-01", "s-03"), meetings="Tue 19:00")
        other = a_group(db, term, "g-2", mentor="m-02", members=("s-02",), meetings="Thu 19:00")
        found = produce(db, [series, other], until(3, 21), NOW)
        assert (len(found.sessions), found.made_up) == (6, 1)
        assert starts(db, series) == ["Tue 03-02 19:00", when, "Tue 03-16 19:00"]


def test_nothing_is_made_that_would_have_been_before_now(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    made(database, series, until(3, 21), dt.datetime(2027, 3, 9, 10, tzinfo=dt.UTC))
    with reading(database) as db:
        assert starts(db, series) == ["Thu 03-11 19:00", "Tue 03-16 19:00", "Thu 03-18 19:00"]


def test_nothing_is_made_while_the_mentor_does_not_serve_or_nobody_would_come(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1", mentor="m-01", members=("s-01",))
        db.scalars(select(Mentor).where(Mentor.key == "m-01")).one().available_from = until(3, 5)
        db.scalars(select(Membership)).one().until_on = until(3, 16)
    found = made(database, series, until(3, 21))
    assert [(one.on, one.why) for one in found.left_out] == [(until(3, 2), "mentor away"), (until(3, 4), "mentor away")]
    with reading(database) as db:
        assert starts(db, series) == ["Tue 03-09 19:00", "Thu 03-11 19:00"]


def test_a_series_that_has_shifted_is_produced_where_it_is_now(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
    made(database, series, until(3, 9))
    with transaction(database) as db:
        db.add(Shift(series_id=series.id, from_on=until(3, 10), meetings=list(read_meetings("Mon 20:00; Wed 20:00"))))
    made(database, series, until(3, 21))
    with reading(database) as db:
        assert starts(db, series)[2:] == ["Tue 03-09 19:00", "Wed 03-10 20:00", "Mon 03-15 20:00", "Wed 03-17 20:00"]


def test_a_clash_is_told_and_tried_again_when_it_is_gone(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1", members=("s-01", "s-02"))
        other = a_group(db, term, "g-2", mentor="m-02", members=("s-02",))
        busy = a_session(db, other, dt.datetime(2027, 3, 4, 10, 30, tzinfo=dt.UTC)).id
        take(db, [busy])
    found = made(database, series, until(3, 21))
    assert [str(one) for one in found.clashes] == ["s-02 is in a session of group g-2 on 2027-03-04 from 19:30 to 20:30"]
    assert len(found.sessions) == 5
    with transaction(database) as db:
        give_back(db, [busy])
    assert len(made(database, series, until(3, 21)).sessions) == 1
    with reading(database) as db:
        assert starts(db, series)[1] == "Thu 03-04 19:00"


def test_the_calendars_of_all_concerned_are_told(database: Engine) -> None:
    term = a_term(database)
    with transaction(database) as db:
        series = a_group(db, term, "g-1")
        db.add(Calendar(program_id=term.program_id, audience=Audience.GROUP, owner=str(series.group_id), changed_at=NOW))
    made(database, series, until(3, 21))
    made(database, series, until(3, 21))  # nothing is new, so nothing is told
    with reading(database) as db:
        assert db.scalars(select(Calendar)).one().version == 2
