"""Jobs that run twice, late, by two at once or never, each with what becomes of it."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from functools import partial

import pytest
from sqlalchemy import Engine, func, select

from data.database import reading, transaction
from data.feeds import Audience, calendar_of, look_up, revoke, subscribe
from data.groups import Group, Membership
from data.outbox import Message, Notice, mark_sent, write
from data.people import Mentee
from data.programs import Program, Term
from data.retention import PERIODS, Kept
from data.sessions import Booking, Session
from data.settings import Language
from data.ticks import last_tick
from scheduler.hooks import Signer
from scheduler.jobs import (
    HEARTBEAT,
    KEPT_FOR,
    Post,
    beat,
    forget_messages,
    jobs,
    produce_sessions,
)
from scheduler.mail import MailServer
from scheduler.retention import forget_links, forget_results
from tests.scheduler.lessons import HOUR, MONDAY, lessons
from tests.solved import SOLVED_AT, done_run
from tests.terms import demo_term

NOW = MONDAY - 10 * HOUR
DAY = dt.timedelta(days=1)
LINKS, FILES = (PERIODS[kept].days * DAY for kept in (Kept.LINKS, Kept.RESULTS))
WEEK = 7 * DAY


def test_an_open_ended_term_has_sessions_up_to_the_horizon_and_a_day_later_those_of_a_day_more(database: Engine) -> None:
    _groups(database, 1)
    assert produce_sessions(database, lambda: NOW) == 9
    assert produce_sessions(database, lambda: NOW) == 0
    assert produce_sessions(database, lambda: NOW + DAY) == 0
    assert produce_sessions(database, lambda: NOW + WEEK) == 1
    assert _starts(database) == [MONDAY + n * WEEK for n in range(10)]


def test_what_has_begun_before_a_late_job_is_not_produced(database: Engine) -> None:
    _groups(database, 1)
    produce_sessions(database, lambda: NOW + 3 * WEEK)
    assert _starts(database)[0] == MONDAY + 3 * WEEK


def test_a_clock_that_was_set_on_and_back_leaves_no_gap_and_no_double(database: Engine) -> None:
    _groups(database, 1)
    for now in (NOW, NOW + 2 * WEEK, NOW, NOW + WEEK):
        produce_sessions(database, lambda now=now: now)  # type: ignore[misc]  # the moment of this turn
    assert _starts(database) == [MONDAY + n * WEEK for n in range(11)]


def test_a_term_that_is_over_and_a_group_that_has_ended_get_no_more(database: Engine) -> None:
    _groups(database, 2)
    with transaction(database) as db:
        db.scalars(select(Group).where(Group.key == "g-000")).one().until_on = MONDAY.date()
    assert produce_sessions(database, lambda: NOW) == 9
    with transaction(database) as db:
        db.scalars(select(Term)).one().last_on = MONDAY.date() - DAY
    assert produce_sessions(database, lambda: NOW + WEEK) == 0


def test_two_that_tick_at_once_make_each_of_1000_sessions_once(database: Engine) -> None:
    twice(database, 100, 10)


@pytest.mark.long
def test_two_that_tick_at_once_make_each_of_10000_sessions_once(database: Engine) -> None:
    twice(database, 500, 20)


def twice(database: Engine, groups: int, weeks: int) -> None:
    """Two leaders produce the sessions of an open-ended term for the same moments at once, a week after the other."""
    _groups(database, groups)
    start, made, failed = threading.Barrier(2), [0, 0], []

    def lead(which: int) -> None:
        for week in range(weeks - 8):
            start.wait(200)
            try:
                made[which] += produce_sessions(database, lambda: NOW + week * WEEK)  # noqa: B023  it is called at once
            except Exception as error:  # noqa: BLE001  whatever it is, the test tells it
                failed.append(error)

    threads = [threading.Thread(target=lead, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(database) as db:
        found = Counter(db.execute(select(Session.series_id, Session.original_start)).all())
        bookings = db.scalar(select(func.count()).select_from(Booking))
    print(f"{database.dialect.name}: {len(found)} sessions, by one leader {made[0]}, by the other {made[1]}")  # noqa: T201
    assert failed == []
    assert sum(made) == len(found) == groups * weeks
    assert bookings == 2 * groups * weeks


def test_others_see_when_the_ticker_has_ticked(database: Engine) -> None:
    for at in (NOW, NOW + HOUR, NOW - HOUR):
        beat(database, lambda at=at: at)  # type: ignore[misc]  # the moment of this turn
        with reading(database) as db:
            assert last_tick(db, HEARTBEAT) == at


def test_messages_are_forgotten_three_months_after_they_were_sent(database: Engine) -> None:
    with transaction(database) as db:
        write(db, [Notice(key=key, address="a@b.example", body={}) for key in ("sent", "waits")], now=NOW)
        sent = db.scalars(select(Message).where(Message.key == "sent")).one()
        mark_sent(db, sent, now=NOW)
    assert forget_messages(database, lambda: NOW + KEPT_FOR) == 0
    assert forget_messages(database, lambda: NOW + KEPT_FOR + HOUR) == 1
    with reading(database) as db:
        assert db.scalars(select(Message.key)).all() == ["waits"]


def test_a_link_is_told_to_be_gone_for_a_year_after_it_was_revoked(database: Engine) -> None:
    lessons(database, [MONDAY])
    with transaction(database) as db:
        calendar = calendar_of(db, db.scalars(select(Program.id)).one(), Audience.PROGRAM, "", NOW)
        subscribing = partial(subscribe, db, calendar, language=Language.EN, alarms=(), days_back=60, by="office", now=NOW)
        (phone, token), (_, other) = (subscribing(name=name) for name in ("my phone", "my desk"))
        revoke(db, str(phone.id), by="office", now=NOW)
    assert forget_links(database, lambda: NOW + LINKS) == 0
    with reading(database) as db:
        gone = look_up(db, token)
        assert gone is not None
        assert gone.revoked_at == NOW
    assert forget_links(database, lambda: NOW + LINKS + HOUR) == 1
    with reading(database) as db:
        assert look_up(db, token) is None
        assert look_up(db, other) is not None


def test_results_are_forgotten_a_year_after_they_were_solved(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        done_run(db, db.get_one(Term, term.id))
    assert forget_results(database, lambda: SOLVED_AT + FILES) == 0
    assert forget_results(database, lambda: SOLVED_AT + FILES + HOUR) == 1


def test_only_what_has_a_way_out_is_delivered() -> None:
    server = MailServer(host="host", port=25, sender="a@b.example")
    alone = {job.name for job in jobs(Post())}
    assert {job.name for job in jobs(Post(server, Signer("whsec_")))} - alone == {"deliver mail", "deliver webhooks"}


def _groups(database: Engine, number: int) -> None:
    """Groups that meet on Mondays at 19:00, with nothing produced yet."""
    lessons(database, [MONDAY] * number)
    with transaction(database) as db:
        for table in (Booking, Session):
            db.query(table).delete()
        mentees = {mentee.key[1:]: mentee.id for mentee in db.scalars(select(Mentee))}
        for group in db.scalars(select(Group)):
            db.add(Membership(group_id=group.id, mentee_id=mentees[group.key[1:]], from_on=group.from_on))


def _starts(database: Engine) -> list[dt.datetime]:
    with reading(database) as db:
        return list(db.scalars(select(Session.starts_at).order_by(Session.starts_at)))
