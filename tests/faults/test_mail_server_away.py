"""The mail server is away for a day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.outbox import About, Message
from data.sessions import Booking, Session
from data.telling import News, tell
from scheduler.jobs import remind
from scheduler.outbox import deliver_mail
from tests.faults.posted import deliver_the_rest, repeats
from tests.faults.told import Told
from tests.scheduler.lessons import HOUR, MONDAY, lessons
from tests.scheduler.mailbox import SENDER, Mailbox

HALF_AN_HOUR = dt.timedelta(minutes=30)


def test_after_a_day_without_the_mail_server_every_mail_arrives_once_in_its_order(database: Engine, told: Told) -> None:
    sessions = lessons(database, [MONDAY + n * HOUR for n in range(60)])
    box, now = Mailbox(), MONDAY - 24 * HOUR
    for tick in range(48):
        remind(database, lambda: now)  # noqa: B023  it is called at once
        if tick % 2 == 0:
            with transaction(database) as db:
                one = db.get_one(Session, sessions[tick // 2])
                one.sequence += 1
                people = db.scalars(select(Booking.person_id).where(Booking.session_id == one.id)).all()
                assert tell(db, [News(one, people, About.CHANGED)], now=now) == 2
        deliver_mail(database, lambda: now, box.server)  # noqa: B023
        now += HALF_AN_HOUR
    assert box.arrived == []
    now -= HALF_AN_HOUR
    with box.up():
        deliver_the_rest(database, box, now)
    assert repeats(database, box) == 0
    with reading(database) as db:
        written = db.scalars(select(Message.id).order_by(Message.written_at, Message.id)).all()
    assert box.ids == [f"<{message}@{SENDER.partition('@')[2]}>" for message in written]
    assert len(written) > 90
    told.tell(
        f"{database.dialect.name}: {len(written)} mails waited while the mail server was away for a day: all arrived once, in their order"
    )
