"""A repair takes the place of what is published: sessions that go on keep their UIDs, and what was before its day is untouched."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session as DbSession

from data.bookings import people_of
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.outbox import Message
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.rounds import Run
from data.sessions import Booking, Session, State
from data.tables import METADATA
from matching.result import EndedBy, Group as Placed, Result
from matching.week import read_meetings
from scheduler.changes import move
from scheduler.closures import close, reopen
from scheduler.finding import group_named, mentee_named, mentor_named, session_named
from scheduler.group_changes import end
from scheduler.jobs import produce_sessions
from scheduler.leavers import leave_mentee, leave_mentor, need_repair
from scheduler.letters import letter_of
from scheduler.publish import changes_of, publish
from scheduler.refusals import InThePast
from scheduler.repair import Fate
from scheduler.results import DoesNotFit
from scheduler.same_groups import Meets, same_groups
from scheduler.undo import WasHeld, undo
from tests.solved import done_run
from tests.terms import demo_term

NOW = dt.datetime(2027, 2, 20, 5, tzinfo=dt.UTC)
MIDTERM = dt.datetime(2027, 4, 14, 5, tzinfo=dt.UTC)
"""A Wednesday: repairs hold from Monday 19 April on."""
MONDAY = dt.datetime(2027, 4, 18, 15, tzinfo=dt.UTC)
LATER = MIDTERM + dt.timedelta(hours=1)


def placed(key: str, mentor: str, members: str, meetings: str, subject: str = "math") -> Placed:
    return Placed(key=key, mentor=mentor, subject=subject, meetings=read_meetings(meetings), members=tuple(members.split()))


def result(*groups: Placed) -> Result:
    """A result of these groups; nobody asks whether they are good."""
    return Result(groups=groups, unplaced=(), score=0, bound=0, requests=0, seed=0, seconds=0, ended_by=EndedBy.EFFORT)


FIRST = (
    placed("g-1", "m-01", "s-01 s-02", "Tue 19:00; Thu 19:00"),
    placed("g-2", "m-02", "s-03 s-04", "Tue 19:00; Thu 19:00"),
    placed("g-3", "m-03", "s-05 s-06", "Tue 19:00; Thu 19:00"),
    placed("g-4", "m-04", "s-07 s-08", "Tue 19:00; Thu 19:00", "coding"),
    placed("g-5", "m-05", "s-09 s-10", "Tue 19:00; Thu 19:00"),
)
SECOND = (
    placed("g-1", "m-01", "s-01 s-02", "Tue 19:00; Thu 19:00"),
    placed("g-2", "m-02", "s-03 s-04", "Mon 20:00; Wed 20:00"),
    placed("g-3", "m-06", "s-05 s-11", "Tue 19:00; Thu 19:00"),
    placed("g-4", "m-07", "s-12 s-13", "Tue 19:00; Thu 19:00", "coding"),
    placed("g-5", "m-05", "s-09 s-14", "Tue 19:00; Thu 19:00"),
)
"""One stays, one moves, one has another mentor and another member, one is of others altogether, one has another member."""


def two_runs(database: Engine, first: tuple[Placed, ...] = FIRST, second: tuple[Placed, ...] = SECOND) -> tuple[Term, Run, Run]:
    """A term with one run published, and another that repairs it."""
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        run = done_run(db, row, result(*first))
        publish(db, run, NOW, "office")
        return row, run, done_run(db, row, result(*second), previous=run)


def repaired(database: Engine, run: Run) -> None:
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), MIDTERM, "office")


def sessions(db: DbSession) -> dict[UUID, dict[str, Any]]:
    """All sessions by id: their group's key, what feeds show, and who is booked."""
    booked: dict[UUID, set[UUID]] = {}
    for session, person in db.execute(select(Booking.session_id, Booking.person_id)):
        booked.setdefault(session, set()).add(person)
    rows = db.execute(
        select(Session, Group.key, Mentor.key).join(Group, Group.id == Session.group_id).join(Mentor, Mentor.id == Session.mentor_id)
    )
    return {
        one.id: {
            "group": group,
            "mentor": mentor,
            "starts_at": one.starts_at,
            "state": one.state,
            "sequence": one.sequence,
            "original": one.original_start,
            "booked": frozenset(booked.get(one.id, ())),
        }
        for one, group, mentor in rows
    }


def members(db: DbSession, group: str, on: dt.date) -> list[str]:
    rows = db.execute(
        select(Mentee.key, Membership.from_on, Membership.until_on)
        .join(Membership, Membership.mentee_id == Mentee.id)
        .join(Group, Group.id == Membership.group_id)
        .where(Group.key == group)
    )
    return sorted(key for key, from_on, until_on in rows if from_on <= on and (until_on is None or on < until_on))


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


def everything(db: DbSession) -> dict[str, list[Any]]:
    """All rows of all tables but the audit and mail, without what tells that something was done and undone."""
    passing = {"published_at", "undone_at", "undo", "sequence", "changed_at"}
    found: dict[str, list[Any]] = {}
    for table in METADATA.sorted_tables:
        if table.name not in {"deed", "message"}:
            columns = [column for column in table.columns if column.name not in passing]
            found[table.name] = sorted(map(repr, db.execute(select(*columns))))
    return found


def test_an_undone_repair_puts_back_times_members_and_mentors_with_higher_sequences(database: Engine) -> None:
    term, first, run = two_runs(database)
    with transaction(database) as db:
        before, were = everything(db), sessions(db)
    repaired(database, run)
    with transaction(database) as db:
        db.add(Calendar(program_id=term.program_id, audience=Audience.PROGRAM, owner="", changed_at=MIDTERM))
    with reading(database) as db:
        repairs = sessions(db)
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
    with transaction(database) as db:
        calendar = db.scalars(select(Calendar)).one()
        assert calendar.changed_at == LATER
        db.delete(calendar)
        db.flush()
        assert everything(db) == before
        after = sessions(db)
        for key, was in were.items():
            changed = {**repairs[key], "sequence": 0} != {**was, "sequence": 0}
            assert after[key]["sequence"] == was["sequence"] + 2 * changed
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), LATER, "office")  # what stands is the first run again, which it repairs
        assert db.get_one(Run, first.id).undone_at is None


def test_a_session_that_was_added_after_a_repair_and_held_keeps_it_from_being_undone(database: Engine) -> None:
    term, _, run = two_runs(database)
    repaired(database, run)
    with transaction(database) as db:
        before, longer = sessions(db), db.get_one(Term, term.id)
        assert longer.last_on is not None
        longer.last_on += dt.timedelta(days=14)
    produce_sessions(database, lambda: LATER)
    with transaction(database) as db:
        added = next(session for session, one in sessions(db).items() if session not in before and one["group"] == "g-2")
        db.get_one(Session, added).state = State.HELD
    with pytest.raises(WasHeld, match="g-2@2027-06-21T20:00 was held"), transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
    with reading(database) as db:
        assert db.get(Session, added) is not None


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


def meets(key: str, mentor: str, members: str, meetings: str = "Tue 19:00", subject: str = "math") -> Meets:
    one = placed(key, mentor, members, meetings, subject)
    return Meets(id=UUID(int=int(key[2:])), key=key, mentor=mentor, subject=subject, meetings=one.meetings, members=frozenset(one.members))


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        pytest.param(
            [meets("g-1", "m-1", "a b")], [placed("x", "m-1", "a c", "Wed 19:00")], ["g-1 x"], id="one mentor and one member are the same"
        ),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-1", "c d", "Tue 19:00")], ["g-1 x"], id="the mentor and the time are"),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-1", "c d", "Wed 19:00")], ["g-1", "x"], id="only the mentor is"),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-2", "a c", "Wed 19:00")], ["g-1 x"], id="half of the members are"),
        pytest.param([meets("g-1", "m-1", "a b c")], [placed("x", "m-2", "a d", "Tue 19:00")], ["g-1", "x"], id="less than half are"),
        pytest.param(
            [meets("g-1", "m-1", "a b", subject="art")], [placed("x", "m-1", "a b", "Tue 19:00")], ["g-1", "x"], id="the subject differs"
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b")], [placed("x", "m-1", "a b", "Tue 19:00; Wed 19:00")], ["g-1", "x"], id="it meets more often"
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b"), meets("g-2", "m-2", "c d")],
            [placed("x", "m-2", "a b c", "Tue 19:00"), placed("y", "m-1", "c d", "Wed 19:00")],
            ["g-1", "g-2 x", "y"],
            id="a mentor's own group goes before one that is taken over",
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b"), meets("g-2", "m-1", "c d", "Wed 19:00")],
            [placed("x", "m-1", "a c d", "Tue 19:00"), placed("y", "m-1", "b", "Wed 19:00")],
            ["g-1 y", "g-2 x"],
            id="more shared members go before the same time",
        ),
    ],
)
def test_which_groups_go_on(old: list[Meets], new: list[Placed], wanted: list[str]) -> None:
    assert [" ".join(one.key for one in (pair.old, pair.new) if one) for pair in same_groups(old, new)] == wanted


def test_a_repair_holds_whatever_order_groups_come_in() -> None:
    old = [meets(f"g-{number}", f"m-{number % 3}", f"s{number} s{number + 1}") for number in range(1, 9)]
    new = [replace(placed(f"x{number}", f"m-{number % 4}", f"s{number} s{number + 2}", "Tue 19:00")) for number in range(9)]
    assert same_groups(old, new) == same_groups(old[::-1], new[::-1])


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


def test_what_an_undone_repair_puts_back_stays_off_on_days_that_have_closed_since(database: Engine) -> None:
    term, _, run = two_runs(database)
    tuesday, thursday, off = dt.date(2027, 4, 20), dt.date(2027, 4, 22), dt.date(2027, 5, 7)
    at_noon = dt.datetime(2027, 5, 7, 3, tzinfo=dt.UTC)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        close(db, row, off, off, why="Sports", by="office", now=MIDTERM)
        there = session_named(db, row, "g-4@2027-05-04")
        move(db, there, at_noon, by="office", now=MIDTERM, on_day_off=True)
        put_there = there.id
    with reading(database) as db:
        before = sessions(db)
    repaired(database, run)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        close(db, row, tuesday, tuesday, why="Exams", by="office", now=MIDTERM)
        row.last_on = dt.date(2027, 5, 31)
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
    with reading(database) as db:
        after, rows = sessions(db), {one.id: one for one in db.scalars(select(Session))}
        touched = {session: one for session, one in before.items() if one["starts_at"] >= MONDAY and one["group"] != "g-1"}
        whys = {session: rows[session].cancelled_why for session, one in after.items() if one["state"] is State.CANCELLED}
        mine = {session: why for session, why in whys.items() if session in touched}
        days = {session: (one["starts_at"] + dt.timedelta(hours=9)).date() for session, one in before.items()}
        assert mine == {
            session: "Exams" if days[session] == tuesday else "not a day of the term"
            for session in touched
            if days[session] == tuesday or days[session] > dt.date(2027, 5, 31)
        }
        assert sorted(after[session]["group"] for session, why in mine.items() if why == "Exams") == ["g-2", "g-3", "g-4", "g-5"]
        assert all(
            rows[session].cancelled_at == LATER and not after[session]["booked"] for session in mine if after[session]["group"] == "g-2"
        )
        for session, one in touched.items():
            if session not in mine:
                assert {**after[session], "sequence": 0} == {**one, "sequence": 0}
        assert (after[put_there]["state"], after[put_there]["starts_at"]) == (State.PLANNED, at_noon)
        assert thursday in {days[session] for session in touched if session not in mine}


def test_who_was_told_of_a_repair_is_told_that_it_is_undone_and_what_is_theirs_again(database: Engine) -> None:
    term, _, run = two_runs(database)
    with transaction(database) as db:
        some = ["s-03", "s-04", "s-11", "s-12", "s-14"]
        db.execute(update(Person).where(Person.key.in_(some)).values(email="somebody@example.org"))
    repaired(database, run)
    with transaction(database) as db:
        theirs = Message.key.startswith(f"published:{run.id}:")
        told = {db.get_one(Person, one.person_id).key: one for one in db.scalars(select(Message).where(theirs))}
        assert {*some} <= told.keys()
        for key in ("s-03", "s-04", "s-11", "s-12"):
            told[key].sent_at, told[key].due_at = MIDTERM, None
        leave_mentee(db, mentee_named(db, term, "s-04"), dt.date(2027, 4, 18), by="office", now=MIDTERM, reason="moves")
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
    with reading(database) as db:
        after = db.scalars(select(Message).where(Message.written_at == LATER, Message.key.contains(str(run.id)))).all()
        assert sorted((db.get_one(Person, one.person_id).key, one.body["about"]) for one in after) == [
            ("s-03", "put back"),
            ("s-04", "withdrawn"),
            ("s-11", "withdrawn"),
            ("s-12", "withdrawn"),
        ]
        (back,) = (one for one in after if one.body["about"] == "put back")
        said = letter_of(db, back, sender="office@example.org", now=LATER).get_content()
        assert "(Asia/Seoul)" in said
        assert said.count("19:00") == 2


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
