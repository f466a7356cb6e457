"""What waits to be sent: written once, taken by one, tried again after longer and longer whiles."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Engine, select

from data.database import reading, transaction
from data.outbox import (
    BACK_OFF,
    Channel,
    Message,
    Notice,
    claim,
    forget,
    give_up,
    mark_failed,
    mark_sent,
    put_back,
    unsent,
    write,
)

NOW = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
LEASE = 10 * MINUTE


def test_what_is_written_twice_waits_once(database: Engine) -> None:
    assert _write(database, "a", "b") == 2
    assert _write(database, "b", "c") == 1
    assert _keys(_take(database)) == ["a", "b", "c"]


def test_a_thousand_are_written_at_once(database: Engine) -> None:
    assert _write(database, *(f"{n:04}" for n in range(1200))) == 1200
    assert _write(database, *(f"{n:04}" for n in range(1201))) == 1


def test_what_one_has_taken_no_other_gets_until_its_lease_is_over(database: Engine) -> None:
    _write(database, "a", "b", "c")
    assert _keys(_take(database, most=2)) == ["a", "b"]
    assert _keys(_take(database)) == ["c"]
    assert _take(database, at=NOW + LEASE - MINUTE) == []
    assert _keys(_take(database, at=NOW + LEASE)) == ["a", "b", "c"]


def test_what_was_sent_is_due_no_more(database: Engine) -> None:
    _write(database, "a")
    [message] = _take(database)
    with transaction(database) as db:
        mark_sent(db, message, now=NOW)
    assert _take(database, at=NOW + dt.timedelta(days=2)) == []
    assert _states(database) == [("a", None, 0, NOW, None, "")]


def test_what_fails_is_tried_again_after_longer_and_longer_whiles_and_then_given_up(database: Engine) -> None:
    _write(database, "a")
    at, waited = NOW, []
    while found := _take(database, at=at):
        with transaction(database) as db:
            mark_failed(db, found[0], "no such box", now=at)
        with reading(database) as db:
            due_at = db.scalars(select(Message.due_at)).one()
        if due_at:
            assert _take(database, at=due_at - MINUTE / 60) == []
            waited.append(due_at - at)
            at = due_at
    assert waited == list(BACK_OFF)
    assert _states(database) == [("a", None, 7, None, at, "no such box")]


def test_what_could_not_be_tried_stays_due_as_it_was_and_keeps_its_place(database: Engine) -> None:
    _write(database, "a")
    _write(database, "b", at=NOW + MINUTE)
    found = _take(database, at=NOW + 5 * MINUTE)
    with transaction(database) as db:
        put_back(db, found, "no server")
    assert _states(database) == [("a", NOW, 0, None, None, "no server"), ("b", NOW + MINUTE, 0, None, None, "no server")]
    assert _keys(_take(database, at=NOW + 5 * MINUTE)) == ["a", "b"]


@pytest.mark.parametrize(
    ("back", "taken"), [pytest.param(dt.timedelta(days=1), ["a"], id="a day back"), pytest.param(-MINUTE, ["a"], id="a minute on")]
)
def test_what_was_written_before_the_clock_was_set_back_is_sent_nevertheless_and_once(
    database: Engine, back: dt.timedelta, taken: list[str]
) -> None:
    _write(database, "a")
    assert _keys(_take(database, at=NOW - back)) == taken
    assert _take(database, at=NOW - back) == []


@pytest.mark.parametrize("fails", [pytest.param(False, id="taken"), pytest.param(True, id="failed")])
def test_what_was_tried_before_the_clock_was_set_back_waits_no_longer_for_that(database: Engine, *, fails: bool) -> None:
    _write(database, "a", at=NOW - 2 * MINUTE)
    tomorrow = NOW + dt.timedelta(days=1)
    found = _take(database, at=tomorrow)
    if fails:
        with transaction(database) as db:
            mark_failed(db, found[0], "no such box", now=tomorrow)
    assert _keys(_take(database, at=NOW)) == ["a"]
    assert _take(database, at=NOW + MINUTE) == []


def test_what_waits_is_told_before_what_was_given_up(database: Engine) -> None:
    _write(database, "a", "b")
    [first] = _take(database, most=1)
    with transaction(database) as db:
        give_up(db, first, "refused", now=NOW)
        assert _keys(unsent(db)) == ["b", "a"]


def test_only_what_is_done_with_is_forgotten(database: Engine) -> None:
    _write(database, "waits", "given up", "sent")
    waits, given_up, sent = _take(database)
    with transaction(database) as db:
        put_back(db, [waits], "")
        give_up(db, given_up, "refused", now=NOW)
        mark_sent(db, sent, now=NOW + MINUTE)
        assert forget(db, NOW + MINUTE) == 1
        assert forget(db, NOW + 2 * MINUTE) == 1
        assert _keys(unsent(db)) == ["waits"]


def _write(database: Engine, *keys: str, at: dt.datetime = NOW) -> int:
    with transaction(database) as db:
        return write(db, [Notice(key=key, address="a@b.example", body={}) for key in keys], now=at)


def _take(database: Engine, *, at: dt.datetime = NOW, most: int = 2000) -> list[Message]:
    with transaction(database) as db:
        return claim(db, Channel.MAIL, now=at, lease=LEASE, most=most)


def _keys(messages: Any) -> list[str]:  # noqa: ANN401  any sequence of them
    return [message.key for message in messages]


def _states(database: Engine) -> list[tuple[object, ...]]:
    with reading(database) as db:
        found = db.scalars(select(Message).order_by(Message.key))
        return [(one.key, one.due_at, one.tries, one.sent_at, one.given_up_at, one.problem) for one in found]
