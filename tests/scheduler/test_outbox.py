"""Mail and webhooks leave the outbox: once as a rule, at least once whatever happens, and only while it holds."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from email.message import EmailMessage
from uuid import UUID

import pytest
from aiosmtpd import smtp
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from data.base import new_id
from data.database import open_database, reading, transaction
from data.outbox import About, Channel, Message, Notice, about_session, claim, mark_failed, put_back, write
from data.sessions import Session, State
from scheduler import outbox
from scheduler.jobs import remind
from scheduler.letters import letter_of
from scheduler.mail import USUAL, Pace, post
from scheduler.outbox import AWAY_SECONDS, LEASE, deliver_mail
from tests.scheduler.lessons import HOUR, MONDAY, lessons
from tests.scheduler.mailbox import SENDER, Mailbox, delivered
from tests.scheduler.tarpit import Tarpit

NOW = MONDAY - HOUR
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"state": State.CANCELLED}, "the session is off, or without them", id="cancelled"),
        pytest.param({"starts_at": MONDAY - MINUTE}, "the session has moved", id="moved"),
        pytest.param({}, "the session had begun before this could be sent", id="begun"),
    ],
)
def test_a_reminder_that_has_no_sense_any_more_is_not_sent(database: Engine, change: dict[str, object], problem: str) -> None:
    [session] = lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    with transaction(database) as db:
        for name, value in change.items():
            setattr(db.get_one(Session, session), name, value)
    assert delivered(database, NOW if change else MONDAY) == []
    with reading(database) as db:
        assert {(one.problem, one.due_at, one.sent_at) for one in db.scalars(select(Message))} == {(problem, None, None)}


def test_a_server_that_was_killed_between_sending_and_marking_sends_again_under_the_same_id(database: Engine) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    box = Mailbox()
    with box.up():
        deliver_mail(database, lambda: NOW, box.server)
        with transaction(database) as db:  # as if nothing had been marked
            for message in db.scalars(select(Message)):
                message.sent_at, message.due_at = None, NOW
            db.flush()
            claim(db, Channel.MAIL, now=NOW, lease=LEASE, most=10)
        deliver_mail(database, lambda: NOW, box.server)
        assert len(box.ids) == 2
        deliver_mail(database, lambda: NOW + LEASE, box.server)
    assert box.ids[2:] == box.ids[:2]


@pytest.mark.parametrize(
    ("answer", "tries", "given_up"),
    [pytest.param("550 no such box", 1, True, id="for good"), pytest.param("451 later", 1, False, id="for now")],
)
def test_a_refused_mail_keeps_no_other_from_leaving(database: Engine, answer: str, tries: int, given_up: bool) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    box = Mailbox()
    box.refuses["m-000@b.example"] = answer
    with box.up():
        deliver_mail(database, lambda: NOW, box.server)
    assert [str(mail["To"]) for mail in box.arrived] == ["s-000@b.example"]
    with reading(database) as db:
        refused = db.scalars(select(Message).where(Message.sent_at.is_(None))).one()
    assert (refused.tries, refused.problem, refused.given_up_at is not None) == (tries, answer, given_up)
    assert refused.due_at == (None if given_up else NOW + MINUTE)


def test_a_mail_that_the_server_never_takes_has_failed_in_time_and_the_rest_is_due_as_before(database: Engine) -> None:
    lessons(database, [MONDAY, MONDAY])
    remind(database, lambda: NOW)
    pit = Tarpit(taken=1)
    with pit.up():
        began = time.monotonic()
        deliver_mail(database, lambda: NOW, pit.server, pace=Pace(mail_seconds=0.5))
        assert time.monotonic() - began < 15
    problem = "it did not answer in time"
    assert _standing(database) == [(0, None, ""), (1, NOW + MINUTE, problem), *[(0, NOW, f"mail server: {problem}")] * 2]


def test_a_slow_server_gets_no_more_mails_than_there_is_time_for_within_the_lease(database: Engine) -> None:
    lessons(database, [MONDAY] * 10)
    remind(database, lambda: NOW)
    box = Mailbox(seconds=0.2)
    with box.up():
        deliver_mail(database, lambda: NOW, box.server, pace=Pace(batch_seconds=0.5))
    assert 1 <= len(box.arrived) < 20
    waiting = [one for one in _standing(database) if one[1]]
    assert len(waiting) == 20 - len(box.arrived)
    assert set(waiting) == {(0, NOW, "mail server: there was no more time")}
    longest = dt.timedelta(seconds=USUAL.batch_seconds + 2 * USUAL.mail_seconds + USUAL.command_seconds)
    assert longest < dt.timedelta(seconds=AWAY_SECONDS) < 0.7 * LEASE


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_mail_whose_words_came_too_late_is_not_sent(database: Engine) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    with transaction(database) as db:
        claimed = claim(db, Channel.MAIL, now=NOW, lease=LEASE, most=10)

    def written(message: Message) -> EmailMessage:
        if message is claimed[1]:
            time.sleep(1.6)  # as long as the database was away
        with reading(database) as db:
            return letter_of(db, message, sender=SENDER, now=NOW)

    box, told = Mailbox(), list[UUID]()
    with box.up():
        untried = asyncio.run(post(box.server, claimed, written, lambda message, _: told.append(message.id), pace=Pace(batch_seconds=1.5)))
    assert len(box.arrived) == len(told) == 1
    assert [message.id for message in untried.messages] == [claimed[1].id]
    assert untried.problem == "mail server: there was no more time"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_is_away_is_waited_for_only_while_nobody_else_may_have_what_is_claimed(
    database: Engine, postgres: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    monkeypatch.setattr(outbox, "AWAY_SECONDS", 0.5)

    class Breaking(Mailbox):
        async def handle_DATA(self, server: smtp.SMTP, session: smtp.Session, envelope: smtp.Envelope) -> str:  # noqa: N802
            _accept_connections(postgres, database, yes=False)
            return await super().handle_DATA(server, session, envelope)

    box = Breaking()
    began = time.monotonic()
    with box.up(), pytest.raises(OperationalError):
        deliver_mail(database, lambda: NOW, box.server)
    assert 0.5 < time.monotonic() - began < 5
    _accept_connections(postgres, database, yes=True)
    assert len(box.arrived) == 1
    assert {due for _, due, _ in _standing(database)} == {NOW + LEASE}


def _accept_connections(server: URL, database: Engine, *, yes: bool) -> None:
    """Lets a database of PostgreSQL accept connections, or none, and ends those that it has."""
    engine, name = open_database(server), database.url.database
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(yes).lower()}"))
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
    engine.dispose()


@pytest.mark.parametrize("taken", [pytest.param(None, id="when it is connected to"), pytest.param(0, id="when it has a mail")])
def test_who_is_told_to_end_waits_for_no_server_and_its_mails_are_due_as_before(database: Engine, taken: int | None) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    pit, ends = Tarpit(taken), threading.Event()
    with pit.up():
        thread = threading.Thread(target=deliver_mail, args=(database, lambda: NOW, pit.server), kwargs={"stopped": ends.is_set})
        thread.start()
        assert pit.caught.wait(10)
        told = time.monotonic()
        ends.set()
        thread.join(30)
        assert time.monotonic() - told < 10
    assert _standing(database) == [(0, NOW, "this process was told to end before their turn")] * 2


def test_what_was_sent_meanwhile_stays_sent_whatever_another_says_of_it_later(database: Engine) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: NOW)
    with transaction(database) as db:
        late = claim(db, Channel.MAIL, now=NOW, lease=LEASE, most=10)
    assert len(delivered(database, NOW + LEASE)) == 2
    with transaction(database) as db:
        mark_failed(db, late[0], "too late", now=NOW + LEASE)
        put_back(db, late[1:], "too late")
    assert _standing(database) == [(0, None, ""), (0, None, "")]


@pytest.mark.parametrize("address", ["nobody", "a@b\r\nBcc: c@d.example", "", "a b@c.example", "a@b.", "a@[b", "(a@b"])
def test_an_address_that_is_none_is_told_and_keeps_no_other_from_leaving(database: Engine, address: str) -> None:
    [session] = lessons(database, [MONDAY])
    with transaction(database) as db:
        write(db, [Notice(key="bad", address=address, body=about_session(About.CHANGED, session))], now=NOW - MINUTE)
    remind(database, lambda: NOW)
    assert len(delivered(database, NOW)) == 2
    with reading(database) as db:
        bad = db.scalars(select(Message).where(Message.key == "bad")).one()
    assert (bad.problem, bad.given_up_at) == ("this is no mail address", NOW)


@pytest.mark.parametrize(
    "body", [{}, {"about": "nothing"}, {"about": "moved"}, {"about": "moved", "session": "x"}, {"about": "moved", "session": str(new_id())}]
)
def test_a_message_that_nobody_understands_is_given_up(database: Engine, body: dict[str, object]) -> None:
    with transaction(database) as db:
        write(db, [Notice(key="odd", address="a@b.example", body=body)], now=NOW)
    assert delivered(database, NOW) == []
    with reading(database) as db:
        assert db.scalars(select(Message.given_up_at)).one() == NOW


def _standing(database: Engine) -> list[tuple[int, dt.datetime | None, str]]:
    """What is known of each message, in the order in which they were written: tries, when it is due, and what was wrong."""
    with reading(database) as db:
        return [(one.tries, one.due_at, one.problem) for one in db.scalars(select(Message).order_by(Message.id))]
