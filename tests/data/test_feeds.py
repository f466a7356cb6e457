"""Subscriptions are made, listed, found by their secret links, and revoked (FEEDS.md F21)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.feeds import (
    Audience,
    FeedError,
    Subscription,
    calendar_of,
    look_up,
    note_use,
    revoke,
    subscribe,
    subscriptions,
)
from data.programs import Program
from data.settings import Language
from tests.terms import demo_term

NOW = dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)


def new(database: Engine, *, name: str = "my phone", alarms: tuple[int, ...] = (), days_back: int = 60) -> tuple[Subscription, str]:
    """A subscription to the whole program's calendar."""
    with transaction(database) as db:
        calendar = calendar_of(db, db.scalars(select(Program.id)).one(), Audience.PROGRAM, "", NOW)
        return subscribe(db, calendar, name=name, language=Language.KO, alarms=alarms, days_back=days_back, by="test", now=NOW)


def test_a_token_has_256_bits_and_only_its_hash_is_kept(database: Engine) -> None:
    """FEEDS.md F21."""
    demo_term(database)
    subscription, token = new(database)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    with reading(database) as db:
        assert db.get_one(Subscription, subscription.id).token_hash == hashlib.sha256(token.encode()).digest()
        link = look_up(db, token)
        assert link is not None
        assert link.id == subscription.id
        assert look_up(db, token[:-1]) is None
        held = [str(value) for row in db.scalars(select(Deed)) for value in (row.whom, row.details)]
    assert not any(token in value for value in held)


def test_a_calendar_is_made_once_for_all_who_subscribe_to_it(database: Engine) -> None:
    demo_term(database)
    first, second = new(database, name="my phone")[0], new(database, name="my desk")[0]
    assert first.calendar_id == second.calendar_id
    with reading(database) as db:
        assert [one.name for one, _, _ in subscriptions(db)] == ["my phone", "my desk"]


def test_one_link_is_revoked_and_no_other(database: Engine) -> None:
    """FEEDS.md F21."""
    demo_term(database)
    (phone, token), (_, kept) = new(database), new(database, name="my desk")
    for at in (NOW, LATER):  # once more changes nothing
        with transaction(database) as db:
            revoke(db, str(phone.id), by="test", now=at)
    with reading(database) as db:
        gone, stays = look_up(db, token), look_up(db, kept)
        assert gone is not None
        assert stays is not None
        assert (gone.revoked_at, stays.revoked_at) == (NOW, None)
        assert [deed.what for deed in db.scalars(select(Deed).order_by(Deed.at, Deed.id))] == ["feed new", "feed new", "feed revoke"]


def test_a_link_remembers_when_it_was_used_and_is_asked_to_once_an_hour(database: Engine) -> None:
    """FEEDS.md F21."""
    demo_term(database)
    subscription, token = new(database)
    with transaction(database) as db:
        note_use(db, subscription.id, NOW)
    with reading(database) as db:
        link = look_up(db, token)
    assert link is not None
    assert link.last_used_at == NOW
    assert not link.use_is_to_be_noted(NOW + dt.timedelta(minutes=59))
    assert link.use_is_to_be_noted(NOW + dt.timedelta(minutes=60))


@pytest.mark.parametrize(
    ("alarms", "days_back", "told"),
    [
        pytest.param((0,), 60, "alarms [0]: at most 5, each 1 to 40320 minutes", id="an alarm at the start"),
        pytest.param((40321,), 60, "alarms [40321]", id="an alarm too early"),
        pytest.param((5, 5), 60, "none twice", id="an alarm twice"),
        pytest.param((1, 2, 3, 4, 5, 6), 60, "at most 5", id="too many alarms"),
        pytest.param((), -1, "-1 days back: 0 to 366", id="a window that begins tomorrow"),
        pytest.param((), 367, "367 days back", id="a window too long"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(database: Engine, alarms: tuple[int, ...], days_back: int, told: str) -> None:
    demo_term(database)
    with pytest.raises(FeedError) as bad:
        new(database, alarms=alarms, days_back=days_back)
    assert told in str(bad.value)
    with reading(database) as db:
        assert db.scalars(select(Subscription)).all() == []


@pytest.mark.parametrize("given", ["x", "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_a_subscription_that_nobody_has_is_not_revoked(database: Engine, given: str) -> None:
    with pytest.raises(FeedError, match="no subscription has the id"), transaction(database) as db:
        revoke(db, given, by="test", now=NOW)
