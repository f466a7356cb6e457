"""A repair that is undone puts back what was before it, but for what has changed since."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select, update

from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.outbox import Message
from data.people import Person
from data.programs import Term
from data.rounds import Run
from data.sessions import Session, State
from scheduler.changes import move
from scheduler.closures import close
from scheduler.finding import mentee_named, session_named
from scheduler.jobs import produce_sessions
from scheduler.leavers import leave_mentee
from scheduler.letters import letter_of
from scheduler.publish import publish
from scheduler.undo import WasHeld, undo
from tests.scheduler.repairs import (
    LATER,
    MIDTERM,
    MONDAY,
    everything,
    repaired,
    sessions,
    two_runs,
)


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
