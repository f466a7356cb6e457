"""A repair takes the place of what is published: sessions that go on keep their UIDs, and what was before its day is untouched."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select, update

from data.bookings import people_of
from data.database import reading, transaction
from data.groups import Group
from data.outbox import Message
from data.people import Mentor, Person
from data.programs import Term
from data.rounds import Run
from data.sessions import Booking, Session, State
from matching.result import Group as Placed
from matching.week import read_meetings
from scheduler.closures import close, reopen
from scheduler.finding import group_named, mentee_named, mentor_named, session_named
from scheduler.group_changes import end
from scheduler.leavers import leave_mentee, leave_mentor, need_repair
from scheduler.publish import changes_of, publish
from scheduler.refusals import InThePast
from scheduler.repair import Fate
from scheduler.results import DoesNotFit
from scheduler.undo import undo
from tests.scheduler.repairs import (
    FIRST,
    LATER,
    MIDTERM,
    MONDAY,
    everything,
    members,
    placed,
    repaired,
    sessions,
    two_runs,
)


def test_what_a_repair_would_change_is_told_group_by_group_and_changes_nothing(database: Engine) -> None:
    _, _, run = two_runs(database)
    with transaction(database) as db:
        before = sessions(db)
        changes = changes_of(db, db.get_one(Run, run.id), MIDTERM)
        assert sessions(db) == before
    assert [(one.fate, one.key, one.mentors, one.joins, one.leaves) for one in changes] == [
        (Fate.STAYS, "g-1", ("m-01", "m-01"), (), ()),
        (Fate.MOVES, "g-2", ("m-02", "m-02"), (), ()),
        (Fate.CHANGES, "g-3", ("m-03", "m-06"), ("s-11",), ("s-06",)),
        (Fate.CANCELLED, "g-4", ("m-04", ""), (), ("s-07", "s-08")),
        (Fate.CHANGES, "g-5", ("m-05", "m-05"), ("s-14",), ("s-10",)),
        (Fate.ADDED, "g-4", ("", "m-07"), ("s-12", "s-13"), ()),
    ]
    assert changes[1].meetings == (read_meetings("Tue 19:00; Thu 19:00"), read_meetings("Mon 20:00; Wed 20:00"))


def test_a_repair_keeps_the_uids_of_what_stays_moves_what_moves_and_cancels_and_adds_the_rest(database: Engine) -> None:
    _, _, run = two_runs(database)
    with reading(database) as db:
        before = sessions(db)
    repaired(database, run)
    with reading(database) as db:
        after = sessions(db)
        assert members(db, "g-3", dt.date(2027, 4, 18)) == ["s-05", "s-06"]
        assert members(db, "g-3", dt.date(2027, 4, 19)) == ["s-05", "s-11"]
        people = people_of(db, after)
    assert before.keys() <= after.keys()
    assert {one["group"] for key, one in after.items() if key not in before} == {"g-6"}  # g-4 is taken
    for key, was in before.items():
        now = after[key]
        assert now["original"] == was["original"]
        if was["starts_at"] < MONDAY or was["group"] == "g-1":
            assert now == was
        else:
            assert now["sequence"] == was["sequence"] + 1
            assert now["mentor"] == {"g-3": "m-06"}.get(was["group"], was["mentor"])
            assert now["state"] is (State.CANCELLED if was["group"] == "g-4" else State.PLANNED)
            day_earlier = dt.timedelta(days=1) - dt.timedelta(hours=1)
            assert now["starts_at"] == was["starts_at"] - (day_earlier if was["group"] == "g-2" else dt.timedelta())
    for key, one in after.items():
        assert one["booked"] == (frozenset() if one["state"] is State.CANCELLED else people[key])
    assert min(one["starts_at"] for one in after.values() if one["group"] == "g-6") == dt.datetime(2027, 4, 20, 10, tzinfo=dt.UTC)


def test_twenty_groups_swap_their_times_at_once(database: Engine) -> None:
    early, late = "Tue 18:00; Thu 18:00", "Tue 19:00; Thu 19:00"

    def timetable(one: str, other: str) -> tuple[Placed, ...]:
        return tuple(
            placed(
                f"g-{mentor:02d}{side}",
                f"m-{mentor:02d}",
                f"s-{4 * mentor - 3 + 2 * (side == 'b'):02d} s-{4 * mentor - 2 + 2 * (side == 'b'):02d}",
                at,
            )
            for mentor in range(1, 11)
            for side, at in (("a", one), ("b", other))
        )

    _, _, run = two_runs(database, timetable(early, late), timetable(late, early))
    with reading(database) as db:
        before = sessions(db)
    repaired(database, run)
    with reading(database) as db:
        after = sessions(db)
        people = people_of(db, after)
    assert before.keys() == after.keys()
    moved = {key for key in after if after[key]["starts_at"] != before[key]["starts_at"]}
    assert moved == {key for key, one in before.items() if one["starts_at"] >= MONDAY}
    assert len(moved) > 20 * 2 * 8
    assert all(one["booked"] == people[key] for key, one in after.items())


def test_of_a_repair_are_told_those_who_are_in_a_group_from_its_day_on(database: Engine) -> None:
    _, _, run = two_runs(database)
    with transaction(database) as db:
        for person in db.scalars(select(Person)):
            person.email = f"{person.key}@b.example"
    repaired(database, run)
    with reading(database) as db:
        mine = Message.key.startswith(f"published:{run.id}:", autoescape=True)
        told = db.scalars(select(Person.key).join(Message, Message.person_id == Person.id).where(mine)).all()
    assert sorted(told) == ["m-02", "m-05", "m-06", "m-07", "s-03", "s-04", "s-05", "s-09", "s-11", "s-12", "s-13", "s-14"]


def test_a_repair_holds_from_a_day_to_come(database: Engine) -> None:
    _, _, run = two_runs(database)
    with pytest.raises(InThePast, match="2027-04-14"), transaction(database) as db:
        publish(db, db.get_one(Run, run.id), MIDTERM, "office", from_on=dt.date(2027, 4, 14))


def test_what_waits_for_its_day_goes_along_and_comes_back_with_what_holds_then(database: Engine) -> None:
    term, _, second = two_runs(database)
    tuesday, wednesday = dt.date(2027, 4, 20), dt.date(2027, 4, 21)
    with transaction(database) as db:
        assert len(close(db, db.get_one(Term, term.id), tuesday, wednesday, why="Exams", by="office", now=MIDTERM)) == 5
    with reading(database) as db:
        ids = {key: session_named(db, db.get_one(Term, term.id), f"{key}@{tuesday}").id for key in ("g-1", "g-2", "g-3", "g-5")}
    repaired(database, second)
    with transaction(database) as db:
        assert db.get_one(Session, ids["g-2"]).state == State.PLANNED, "its group meets on Monday now, which is open"
        reopen(db, db.get_one(Term, term.id), tuesday, by="office", now=LATER)
    with reading(database) as db:
        held = {key: db.get_one(Session, session) for key, session in ids.items()}
        assert {key: (one.state, f"{one.starts_at:%m-%d %H:%M}", db.get_one(Mentor, one.mentor_id).key) for key, one in held.items()} == {
            "g-1": (State.PLANNED, "04-20 10:00", "m-01"),
            "g-2": (State.PLANNED, "04-19 11:00", "m-02"),
            "g-3": (State.PLANNED, "04-20 10:00", "m-06"),
            "g-5": (State.PLANNED, "04-20 10:00", "m-05"),
        }
        assert all(
            {booking.person_id for booking in db.scalars(select(Booking).where(Booking.session_id == one.id))}
            == people_of(db, [one.id])[one.id]
            for one in held.values()
        )


def test_a_repair_fills_groups_again_that_nobody_was_left_in(database: Engine) -> None:
    leave = {"g-1": ("s-07", dt.date(2027, 4, 19)), "g-2": ("s-09", dt.date(2027, 4, 15))}  # on the repair's day, and before
    alone = (placed("g-1", "m-04", "s-07", "Tue 19:00; Thu 19:00"), placed("g-2", "m-05", "s-09", "Tue 19:00; Thu 19:00"))
    filled = (placed("g-1", "m-04", "s-14", "Tue 19:00; Thu 19:00"), placed("g-2", "m-05", "s-15", "Tue 19:00; Thu 19:00"))
    term, _, run = two_runs(database, alone, filled)
    with transaction(database) as db:
        were = sessions(db)
        for mentee, on in leave.values():
            leave_mentee(db, mentee_named(db, term, mentee), on, by="office", now=MIDTERM, reason="moves")
    with transaction(database) as db:
        before = everything(db)
    repaired(database, run)
    with transaction(database) as db:
        after = sessions(db)
        assert after.keys() == were.keys()
        assert set(db.scalars(select(Group.until_on))) == {None}
        for one in after.values():
            later = one["starts_at"] >= MONDAY
            gap = not later and leave[one["group"]][1] <= (one["starts_at"] + dt.timedelta(hours=9)).date()
            assert one["state"] is (State.CANCELLED if gap else State.PLANNED)
            assert one["sequence"] == (2 if later else 1 if gap else 0)
            assert len(one["booked"]) == (0 if gap else 2)
        assert sum(one["state"] is State.CANCELLED for one in after.values()) == 1
        undo(db, db.get_one(Run, run.id), LATER, "office")
        db.flush()
        db.execute(update(Session).where(Session.cancelled_at == LATER).values(cancelled_at=MIDTERM))  # since then again
        assert everything(db) == before


def test_a_group_that_was_ended_or_that_nobody_fills_is_no_part_of_a_repair(database: Engine) -> None:
    alone = (placed("g-4", "m-04", "s-07", "Tue 19:00; Thu 19:00"), placed("g-5", "m-05", "s-09", "Tue 19:00; Thu 19:00"))
    filled = placed("g-4", "m-04", "s-14", "Tue 19:00; Thu 19:00")
    term, _, run = two_runs(database, (FIRST[0], *alone), (FIRST[0], filled))
    with transaction(database) as db:
        end(db, group_named(db, term, "g-4"), dt.date(2027, 4, 19), by="office", now=MIDTERM, reason="exams")
        leave_mentee(db, mentee_named(db, term, "s-09"), dt.date(2027, 4, 19), by="office", now=MIDTERM, reason="moves")
    with reading(database) as db:
        assert [(one.fate, one.key) for one in changes_of(db, db.get_one(Run, run.id), MIDTERM) if one.fate is not Fate.STAYS] == [
            (Fate.ADDED, "g-4")
        ]
    repaired(database, run)
    with reading(database) as db:
        assert db.scalars(select(Group.key).where(Group.until_on == dt.date(2027, 4, 19)).order_by(Group.key)).all() == ["g-4", "g-5"]


LEAVES_ON = dt.date(2027, 5, 20)
"""A Thursday after the repair's first day."""


def test_a_repair_keeps_who_leaves_later_in_their_groups_until_then(database: Engine) -> None:
    second = (
        *FIRST[:1],
        placed("g-2", "m-02", "s-03 s-04 s-15", "Tue 19:00; Thu 19:00"),
        *FIRST[2:4],
        placed("g-5", "m-08", "s-09", "Mon 20:00; Wed 20:00"),
    )
    term, _, run = two_runs(database, second=second)
    with transaction(database) as db:
        leave_mentor(db, mentor_named(db, term, "m-01"), LEAVES_ON, by="office", now=MIDTERM, reason="graduates")
        leave_mentee(db, mentee_named(db, term, "s-03"), LEAVES_ON, by="office", now=MIDTERM, reason="moves")
        leave_mentee(db, mentee_named(db, term, "s-15"), LEAVES_ON, by="office", now=MIDTERM, reason="moves")
    repaired(database, run)
    with reading(database) as db:
        assert members(db, "g-1", LEAVES_ON) == ["s-01", "s-02"]
        assert members(db, "g-2", LEAVES_ON - dt.timedelta(days=1)) == ["s-03", "s-04", "s-15"]
        assert members(db, "g-2", LEAVES_ON) == ["s-04"]
        g_1 = [one for one in sessions(db).values() if one["group"] == "g-1"]
        assert {one["state"] for one in g_1} == {State.PLANNED}
        listed = need_repair(db, term, MIDTERM)
        assert {db.get_one(Group, one.group_id).key for one in listed} == {"g-1"}
        assert all(one.starts_at.date() >= LEAVES_ON for one in listed)


def test_who_has_left_by_a_repairs_first_day_is_not_in_it(database: Engine) -> None:
    term, _, run = two_runs(database, second=FIRST)
    with transaction(database) as db:
        leave_mentor(db, mentor_named(db, term, "m-01"), dt.date(2027, 4, 19), by="office", now=MIDTERM, reason="")
    with pytest.raises(DoesNotFit, match="group g-1: mentor m-01 has left on 2027-04-19"):
        repaired(database, run)
