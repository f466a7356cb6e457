"""A solved run becomes groups, sessions and bookings, all at once or not at all; and is taken back without a trace."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import icalendar
import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.bookings import Clash, take
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.groups import Group, Membership
from data.outbox import Message
from data.people import Mentee, Mentor, Person
from data.programs import Closure, Program, Term
from data.rounds import Run
from data.sessions import Booking, Series, Session, State
from data.tables import METADATA
from scheduler.changes import cancel, move
from scheduler.letters import NotToBeSent, letter_of
from scheduler.publish import AnotherStands, PublishedAlready, publish
from scheduler.refusals import OutsideTheTerm
from scheduler.results import DoesNotFit
from scheduler.term import DAY, Dated, meetings_on
from scheduler.term_days import days_of
from scheduler.undo import NotStanding, WasHeld, undo
from tests.solved import demo_result, done_run
from tests.taught import a_group, a_session
from tests.terms import demo_term

NOW = dt.datetime(2027, 2, 20, 5, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def solved(database: Engine) -> tuple[Term, Run]:
    """The demo's term, with Korea's holidays and a week of exams, and a run that is done."""
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        row.country = "KR"
        db.add(Closure(term_id=term.id, first_on=dt.date(2027, 4, 19), last_on=dt.date(2027, 4, 23), name="중간고사"))
        db.get_one(Program, term.program_id).settings = {"link": "https://meet.example.org/{group}"}
        run = done_run(db, row)
    return row, run


def published(database: Engine) -> tuple[Term, Run]:
    """The same, published."""
    term, run = solved(database)
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), NOW, "office")
    return term, run


def everything(db: DbSession) -> dict[str, list[Any]]:
    """All rows of all tables but the audit and its events, without what tells that a run was published once."""
    passing = {"published_at", "undone_at", "undo"}
    found: dict[str, list[Any]] = {}
    for table in METADATA.sorted_tables:
        if table.name not in {"deed", "event"}:
            columns = [column for column in table.columns if column.name not in passing]
            found[table.name] = sorted(map(repr, db.execute(select(*columns))))
    return found


def test_a_result_becomes_groups_with_members_and_series(database: Engine) -> None:
    published(database)
    with reading(database) as db:
        mentors = dict(db.execute(select(Mentor.id, Mentor.key)).all())
        mentees = dict(db.execute(select(Mentee.id, Mentee.key)).all())
        for wanted in demo_result().groups:
            group = db.scalars(select(Group).where(Group.key == wanted.key)).one()
            assert (mentors[group.mentor_id], group.subject) == (wanted.mentor, wanted.subject)
            assert group.link == ""  # it meets where the settings say, as long as they say so
            members = db.scalars(select(Membership).where(Membership.group_id == group.id)).all()
            assert sorted(mentees[one.mentee_id] for one in members) == list(wanted.members)
            series = db.scalars(select(Series).where(Series.group_id == group.id)).one()
            assert (tuple(series.meetings), series.session_minutes, series.from_on) == (wanted.meetings, 60, dt.date(2027, 3, 2))
        assert db.scalar(select(func.count()).select_from(Group)) == len(demo_result().groups)


def test_the_sessions_are_those_that_the_terms_days_say_and_each_takes_the_time_of_all_its_people(database: Engine) -> None:
    term, _ = published(database)
    with reading(database) as db:
        days = days_of(db, db.get_one(Term, term.id))
        members = Counter(db.scalars(select(Membership.group_id)))
        bookings = Counter(db.scalars(select(Booking.session_id)))
        for series in db.scalars(select(Series)):
            mentor = db.get_one(Mentor, db.get_one(Group, series.group_id).mentor_id)
            first, last = mentor.available_from or days.first_on, mentor.available_until or dt.date.max
            wanted = [one for one in meetings_on(days, tuple(series.meetings), 60, first, last) if isinstance(one, Dated)]
            found = db.scalars(select(Session).where(Session.series_id == series.id).order_by(Session.starts_at)).all()
            assert [(one.starts_at, one.ends_at) for one in found] == [(one.starts_at, one.ends_at) for one in wanted]
            assert all(bookings[one.id] == 1 + members[series.group_id] for one in found)
            assert all(one.original_start == one.starts_at and one.mentor_id == mentor.id for one in found)
        starts = db.scalars(select(Session.starts_at)).all()
        held_on = {(at + dt.timedelta(hours=9)).date() for at in starts}
        assert held_on.isdisjoint({dt.date(2027, 5, 5), dt.date(2027, 4, 20), dt.date(2027, 4, 22)})
        assert len(starts) > 400


def test_what_would_hold_from_after_the_term_is_refused_and_changes_nothing(database: Engine) -> None:
    term, run = solved(database)
    with transaction(database) as db:
        db.get_one(Term, term.id).last_on = last_on = dt.date(2027, 6, 18)
    with reading(database) as db:
        before = everything(db)
    for now, from_on in ((NOW, last_on + DAY), (dt.datetime(2027, 6, 19, 5, tzinfo=dt.UTC), None)):
        with transaction(database) as db, pytest.raises(OutsideTheTerm, match="2027-06-19: lies outside the term"):
            publish(db, db.get_one(Run, run.id), now, "office", from_on=from_on)
    with reading(database) as db:
        assert everything(db) == before


def test_nobody_is_in_two_sessions_at_once(database: Engine) -> None:
    published(database)
    with reading(database) as db:
        rows = db.execute(
            select(Booking.person_id, Booking.starts_at, Booking.ends_at).order_by(Booking.person_id, Booking.starts_at)
        ).all()
    assert len(rows) > 400
    for (person, _, ends_at), (other, starts_at, _) in pairwise(rows):
        assert person != other or ends_at <= starts_at


def test_all_concerned_are_told_once_and_the_audit_has_one_row(database: Engine) -> None:
    _, run = published(database)
    with reading(database) as db:
        placed = {group.mentor for group in demo_result().groups} | {one for group in demo_result().groups for one in group.members}
        reachable = set(db.scalars(select(Person.key).where(Person.key.in_(placed), Person.email != "")))
        messages = db.scalars(select(Message)).all()
        assert {db.get_one(Person, one.person_id).key for one in messages} == reachable
        assert len(messages) == len(reachable) > 10
        assert all(one.body["about"] == "published" and one.body["groups"] for one in messages)
        deed = db.scalars(select(Deed).where(Deed.what == "published")).one()
        assert (deed.by, deed.whom) == ("office", "run 1.1")
        assert db.get_one(Run, run.id).published_at == NOW


def test_a_run_is_published_once_and_one_of_a_term_at_a_time(database: Engine) -> None:
    term, run = published(database)
    with pytest.raises(PublishedAlready, match=r"run rural/2026-spring:1\.1 is published already"), transaction(database) as db:
        publish(db, db.get_one(Run, run.id), LATER, "office")
    with (
        pytest.raises(AnotherStands, match=r"run rural/2026-spring:1\.1 is published; undo it, or solve a repair of it"),
        transaction(database) as db,
    ):
        publish(db, done_run(db, db.get_one(Term, term.id)), LATER, "office")


def test_who_has_left_meanwhile_is_told_and_nothing_is_published(database: Engine) -> None:
    _, run = solved(database)
    group = demo_result().groups[0]
    with transaction(database) as db:
        db.scalars(select(Mentor).where(Mentor.key == group.mentor)).one().left_on = dt.date(2027, 2, 19)
        db.scalars(select(Mentee).where(Mentee.key == group.members[0])).one().key = "s-other"
    with pytest.raises(DoesNotFit) as told, transaction(database) as db:
        publish(db, db.get_one(Run, run.id), NOW, "office")
    lines = str(told.value).splitlines()
    mend = "close a new round with --from 2027-03-02, and solve it"
    assert f"group {group.key}: mentor {group.mentor} has left on 2027-02-19; {mend}" in lines
    assert f"group {group.key}: there is no mentee {group.members[0]} in the term; {mend}" in lines
    with reading(database) as db:
        assert db.scalars(select(Group)).all() == []


def test_a_clash_with_what_somebody_does_elsewhere_is_named_and_nothing_is_published(database: Engine) -> None:
    term, run = solved(database)
    one = demo_result().groups[0]
    with transaction(database) as db:
        days = days_of(db, db.get_one(Term, term.id))
        first = next(at for at in meetings_on(days, one.meetings, 60, days.first_on, dt.date.max) if isinstance(at, Dated))
        elsewhere = a_group(db, term, "elsewhere", mentor=one.mentor, members=(one.members[0],), meetings="Sun 03:00")
        take(db, [a_session(db, elsewhere, first.starts_at).id])
        before = everything(db)
    with pytest.raises(Clash, match="is in a session of group elsewhere on 2027-03-0"), transaction(database) as db:
        publish(db, db.get_one(Run, run.id), NOW, "office")
    with reading(database) as db:
        assert everything(db) == before


def test_nothing_is_left_of_a_publishing_that_ends_halfway(database: Engine) -> None:
    _, run = solved(database)
    with reading(database) as db:
        before = everything(db)

    def end_halfway() -> None:
        with transaction(database) as db:
            publish(db, db.get_one(Run, run.id), NOW, "office")
            assert db.scalars(select(Booking).limit(1)).all()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        end_halfway()
    with reading(database) as db:
        assert everything(db) == before
        assert db.scalars(select(Deed).where(Deed.what == "published")).all() == []


def test_an_open_ended_term_is_produced_as_far_as_the_settings_say(database: Engine) -> None:
    term, run = solved(database)
    with transaction(database) as db:
        db.get_one(Term, term.id).last_on = None
        db.get_one(Program, term.program_id).settings = {"horizon_days": 30}
        publish(db, db.get_one(Run, run.id), NOW, "office")
    with reading(database) as db:
        away = {mentor.id for mentor in db.scalars(select(Mentor)) if mentor.available_from and mentor.available_from > term.first_on}
        reached = db.execute(select(Group.mentor_id, Series.produced_until).join(Group, Series.group_id == Group.id))
        assert {until for mentor, until in reached if mentor not in away} == {dt.date(2027, 3, 22)}
        latest = max(db.scalars(select(Session.starts_at)))
        assert dt.datetime(2027, 3, 20, tzinfo=dt.UTC) < latest < dt.datetime(2027, 3, 22, 15, tzinfo=dt.UTC)


def test_an_undone_publishing_leaves_what_was_there_before(database: Engine) -> None:
    term, run = solved(database)
    with transaction(database) as db:
        other = a_group(db, term, "elsewhere", mentor="m-24", members=(), meetings="Sun 03:00")
        take(db, [a_session(db, other, NOW + dt.timedelta(days=30)).id])
        before = everything(db)
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), NOW, "office")
    with transaction(database) as db:
        gone = undo(db, db.get_one(Run, run.id), LATER, "office")
    assert gone.groups == len(demo_result().groups)
    with reading(database) as db:
        assert everything(db) == before
        assert db.get_one(Run, run.id).undone_at == LATER
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), LATER, "office")  # and may be published again


def test_calendars_are_told_that_sessions_came_and_went(database: Engine) -> None:
    term, run = solved(database)
    with transaction(database) as db:
        mentor = db.scalars(select(Person.id).where(Person.key == demo_result().groups[0].mentor)).one()
        for audience, owner in ((Audience.MENTOR, str(mentor)), (Audience.PROGRAM, "")):
            db.add(Calendar(program_id=term.program_id, audience=audience, owner=owner, changed_at=NOW - dt.timedelta(days=1)))
    for step, at in ((publish, NOW), (undo, LATER)):
        with transaction(database) as db:
            step(db, db.get_one(Run, run.id), at, "office")
        with reading(database) as db:
            assert set(db.scalars(select(Calendar.changed_at))) == {at}


def test_who_was_told_of_it_is_told_that_it_is_undone(database: Engine) -> None:
    _, run = published(database)
    with transaction(database) as db:
        first, *_ = db.scalars(select(Message).order_by(Message.key)).all()
        first.sent_at, first.due_at = NOW, None
        told = first.person_id
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
    with reading(database) as db:
        assert [(one.body["about"], one.person_id) for one in db.scalars(select(Message).order_by(Message.written_at))] == [
            ("published", told),
            ("withdrawn", told),
        ]


def test_undoing_tells_of_changes_that_go_with_it(database: Engine) -> None:
    _, run = published(database)
    with transaction(database) as db:
        cancel(db, db.scalars(select(Session).order_by(Session.starts_at).limit(1)).one(), by="office", now=LATER, reason="ill")
    with transaction(database) as db:
        gone = undo(db, db.get_one(Run, run.id), LATER, "office")
    assert (gone.changed, gone.back) == (1, 0)


def test_who_was_invited_by_mail_strikes_it_out_when_it_is_undone_and_is_not_told_so_once_it_is_there_again(database: Engine) -> None:
    _, run = published(database)
    near = dt.datetime(2027, 3, 2, 1, tzinfo=dt.UTC)
    with transaction(database) as db:
        moved, off, *_ = db.scalars(select(Session).order_by(Session.starts_at, Session.id)).all()
        move(db, moved, moved.starts_at + dt.timedelta(minutes=5), by="office", now=near)
        cancel(db, off, by="office", now=near, reason="ill")
        db.execute(update(Message).where(Message.body["about"].as_string() != "published").values(sent_at=near, due_at=None))
        mailed = select(Booking.person_id).join(Person, Person.id == Booking.person_id).where(Person.email != "")
        invited = set(db.scalars(mailed.where(Booking.session_id == moved.id)))
        assert invited
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), near, "office")
    with transaction(database) as db:
        said = db.scalars(select(Message).where(Message.sent_at.is_(None), Message.channel == "mail")).all()
        assert {(one.body["about"], one.body["session"]) for one in said} == {("cancelled", str(moved.id))}
        assert {one.person_id for one in said} == invited
        [event] = icalendar.Calendar.from_ical(_calendar_of(letter_of(db, said[0], sender="office@example.org", now=near))).events
        assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (f"{moved.id}@dure", moved.sequence + 1, "CANCELLED")
        assert (event.start, event["ATTENDEE"]) == (moved.starts_at, f"mailto:{said[0].address}")
        publish(db, db.get_one(Run, run.id), near, "office", from_on=dt.date(2027, 3, 2))
        assert db.get_one(Session, moved.id).sequence == moved.sequence + 2
        with pytest.raises(NotToBeSent, match="the session is there again"):
            letter_of(db, said[0], sender="office@example.org", now=near)


def _calendar_of(mail: EmailMessage) -> bytes:
    """What it carries for a calendar, which strikes something out."""
    [part] = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "CANCEL"
    return bytes(part.get_payload(decode=True))


def test_what_was_held_is_not_undone(database: Engine) -> None:
    _, run = published(database)
    with transaction(database) as db:
        session = db.scalars(select(Session).order_by(Session.starts_at).limit(1)).one()
        session.state = State.HELD
    with (
        pytest.raises(WasHeld, match=r"run rural/2026-spring:1\.1 cannot be undone: g-\d+@2027-03-0\dT\d\d:\d\d was held"),
        transaction(database) as db,
    ):
        undo(db, db.get_one(Run, run.id), LATER, "office")


def test_only_what_stands_is_undone(database: Engine) -> None:
    _, run = solved(database)
    with pytest.raises(NotStanding, match=r"run rural/2026-spring:1\.1 is not published; nothing is"), transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
