"""A mentor's timetable through a term: what it takes out of rounds, what becomes of it each day, and the sessions that clash with it."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.programs import Term
from data.roster import round_of
from data.sessions import Session
from data.timetables import Timetable, free_time, without_busy
from matching.kinds import STRETCHES
from scheduler.common_times import CommonTimes
from scheduler.finding import group_named, mentor_named
from scheduler.jobs import Post, jobs
from scheduler.refusals import NotThere
from scheduler.timetables import AFTER_A_FAULT, AGAIN, TermIsOver, clashes, forget_over, look_again, put, read, take_away
from tests.scheduler.served import Page
from tests.sessions import at, deeds, taught_term
from tests.terms import demo_term

NOW = at("2026-03-01 12:00")
HERE = frozenset({"127.0.0.1"})
DAY = dt.timedelta(days=1)
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def lectures(*times: str) -> bytes:
    """A calendar of lectures of an hour each week: `MO19` is on Mondays at 19:00."""
    events = "".join(
        f"BEGIN:VEVENT\nSUMMARY:Secret\nDTSTART:2026030{WEEK.index(one[:2]) + 2}T{one[2:]}0000\n"
        "DURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n"
        for one in times
    )
    return f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n".encode()


def hand_in(database: Engine, term: Term, mentor: str, content: bytes, address: str = "", now: dt.datetime = NOW) -> None:
    with transaction(database) as db:
        put(db, mentor_named(db, term, mentor), read(term, content, now), address=address, by="test", now=now)


def kept(database: Engine) -> Timetable:
    with reading(database) as db:
        return db.scalars(select(Timetable)).one()


def test_rounds_are_made_of_what_is_left_and_what_was_given_stays(database: Engine) -> None:
    term = demo_term(database)
    now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    with reading(database) as db:
        given = round_of(db, term, term.first_on, on=term.first_on)
        first, second = given.mentors[:2]
    taken = first.availability[0]
    hour = f"{WEEK[taken.start // 1440]}{taken.start % 1440 // 60:02}"
    all_day = [f"{day}{hour:02}" for day in WEEK for hour in range(24)]
    hand_in(database, term, first.key, lectures(hour), now=now)
    hand_in(database, term, second.key, lectures(*all_day), now=now)
    with reading(database) as db:
        assert round_of(db, term, term.first_on, on=term.first_on) == given
        free = without_busy(db, term, given, on=term.first_on)
    busy = STRETCHES.read(f"{STRETCHES.write((taken,))[:3]} {hour[2:]}:00-{int(hour[2:]) + 1:02}:00")
    assert free.mentors[0] == replace(first, availability=free_time(STRETCHES.write(first.availability), STRETCHES.write(busy)))
    assert free.mentors[0] != first
    assert [mentor.key for mentor in free.mentors[1:]] == [mentor.key for mentor in given.mentors[2:]]
    assert {pair.mentor for pair in given.pairs} - {pair.mentor for pair in free.pairs} <= {second.key}
    with transaction(database) as db:
        take_away(db, mentor_named(db, term, second.key), by="test", now=now)
        take_away(db, mentor_named(db, term, first.key), by="test", now=now)
        assert without_busy(db, term, given, on=term.first_on) == given


@pytest.mark.parametrize(
    ("available", "busy", "left"),
    [
        pytest.param("Mon 18:00-21:00", "", "Mon 18:00-21:00", id="nothing is busy"),
        pytest.param("Mon 18:00-21:00", "Mon 19:00-20:00", "Mon 18:00-19:00; Mon 20:00-21:00", id="the middle"),
        pytest.param("Mon 18:00-21:00", "Mon 17:00-19:00; Mon 20:30-24:00", "Mon 19:00-20:30", id="both ends"),
        pytest.param("Mon 18:00-21:00; Tue 09:00-10:00", "Mon 00:00-24:00", "Tue 09:00-10:00", id="a day"),
        pytest.param("Mon 18:00-21:00", "Mon 21:00-22:00; Tue 18:00-21:00", "Mon 18:00-21:00", id="right after, and another day"),
    ],
)
def test_what_is_busy_is_taken_out_of_what_was_given(available: str, busy: str, left: str) -> None:
    assert STRETCHES.write(free_time(available, busy)) == left


def test_only_times_are_kept_of_a_calendar_and_the_audit_names_no_address(database: Engine) -> None:
    term = taught_term(database)
    hand_in(database, term, "m-1", lectures("MO19"), address="https://a.example/secret.ics")
    found = kept(database)
    assert (found.weekly, found.address) == ("Mon 19:00-20:00", "https://a.example/secret.ics")
    assert len(found.busy) == 4
    with reading(database) as db:
        assert deeds(db) == [("timetable handed in", "mentor m-1")]
        assert "secret" not in str([deed.details for deed in db.scalars(select(Deed))])
        assert "Secret" not in repr(found.busy)


def test_a_second_timetable_takes_the_place_of_the_first(database: Engine) -> None:
    term = taught_term(database)
    hand_in(database, term, "m-1", lectures("MO19"), address="https://a.example/")
    hand_in(database, term, "m-1", lectures("TU19"))
    assert (kept(database).weekly, kept(database).address) == ("Tue 19:00-20:00", "")
    with transaction(database) as db:
        mentor = mentor_named(db, term, "m-1")
        take_away(db, mentor, by="test", now=NOW)
        with pytest.raises(NotThere, match="m-1: has no timetable"):
            take_away(db, mentor, by="test", now=NOW)


def test_what_is_made_up_at_the_next_common_time_avoids_what_is_busy(database: Engine) -> None:
    term = taught_term(database)
    hand_in(database, term, "m-1", lectures(*(f"MO{hour:02}" for hour in range(9, 17))))
    with reading(database) as db:
        group = group_named(db, term, "g-1")
        times = CommonTimes.of(db, term, [group.id]).of_group(group.id, 60)
    assert min(times) == 17 * 60


def test_sessions_of_a_busy_hour_are_clashes_and_stay(database: Engine) -> None:
    term = taught_term(database)
    once = lectures().replace(b"END:VCALENDAR", b"BEGIN:VEVENT\nDTSTART:20260310T193000\nDTEND:20260310T194500\nEND:VEVENT\nEND:VCALENDAR")
    hand_in(database, term, "m-1", once)
    hand_in(database, term, "m-2", lectures("WE18", "WE20"))
    assert {one.weekly for one in _all(database)} == {"", "Wed 18:00-19:00; Wed 20:00-21:00"}
    with reading(database) as db:
        [clash] = clashes(db, term, NOW)
        assert db.get_one(Session, clash).starts_at == at("2026-03-10 19:00")
        assert clashes(db, term, at("2026-03-10 19:30")) == []


def test_an_address_is_read_again_each_day(database: Engine) -> None:
    term = taught_term(database)
    page = Page(lectures("MO19"))
    with page.up() as address:
        hand_in(database, term, "m-1", page.body, address=address)
        page.body = lectures("TU19")
        assert look_again(database, lambda: NOW + AGAIN - DAY / 24, HERE) == 0
        assert kept(database).weekly == "Mon 19:00-20:00"
        assert look_again(database, lambda: NOW + AGAIN, HERE) == 1
        assert look_again(database, lambda: NOW + AGAIN, HERE) == 0
    found = kept(database)
    assert (found.weekly, found.read_at, found.due_at, found.fault) == ("Tue 19:00-20:00", NOW + AGAIN, NOW + 2 * AGAIN, "")
    with reading(database) as db:
        assert deeds(db) == [("timetable handed in", "mentor m-1"), ("timetable changed", "mentor m-1")]


def test_a_fault_is_kept_beside_what_was_read_and_looked_into_again(database: Engine) -> None:
    term = taught_term(database)
    page = Page(lectures("MO19"))
    with page.up() as address:
        hand_in(database, term, "m-1", page.body, address=address)
        page.status = 503
        look_again(database, lambda: NOW + AGAIN, HERE)
        found = kept(database)
        assert (found.weekly, found.fault, found.read_at) == ("Mon 19:00-20:00", "127.0.0.1: answered 503", NOW)
        page.status, page.body = 200, b"<html>"
        assert look_again(database, lambda: NOW + AGAIN + AFTER_A_FAULT, HERE) == 1
        assert kept(database).fault == "the timetable is no calendar; hand in an .ics file"
        page.body = lectures("MO19")
        look_again(database, lambda: NOW + AGAIN + 2 * AFTER_A_FAULT, HERE)
    assert (kept(database).weekly, kept(database).fault) == ("Mon 19:00-20:00", "")
    with reading(database) as db:
        assert len(deeds(db)) == 1


def test_whoever_ends_the_ticker_waits_for_no_address(database: Engine) -> None:
    term = taught_term(database)
    page = Page()
    page.send = lambda _: time.sleep(1)
    with page.up() as address:
        hand_in(database, term, "m-1", lectures("MO19"), address=address)
        began = time.monotonic()
        look_again(database, lambda: NOW + AGAIN, HERE, lambda: time.monotonic() > began + 0.05)
        assert time.monotonic() - began < 1
    assert (kept(database).due_at, kept(database).fault) == (NOW + AGAIN, "")


def test_what_a_file_says_of_the_weeks_that_are_left_is_looked_at_each_day(database: Engine) -> None:
    term = taught_term(database)
    first_weeks = lectures("MO19").replace(b"WEEKLY", b"WEEKLY;COUNT=2")
    hand_in(database, term, "m-1", first_weeks)
    assert kept(database).weekly == "Mon 19:00-20:00"
    look_again(database, lambda: at("2026-03-17 12:00"))
    assert kept(database).weekly == ""
    assert look_again(database, lambda: at("2026-04-05 12:00")) == 0
    with pytest.raises(TermIsOver, match="the term has ended on 2026-03-29"):
        read(term, first_weeks, at("2026-04-05 12:00"))


def test_who_has_left_and_a_clock_that_was_set_back(database: Engine) -> None:
    term = taught_term(database)
    hand_in(database, term, "m-1", lectures("MO19"))
    assert look_again(database, lambda: NOW - DAY) == 1
    with transaction(database) as db:
        mentor_named(db, term, "m-1").left_on = NOW.date()
    assert look_again(database, lambda: NOW + 2 * AGAIN) == 0


def test_an_open_ended_term_is_read_for_a_year(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        db.get_one(Term, term.id).last_on = None
    term.last_on = None
    hand_in(database, term, "m-1", lectures("MO19"))
    assert (kept(database).weekly, len(kept(database).busy)) == ("Mon 19:00-20:00", 53)


def test_a_timetable_is_forgotten_three_months_after_its_term(database: Engine) -> None:
    term = taught_term(database)
    hand_in(database, term, "m-1", lectures("MO19"))
    assert forget_over(database, lambda: at("2026-06-27 12:00")) == 0
    assert forget_over(database, lambda: at("2026-06-28 12:00")) == 1
    assert _all(database) == []


def test_the_ticker_looks_at_timetables() -> None:
    assert {"read timetables", "forget timetables"} <= {job.name for job in jobs(Post())}


def _all(database: Engine) -> list[Timetable]:
    with reading(database) as db:
        return list(db.scalars(select(Timetable)))
