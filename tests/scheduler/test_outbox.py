"""Mail and webhooks leave the outbox: once as a rule, at least once whatever happens, and what they say is what holds."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Sequence
from email.message import EmailMessage
from uuid import UUID

import pytest
from aiosmtpd import smtp
from icalendar import Calendar
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from data.base import new_id
from data.database import open_database, reading, transaction
from data.groups import Group
from data.outbox import About, Channel, Message, Notice, about_session, claim, mark_failed, put_back, write
from data.people import Person
from data.program_settings import change_setting
from data.programs import Program
from data.sessions import Booking, Kind, Series, Session, Shift, State
from data.telling import News, tell
from scheduler import outbox
from scheduler.jobs import remind
from scheduler.letters import letter_of
from scheduler.mail import USUAL, Pace, post
from scheduler.outbox import AWAY_SECONDS, LEASE, deliver_mail
from tests.scheduler.lessons import HOUR, MONDAY, lessons
from tests.scheduler.mailbox import SENDER, Mailbox
from tests.scheduler.tarpit import Tarpit

NOW = MONDAY - HOUR
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


def test_a_reminder_arrives_in_plain_words(database: Engine) -> None:
    lessons(database, [MONDAY], settings={"link": "https://meet.example/{group}"})
    remind(database, lambda: NOW)
    mail, _ = _delivered(database)
    assert str(mail["From"]) == f"Evening school <{SENDER}>"
    assert str(mail["To"]) == "m-000@b.example"
    assert str(mail["Subject"]) == "Reminder: math tutoring, Monday, March 2, 2026 19:00"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        "math tutoring",
        "This session is near.",
        "",
        "When: Monday, March 2, 2026 19:00–20:00 (Asia/Seoul)",
        "Where: https://meet.example/g-000",
        "",
        "You get this mail because you take part in Evening school.",
    ]


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        pytest.param("ko", "알림: math 멘토링, 2026년 3월 2일 월요일 19:00", id="Korean"),
        pytest.param("zh-TW", "提醒:math 課輔,2026年3月2日 星期一 19:00", id="Traditional Chinese"),
        pytest.param("fr", "알림: math 멘토링, 2026년 3월 2일 월요일 19:00", id="one that the program does not speak"),
    ],
)
def test_people_are_written_to_in_their_language(database: Engine, language: str, subject: str) -> None:
    lessons(database, [MONDAY], language=language)
    remind(database, lambda: NOW)
    assert {str(mail["Subject"]) for mail in _delivered(database)} == {subject}


def test_a_session_of_another_kind_is_called_so(database: Engine) -> None:
    lessons(database, [MONDAY], language="ko")
    with transaction(database) as db:
        db.scalars(select(Series)).one().kind = Kind.COUNSELLING
    remind(database, lambda: NOW)
    assert {str(mail["Subject"]) for mail in _delivered(database)} == {"알림: 상담, 2026년 3월 2일 월요일 19:00"}


def test_no_mentee_is_named(database: Engine) -> None:
    [session] = lessons(database, [MONDAY])
    _tell(database, session, About.CHANGED)
    for mail in _delivered(database):
        assert "Name of s" not in mail.as_string() + str(mail.get_body(("plain",)))


@pytest.mark.parametrize(
    ("about", "method", "status"),
    [pytest.param(About.MOVED, "REQUEST", "CONFIRMED", id="moved"), pytest.param(About.CANCELLED, "CANCEL", "CANCELLED", id="cancelled")],
)
def test_a_change_comes_with_an_invitation_of_the_feeds_uid(database: Engine, about: About, method: str, status: str) -> None:
    """FEEDS.md F25."""
    [session] = lessons(database, [MONDAY])
    _tell(database, session, about)
    mail = _delivered(database)[0]
    words, invitation = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert words.get_content_type() == "text/plain"
    assert invitation.get_content_type() == "text/calendar"
    assert invitation.get_param("method") == method
    told = invitation.get_payload(decode=True)
    assert isinstance(told, bytes)
    calendar = Calendar.from_ical(told)
    [event] = calendar.events
    assert str(calendar["METHOD"]) == method
    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == (f"{session}@dure", 1, status)
    assert (str(event["ORGANIZER"]), str(event["ATTENDEE"])) == (f"mailto:{SENDER}", "mailto:m-000@b.example")
    assert max(map(len, told.split(b"\r\n"))) <= 75


def test_who_takes_part_no_longer_is_asked_to_strike_the_session_out(database: Engine) -> None:
    [session] = lessons(database, [MONDAY])
    with transaction(database) as db:
        person = db.scalars(select(Person.id).where(Person.key == "m-000")).one()
        db.execute(delete(Booking).where(Booking.person_id == person))
    _tell(database, session, About.LEFT, others=[person])
    methods = {str(mail["To"]): list(mail.iter_parts())[1].get_param("method") for mail in _delivered(database)}
    assert methods == {"m-000@b.example": "CANCEL", "s-000@b.example": "REQUEST"}


@pytest.mark.parametrize(
    ("starts_at", "was", "told"),
    [
        pytest.param(NOW + 47 * HOUR, None, 2, id="within 48 hours"),
        pytest.param(NOW + 49 * HOUR, None, 0, id="farther away"),
        pytest.param(NOW + 49 * HOUR, NOW + HOUR, 2, id="farther away now, but not before"),
        pytest.param(NOW - HOUR, None, 0, id="past"),
    ],
)
def test_a_change_within_48_hours_goes_by_mail(database: Engine, starts_at: dt.datetime, was: dt.datetime | None, told: int) -> None:
    """FEEDS.md F25."""
    [session] = lessons(database, [starts_at])
    assert _tell(database, session, About.MOVED, was=was) == told
    assert _tell(database, session, About.MOVED, was=was, changed=False) == 0


def test_who_has_an_invitation_is_told_of_every_later_change(database: Engine) -> None:
    """Their own calendar would keep what it says: only the feed is looked at again (F25)."""
    [session, other] = lessons(database, [NOW + 47 * HOUR, NOW + 47 * HOUR])
    with transaction(database) as db:
        nobody = db.scalars(select(Person.id).where(Person.key == "m-001")).one()
    assert _tell(database, session, About.CHANGED) == 2
    for one in (session, other):
        with transaction(database) as db:
            moved = db.get_one(Session, one)
            moved.starts_at, moved.ends_at = NOW + 100 * HOUR, NOW + 101 * HOUR
    assert _tell(database, other, About.MOVED, was=NOW + 90 * HOUR) == 0
    assert _tell(database, session, About.MOVED, was=NOW + 90 * HOUR, others=[nobody]) == 2
    assert _tell(database, session, About.CANCELLED, others=[nobody]) == 2
    mails = [mail for mail in _delivered(database) if mail["To"] == "m-000@b.example"]
    assert [str(list(mail.iter_parts())[1].get_param("method")) for mail in mails] == ["CANCEL"] * 3  # what holds when they leave


def test_a_program_that_meets_elsewhere_tells_whose_session_is_soon_and_who_has_an_invitation(database: Engine) -> None:
    """And all its sessions have a higher sequence, but for those of groups with a link of their own (F7, F25)."""
    soon, far, invited, own = lessons(database, [NOW + 47 * HOUR, NOW + 90 * HOUR, NOW + 90 * HOUR, NOW + 40 * HOUR])
    assert _tell(database, invited, About.MOVED, was=NOW + HOUR) == 2
    with transaction(database) as db:
        db.get_one(Group, db.get_one(Session, own).group_id).link = "https://meet.example/own"
        change_setting(db, db.scalars(select(Program)).one(), "link", "https://meet.example/{group}", by="office", now=NOW)
    with reading(database) as db:
        assert [db.get_one(Session, one).sequence for one in (soon, far, invited, own)] == [1, 1, 2, 0]
        told = {(one.body["session"], one.body["about"]) for one in db.scalars(select(Message))}
    assert told == {(str(soon), "changed"), (str(invited), "moved"), (str(invited), "changed")}


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
    assert _delivered(database, at=NOW if change else MONDAY) == []
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
    assert len(_delivered(database, NOW + LEASE)) == 2
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
    assert len(_delivered(database)) == 2
    with reading(database) as db:
        bad = db.scalars(select(Message).where(Message.key == "bad")).one()
    assert (bad.problem, bad.given_up_at) == ("this is no mail address", NOW)


@pytest.mark.parametrize(
    "body", [{}, {"about": "nothing"}, {"about": "moved"}, {"about": "moved", "session": "x"}, {"about": "moved", "session": str(new_id())}]
)
def test_a_message_that_nobody_understands_is_given_up(database: Engine, body: dict[str, object]) -> None:
    with transaction(database) as db:
        write(db, [Notice(key="odd", address="a@b.example", body=body)], now=NOW)
    assert _delivered(database) == []
    with reading(database) as db:
        assert db.scalars(select(Message.given_up_at)).one() == NOW


def test_settings_that_cannot_be_keep_no_mail(database: Engine) -> None:
    lessons(database, [MONDAY])
    with transaction(database) as db:
        faulty = {"nonsense": 1, "link": "nowhere", "languages": ["ko"]}
        db.scalars(select(Program)).one().settings = faulty
    remind(database, lambda: NOW)
    assert [mail["Subject"] for mail in _delivered(database)] == ["알림: math 멘토링, 2026년 3월 2일 월요일 19:00"] * 2


@pytest.mark.parametrize(
    ("about", "subject", "lines"),
    [
        pytest.param(About.PUBLISHED, "Your groups: spring", ["math: Tue 20:00 (Asia/Seoul)", ""], id="published"),
        pytest.param(About.WITHDRAWN, "Taken back: spring", [], id="taken back"),
    ],
)
def test_people_are_told_of_their_groups(database: Engine, about: About, subject: str, lines: list[str]) -> None:
    lessons(database, [MONDAY])
    with transaction(database) as db:
        person, group = db.scalars(select(Person).where(Person.key == "s-000")).one(), db.scalars(select(Group)).one()
        db.add(Shift(series_id=db.scalars(select(Series.id)).one(), from_on=MONDAY.date(), meetings=[2640]))  # what holds now is told
        db.add(Series(group_id=group.id, meetings=[], session_minutes=60, from_on=MONDAY.date()))  # of a single session
        body = {"about": about.value, "term": str(group.term_id), "groups": [str(group.id)]}
        write(db, [Notice(key="groups", address=person.email, body=body, person_id=person.id)], now=NOW)
    [mail] = _delivered(database)
    assert str(mail["Subject"]) == subject
    assert mail.get_content().splitlines()[3:-1] == lines


def test_a_subject_is_called_in_mails_as_the_program_calls_it(database: Engine) -> None:
    lessons(database, [MONDAY], language="ko")
    with transaction(database) as db:
        db.scalars(select(Program)).one().settings = {"subjects": {"math": {"ko": "수학"}}}
        person, group = db.scalars(select(Person).where(Person.key == "s-000")).one(), db.scalars(select(Group)).one()
        body = {"about": About.PUBLISHED.value, "term": str(group.term_id), "groups": [str(group.id)]}
        write(db, [Notice(key="groups", address=person.email, body=body, person_id=person.id)], now=NOW)
    remind(database, lambda: NOW)
    told = {str(mail["Subject"]): mail.get_content() for mail in _delivered(database) if not mail.is_multipart()}
    assert "알림: 수학 멘토링, 2026년 3월 2일 월요일 19:00" in told
    assert "수학: " in told["그룹 안내: spring"]


def _standing(database: Engine) -> list[tuple[int, dt.datetime | None, str]]:
    """What is known of each message, in the order in which they were written: tries, when it is due, and what was wrong."""
    with reading(database) as db:
        return [(one.tries, one.due_at, one.problem) for one in db.scalars(select(Message).order_by(Message.id))]


def _tell(
    database: Engine,
    session: UUID,
    about: About,
    *,
    was: dt.datetime | None = None,
    now: dt.datetime = NOW,
    changed: bool = True,
    others: Sequence[UUID] = (),
) -> int:
    """Changes a session, and tells all who are booked for it, and others."""
    with transaction(database) as db:
        one = db.get_one(Session, session)
        one.sequence += changed
        if about == About.CANCELLED:
            one.state = State.CANCELLED
        people = db.scalars(select(Booking.person_id).where(Booking.session_id == session)).all()
        return tell(db, [News(one, [*people, *others], about, was)], now=now)


def _delivered(database: Engine, at: dt.datetime = NOW) -> list[EmailMessage]:
    """What arrives at a server that is there."""
    box = Mailbox()
    with box.up():
        deliver_mail(database, lambda: at, box.server)
    return box.arrived
