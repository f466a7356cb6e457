"""Days that close or open again while a term runs: sessions are cancelled, or held after all, and all concerned hear of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.bookings import Clash
from data.closures import NoSuchSchool
from data.database import reading, transaction
from data.feeds import Calendar
from data.groups import Group
from data.programs import Term
from data.sessions import Booking, Session, State
from matching.week import read_meetings
from scheduler.changes import cancel, make_up, move
from scheduler.circle import sessions_of
from scheduler.closures import close, reopen
from scheduler.finding import session_named
from scheduler.group_changes import change_times, end
from tests.sessions import at, booked, taught_term

NOW = at("2026-03-05 12:00")
MONDAY, WEDNESDAY = dt.date(2026, 3, 9), dt.date(2026, 3, 11)
CLOSED = ["g-1@2026-03-10", "g-2@2026-03-11", "g-3@2026-03-09"]


def closed(
    database: Engine, term: Term, first_on: dt.date = MONDAY, *, why: str = "Exams", school: str = "", now: dt.datetime = NOW
) -> int:
    with transaction(database) as db:
        return len(close(db, db.get_one(Term, term.id), first_on, WEDNESDAY, why=why, school=school, by="manager", now=now))


def reopened(database: Engine, term: Term, first_on: dt.date = MONDAY, *, school: str = "", now: dt.datetime = NOW) -> int:
    with transaction(database) as db:
        return len(reopen(db, db.get_one(Term, term.id), first_on, school=school, by="manager", now=now))


def states(database: Engine, term: Term) -> dict[str, tuple[State, str, int, int]]:
    """How the sessions of the closed days stand: state, reason, sequence, bookings."""
    with reading(database) as db:
        found = {name: session_named(db, db.get_one(Term, term.id), name) for name in CLOSED}
        return {
            name: (one.state, one.cancelled_why, one.sequence, len(db.scalars(select(Booking).where(Booking.session_id == one.id)).all()))
            for name, one in found.items()
        }


def planned(database: Engine) -> int:
    with reading(database) as db:
        return len(db.scalars(select(Session).where(Session.state == State.PLANNED)).all())


def test_what_is_planned_on_days_that_close_is_cancelled(database: Engine) -> None:
    term = taught_term(database)
    before = planned(database)
    assert closed(database, term) == 3
    assert states(database, term) == dict.fromkeys(CLOSED, (State.CANCELLED, "Exams", 1, 0))
    assert planned(database) == before - 3
    with reading(database) as db:
        (deed,) = db.scalars(select(Deed))
        assert (deed.what, deed.reason, deed.details) == (
            "days closed",
            "Exams",
            {"from": "2026-03-09", "to": "2026-03-11", "school": "", "sessions": 3},
        )
        assert {one.audience.value for one in db.scalars(select(Calendar)) if one.changed_at == NOW} == {
            *("mentor", "mentee", "group", "school", "program")
        }


@pytest.mark.parametrize(
    ("school", "mend"),
    [pytest.param("nort", "write north", id="one like it"), pytest.param("Muan", "there is north, south", id="none like it")],
)
def test_who_names_a_school_that_is_not_there_is_told_which_are(database: Engine, school: str, mend: str) -> None:
    term = taught_term(database)
    with pytest.raises(NoSuchSchool) as refused:
        closed(database, term, school=school)
    assert str(refused.value) == f"{school}: no mentee of the term is of this school; {mend}"


def test_of_one_schools_days_only_groups_that_are_all_of_that_school_hear(database: Engine) -> None:
    term = taught_term(database)
    assert closed(database, term, school="south") == 1
    assert [name for name, (state, *_) in states(database, term).items() if state == State.CANCELLED] == ["g-3@2026-03-09"]


def test_what_has_begun_stays(database: Engine) -> None:
    term = taught_term(database)
    assert closed(database, term, now=at("2026-03-10 19:00")) == 1
    assert [state for state, *_ in states(database, term).values()] == [State.PLANNED, State.CANCELLED, State.PLANNED]


def test_days_without_sessions_close_with_one_row_of_the_audit(database: Engine) -> None:
    term = taught_term(database)
    assert closed(database, term, now=at("2026-03-12 12:00")) == 0
    with reading(database) as db:
        assert [deed.what for deed in db.scalars(select(Deed))] == ["days closed"]


def test_when_days_open_again_all_is_held_after_all(database: Engine) -> None:
    term = taught_term(database)
    before = states(database, term)
    closed(database, term)
    assert reopened(database, term) == 3
    assert states(database, term) == {name: (state, why, 2, bookings) for name, (state, why, _, bookings) in before.items()}


def test_what_is_made_up_elsewhere_or_was_cancelled_for_another_reason_stays_cancelled(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        make_up(db, session_named(db, term, CLOSED[2]), at("2026-03-13 20:00"), by="manager", now=NOW)
        session_named(db, term, CLOSED[1]).cancelled_why = "school trip"
    assert reopened(database, term) == 1
    assert [state for state, *_ in states(database, term).values()] == [State.PLANNED, State.CANCELLED, State.CANCELLED]


def test_days_do_not_open_into_a_clash(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        move(db, session_named(db, term, "g-1@2026-03-12"), at("2026-03-11 19:00"), by="manager", now=NOW, on_day_off=True)
    before = states(database, term)
    with pytest.raises(Clash):
        reopened(database, term)
    assert states(database, term) == before


@pytest.mark.parametrize("schools", [("north", "south"), ("", "")], ids=["of two schools", "of everybody"])
def test_what_two_closures_cancel_is_held_again_when_both_are_taken_back(database: Engine, schools: tuple[str, str]) -> None:
    term = taught_term(database)
    before = states(database, term)
    for first_on, why, school in zip((MONDAY, WEDNESDAY), ("Exams", "Trip"), schools, strict=True):
        closed(database, term, first_on, why=why, school=school)
    reopened(database, term, school=schools[0])
    reopened(database, term, WEDNESDAY, school=schools[1])
    assert [state for state, *_ in states(database, term).values()] == [state for state, *_ in before.values()]


def test_what_stands_on_a_day_off_on_purpose_stays_when_it_closes_for_another_reason(database: Engine) -> None:
    term = taught_term(database, closed=[WEDNESDAY])
    with transaction(database) as db:
        move(db, session_named(db, term, "g-1@2026-03-12"), at("2026-03-11 20:00"), by="manager", now=NOW, on_day_off=True)
    closed(database, term, school="north")
    with reading(database) as db:
        assert session_named(db, term, "g-1@2026-03-11").state == State.PLANNED


def test_a_group_that_has_ended_meanwhile_meets_no_more(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        end(db, db.scalars(select(Group).where(Group.key == "g-1")).one(), MONDAY, by="manager", now=NOW, reason="moved away")
    assert reopened(database, term) == 2
    assert states(database, term)["g-1@2026-03-10"][0] == State.CANCELLED


def test_days_that_were_closed_before_anything_was_planned_get_their_sessions(database: Engine) -> None:
    term = taught_term(database, closed=[MONDAY])
    before = planned(database)
    assert reopened(database, term) == 1
    assert planned(database) == before + 1
    assert reopened_twice_makes_nothing(database, term, before + 1)


def reopened_twice_makes_nothing(database: Engine, term: Term, sessions: int) -> bool:
    closed(database, term)
    reopened(database, term)
    return planned(database) == sessions


def test_what_waits_for_its_day_comes_back_at_the_times_that_its_group_has_then(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        group = db.scalars(select(Group).where(Group.key == "g-1")).one()
        change_times(db, group, read_meetings("Wed 10:00; Thu 20:00"), MONDAY, by="manager", now=NOW)
        assert [one.state for one in sessions_of(db, group)[2:4]] == [State.CANCELLED, State.PLANNED], "it waits on its new day too"
    assert reopened(database, term) == 3
    with reading(database) as db:
        one = session_named(db, term, "g-1@2026-03-11")
        assert (one.state, one.starts_at, booked(db, one)) == (State.PLANNED, at("2026-03-11 10:00"), ["m-1", "s-1", "s-2"])


def test_what_waits_for_its_day_is_held_on_another_to_which_its_group_goes(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        group = db.scalars(select(Group).where(Group.key == "g-1")).one()
        assert change_times(db, group, read_meetings("Thu 20:00; Fri 10:00"), MONDAY, by="manager", now=NOW) == []
    with reading(database) as db:
        one = session_named(db, term, "g-1@2026-03-12")
        assert (one.state, one.cancelled_why, one.sequence, booked(db, one)) == (State.PLANNED, "", 2, ["m-1", "s-1", "s-2"])
        assert one.original_start == at("2026-03-10 19:00")


def test_what_is_made_up_or_was_cancelled_for_itself_goes_nowhere_with_its_group(database: Engine) -> None:
    term = taught_term(database)
    closed(database, term)
    with transaction(database) as db:
        make_up(db, session_named(db, term, CLOSED[0]), at("2026-03-13 20:00"), by="manager", now=NOW)
        cancel(db, session_named(db, term, "g-1@2026-03-12"), by="manager", now=NOW, reason="ill")
        group = db.scalars(select(Group).where(Group.key == "g-1")).one()
        change_times(db, group, read_meetings("Thu 20:00; Fri 10:00"), MONDAY, by="manager", now=NOW)
    with reading(database) as db:
        stays = [one.starts_at for one in db.scalars(select(Session).where(Session.state == State.CANCELLED, Session.group_id == group.id))]
        assert sorted(stays) == [at("2026-03-10 19:00"), at("2026-03-12 19:00")]
