"""What mails say, to whom, and in which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, delete, select

from data.database import reading, transaction
from data.groups import Group
from data.outbox import About, Message, Notice, write
from data.people import Person
from data.program_settings import change_setting
from data.programs import Program
from data.sessions import Booking, Kind, Series, Session, Shift, State
from data.telling import News, tell
from scheduler.jobs import remind
from tests.scheduler.lessons import HOUR, MONDAY, lessons
from tests.scheduler.mailbox import SENDER, delivered

NOW = MONDAY - HOUR


def test_a_reminder_arrives_in_plain_words(database: Engine) -> None:
    lessons(database, [MONDAY], settings={"link": "https://meet.example/{group}"})
    remind(database, lambda: NOW)
    mail, _ = delivered(database, NOW)
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
    assert {str(mail["Subject"]) for mail in delivered(database, NOW)} == {subject}


def test_a_session_of_another_kind_is_called_so(database: Engine) -> None:
    lessons(database, [MONDAY], language="ko")
    with transaction(database) as db:
        db.scalars(select(Series)).one().kind = Kind.COUNSELLING
    remind(database, lambda: NOW)
    assert {str(mail["Subject"]) for mail in delivered(database, NOW)} == {"알림: 상담, 2026년 3월 2일 월요일 19:00"}


def test_no_mentee_is_named(database: Engine) -> None:
    [session] = lessons(database, [MONDAY])
    _tell(database, session, About.CHANGED)
    mails = delivered(database, NOW)
    assert len(mails) == 2
    for mail in mails:
        told = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
        assert len(told) == 2
        assert not [content for content in told if b"Name of s" in bytes(content)]
        assert "Name of s" not in str(mail.items())


@pytest.mark.parametrize(
    ("about", "method", "status"),
    [pytest.param(About.MOVED, "REQUEST", "CONFIRMED", id="moved"), pytest.param(About.CANCELLED, "CANCEL", "CANCELLED", id="cancelled")],
)
def test_a_change_comes_with_an_invitation_of_the_feeds_uid(database: Engine, about: About, method: str, status: str) -> None:
    """FEEDS.md F25."""
    [session] = lessons(database, [MONDAY])
    _tell(database, session, about)
    mail = delivered(database, NOW)[0]
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
    methods = {str(mail["To"]): list(mail.iter_parts())[1].get_param("method") for mail in delivered(database, NOW)}
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
    mails = [mail for mail in delivered(database, NOW) if mail["To"] == "m-000@b.example"]
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


def test_settings_that_cannot_be_keep_no_mail(database: Engine) -> None:
    lessons(database, [MONDAY])
    with transaction(database) as db:
        faulty = {"nonsense": 1, "link": "nowhere", "languages": ["ko"]}
        db.scalars(select(Program)).one().settings = faulty
    remind(database, lambda: NOW)
    assert [mail["Subject"] for mail in delivered(database, NOW)] == ["알림: math 멘토링, 2026년 3월 2일 월요일 19:00"] * 2


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
    [mail] = delivered(database, NOW)
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
    told = {str(mail["Subject"]): mail.get_content() for mail in delivered(database, NOW) if not mail.is_multipart()}
    assert "알림: 수학 멘토링, 2026년 3월 2일 월요일 19:00" in told
    assert "수학: " in told["그룹 안내: spring"]


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
