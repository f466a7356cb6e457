"""Who was to leave stays after all, or leaves later: what ended for it comes back where nothing has taken its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.entries import NOT_IN_THE_IMPORT
from data.groups import Group
from data.outbox import Message
from data.people import Mentee
from data.programs import Term
from data.sessions import Kind, Session, State
from scheduler.changes import cancel, substitute
from scheduler.circle import sessions_of
from scheduler.closures import close
from scheduler.finding import group_named, mentee_named, mentor_named, session_named
from scheduler.group_changes import end, join, leave
from scheduler.leavers import leave_mentee, leave_mentor, need_repair
from scheduler.refusals import Refused
from scheduler.returns import stay_mentee, stay_mentor
from scheduler.single_sessions import plan_for_group
from tests.sessions import at, booked, deeds, dump, taught_term, touched

NOW = at("2026-03-09 12:00")
"""Monday of the second week, at noon."""

FROM = dt.date(2026, 3, 16)
"""Monday of the third week."""

Doing = Callable[[DbSession, Term], object]


def go(key: str, on: dt.date = FROM, now: dt.datetime = NOW) -> Doing:
    def act(db: DbSession, term: Term) -> object:
        if key.startswith("m"):
            return leave_mentor(db, mentor_named(db, term, key), on, by="office", now=now, reason="moves")
        return leave_mentee(db, mentee_named(db, term, key), on, by="office", now=now, reason="moves")

    return act


def stay(key: str, now: dt.datetime = NOW) -> Doing:
    def act(db: DbSession, term: Term) -> object:
        if key.startswith("m"):
            return stay_mentor(db, mentor_named(db, term, key), by="office", now=now, reason="")
        return stay_mentee(db, mentee_named(db, term, key), by="office", now=now, reason="")

    return act


def planned(db: DbSession, term: Term, key: str) -> list[tuple[str, str]]:
    """The days of a group's planned sessions with who is booked for them, in order of time."""
    sessions = [one for one in sessions_of(db, group_named(db, term, key)) if one.state == State.PLANNED]
    return [(f"{one.starts_at:%m-%d}", " ".join(booked(db, one))) for one in sessions]


def shape(db: DbSession) -> list[list[Any]]:
    """The rows of everybody's time in groups, of groups, series, bookings and sessions, without their versions."""
    kept = (Session.id, Session.starts_at, Session.mentor_id, Session.state, Session.cancelled_why)
    tables = dump(db)
    return [tables[name] for name in ("group", "series", "membership", "mentee", "mentor", "booking")] + [
        sorted((tuple(row) for row in db.execute(select(*kept))), key=repr)
    ]


WHO = ("s-2", "s-4", "m-1")


def test_who_stays_after_all_has_everything_as_before(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        before = shape(db)
    for who in WHO:
        with transaction(database) as db:
            go(who)(db, term)
        with transaction(database) as db:
            assert shape(db) != before
            back = stay(who)(db, term)
        with reading(database) as db:
            assert shape(db) == before
            assert getattr(back, "lost", None) == ()
            assert deeds(db)[-1][0] == "leaving taken back"
            assert who in touched(db)


def test_a_group_that_ended_with_its_last_mentee_goes_on_and_its_sessions_are_told_again(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        go("s-4")(db, term)
        assert group_named(db, term, "g-3").until_on == FROM
        assert planned(db, term, "g-3") == [("03-02", "m-1 s-4"), ("03-09", "m-1 s-4")]
    on_sunday = at("2026-03-15 12:00")
    with transaction(database) as db:
        stay("s-4", on_sunday)(db, term)
    with reading(database) as db:
        assert group_named(db, term, "g-3").until_on is None
        assert planned(db, term, "g-3")[2:] == [("03-16", "m-1 s-4"), ("03-23", "m-1 s-4")]
        again = [one for one in sessions_of(db, group_named(db, term, "g-3")) if one.starts_at > on_sunday]
        assert [(one.sequence, one.changed_at, one.cancelled_at) for one in again] == [(2, on_sunday, None)] * 2
        told = db.scalars(select(Message.address).where(Message.written_at == on_sunday)).all()
        assert sorted(told) == ["m-1@example.org", "s-4@example.org"]  # of the session of tomorrow


@pytest.mark.parametrize("later", [pytest.param(True, id="later"), pytest.param(False, id="earlier")])
def test_another_leaving_day_leaves_what_that_day_alone_would_have_left(database: Engine, *, later: bool) -> None:
    first, second = (FROM, FROM + dt.timedelta(days=7)) if later else (FROM + dt.timedelta(days=7), FROM)
    term, other = taught_term(database), taught_term(database, city="other")
    with transaction(database) as db:
        for who in WHO:
            go(who, first)(db, term)
            go(who, second)(db, other)
    with transaction(database) as db:
        for who in WHO[::-1]:  # a mentee's sessions come back where the mentor is there
            go(who, second)(db, term)
    with reading(database) as db:
        for key in ("g-1", "g-2", "g-3"):
            assert planned(db, term, key) == planned(db, other, key)
            assert group_named(db, term, key).until_on == group_named(db, other, key).until_on
        assert len(need_repair(db, term, NOW)) == len(need_repair(db, other, NOW))
    with transaction(database) as db:
        for who in WHO[::-1]:
            stay(who)(db, term)
    with reading(database) as db:
        assert [planned(db, term, key)[-1] for key in ("g-1", "g-2", "g-3")] == [
            ("03-26", "m-1 s-1 s-2"),
            ("03-25", "m-2 s-2 s-3"),
            ("03-23", "m-1 s-4"),
        ]


def test_sessions_of_a_mentor_that_others_hold_now_or_that_were_cancelled_are_told(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        go("m-1")(db, term)
        substitute(db, session_named(db, term, "g-1@2026-03-17"), mentor_named(db, term, "m-3"), by="x", now=NOW)
        cancel(db, session_named(db, term, "g-3@2026-03-16"), by="x", now=NOW, reason="nobody else can")
    with transaction(database) as db:
        back = stay_mentor(db, mentor_named(db, term, "m-1"), by="x", now=NOW, reason="")
    assert back.lost == ("g-1@2026-03-17T19:00 is held by m-3", "g-3@2026-03-16T19:00 stays cancelled; nobody else can")
    with reading(database) as db:
        assert need_repair(db, term, NOW) == []


def take_their_time(db: DbSession, term: Term) -> None:
    """m-1 counsels others at the time of g-3."""
    plan_for_group(db, group_named(db, term, "g-1"), Kind.COUNSELLING, at("2026-03-23 19:30"), 30, by="x", now=NOW)


def fill(db: DbSession, term: Term) -> None:
    group = group_named(db, term, "g-1")
    for key in ("s-3", "s-4", "s-5"):
        join(db, group, mentee_named(db, term, key), FROM, by="x", now=NOW)


TAKEN: dict[str, tuple[str, Doing, list[str]]] = {
    "the mentor is elsewhere": (
        "s-4",
        take_their_time,
        ["g-3@2026-03-23T19:00 stays cancelled; m-1 is in a session of group g-1 on 2026-03-23 from 19:30 to 20:00"],
    ),
    "the mentor leaves": (
        "s-4",
        go("m-1", FROM + dt.timedelta(days=7)),
        ["g-3@2026-03-23T19:00 stays cancelled; m-1: has left on 2026-03-23"],
    ),
    "the day is closed": (
        "s-4",
        lambda db, term: close(db, term, FROM, FROM, why="exams", by="x", now=NOW),
        ["g-3@2026-03-16T19:00 stays cancelled; 2026-03-16: is off (exams)"],
    ),
    "the group has ended": (
        "s-2",
        lambda db, term: end(db, group_named(db, term, "g-2"), dt.date(2026, 3, 12), by="x", now=NOW, reason="done"),
        ["g-2: has ended on 2026-03-12"],
    ),
    "others have come": ("s-2", fill, ["g-1: is full"]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_has_taken_a_place_is_told_and_stays(database: Engine, case: str) -> None:
    who, meanwhile, told = TAKEN[case]
    term = taught_term(database)
    with transaction(database) as db:
        go(who)(db, term)
    with transaction(database) as db:
        meanwhile(db, term)
    with transaction(database) as db:
        back = stay_mentee(db, mentee_named(db, term, who), by="x", now=NOW, reason="")
    assert list(back.lost) == told
    with reading(database) as db:
        assert mentee_named(db, term, who).left_on is None


def test_a_group_that_was_left_before_is_not_joined_again(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        leave(db, group_named(db, term, "g-2"), mentee_named(db, term, "s-2"), FROM, by="x", now=NOW)
        go("s-2")(db, term)
    with transaction(database) as db:
        stay("s-2")(db, term)
    with reading(database) as db:
        assert planned(db, term, "g-2")[2:] == [("03-18", "m-2 s-3"), ("03-25", "m-2 s-3")]
        assert planned(db, term, "g-1")[-1] == ("03-26", "m-1 s-1 s-2")


REFUSED: dict[str, tuple[Doing, str]] = {
    "who does not leave": (stay("s-1"), "s-1: does not leave"),
    "who has left": (stay("s-2", at("2026-03-17 09:00")), "s-2: has left on 2026-03-16 already"),
    "a mentor who has left": (stay("m-1", at("2026-03-17 09:00")), "m-1: has left on 2026-03-16 already"),
    "who has left, on another day": (go("m-1", FROM + dt.timedelta(days=7), at("2026-03-17 09:00")), "m-1: has left on 2026-03-16 already"),
    "whom an import took away": (stay("s-3"), "s-3: was taken away by an import; import them again"),
}


def test_who_is_not_there_or_does_not_leave_cannot_stay(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        go("s-2")(db, term)
        go("m-1")(db, term)
        gone = Mentee.key == "s-3"
        db.execute(update(Mentee).where(gone).values(left_on=FROM, left_why=NOT_IN_THE_IMPORT))
    with reading(database) as db:
        before = dump(db)
    for act, told in REFUSED.values():
        with pytest.raises(Refused) as refused, transaction(database) as db:
            act(db, term)
        assert str(refused.value) == told
    with reading(database) as db:
        assert dump(db) == before


def test_nobody_comes_back_into_a_session_that_was_begun_without_them(database: Engine) -> None:
    term = taught_term(database)
    tuesday = dt.date(2026, 3, 10)
    with transaction(database) as db:
        go("s-2", tuesday)(db, term)
    with pytest.raises(Refused, match=r"^g-1@2026-03-10T19:00: has begun already$"), transaction(database) as db:
        stay("s-2", at("2026-03-10 19:30"))(db, term)
    with transaction(database) as db:
        stay("s-2", at("2026-03-10 18:30"))(db, term)
        assert db.scalars(select(Group.until_on)).all() == [None] * 3
