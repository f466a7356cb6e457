"""Whoever polls at once is answered at once, and goes on being answered when the database was away."""

from __future__ import annotations

import asyncio
import gzip
import socket

import pytest
from sqlalchemy import Engine, create_engine, text

from api.app import create_app
from api.polls import MOST, PATIENCE_SECONDS, ServerPolls, polls_of
from data.feeds import Audience
from data.polled import Kept
from tests.api.web import Web
from tests.subscribed import NOW, a_taught_term, subscribed


def test_all_who_poll_at_once_are_answered_by_one_query(database: Engine) -> None:
    feed = subscribed(database, a_taught_term(database), Audience.MENTOR, "m-01")
    plain = Web(create_app(database, lambda: NOW)).ask(feed.path)
    tokens = [feed.token, *(f"nobody's-{number}" for number in range(MOST - 1))]
    polls = polls_of(database, lambda: NOW)

    async def asked() -> list[Kept | None]:
        return await asyncio.gather(*(polls.kept(token, whole=True) for token in tokens))

    found = asyncio.run(asked())
    assert [one is not None for one in found] == [True] + [False] * (MOST - 1)
    assert found[0] is not None
    assert found[0].rendered is not None
    assert gzip.decompress(found[0].rendered) == plain.content
    if isinstance(polls, ServerPolls):
        assert polls.talk is not None
        counts = polls.talk.polled.driver.execute("SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements").fetchall()
        assert counts == [(1,)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_ends_is_left_without_a_word_and_who_polls_then_is_answered_on_another(database: Engine) -> None:
    feed = subscribed(database, a_taught_term(database), Audience.MENTOR, "m-01")
    Web(create_app(database, lambda: NOW)).ask(feed.path)
    polls, faults = polls_of(database, lambda: NOW), list[object]()
    others = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    async def asked() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, fault: faults.append(fault))
        assert await polls.kept(feed.token, whole=False)
        for while_asked in (False, True, False):
            waiting = asyncio.gather(*(polls.kept(feed.token, whole=False) for _ in range(5 * while_asked)))
            await asyncio.sleep(0)
            with database.begin() as connection:
                connection.execute(others)
            await asyncio.sleep(0.2)
            began = loop.time()
            assert await polls.kept(feed.token, whole=False)
            assert loop.time() - began < PATIENCE_SECONDS
            assert len(await asyncio.wait_for(waiting, 1)) == 5 * while_asked

    asyncio.run(asked())
    assert faults == []


def test_nobody_waits_for_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.polls.PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = create_engine(f"postgresql+psycopg://127.0.0.1:{silent.getsockname()[1]}/dure?connect_timeout=2")
        polls = polls_of(database, lambda: NOW)

        async def asked() -> float:
            began = asyncio.get_running_loop().time()
            assert await asyncio.gather(*(polls.kept("somebody's", whole=False) for _ in range(5))) == [None] * 5
            return asyncio.get_running_loop().time() - began

        took = asyncio.run(asked())
    database.dispose()
    assert took < 1
