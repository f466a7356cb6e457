"""The record of a session: only with it is a session held, and it is of the members of that day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.programs import Term
from data.records import Record, RecordError, lacking, members_of, record, record_of
from data.sessions import Presence, State
from scheduler.changes import cancel
from scheduler.finding import group_named, mentee_named, session_named
from scheduler.group_changes import leave
from tests.sessions import at, booked, deeds, dump, on_session, taught_term, touched

NOW = at("2026-03-09 12:00")
HELD = "g-1@2026-03-05"
SAID = Record(
    attendance={"s-1": Presence.PRESENT, "s-2": Presence.EXCUSED},
    minutes=50,
    topic="fractions",
    note="needs more time",
    tasks=("page 12", "page 13"),
)


def test_a_session_is_held_once_its_record_is_written(database: Engine) -> None:
    term = taught_term(database)
    on_session(database, term, HELD, lambda db, one: record(db, one, SAID, by="m-1", now=NOW))
    with reading(database) as db:
        one = session_named(db, term, HELD)
        assert (one.state, one.sequence, one.recorded_at, one.changed_at) == (State.HELD, 1, NOW, NOW)
        assert record_of(db, one) == SAID
        assert booked(db, one) == ["m-1", "s-1", "s-2"]
        assert touched(db) == ["g-1", "m-1", "north", "program", "s-1", "s-2", "south"]
        assert deeds(db) == [("recorded", f"session {one.id} of group g-1")]


def test_a_correction_is_written_down_with_what_was_before_but_without_its_texts(database: Engine) -> None:
    term = taught_term(database)
    corrected = replace(SAID, attendance={"s-1": Presence.LATE, "s-2": Presence.EXCUSED}, note="about somebody", tasks=())
    for said in (SAID, corrected, corrected):
        with transaction(database) as db:
            record(db, session_named(db, term, HELD), said, by="m-1", now=NOW)
    with reading(database) as db:
        one = session_named(db, term, HELD)
        assert (record_of(db, one), one.sequence) == (corrected, 1)
        first, second = db.scalars(select(Deed).order_by(Deed.id))
        assert (first.what, second.what) == ("recorded", "record corrected")
        assert second.details == {
            "attendance": {"s-1": "late", "s-2": "excused"},
            "minutes": 50,
            "was": {"attendance": {"s-1": "present", "s-2": "excused"}, "minutes": 50},
            "changed": ["note", "tasks"],
        }


def test_the_members_are_those_of_that_day(database: Engine) -> None:
    term = taught_term(database)
    on, now = dt.date(2026, 3, 10), at("2026-03-10 20:30")
    with transaction(database) as db:
        leave(db, group_named(db, term, "g-1"), mentee_named(db, term, "s-2"), on, by="x", now=NOW)
    with reading(database) as db:
        assert list(members_of(db, session_named(db, term, HELD))) == ["s-1", "s-2"]
        assert list(members_of(db, session_named(db, term, "g-1@2026-03-10"))) == ["s-1"]
    alone = replace(SAID, attendance={"s-1": Presence.PRESENT})
    on_session(database, term, "g-1@2026-03-10", lambda db, one: record(db, one, alone, by="m-1", now=now))


def test_a_session_is_recorded_from_its_end_on_and_not_while_it_runs(database: Engine) -> None:
    term, end = taught_term(database), at("2026-03-05 20:00")
    with pytest.raises(RecordError, match="the session ends at 2026-03-05 20:00"):
        on_session(database, term, HELD, lambda db, one: record(db, one, SAID, by="m-1", now=end - dt.timedelta(minutes=1)))
    on_session(database, term, HELD, lambda db, one: record(db, one, SAID, by="m-1", now=end))
    with reading(database) as db:
        assert session_named(db, term, HELD).recorded_at == end


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        pytest.param("g-1@2026-03-10", SAID, "no record can be written: the session ends at 2026-03-10 20:00", id="of a session to come"),
        pytest.param("g-1@2026-03-03", SAID, "no record can be written: the session is cancelled", id="of a cancelled session"),
        pytest.param(HELD, replace(SAID, attendance={"s-1": Presence.LATE}), "nothing is said of s-2", id="without a member"),
        pytest.param(
            HELD,
            replace(SAID, attendance={**SAID.attendance, "s-3": Presence.LATE}),
            "s-3: no member on that day",
            id="with somebody else",
        ),
        pytest.param(HELD, replace(SAID, minutes=0), "0 minutes: a session lasts 1 to 1440, and none where nobody came", id="of no time"),
        pytest.param(
            HELD,
            replace(SAID, attendance=dict.fromkeys(SAID.attendance, Presence.ABSENT)),
            "50 minutes: a session lasts 1 to 1440, and none where nobody came",
            id="of time without anybody",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(database: Engine, name: str, said: Record, told: str) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        cancel(db, session_named(db, term, "g-1@2026-03-03"), by="x", now=NOW, reason="")
        before = dump(db)
    with pytest.raises(RecordError) as refused:
        on_session(database, term, name, lambda db, one: record(db, one, said, by="m-1", now=NOW))
    assert str(refused.value) == told
    with reading(database) as db:
        assert dump(db) == before


def test_sessions_that_are_over_lack_a_record_until_one_is_written_or_they_are_cancelled(database: Engine) -> None:
    term = taught_term(database)

    def lack(now: dt.datetime) -> list[dt.datetime]:
        with reading(database) as db:
            return [one.starts_at for one in lacking(db, db.get_one(Term, term.id), now)]

    first = ["2026-03-02 19:00", "2026-03-03 19:00", "2026-03-04 19:00"]
    assert lack(at("2026-03-04 19:59")) == [at(time) for time in first[:2]]
    assert lack(at("2026-03-04 20:00")) == [at(time) for time in first]
    on_session(database, term, "g-1@2026-03-03", lambda db, one: record(db, one, SAID, by="m-1", now=NOW))
    on_session(database, term, "g-2@2026-03-04", lambda db, one: cancel(db, one, by="x", now=NOW, reason="nobody came"))
    assert lack(at("2026-03-04 20:00")) == [at("2026-03-02 19:00")]
