"""A term gets other days by an import: what is planned on days that it loses is cancelled, and on those that it gains there is more."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.groups import Group
from data.outbox import Message
from data.people import Mentee, Request
from data.programs import Term
from data.records import Record, record, record_of
from data.roster import round_of
from data.sessions import Presence, Session, State
from matching.week import read_meetings
from scheduler.changes import cancel, move
from scheduler.circle import day_of
from scheduler.closures import close, reopen
from scheduler.finding import session_named
from scheduler.group_changes import change_times
from scheduler.imports import import_round
from tests.sessions import FIRST_ON, LAST_ON, at, booked, deeds, taught_term, touched

NOW = at("2026-03-16 12:00")
BEFORE = at("2026-02-20 12:00")
WEEK = dt.timedelta(days=7)


def asking_term(database: Engine) -> Term:
    """The term, in which each mentee asks for something."""
    term = taught_term(database)
    with transaction(database) as db:
        db.add_all(Request(mentee_id=mentee, subject="math") for mentee in db.scalars(select(Mentee.id)))
    return term


def imported(
    database: Engine,
    term: Term,
    *,
    first_on: dt.date = FIRST_ON,
    last_on: dt.date = LAST_ON,
    gone: tuple[str, ...] = (),
    now: dt.datetime = NOW,
) -> None:
    """Takes the term's own tables in with other days, without some mentees."""
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        given = round_of(db, row, last_on, on=day_of(row, now))
        program = replace(given.policy.program, term_start=first_on, term_end=last_on)
        stay = tuple(mentee for mentee in given.mentees if mentee.key not in gone)
        given = replace(given, policy=replace(given.policy, program=program), mentees=stay)
        import_round(db, row, given, allow_removals=True, by="office", now=now)


def planned(database: Engine) -> list[str]:
    """The days of planned sessions, by groups."""
    with reading(database) as db:
        rows = db.execute(
            select(Group.key, Session).join(Session).where(Session.state == State.PLANNED).order_by(Group.key, Session.starts_at)
        )
        return [f"{key} {session.starts_at:%m-%d}" for key, session in rows]


def test_what_is_planned_after_a_new_last_day_is_cancelled_and_told(database: Engine) -> None:
    term = asking_term(database)
    before = planned(database)
    imported(database, term, last_on=dt.date(2026, 3, 16))
    gone = [one for one in before if one.split()[1] > "03-16"]
    assert planned(database) == [one for one in before if one not in gone]
    with reading(database) as db:
        off = db.scalars(select(Session).where(Session.state == State.CANCELLED)).all()
        assert {(one.cancelled_why, one.sequence, one.cancelled_at) for one in off} == {("not a day of the term", 1, NOW)}
        assert [booked(db, one) for one in off] == [[]] * len(gone)
        assert deeds(db) == [("tables imported", "term tutoring/spring"), ("sessions cancelled", "term tutoring/spring")]
        assert touched(db) == ["g-1", "g-2", "g-3", "m-1", "m-2", "north", "program", "s-1", "s-2", "s-3", "s-4", "south"]
        told = [(message.address[:3], message.body["about"]) for message in db.scalars(select(Message).order_by(Message.address))]
        assert told == [("m-1", "cancelled"), ("s-1", "cancelled"), ("s-2", "cancelled")], "those of Tuesday, which is near"


def test_what_was_cancelled_so_is_held_after_all_in_a_longer_term_with_more_behind_it(database: Engine) -> None:
    term = asking_term(database)
    before = planned(database)
    imported(database, term, last_on=dt.date(2026, 3, 17))
    with transaction(database) as db:
        group = db.scalars(select(Group).where(Group.key == "g-2")).one()
        change_times(db, group, read_meetings("Wed 20:00"), dt.date(2026, 3, 17), by="office", now=NOW)
    imported(database, term, last_on=LAST_ON + WEEK, now=NOW + dt.timedelta(hours=1))
    assert planned(database) == sorted([*before, "g-1 03-31", "g-1 04-02", "g-2 04-01", "g-3 03-30"])
    with reading(database) as db:
        assert session_named(db, term, "g-2@2026-03-25").starts_at == at("2026-03-25 20:00"), "at the time that holds then"
        assert booked(db, session_named(db, term, "g-2@2026-04-01")) == ["m-2", "s-2", "s-3"]


def test_what_is_planned_before_a_new_first_day_is_cancelled_and_held_after_all_when_it_is_the_old_one_again(database: Engine) -> None:
    term = asking_term(database)
    before = planned(database)
    imported(database, term, first_on=FIRST_ON + WEEK, now=BEFORE)
    assert planned(database) == [one for one in before if one.split()[1] >= "03-09"]
    imported(database, term, first_on=FIRST_ON, now=BEFORE)
    assert planned(database) == before


def test_groups_that_begin_with_the_term_do_so_when_it_begins_earlier(database: Engine) -> None:
    term = asking_term(database)
    before = planned(database)
    imported(database, term, first_on=FIRST_ON - WEEK, now=BEFORE)
    assert planned(database) == sorted([*before, "g-1 02-24", "g-1 02-26", "g-2 02-25", "g-3 02-23"])
    with reading(database) as db:
        assert booked(db, session_named(db, term, "g-1@2026-02-24")) == ["m-1", "s-1", "s-2"]


@pytest.mark.parametrize("other", ["moved there on purpose", "cancelled before", "closed before"])
def test_what_stands_otherwise_than_by_the_week_stays_so(database: Engine, other: str) -> None:
    term = asking_term(database)
    with transaction(database) as db:
        row, one = db.get_one(Term, term.id), session_named(db, term, "g-3@2026-03-23")
        if other == "moved there on purpose":
            move(db, one, at("2026-04-03 19:00"), by="office", now=NOW)
        elif other == "cancelled before":
            cancel(db, one, by="office", now=NOW, reason="ill")
        else:
            close(db, row, dt.date(2026, 3, 23), dt.date(2026, 3, 23), why="Exams", by="office", now=NOW)
    imported(database, term, last_on=dt.date(2026, 3, 22))
    if other == "closed before":
        with transaction(database) as db:
            assert reopen(db, db.get_one(Term, term.id), dt.date(2026, 3, 23), by="office", now=NOW) == []
    imported(database, term, now=NOW + dt.timedelta(hours=1))
    with reading(database) as db:
        found = db.get_one(Session, one.id)
        stays = {"moved there on purpose": ("planned", ""), "cancelled before": ("cancelled", "ill"), "closed before": ("planned", "")}
        assert (found.state, found.cancelled_why) == stays[other]


def test_an_import_that_leaves_the_days_alone_changes_no_session(database: Engine) -> None:
    term = asking_term(database)
    before = planned(database)
    imported(database, term)
    assert planned(database) == before
    with reading(database) as db:
        assert {one.sequence for one in db.scalars(select(Session))} == {0}


def test_the_record_of_a_session_of_today_is_of_all_who_were_members_also_of_who_is_gone_since(database: Engine) -> None:
    term = asking_term(database)
    imported(database, term, gone=("s-2",), now=at("2026-03-17 20:30"))
    said = Record(attendance={"s-1": Presence.PRESENT, "s-2": Presence.LATE}, minutes=60)
    with transaction(database) as db:
        one = session_named(db, term, "g-1@2026-03-17")
        record(db, one, said, by="m-1", now=at("2026-03-17 21:00"))
        assert record_of(db, one) == said
        assert booked(db, one) == ["m-1", "s-1", "s-2"]
        assert booked(db, session_named(db, term, "g-2@2026-03-18")) == ["m-2", "s-3"]
        left = db.scalars(select(Mentee).where(Mentee.key == "s-2")).one()
        assert (left.left_on, left.left_why) == (dt.date(2026, 3, 18), "not in the import")


def test_who_is_gone_before_a_session_of_today_is_not_of_its_record(database: Engine) -> None:
    term = asking_term(database)
    imported(database, term, gone=("s-2",), now=at("2026-03-17 18:30"))
    with transaction(database) as db:
        one = session_named(db, term, "g-1@2026-03-17")
        record(db, one, Record(attendance={"s-1": Presence.PRESENT}, minutes=60), by="m-1", now=at("2026-03-17 21:00"))
        assert db.scalars(select(Mentee.left_on).where(Mentee.key == "s-2")).one() == dt.date(2026, 3, 17)
