"""Webhooks are told once of a run that is published, repaired or undone; and people by mail of sessions that come into being near by."""

from __future__ import annotations

import datetime as dt
import json

from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.outbox import Channel, Message
from data.people import Person
from data.programs import Program, Term
from data.rounds import Run
from data.webhooks import make_webhook
from scheduler.closures import close, reopen
from scheduler.deliveries import deliver_hooks
from scheduler.hooks import Signer
from scheduler.publish import publish
from scheduler.undo import undo
from tests.scheduler.test_hooks import SECRET, Receiver
from tests.sessions import at, taught_term
from tests.solved import demo_result, done_run
from tests.terms import demo_term

NOW = dt.datetime(2027, 2, 20, 5, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def test_a_webhook_hears_once_that_a_run_is_published_and_once_that_it_is_undone(database: Engine) -> None:
    receiver = Receiver()
    with receiver.up() as address:
        term = demo_term(database)
        with transaction(database) as db:
            program = db.get_one(Program, term.program_id)
            make_webhook(db, program, address, ["run.published", "run.withdrawn"], SECRET, by="test", now=NOW)
            run = done_run(db, db.get_one(Term, term.id))
        with transaction(database) as db:
            publish(db, db.get_one(Run, run.id), NOW, "office")
        with transaction(database) as db:
            undo(db, db.get_one(Run, run.id), LATER, "office")
        deliver_hooks(database, lambda: LATER, Signer(SECRET, private=True))
    told = [json.loads(body) for _, body in receiver.told]
    keys = {"term": str(term.id), "run": str(run.id)}
    assert [(one["type"], {name: one["data"][name] for name in keys}) for one in told] == [("run.published", keys), ("run.withdrawn", keys)]


def test_what_a_day_that_opens_again_brings_within_two_days_is_told_by_mail(database: Engine) -> None:
    monday = dt.date(2026, 3, 9)
    term = taught_term(database, closed=[monday])
    with transaction(database) as db:
        for person in db.scalars(select(Person)):
            person.email = f"{person.key}@example.org"
    with transaction(database) as db:
        (session,) = reopen(db, db.get_one(Term, term.id), monday, by="manager", now=at("2026-03-08 12:00"))
    with reading(database) as db:
        mails = db.scalars(select(Message).where(Message.channel == Channel.MAIL)).all()
        assert {(mail.address, mail.body["about"], mail.body["session"]) for mail in mails} == {
            (f"{key}@example.org", "added", str(session.id)) for key in ("m-1", "s-4")
        }


def test_what_it_brings_later_is_seen_in_calendars_alone(database: Engine) -> None:
    monday = dt.date(2026, 3, 23)
    term = taught_term(database, closed=[monday])
    with transaction(database) as db:
        for person in db.scalars(select(Person)):
            person.email = f"{person.key}@example.org"
        assert len(reopen(db, db.get_one(Term, term.id), monday, by="manager", now=at("2026-03-08 12:00"))) == 1
    with reading(database) as db:
        assert not db.scalars(select(Message)).all()


def test_the_audit_has_one_row_of_days_that_open(database: Engine) -> None:
    monday = dt.date(2026, 3, 9)
    term = taught_term(database)
    with transaction(database) as db:
        close(db, db.get_one(Term, term.id), monday, monday, why="Exams", by="manager", now=at("2026-03-05 12:00"))
    with transaction(database) as db:
        reopen(db, db.get_one(Term, term.id), monday, by="manager", now=at("2026-03-05 13:00"))
    with reading(database) as db:
        (deed,) = db.scalars(select(Deed).where(Deed.at == at("2026-03-05 13:00")))
    assert (deed.what, deed.reason) == ("days opened", "Exams")
    assert deed.details == {"from": "2026-03-09", "to": "2026-03-09", "school": "", "sessions": 1}


def test_meetings_of_today_that_had_begun_when_a_run_is_published_are_counted(database: Engine) -> None:
    demo_term(database)
    with transaction(database) as db:
        term = db.scalars(select(Term)).one()
        run = done_run(db, term)
        first = min(meeting for group in demo_result().groups for meeting in group.meetings)
        day = term.first_on + dt.timedelta(days=(first // 1440 - term.first_on.weekday()) % 7 + 7)
        begun = sum(first // 1440 == meeting // 1440 for group in demo_result().groups for meeting in group.meetings)
        at_night = dt.datetime.combine(day, dt.time(23, 59), dt.UTC) - dt.timedelta(hours=9)
        assert publish(db, run, at_night, "office").produced.begun == begun > 0
