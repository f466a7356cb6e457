"""What may happen to one session, and all that follows from it in the same transaction."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.bookings import Clash
from data.database import reading, transaction
from data.outbox import Message
from data.people import Mentor, Person
from data.programs import Term
from data.records import Record, record
from data.sessions import Kind, Presence, Session, State
from scheduler.changes import cancel, make_up, move, restore, substitute
from scheduler.circle import sessions_of
from scheduler.finding import group_named, mentee_named, mentor_named, session_named
from scheduler.leavers import leave_mentor
from scheduler.refusals import Refused
from scheduler.single_sessions import plan_for_group, plan_for_people
from tests.sessions import at, booked, deeds, dump, on_session, taught_term, touched

NOW = at("2026-03-09 12:00")
"""Monday of the second week, at noon."""

TUESDAY = "g-1@2026-03-10"
THURSDAY = "g-1@2026-03-12"
LATER = "g-1@2026-03-24"


def mails(db: DbSession) -> list[tuple[str, str]]:
    """Whom mails go to, and what they are about."""
    rows = db.execute(select(Person.key, Message.body).join(Person, Person.id == Message.person_id))
    return sorted((key, body["about"]) for key, body in rows)


def test_a_moved_session_keeps_its_identity_and_takes_everybodys_time_with_it(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        was = session_named(db, term, TUESDAY)
    on_session(database, term, TUESDAY, lambda db, one: move(db, one, at("2026-03-13 18:00"), by="office", now=NOW, reason="exam"))
    with reading(database) as db:
        one = session_named(db, term, "g-1@2026-03-13")
        assert (one.id, one.original_start) == (was.id, at("2026-03-10 19:00"))
        assert (one.starts_at, one.ends_at, one.sequence, one.changed_at) == (at("2026-03-13 18:00"), at("2026-03-13 19:00"), 1, NOW)
        assert booked(db, one) == ["m-1", "s-1", "s-2"]
        assert touched(db) == ["g-1", "m-1", "north", "program", "s-1", "s-2", "south"]
        assert deeds(db) == [("moved", "g-1@2026-03-10T19:00")]
        assert mails(db) == [("m-1", "moved"), ("s-1", "moved"), ("s-2", "moved")]


def test_who_is_told_by_mail_is_told_only_of_what_lies_within_two_days(database: Engine) -> None:
    term = taught_term(database)
    on_session(database, term, LATER, lambda db, one: move(db, one, at("2026-03-25 21:00"), by="office", now=NOW))
    with reading(database) as db:
        assert mails(db) == []
    on_session(database, term, "g-1@2026-03-25", lambda db, one: move(db, one, at("2026-03-10 21:00"), by="office", now=NOW))
    with reading(database) as db:
        assert mails(db) == [("m-1", "moved"), ("s-1", "moved"), ("s-2", "moved")]


def test_a_cancelled_session_frees_everybodys_time_and_comes_back(database: Engine) -> None:
    term = taught_term(database)
    on_session(database, term, TUESDAY, lambda db, one: cancel(db, one, by="m-1", now=NOW, reason="ill"))
    with reading(database) as db:
        one = session_named(db, term, TUESDAY)
        assert (one.state, one.cancelled_why, one.sequence, booked(db, one)) == (State.CANCELLED, "ill", 1, [])
        assert touched(db) == ["g-1", "m-1", "north", "program", "s-1", "s-2", "south"]
        assert mails(db) == [("m-1", "cancelled"), ("s-1", "cancelled"), ("s-2", "cancelled")]
    on_session(database, term, TUESDAY, lambda db, one: restore(db, one, by="m-1", now=NOW))
    with reading(database) as db:
        one = session_named(db, term, TUESDAY)
        assert (one.state, one.cancelled_why, one.sequence, booked(db, one)) == (State.PLANNED, "", 2, ["m-1", "s-1", "s-2"])
        assert deeds(db) == [("cancelled", "g-1@2026-03-10T19:00"), ("restored", "g-1@2026-03-10T19:00")]
        assert mails(db).count(("s-1", "added")) == 1


def test_a_cancelled_session_is_made_up_once_also_at_its_own_time(database: Engine) -> None:
    term = taught_term(database)
    on_session(database, term, TUESDAY, lambda db, one: cancel(db, one, by="m-1", now=NOW, reason="ill"))
    on_session(database, term, TUESDAY, lambda db, one: make_up(db, one, at("2026-03-10 19:00"), by="m-1", now=NOW))
    with reading(database) as db:
        cancelled, made = sorted(
            (one for one in sessions_of(db, group_named(db, term, "g-1")) if one.starts_at == at("2026-03-10 19:00")),
            key=lambda one: one.makes_up_id is not None,
        )
        assert (made.makes_up_id, made.state, made.sequence, made.series_id) == (cancelled.id, State.PLANNED, 0, cancelled.series_id)
        assert made.original_start > cancelled.original_start
        assert (booked(db, made), booked(db, cancelled)) == (["m-1", "s-1", "s-2"], [])
        assert deeds(db)[1:] == [("made up", "g-1@2026-03-10T19:00")]
    with transaction(database) as db, pytest.raises(Refused, match="g-1@2026-03-10T19:00: made up by g-1@2026-03-10T19:00 already"):
        make_up(db, db.get_one(Session, cancelled.id), at("2026-03-13 19:00"), by="m-1", now=NOW)


def test_of_a_session_and_the_one_that_makes_it_up_one_is_held(database: Engine) -> None:
    term = taught_term(database)
    on_session(database, term, TUESDAY, lambda db, one: cancel(db, one, by="m-1", now=NOW, reason="ill"))
    on_session(database, term, TUESDAY, lambda db, one: make_up(db, one, at("2026-03-13 19:00"), by="m-1", now=NOW))
    on_session(database, term, "g-1@2026-03-13", lambda db, one: cancel(db, one, by="m-1", now=NOW, reason="ill"))
    on_session(database, term, TUESDAY, lambda db, one: restore(db, one, by="m-1", now=NOW))
    with pytest.raises(Refused, match="g-1@2026-03-10T19:00: is planned, not cancelled"):
        on_session(database, term, "g-1@2026-03-13", lambda db, one: restore(db, one, by="m-1", now=NOW))


def test_a_substitute_holds_one_session_and_both_mentors_calendars_tell(database: Engine) -> None:
    term = taught_term(database)

    def act(db: DbSession, one: Session) -> None:
        substitute(db, one, mentor_named(db, term, "m-3"), by="office", now=NOW)

    on_session(database, term, TUESDAY, act)
    with reading(database) as db:
        one = session_named(db, term, TUESDAY)
        assert (db.get_one(Mentor, one.mentor_id).key, one.sequence, booked(db, one)) == ("m-3", 1, ["m-3", "s-1", "s-2"])
        assert touched(db) == ["g-1", "m-1", "m-3", "north", "program", "s-1", "s-2", "south"]
        assert mails(db) == [("m-1", "left"), ("m-3", "added"), ("s-1", "changed"), ("s-2", "changed")]
        assert deeds(db) == [("substituted", "g-1@2026-03-10T19:00")]


@pytest.mark.parametrize("people", [pytest.param(False, id="of a group"), pytest.param(True, id="of people who are in none together")])
@pytest.mark.parametrize("kind", [Kind.COUNSELLING, Kind.ORIENTATION])
def test_a_session_of_another_kind_is_planned_once(database: Engine, kind: Kind, people: bool) -> None:
    term, start = taught_term(database), at("2026-03-14 10:00")
    with transaction(database) as db:
        if people:
            some = [mentee_named(db, term, "s-1"), mentee_named(db, term, "s-5")]
            made = plan_for_people(db, mentor_named(db, term, "m-3"), some, kind, start, 45, by="office", now=NOW)
        else:
            made = plan_for_group(db, group_named(db, term, "g-1"), kind, start, 45, by="office", now=NOW)
    key = f"{kind}-1" if people else "g-1"
    with reading(database) as db:
        one = session_named(db, term, f"{key}@2026-03-14")
        assert (one.id, one.original_start, one.ends_at) == (made.id, start, at("2026-03-14 10:45"))
        assert booked(db, one) == (["m-3", "s-1", "s-5"] if people else ["m-1", "s-1", "s-2"])
        assert deeds(db) == [("planned", f"{key}@2026-03-14T10:00")]
    on_session(database, term, f"{key}@2026-03-14", lambda db, one: move(db, one, at("2026-03-15 10:00"), by="office", now=NOW))


def test_s7_people_are_oriented_before_their_first_session(database: Engine) -> None:
    term, now = taught_term(database), at("2026-02-01 12:00")
    with transaction(database) as db:
        db.get_one(Term, term.id).country = "KR"
        some = [mentee_named(db, term, "s-1"), mentee_named(db, term, "s-5")]
        made = plan_for_people(db, mentor_named(db, term, "m-3"), some, Kind.ORIENTATION, at("2026-02-27 10:00"), 45, by="office", now=now)
        assert booked(db, made) == ["m-3", "s-1", "s-5"]
    for to, why in (("2026-02-17 10:00", "2026-02-17: is off"), ("2026-01-31 10:00", "has begun already")):
        with pytest.raises(Refused, match=why):
            on_session(database, term, "orientation-1@2026-02-27", lambda db, one: move(db, one, at(to), by="office", now=now))  # noqa: B023
    on_session(database, term, "orientation-1@2026-02-27", lambda db, one: move(db, one, at("2026-02-26 10:00"), by="office", now=now))
    on_session(database, term, "orientation-1@2026-02-26", lambda db, one: cancel(db, one, by="office", now=now, reason="ill"))
    on_session(database, term, "orientation-1@2026-02-26", lambda db, one: restore(db, one, by="office", now=now))
    with reading(database) as db:
        assert session_named(db, term, "orientation-1@2026-02-26").state == State.PLANNED


def give_to_the_busy(db: DbSession, one: Session, term: Term) -> None:
    move(db, one, at("2026-03-11 19:30"), by="x", now=NOW)
    substitute(db, one, mentor_named(db, term, "m-2"), by="x", now=NOW)


def give_to_who_has_left(db: DbSession, one: Session, term: Term) -> None:
    leave_mentor(db, mentor_named(db, term, "m-3"), dt.date(2026, 3, 12), by="x", now=NOW, reason="")
    substitute(db, one, mentor_named(db, term, "m-3"), by="x", now=NOW)


REFUSED: dict[str, tuple[str, Callable[[DbSession, Session, Term], object], str]] = {
    "moved to where its mentor has another session": (
        TUESDAY,
        lambda db, one, _: move(db, one, at("2026-03-16 19:30"), by="x", now=NOW),
        "m-1 is in a session of group g-3 on 2026-03-16 from 19:00 to 20:00",
    ),
    "moved to where a member has another session": (
        TUESDAY,
        lambda db, one, _: move(db, one, at("2026-03-11 18:01"), by="x", now=NOW),
        "s-2 is in a session of group g-2 on 2026-03-11 from 19:00 to 20:00",
    ),
    "moved into the past": (TUESDAY, lambda db, one, _: move(db, one, NOW, by="x", now=NOW), "2026-03-09 12:00: has begun already"),
    "moved beyond the term and its weeks for making up": (
        TUESDAY,
        lambda db, one, _: move(db, one, at("2026-05-25 19:00"), by="x", now=NOW),
        "2026-05-25: lies outside the term; write a day from 2026-03-02 to 2026-05-24",
    ),
    "planned beyond the term and its weeks for making up": (
        TUESDAY,
        lambda db, _, term: plan_for_group(db, group_named(db, term, "g-1"), Kind.COUNSELLING, at("2026-05-25 19:00"), 60, by="x", now=NOW),
        "2026-05-25: lies outside the term; write a day from 2026-03-02 to 2026-05-24",
    ),
    "planned before the term": (
        TUESDAY,
        lambda db, _, term: plan_for_people(
            db, mentor_named(db, term, "m-3"), [], Kind.COUNSELLING, at("2026-03-01 19:00"), 60, by="x", now=at("2026-02-01 12:00")
        ),
        "2026-03-01: lies outside the term; write a day from 2026-03-02 to 2026-05-24",
    ),
    "oriented long before the term": (
        TUESDAY,
        lambda db, _, term: plan_for_people(
            db, mentor_named(db, term, "m-3"), [], Kind.ORIENTATION, at("2026-01-04 19:00"), 60, by="x", now=at("2026-01-01 12:00")
        ),
        "2026-01-04: lies outside the term; write a day from 2026-01-05 to 2026-05-24",
    ),
    "moved to a day off": (
        TUESDAY,
        lambda db, one, _: move(db, one, at("2026-03-18 10:00"), by="x", now=NOW),
        "2026-03-18: is off (exams)",
    ),
    "moved to before the group meets": (
        TUESDAY,
        lambda db, one, _: move(db, one, at("2026-03-01 10:00"), by="x", now=at("2026-02-20 10:00")),
        "g-1: does not meet on 2026-03-01",
    ),
    "moved to where it is": (
        TUESDAY,
        lambda db, one, _: move(db, one, one.starts_at, by="x", now=NOW),
        "g-1@2026-03-10T19:00: starts then already",
    ),
    "restored though it is planned": (
        TUESDAY,
        lambda db, one, _: restore(db, one, by="x", now=NOW),
        "g-1@2026-03-10T19:00: is planned, not cancelled",
    ),
    "made up though it is planned": (
        TUESDAY,
        lambda db, one, _: make_up(db, one, at("2026-03-13 19:00"), by="x", now=NOW),
        "g-1@2026-03-10T19:00: is planned, not cancelled",
    ),
    "given to its own mentor": (
        TUESDAY,
        lambda db, one, term: substitute(db, one, mentor_named(db, term, "m-1"), by="x", now=NOW),
        "g-1@2026-03-10T19:00: held by m-1 already",
    ),
    "given to a mentor who is not free": (
        "g-3@2026-03-16",
        give_to_the_busy,
        "m-2 is in a session of group g-2 on 2026-03-11 from 19:00 to 20:00",
    ),
    "given to somebody after it has begun": (
        "g-1@2026-03-05",
        lambda db, one, term: substitute(db, one, mentor_named(db, term, "m-3"), by="x", now=NOW),
        "2026-03-05 19:00: has begun already",
    ),
    "given to a mentor who has left": (
        THURSDAY,
        give_to_who_has_left,
        "m-3: has left on 2026-03-12",
    ),
    "counselled in no time": (
        TUESDAY,
        lambda db, _, term: plan_for_group(db, group_named(db, term, "g-1"), Kind.COUNSELLING, at("2026-03-14 10:00"), 0, by="x", now=NOW),
        "meetings: a session lasts 1 to 720 minutes, not 0",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_and_changes_nothing(database: Engine, case: str) -> None:
    name, act, told = REFUSED[case]
    term = taught_term(database, closed=[dt.date(2026, 3, 18)])
    with reading(database) as db:
        before = dump(db)
    with pytest.raises((Refused, Clash)) as refused:
        on_session(database, term, name, lambda db, one: act(db, one, term))
    assert str(refused.value) == told
    with reading(database) as db:
        assert dump(db) == before


def test_a_session_may_be_moved_to_a_day_off_where_that_is_said(database: Engine) -> None:
    term = taught_term(database, closed=[dt.date(2026, 3, 18)])
    on_session(database, term, TUESDAY, lambda db, one: move(db, one, at("2026-03-18 10:00"), by="office", now=NOW, on_day_off=True))
    with reading(database) as db:
        assert session_named(db, term, "g-1@2026-03-18").sequence == 1


def test_a_session_may_be_moved_as_far_as_an_open_ended_term_is_planned(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        db.get_one(Term, term.id).last_on = None
    with pytest.raises(Refused, match="from 2026-03-02 to 2027-05-05"):
        on_session(database, term, TUESDAY, lambda db, one: move(db, one, at("2027-05-06 10:00"), by="x", now=NOW))
    on_session(database, term, TUESDAY, lambda db, one: move(db, one, at("2027-05-05 10:00"), by="x", now=NOW))


def test_what_has_a_record_is_changed_no_more(database: Engine) -> None:
    term = taught_term(database)
    said = Record(attendance={"s-1": Presence.PRESENT, "s-2": Presence.LATE}, minutes=55)
    on_session(database, term, "g-1@2026-03-05", lambda db, one: record(db, one, said, by="m-1", now=NOW))
    for act in (
        lambda db, one: cancel(db, one, by="x", now=NOW, reason=""),
        lambda db, one: move(db, one, at("2026-03-14 10:00"), by="x", now=NOW),
    ):
        with pytest.raises(Refused, match="g-1@2026-03-05T19:00: is held, not planned"):
            on_session(database, term, "g-1@2026-03-05", act)


def test_of_many_who_change_one_session_at_once_each_is_counted(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        one = session_named(db, term, TUESDAY).id
    start, problems = threading.Barrier(6), []

    def go(n: int) -> None:
        start.wait()
        try:
            with transaction(database) as db:
                move(db, db.get_one(Session, one), at(f"2026-03-13 1{n}:00"), by=f"office {n}", now=NOW)
        except Exception as error:  # noqa: BLE001  whatever it is, the test tells it
            problems.append(error)

    threads = [threading.Thread(target=go, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(database) as db:
        session = db.get_one(Session, one)
        assert (problems, session.sequence, len(deeds(db))) == ([], 6, 6)
        assert booked(db, session) == ["m-1", "s-1", "s-2"]


@pytest.mark.parametrize(
    ("zone", "sunday"),
    [
        pytest.param("Europe/Berlin", "2026-03-29", id="clocks go forward"),
        pytest.param("America/Santiago", "2026-04-05", id="clocks go back, in the south"),
    ],
)
def test_a_session_that_is_moved_over_a_change_of_clocks_lasts_as_long(database: Engine, zone: str, sunday: str) -> None:
    first_on = dt.date.fromisoformat(sunday) - dt.timedelta(days=27)
    term = taught_term(database, zone=zone, first_on=first_on)
    now = at(f"{first_on} 08:00", zone)
    name = f"g-1@{dt.date.fromisoformat(sunday) - dt.timedelta(days=5)}"
    on_session(database, term, name, lambda db, one: move(db, one, at(f"{sunday} 00:30", zone), by="office", now=now))
    with reading(database) as db:
        one = session_named(db, term, f"g-1@{sunday}")
        assert one.starts_at == at(f"{sunday} 00:30", zone)
        assert one.ends_at - one.starts_at == dt.timedelta(hours=1)
