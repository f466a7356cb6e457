"""What may happen to a group from a day on, and to who leaves the term, with all that follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.bookings import Clash
from data.database import reading, transaction
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Shift, State
from matching.week import read_meetings
from scheduler.changes import cancel, move
from scheduler.circle import circle_of, sessions_of
from scheduler.finding import group_named, mentee_named, mentor_named, session_named
from scheduler.group_changes import change_times, end, join, leave
from scheduler.leavers import leave_mentee, leave_mentor, need_repair
from scheduler.links import change_link
from scheduler.refusals import Refused
from tests.sessions import at, booked, deeds, dump, taught_term, touched

NOW = at("2026-03-09 12:00")
"""Monday of the second week, at noon."""

FROM = dt.date(2026, 3, 16)
"""Monday of the third week."""


def on_group(database: Engine, term: Term, key: str, act: Callable[[DbSession, Group], object]) -> None:
    with transaction(database) as db:
        act(db, group_named(db, term, key))


def starts(db: DbSession, term: Term, key: str) -> list[str]:
    """When a group's planned sessions start, by the clock of the term's zone."""
    circle = circle_of(db, group_named(db, term, key))
    return [circle.wall(one.starts_at)[5:] for one in sessions_of(db, circle.group) if one.state == State.PLANNED]


def people(db: DbSession, term: Term, key: str) -> list[tuple[str, str]]:
    """The days of a group's sessions with who is booked for them, in order of time."""
    circle = circle_of(db, group_named(db, term, key))
    return [(str(circle.day(one.starts_at))[5:], " ".join(booked(db, one))) for one in sessions_of(db, circle.group)]


def test_other_times_hold_from_a_day_on_and_sessions_stay_the_same(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        before = {one.id: one.original_start for one in sessions_of(db, group_named(db, term, "g-1"))}
    on_group(database, term, "g-1", lambda db, one: change_times(db, one, read_meetings("Wed 17:00; Fri 18:00"), FROM, by="m-1", now=NOW))
    with reading(database) as db:
        sessions = sessions_of(db, group_named(db, term, "g-1"))
        assert {one.id: one.original_start for one in sessions} == before
        assert starts(db, term, "g-1") == [
            "03-03 19:00",
            "03-05 19:00",
            "03-10 19:00",
            "03-12 19:00",
            "03-18 17:00",
            "03-20 18:00",
            "03-25 17:00",
            "03-27 18:00",
        ]
        assert [one.sequence for one in sessions] == [0, 0, 0, 0, 1, 1, 1, 1]
        assert all(booked(db, one) == ["m-1", "s-1", "s-2"] for one in sessions)
        assert db.scalars(select(Shift)).one().meetings == list(read_meetings("Wed 17:00; Fri 18:00"))
        assert deeds(db) == [("times changed", "group g-1")]
        assert touched(db) == ["g-1", "m-1", "north", "program", "s-1", "s-2", "south"]


@pytest.mark.parametrize(
    ("meetings", "then"),
    [
        pytest.param("Mon 10:00; Fri 18:00", ["03-17 19:00", "03-20 18:00", "03-23 10:00", "03-27 18:00"], id="new times around it"),
        pytest.param("Fri 18:00; Sat 18:00", ["03-17 19:00", "03-21 18:00", "03-27 18:00", "03-28 18:00"], id="new times after it"),
        pytest.param("Mon 18:00; Tue 18:00", ["03-17 19:00", "03-19 19:00", "03-23 18:00", "03-24 18:00"], id="new times before it"),
    ],
)
def test_in_the_week_of_the_change_only_what_lay_and_will_lie_after_it_moves(database: Engine, meetings: str, then: list[str]) -> None:
    term, wednesday, times = taught_term(database), dt.date(2026, 3, 18), read_meetings(meetings)
    on_group(database, term, "g-1", lambda db, one: change_times(db, one, times, wednesday, by="x", now=NOW))
    with reading(database) as db:
        assert starts(db, term, "g-1")[4:] == then


def test_a_meeting_that_was_left_out_on_its_old_day_is_held_on_its_new_one(database: Engine) -> None:
    term = taught_term(database, closed=[dt.date(2026, 3, 17)])
    with reading(database) as db:
        assert starts(db, term, "g-1")[4:] == ["03-19 19:00", "03-24 19:00", "03-26 19:00"]
    on_group(database, term, "g-1", lambda db, one: change_times(db, one, read_meetings("Wed 17:00; Fri 18:00"), FROM, by="x", now=NOW))
    with reading(database) as db:
        assert starts(db, term, "g-1")[4:] == ["03-18 17:00", "03-20 18:00", "03-25 17:00", "03-27 18:00"]
        added = session_named(db, term, "g-1@2026-03-18")
        assert (added.original_start, added.sequence, booked(db, added)) == (at("2026-03-17 19:00"), 0, ["m-1", "s-1", "s-2"])
        assert deeds(db) == [("times changed", "group g-1")]


def test_what_was_moved_or_cancelled_singly_stays_as_agreed_when_times_change(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        move(db, session_named(db, term, "g-1@2026-03-17"), at("2026-03-21 10:00"), by="x", now=NOW)
        cancel(db, session_named(db, term, "g-1@2026-03-19"), by="x", now=NOW, reason="trip")
    on_group(database, term, "g-1", lambda db, one: change_times(db, one, read_meetings("Wed 17:00; Fri 18:00"), FROM, by="x", now=NOW))
    with reading(database) as db:
        assert starts(db, term, "g-1")[4:] == ["03-21 10:00", "03-25 17:00", "03-27 18:00"]
        assert session_named(db, term, "g-1@2026-03-19").sequence == 1


def test_times_change_again_and_back(database: Engine) -> None:
    term = taught_term(database)
    for meetings, from_on in (
        ("Wed 17:00; Fri 18:00", FROM),
        ("Sat 09:00; Sun 09:00", FROM),
        ("Tue 19:00; Thu 19:00", dt.date(2026, 3, 23)),
    ):
        times = read_meetings(meetings)
        with transaction(database) as db:
            change_times(db, group_named(db, term, "g-1"), times, from_on, by="x", now=NOW)
    with reading(database) as db:
        assert starts(db, term, "g-1")[4:] == ["03-21 09:00", "03-22 09:00", "03-24 19:00", "03-26 19:00"]
        assert [one.sequence for one in sessions_of(db, group_named(db, term, "g-1"))] == [0, 0, 0, 0, 2, 2, 3, 3]


def test_a_session_whose_new_day_is_off_is_cancelled_and_told(database: Engine) -> None:
    term = taught_term(database, closed=[dt.date(2026, 3, 18)])
    with transaction(database) as db:
        off = change_times(db, group_named(db, term, "g-1"), read_meetings("Wed 17:00; Fri 18:00"), FROM, by="x", now=NOW)
    with reading(database) as db:
        assert [(one.starts_at, one.state, one.cancelled_why) for one in off] == [(at("2026-03-18 17:00"), State.CANCELLED, "exams")]
        assert starts(db, term, "g-1")[4:] == ["03-20 18:00", "03-25 17:00", "03-27 18:00"]


@pytest.mark.parametrize("left", [pytest.param(False, id="the group has ended"), pytest.param(True, id="its last member has left")])
def test_a_session_whose_new_day_lies_behind_the_group_is_cancelled(database: Engine, left: bool) -> None:
    term, thursday = taught_term(database), dt.date(2026, 3, 19)
    with transaction(database) as db:
        if left:
            leave(db, group_named(db, term, "g-3"), mentee_named(db, term, "s-4"), thursday, by="x", now=NOW)
        else:
            end(db, group_named(db, term, "g-3"), thursday, by="x", now=NOW, reason="done")
        off = change_times(db, group_named(db, term, "g-3"), read_meetings("Fri 17:00"), FROM, by="x", now=NOW)
    with reading(database) as db:
        assert [(one.starts_at, one.cancelled_why) for one in off] == [(at("2026-03-20 17:00"), "the group has ended")]
        assert starts(db, term, "g-3") == ["03-02 19:00", "03-09 19:00"]


@pytest.mark.parametrize(
    ("zone", "first_on", "utc"),
    [
        pytest.param("Europe/Berlin", dt.date(2026, 3, 9), [7, 19, 7, 19, 6, 18, 6, 18], id="clocks go forward in spring"),
        pytest.param("America/Santiago", dt.date(2026, 3, 16), [11, 23, 11, 23, 12, 24, 12, 24], id="and back in the southern autumn"),
    ],
)
def test_new_times_are_those_of_the_clock_on_both_sides_of_its_change(
    database: Engine, zone: str, first_on: dt.date, utc: list[int]
) -> None:
    term = taught_term(database, zone=zone, first_on=first_on)
    now = at(f"{first_on} 00:00", zone)
    on_group(database, term, "g-1", lambda db, one: change_times(db, one, read_meetings("Sun 08:00; Sun 20:00"), first_on, by="x", now=now))
    with reading(database) as db:
        sessions = sessions_of(db, group_named(db, term, "g-1"))
    sundays = [first_on + dt.timedelta(days=6 + 7 * week) for week in range(4) for _ in range(2)]
    wanted = [dt.datetime.combine(on, dt.time(), dt.UTC) + dt.timedelta(hours=hours) for on, hours in zip(sundays, utc, strict=True)]
    assert [one.starts_at for one in sessions] == wanted
    assert {one.ends_at - one.starts_at for one in sessions} == {dt.timedelta(hours=1)}


def test_a_group_that_ends_meets_no_more_and_its_calendars_say_so(database: Engine) -> None:
    term = taught_term(database)
    on_group(database, term, "g-1", lambda db, one: end(db, one, FROM, by="office", now=NOW, reason="done"))
    with reading(database) as db:
        group = group_named(db, term, "g-1")
        sessions = sessions_of(db, group)
        assert group.until_on == FROM
        assert [(one.state, one.sequence, one.cancelled_why) for one in sessions[4:]] == [(State.CANCELLED, 1, "done")] * 4
        assert [one.state for one in sessions[:4]] == [State.PLANNED] * 4
        assert [len(booked(db, one)) for one in sessions] == [3, 3, 3, 3, 0, 0, 0, 0]
        assert deeds(db) == [("ended", "group g-1")]
        assert touched(db) == ["g-1", "m-1", "north", "program", "s-1", "s-2", "south"]


def test_who_joins_is_in_the_sessions_from_that_day_on(database: Engine) -> None:
    term = taught_term(database)
    on_group(database, term, "g-2", lambda db, one: join(db, one, mentee_named(db, term, "s-5"), FROM, by="office", now=NOW))
    with reading(database) as db:
        assert people(db, term, "g-2") == [
            ("03-04", "m-2 s-2 s-3"),
            ("03-11", "m-2 s-2 s-3"),
            ("03-18", "m-2 s-2 s-3 s-5"),
            ("03-25", "m-2 s-2 s-3 s-5"),
        ]
        assert [one.sequence for one in sessions_of(db, group_named(db, term, "g-2"))] == [0, 0, 1, 1]
        assert deeds(db) == [("joined", "group g-2")]
        assert touched(db) == ["g-2", "m-2", "north", "program", "s-2", "s-3", "s-5", "south"]


def test_who_leaves_is_in_the_sessions_until_that_day_and_may_come_back(database: Engine) -> None:
    term = taught_term(database)
    on_group(database, term, "g-2", lambda db, one: leave(db, one, mentee_named(db, term, "s-2"), dt.date(2026, 3, 11), by="x", now=NOW))
    on_group(database, term, "g-2", lambda db, one: join(db, one, mentee_named(db, term, "s-2"), dt.date(2026, 3, 25), by="x", now=NOW))
    with reading(database) as db:
        assert people(db, term, "g-2") == [("03-04", "m-2 s-2 s-3"), ("03-11", "m-2 s-3"), ("03-18", "m-2 s-3"), ("03-25", "m-2 s-2 s-3")]
        assert [one.sequence for one in sessions_of(db, group_named(db, term, "g-2"))] == [0, 1, 1, 2]
        assert deeds(db) == [("left", "group g-2"), ("joined", "group g-2")]
    on_group(database, term, "g-2", lambda db, one: leave(db, one, mentee_named(db, term, "s-2"), dt.date(2026, 3, 25), by="x", now=NOW))
    with reading(database) as db:
        held = select(Membership.from_on, Membership.until_on).join(Mentee).join(Group, Group.id == Membership.group_id)
        rows = db.execute(held.where(Mentee.key == "s-2", Group.key == "g-2")).all()
        assert [tuple(row) for row in rows] == [(dt.date(2026, 3, 2), dt.date(2026, 3, 11))]


def test_a_group_that_its_last_member_leaves_ends(database: Engine) -> None:
    term = taught_term(database)
    on_group(database, term, "g-3", lambda db, one: leave(db, one, mentee_named(db, term, "s-4"), FROM, by="x", now=NOW))
    with reading(database) as db:
        assert group_named(db, term, "g-3").until_on == FROM
        assert people(db, term, "g-3") == [("03-02", "m-1 s-4"), ("03-09", "m-1 s-4"), ("03-16", ""), ("03-23", "")]


def test_another_link_is_told_with_all_sessions(database: Engine) -> None:
    term = taught_term(database)
    on_group(database, term, "g-1", lambda db, one: change_link(db, one, "https://meet.example/g1", by="x", now=NOW))
    with reading(database) as db:
        sessions = sessions_of(db, group_named(db, term, "g-1"))
        assert {(one.sequence, one.changed_at) for one in sessions} == {(1, NOW)}
        assert all(booked(db, one) == ["m-1", "s-1", "s-2"] for one in sessions)
        assert deeds(db) == [("link changed", "group g-1")]


def test_a_mentee_who_leaves_the_term_is_taken_out_of_all_groups_by_one_deed(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        leave_mentee(db, mentee_named(db, term, "s-2"), FROM, by="office", now=NOW, reason="moved away")
    with reading(database) as db:
        assert people(db, term, "g-1")[3:5] == [("03-12", "m-1 s-1 s-2"), ("03-17", "m-1 s-1")]
        assert people(db, term, "g-2")[1:3] == [("03-11", "m-2 s-2 s-3"), ("03-18", "m-2 s-3")]
        left = mentee_named(db, term, "s-2")
        assert (left.left_on, left.left_why) == (FROM, "moved away")
        assert deeds(db) == [("mentee left", "mentee s-2")]


def test_the_sessions_of_a_mentor_who_leaves_stay_and_are_listed(database: Engine) -> None:
    term = taught_term(database)
    with reading(database) as db:
        before = dump(db)
    with transaction(database) as db:
        listed = leave_mentor(db, mentor_named(db, term, "m-1"), FROM, by="office", now=NOW, reason="ill")
    with reading(database) as db:
        after = dump(db)
        assert (after["session"], after["booking"]) == (before["session"], before["booking"])
        expected = ["03-16", "03-17", "03-19", "03-23", "03-24", "03-26"]
        assert [f"{one.starts_at:%m-%d}" for one in listed] == expected
        assert [one.id for one in need_repair(db, term, NOW)] == [one.id for one in listed]
        assert db.scalars(select(Mentor.left_why).where(Mentor.key == "m-1")).one() == "ill"
        assert deeds(db) == [("mentor left", "mentor m-1")]


def test_a_leaving_to_come_may_be_brought_forward(database: Engine) -> None:
    term = taught_term(database)
    for on in (FROM + dt.timedelta(days=7), FROM):
        with transaction(database) as db:
            leave_mentee(db, mentee_named(db, term, "s-2"), on, by="office", now=NOW, reason="moved away")
            leave_mentor(db, mentor_named(db, term, "m-1"), on, by="office", now=NOW, reason="ill")
    with reading(database) as db:
        assert people(db, term, "g-1")[3:5] == [("03-12", "m-1 s-1 s-2"), ("03-17", "m-1 s-1")]
        assert people(db, term, "g-2")[1:3] == [("03-11", "m-2 s-2 s-3"), ("03-18", "m-2 s-3")]
        assert mentee_named(db, term, "s-2").left_on == mentor_named(db, term, "m-1").left_on == FROM
        assert f"{need_repair(db, term, NOW)[0].starts_at:%m-%d}" == "03-16"
        assert deeds(db) == [("mentee left", "mentee s-2"), ("mentor left", "mentor m-1")] * 2


def end_twice(db: DbSession, _: Term, one: Group) -> None:
    for _again in range(2):
        end(db, one, FROM, by="x", now=NOW, reason="")


def join_who_has_left(db: DbSession, term: Term, one: Group) -> None:
    leave_mentee(db, mentee_named(db, term, "s-5"), FROM, by="x", now=NOW, reason="")
    join(db, one, mentee_named(db, term, "s-5"), FROM, by="x", now=NOW)


ON_TUESDAY = at("2026-03-10 19:30")
"""While a session of g-1 is held."""

REFUSED: dict[str, tuple[Callable[[DbSession, Term, Group], object], str]] = {
    "more times": (
        lambda db, _, one: change_times(db, one, read_meetings("Mon 09:00"), FROM, by="x", now=NOW),
        "meetings: there are 2 in a week, not 1",
    ),
    "times that overlap": (
        lambda db, _, one: change_times(db, one, read_meetings("Fri 09:00; Fri 09:59"), FROM, by="x", now=NOW),
        "meetings: two overlap",
    ),
    "times over midnight": (
        lambda db, _, one: change_times(db, one, read_meetings("Fri 09:00; Sat 23:30"), FROM, by="x", now=NOW),
        "meetings: one runs past midnight",
    ),
    "the same times": (
        lambda db, _, one: change_times(db, one, read_meetings("Thu 19:00; Tue 19:00"), FROM, by="x", now=NOW),
        "g-1: meets Tue 19:00; Thu 19:00 already",
    ),
    "times at which a member is elsewhere": (
        lambda db, _, one: change_times(db, one, read_meetings("Wed 19:30; Sun 10:00"), FROM, by="x", now=NOW),
        "\n".join(f"s-2 is in a session of group g-2 on 2026-03-{day} from 19:00 to 20:00" for day in (18, 25)),
    ),
    "times from yesterday on": (
        lambda db, _, one: change_times(db, one, read_meetings("Fri 09:00; Sat 09:00"), dt.date(2026, 3, 8), by="x", now=NOW),
        "2026-03-08: has begun already",
    ),
    "an end on a day with a session that has begun": (
        lambda db, _, one: end(db, one, dt.date(2026, 3, 10), by="x", now=ON_TUESDAY, reason=""),
        "g-1@2026-03-10T19:00: has begun already",
    ),
    "an end after the end": (end_twice, "g-1: has ended on 2026-03-16"),
    "a member who is one": (
        lambda db, term, one: join(db, one, mentee_named(db, term, "s-1"), FROM, by="x", now=NOW),
        "s-1: is a member of g-1 already",
    ),
    "a member who has left": (join_who_has_left, "s-5: has left on 2026-03-16"),
    "without somebody who is no member": (
        lambda db, term, one: leave(db, one, mentee_named(db, term, "s-5"), FROM, by="x", now=NOW),
        "s-5: is no member of g-1 on 2026-03-16",
    ),
    "a link that is none": (
        lambda db, _, one: change_link(db, one, "javascript:alert(1)", by="x", now=NOW),
        "'javascript:alert(1)' is no link; write https://...",
    ),
    "the link it has": (lambda db, _, one: change_link(db, one, "", by="x", now=NOW), "g-1: meets at the usual place already"),
    "a mentor who leaves twice": (
        lambda db, term, _: [leave_mentor(db, mentor_named(db, term, "m-1"), FROM, by="x", now=NOW, reason="") for _ in range(2)],
        "m-1: has left on 2026-03-16 already",
    ),
    "a mentor who leaves after the term": (
        lambda db, term, _: leave_mentor(db, mentor_named(db, term, "m-1"), dt.date(2062, 3, 16), by="x", now=NOW, reason=""),
        "2062-03-16: lies outside the term; write a day from 2026-03-02 to 2026-03-29",
    ),
    "a mentee who leaves before the term": (
        lambda db, term, _: leave_mentee(
            db, mentee_named(db, term, "s-1"), dt.date(2026, 3, 1), by="x", now=at("2026-02-20 12:00"), reason=""
        ),
        "2026-03-01: lies outside the term; write a day from 2026-03-02 to 2026-03-29",
    ),
    "a mentor who leaves before a session that has begun": (
        lambda db, term, _: leave_mentor(db, mentor_named(db, term, "m-1"), dt.date(2026, 3, 10), by="x", now=ON_TUESDAY, reason=""),
        "g-1@2026-03-10T19:00: has begun already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_and_changes_nothing(database: Engine, case: str) -> None:
    act, told = REFUSED[case]
    term = taught_term(database)
    with reading(database) as db:
        before = dump(db)
    with pytest.raises((Refused, Clash)) as refused:
        on_group(database, term, "g-1", lambda db, one: act(db, term, one))
    assert str(refused.value) == told
    with reading(database) as db:
        assert dump(db) == before


def test_who_is_in_another_session_then_cannot_join(database: Engine) -> None:
    groups = {"g-1": ("m-1", ("s-1",), "Tue 19:00"), "g-2": ("m-2", ("s-2",), "Tue 19:30")}
    term = taught_term(database, groups=groups)
    with pytest.raises(Clash, match="s-2 is in a session of group g-2 on 2026-03-17 from 19:30 to 20:30"):
        on_group(database, term, "g-1", lambda db, one: join(db, one, mentee_named(db, term, "s-2"), FROM, by="x", now=NOW))
    with reading(database) as db:
        assert people(db, term, "g-1")[2] == ("03-17", "m-1 s-1")
