"""Feeds that are polled are found as they are kept, by one query of the index of their links."""

from __future__ import annotations

import datetime as dt
import select as sockets
import sqlite3
from collections.abc import Sequence

import psycopg
import pytest
from sqlalchemy import Engine, insert, select, text, update

from data.database import reading, transaction
from data.feeds import Audience, Subscription, hashed, look_up
from data.polled import Kept, PolledFile, PolledServer
from tests.subscribed import NOW, a_taught_term, subscribed

PREPARED = "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements ORDER BY name"
MINUTE = dt.timedelta(minutes=1)


def asked(polled: PolledFile | PolledServer, tokens: Sequence[str], *, whole: bool = False) -> dict[str, Kept]:
    """What is found of tokens, by these."""
    if isinstance(polled, PolledFile):
        found = {token: polled.kept(hashed(token), NOW, whole=whole) for token in tokens}
        return {token: feed for token, feed in found.items() if feed}
    polled.ask([hashed(token) for token in tokens], NOW, whole=whole)
    while (answered := polled.answered()) is None:
        sockets.select([polled.socket], [], [], 10)
    return {token: answered[hashed(token)] for token in tokens if hashed(token) in answered}


def polled_of(database: Engine) -> PolledFile | PolledServer:
    return PolledFile(database) if database.dialect.name == "sqlite" else PolledServer(database)


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [
        pytest.param({}, True, id="right, and its use noted"),
        pytest.param({"revoked_at": NOW}, False, id="revoked"),
        pytest.param({"rendered_version": 2}, False, id="of another version"),
        pytest.param({"rendered_version": None}, False, id="never rendered"),
        pytest.param({"fresh_until": NOW}, False, id="right no more from now on"),
        pytest.param({"fresh_until": None}, False, id="never right"),
        pytest.param({"last_used_at": NOW - 60 * MINUTE}, False, id="its use to be noted"),
        pytest.param({"last_used_at": None}, False, id="never used"),
    ],
)
def test_the_feeds_that_are_told_as_they_are_kept_are_those_of_which_their_links_say_so(
    database: Engine, changed: dict[str, object], is_kept: bool
) -> None:
    feed = subscribed(database, a_taught_term(database), Audience.MENTOR, "m-01")
    at = NOW - dt.timedelta(days=3, microseconds=7)
    rendered = {"rendered_version": 1, "rendered_etag": "abc", "rendered": b"bytes\0\xff", "last_modified": at}
    with transaction(database) as db:
        db.execute(update(Subscription).values({**rendered, "fresh_until": NOW + MINUTE, "last_used_at": NOW - 59 * MINUTE, **changed}))
    with reading(database) as db:
        link = look_up(db, feed.token)
    assert link is not None
    assert (link.is_right(NOW) and link.revoked_at is None and not link.use_is_to_be_noted(NOW)) == is_kept
    polled = polled_of(database)
    assert asked(polled, [feed.token, "nobody's"]) == ({feed.token: Kept("abc", at)} if is_kept else {})
    assert asked(polled, ["nobody's", feed.token], whole=True) == ({feed.token: Kept("abc", at, b"bytes\0\xff")} if is_kept else {})
    polled.close()


def many_links(database: Engine) -> None:
    """Of a calendar three thousand links, of which its server knows how many there are: of a few it reads all."""
    subscribed(database, a_taught_term(database), Audience.MENTOR, "m-01")
    with transaction(database) as db:
        calendar = db.scalars(select(Subscription.calendar_id)).one()
        db.execute(insert(Subscription), [{"calendar_id": calendar, "token_hash": hashed(str(n)), "created_at": NOW} for n in range(3000)])
        if database.dialect.name == "postgresql":
            db.execute(text("ANALYZE"))


def test_polls_cost_one_query_by_an_index(database: Engine) -> None:
    many_links(database)
    polled, given = polled_of(database), list[str]()
    if isinstance(polled, PolledFile):
        polled.driver.set_trace_callback(given.append)
        asked(polled, ["nobody's"])
        assert len(given) == 1
        plan = polled.driver.execute(f"EXPLAIN QUERY PLAN {given[0]}").fetchall()
        assert [row[3].split()[0] for row in plan] == ["SEARCH", "SEARCH"]
    else:
        asked(polled, [f"nobody's-{number}" for number in range(100)])
        prepared = polled.driver.execute(PREPARED).fetchall()
        assert [times for _, times in prepared] == [1, 0]
        plan = polled.driver.execute(f"EXPLAIN (GENERIC_PLAN) {prepared[0][0]}".encode()).fetchall()
        assert any("Index" in line and "token_hash" in line for (line,) in plan)
    polled.close()


def test_a_database_that_cannot_answer_says_so(database: Engine) -> None:
    a_taught_term(database)
    polled = polled_of(database)
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE subscription RENAME TO hidden"))
    with pytest.raises((psycopg.OperationalError, sqlite3.OperationalError)):
        asked(polled, ["nobody's"])
    polled.close()
