"""Who is reminded of what, and asked for what, at a moment: once, also where the moment comes late, twice, or for two at once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.outbox import Message
from data.people import Mentor
from data.programs import Program
from data.sessions import Booking, Session, State
from scheduler.jobs import ask_for_records, remind
from scheduler.reminders import unrecorded
from tests.scheduler.lessons import HOUR, MONDAY, lessons, set_reminders

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("moments", "minutes"),
    [
        pytest.param([MONDAY - 25 * HOUR], [], id="more than a day before, nobody is"),
        pytest.param([MONDAY - 24 * HOUR], [1440], id="a day before"),
        pytest.param([MONDAY - 24 * HOUR, MONDAY - HOUR], [1440, 60], id="a day and an hour before"),
        pytest.param([MONDAY - 24 * HOUR] * 2 + [MONDAY - HOUR] * 2, [1440, 60], id="run twice, once"),
        pytest.param([MONDAY - 90 * MINUTE], [1440], id="a day's, late"),
        pytest.param([MONDAY - MINUTE], [60], id="both late, the one nearest to the session only"),
        pytest.param([MONDAY - MINUTE, MONDAY - 2 * HOUR], [60], id="a clock that was set back after the last, none again"),
        pytest.param([MONDAY - DAY, MONDAY - 25 * HOUR, MONDAY - HOUR], [1440, 60], id="a clock that was set back in between, each once"),
        pytest.param([MONDAY], [], id="once it has begun, never"),
        pytest.param([MONDAY + 5 * DAY], [], id="days later, never"),
    ],
)
def test_a_session_is_reminded_of_a_day_and_an_hour_before(database: Engine, moments: list[dt.datetime], minutes: list[int]) -> None:
    lessons(database, [MONDAY])
    for moment in moments:
        remind(database, lambda moment=moment: moment)  # type: ignore[misc]  # the moment of this turn
    with reading(database) as db:
        found = db.scalars(select(Message).order_by(Message.written_at, Message.id)).all()
    assert [int(one.key.split(":")[3]) for one in found[::2]] == minutes
    assert [one.address for one in found] == ["m-000@b.example", "s-000@b.example"] * len(minutes)


def test_a_person_is_reminded_as_they_wish_and_else_as_the_program_says(database: Engine) -> None:
    lessons(database, [MONDAY], settings={"reminders": [30]})
    set_reminders(database, "m-000", [4320])
    assert remind(database, lambda: MONDAY - 3 * DAY) == 1
    assert remind(database, lambda: MONDAY - HOUR) == 0
    assert remind(database, lambda: MONDAY - 30 * MINUTE) == 1
    assert _addresses(database) == ["m-000@b.example", "s-000@b.example"]


def test_who_wants_none_gets_none(database: Engine) -> None:
    lessons(database, [MONDAY])
    set_reminders(database, "m-000", [])
    remind(database, lambda: MONDAY - HOUR)
    assert _addresses(database) == ["s-000@b.example"]


@pytest.mark.parametrize(
    ("wishes", "minutes"),
    [
        pytest.param([1500, 60], [1440, 60], id="a little earlier: who was reminded is not again"),
        pytest.param([1380, 60], [1440, 1380, 60], id="later: once more, as they wish"),
        pytest.param([], [1440], id="none: no more"),
        pytest.param([30], [1440, 30], id="another last one"),
    ],
)
@pytest.mark.parametrize("by", ["person", "program"])
def test_nothing_is_said_twice_after_a_change_of_wishes_or_settings(
    database: Engine, wishes: list[int], minutes: list[int], by: str
) -> None:
    lessons(database, [MONDAY])
    remind(database, lambda: MONDAY - 1440 * MINUTE)
    if by == "person":
        set_reminders(database, "m-000", wishes)
    else:
        with transaction(database) as db:
            db.scalars(select(Program)).one().settings = {"reminders": wishes}
    for before in (1439, 1380, 1379, 60, 59, 30, 1):
        remind(database, lambda before=before: MONDAY - before * MINUTE)  # type: ignore[misc]  # the moment of this turn
    with reading(database) as db:
        found = db.scalars(select(Message).where(Message.address == "m-000@b.example").order_by(Message.written_at)).all()
    assert [int(one.key.split(":")[3]) for one in found] == minutes


def test_a_session_that_moves_is_reminded_of_anew_and_one_that_is_cancelled_no_more(database: Engine) -> None:
    moved, cancelled = lessons(database, [MONDAY, MONDAY])
    assert remind(database, lambda: MONDAY - HOUR) == 4
    with transaction(database) as db:
        for one in (db.get_one(Session, moved), *db.scalars(select(Booking).where(Booking.session_id == moved))):
            one.starts_at, one.ends_at = MONDAY + 5 * HOUR, MONDAY + 6 * HOUR
        db.get_one(Session, cancelled).state = State.CANCELLED
    assert remind(database, lambda: MONDAY - HOUR) == 2
    assert remind(database, lambda: MONDAY + 4 * HOUR) == 2


@pytest.mark.parametrize(
    ("moments", "hours"),
    [
        pytest.param([MONDAY + 1.5 * HOUR], [], id="half an hour after its end, not yet"),
        pytest.param([MONDAY + 2 * HOUR], [1], id="an hour after its end"),
        pytest.param([MONDAY + 2 * HOUR, MONDAY + 3 * HOUR, MONDAY + 50 * HOUR], [1, 48], id="and once more two days after"),
        pytest.param([MONDAY + 3 * DAY] * 2, [48], id="both late, the last only"),
        pytest.param([MONDAY + 15 * DAY], [], id="two weeks later, no more"),
    ],
)
def test_a_record_is_asked_for_twice(database: Engine, moments: list[dt.datetime], hours: list[int]) -> None:
    lessons(database, [MONDAY])
    for moment in moments:
        ask_for_records(database, lambda moment=moment: moment)  # type: ignore[misc]  # the moment of this turn
    with reading(database) as db:
        found = db.scalars(select(Message).order_by(Message.written_at)).all()
    assert [(one.address, int(one.key.split(":")[2])) for one in found] == [("m-000@b.example", after) for after in hours]


def test_a_mentor_who_has_left_is_neither_reminded_nor_asked(database: Engine) -> None:
    lessons(database, [MONDAY, MONDAY])
    with transaction(database) as db:
        db.scalars(select(Mentor).where(Mentor.key == "m-000")).one().left_on = MONDAY.date()
        db.scalars(select(Mentor).where(Mentor.key == "m-001")).one().left_on = MONDAY.date() + DAY
    remind(database, lambda: MONDAY - HOUR)
    assert _addresses(database) == ["m-001@b.example", "s-000@b.example", "s-001@b.example"]
    assert ask_for_records(database, lambda: MONDAY + 2 * HOUR) == 1
    with reading(database) as db:
        assert [shown.mentor for shown in unrecorded(db, MONDAY + 49 * HOUR)] == ["m-000", "m-001"]


def test_a_manager_is_shown_what_was_asked_for_in_vain(database: Engine) -> None:
    first, recorded, cancelled, _ = lessons(database, [MONDAY, MONDAY, MONDAY, MONDAY + DAY])
    with transaction(database) as db:
        one = db.get_one(Session, recorded)
        one.recorded_at, one.state = MONDAY + 2 * HOUR, State.HELD
        db.get_one(Session, cancelled).state = State.CANCELLED
        assert [shown.group for shown in unrecorded(db, MONDAY + 48 * HOUR)] == []
        assert [(shown.term, shown.group, shown.mentor) for shown in unrecorded(db, MONDAY + 49 * HOUR)] == [("spring", "g-000", "m-000")]
        assert len(unrecorded(db, MONDAY + 60 * DAY)) == 2
        assert db.get_one(Session, first).state == State.PLANNED


def test_two_that_tick_at_once_write_each_of_1000_slots_once(database: Engine) -> None:
    twice(database, 500)


@pytest.mark.long
def test_two_that_tick_at_once_write_each_of_10000_slots_once(database: Engine) -> None:
    twice(database, 5000)


def twice(database: Engine, number: int) -> None:
    """Two leaders run the same jobs for the same moments at once: two people for each session, a reminder each, and then an ask."""
    lessons(database, [MONDAY + n % 60 * MINUTE for n in range(number)])
    start, written = threading.Barrier(2), [0, 0]

    def lead(which: int) -> None:
        for after in range(-60, 0, 10):
            start.wait(120)
            written[which] += remind(database, lambda: MONDAY + after * MINUTE)  # noqa: B023  it is called at once
        for after in range(2, 4):
            start.wait(120)
            written[which] += ask_for_records(database, lambda: MONDAY + after * HOUR)  # noqa: B023

    threads = [threading.Thread(target=lead, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(database) as db:
        keys = db.scalars(select(Message.key)).all()
        said = {(one.body["session"], one.body["about"], one.address) for one in db.scalars(select(Message))}
    print(f"{database.dialect.name}: {len(keys)} messages, by one leader {written[0]}, by the other {written[1]}")  # noqa: T201
    minutes = [n % 60 for n in range(number)]
    reminders = 2 * sum(after > 0 for after in minutes) + 2 * sum(after <= 50 for after in minutes)
    assert sum(written) == len(keys) == len(set(keys)) == reminders + number
    assert len(said) == 3 * number


def _addresses(database: Engine) -> list[str]:
    with reading(database) as db:
        return list(db.scalars(select(Message.address).order_by(Message.address)))
