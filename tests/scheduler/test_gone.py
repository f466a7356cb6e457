"""What was published, undone and published again is the same to calendars: the same UIDs, with sequences that only rise."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session as DbSession

from data.database import reading, transaction
from data.feeds import Audience, Calendar, Subscription, calendar_of, subscribe
from data.groups import Group
from data.programs import Closure, Term
from data.rounds import Run
from data.sessions import Session, State
from data.settings import Language
from scheduler.calendars import shown
from scheduler.changes import cancel, move
from scheduler.feed import rendered
from scheduler.finding import session_named
from scheduler.publish import publish
from scheduler.undo import undo
from tests.scheduler.feed_checker import faults
from tests.scheduler.repairs import FIRST, LATER, MIDTERM, NOW, SECOND, placed, repaired, result, two_runs
from tests.solved import done_run
from tests.terms import demo_term

HOUR = dt.timedelta(hours=1)


def uids(db: DbSession) -> dict[UUID, tuple[str, dt.datetime, int, State]]:
    """All sessions by id: their group, when they are, their sequence and state."""
    rows = db.execute(select(Session, Group.key).join(Group, Group.id == Session.group_id))
    return {one.id: (key, one.starts_at, one.sequence, one.state) for one, key in rows}


def feed_of(db: DbSession, subscription: Subscription, now: dt.datetime) -> bytes:
    row = db.get_one(Subscription, subscription.id)
    return rendered(shown(db, row, db.get_one(Calendar, row.calendar_id), now).feed)


def test_a_result_that_is_published_again_revives_its_sessions_in_feeds(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        run = done_run(db, db.get_one(Term, term.id), result(*FIRST[:2]))
        publish(db, run, NOW, "office")
        group = db.scalars(select(Group).where(Group.key == "g-1")).one()
        calendar = calendar_of(db, term.program_id, Audience.GROUP, str(group.id), NOW)
        phone, _ = subscribe(db, calendar, name="phone", language=Language.EN, alarms=(), days_back=60, by="office", now=NOW)
    with transaction(database) as db:
        move(db, session_named(db, term, "g-1@2027-03-04"), dt.datetime(2027, 3, 5, 9, tzinfo=dt.UTC), by="office", now=NOW)
        cancel(db, session_named(db, term, "g-1@2027-03-09"), by="office", now=NOW, reason="ill")
    with reading(database) as db:
        before, were = feed_of(db, phone, NOW), uids(db)
    for times in (1, 2):
        with transaction(database) as db:
            undo(db, db.get_one(Run, run.id), NOW + times * HOUR, "office")
            assert feed_of(db, phone, NOW).count(b"BEGIN:VEVENT") == 0
        with transaction(database) as db:  # another run with the same groups is as good
            run = run if times == 1 else done_run(db, db.get_one(Term, term.id), result(*FIRST[:2]))
            publish(db, db.get_one(Run, run.id), NOW + times * HOUR, "office")
        with reading(database) as db:
            again, are = feed_of(db, phone, NOW), uids(db)
        assert faults(again) == []
        assert sorted(re.findall(b"UID:.*", again)) == sorted(re.findall(b"UID:.*", before))
        assert b"CANCELLED" in before
        assert b"CANCELLED" not in again
        assert are.keys() == were.keys()
        for session, (key, _, sequence, state) in are.items():
            assert (key, sequence, state) == (were[session][0], were[session][2] + 2 * times, State.PLANNED)


def test_of_another_result_those_groups_come_again_that_a_repair_would_go_on_with(database: Engine) -> None:
    other = (
        FIRST[0],  # as it was
        placed("g-2", "m-02", "s-03 s-15", "Tue 19:00; Fri 19:00"),  # at one other time, with another member
        placed("g-3", "m-09", "s-16 s-17", "Tue 19:00; Thu 19:00"),  # others altogether
    )
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        run = done_run(db, row, result(*FIRST[:3]))
        publish(db, run, NOW, "office")
        were, groups = uids(db), dict(db.execute(select(Group.key, Group.id)).all())
        undo(db, run, NOW + HOUR, "office")
        publish(db, done_run(db, row, result(*other)), NOW + 2 * HOUR, "office")
    with reading(database) as db:
        are, now = uids(db), dict(db.execute(select(Group.key, Group.id)).all())
        assert [now[key] == groups[key] for key in ("g-1", "g-2", "g-3")] == [True, True, False]
        stay = {session: one for session, one in are.items() if session in were}
        assert {key for key, _, _, _ in stay.values()} == {"g-1", "g-2"}
        assert all(were[session][:2] == one[:2] and one[2] == 2 for session, one in stay.items())
        of_second = [one for one in are.items() if one[1][0] == "g-2"]
        assert {session in were for session, one in of_second if one[1].weekday() == 1} == {True}
        assert {session in were for session, one in of_second if one[1].weekday() == 4} == {False}


def test_a_repair_that_is_undone_and_published_again_brings_the_same_sessions(database: Engine) -> None:
    term, _, run = two_runs(database, FIRST[1:4:2], SECOND[1:4:2])
    with transaction(database) as db:  # g-2 moves from here to the Monday before, which is not off
        db.add(Closure(term_id=term.id, first_on=dt.date(2027, 6, 15), last_on=dt.date(2027, 6, 15), name="fair"))
        off = session_named(db, term, "g-2@2027-06-15")
        db.delete(off)
    repaired(database, run)
    with reading(database) as db:
        before = uids(db)
        assert any(key == "g-2" and at == dt.datetime(2027, 6, 14, 11, tzinfo=dt.UTC) for key, at, _, _ in before.values())
    with transaction(database) as db:
        undo(db, db.get_one(Run, run.id), LATER, "office")
        assert len(uids(db)) < len(before)
    with transaction(database) as db:
        publish(db, db.get_one(Run, run.id), MIDTERM, "office")
    with reading(database) as db:
        after = uids(db)
        assert db.scalar(select(func.count()).select_from(Group).where(Group.key == "g-5")) == 1
    assert after.keys() == before.keys()
    for session, (key, at, sequence, state) in after.items():
        assert (key, at, state) == (before[session][0], before[session][1], before[session][3])
        assert sequence >= before[session][2]
    assert {sequence for key, _, sequence, _ in after.values() if key == "g-5"} == {2}
