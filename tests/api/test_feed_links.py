"""Links to feeds: which hold, which are gone and which were never there (FEEDS.md F21); what a poll costs; and whether anything answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, event, select, text, update

from api import feeds
from api.app import create_app
from data.database import reading, transaction
from data.feeds import Audience, Subscription, revoke
from data.people import Mentee, Mentor
from data.ticks import tick
from scheduler.jobs import HEARTBEAT
from tests.api.served_feed import Served, served
from tests.api.web import Web
from tests.subscribed import DAY, NOW

__all__ = ["served"]


@contextmanager
def statements(database: Engine) -> Iterator[list[str]]:
    """The statements that a database is given by the routes, but for the beginnings and ends of transactions."""
    given: list[str] = []

    def note(*told: object) -> None:
        statement = str(told[2])
        if not statement.startswith("BEGIN"):
            given.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield given
    finally:
        event.remove(database, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "path", ["/feeds/x.ics", "/feeds/.ics", "/feeds/a/b.ics", "/feeds/", "/feeds/%ff.ics", "/feeds/%00.ics", "/feeds/.."]
)
def test_an_unknown_token_is_not_found(served: Served, path: str) -> None:
    """FEEDS.md F21."""
    assert served.web.ask(path).status_code == 404
    assert served.web.ask(served.feed.path.removesuffix(".ics")).status_code == 404


def test_a_revoked_link_is_gone_at_once_and_its_bytes_with_it(served: Served) -> None:
    """FEEDS.md F21."""
    tag = served.get().headers["etag"]
    with transaction(served.database) as db:
        revoke(db, str(served.feed.row.id), by="test", now=NOW)
    assert [served.get().status_code, served.get("HEAD").status_code, served.get(if_none_match=tag).status_code] == [410, 410, 410]
    with reading(served.database) as db:
        assert db.scalars(select(Subscription.rendered)).one() is None


def test_a_link_that_is_revoked_while_it_is_answered_is_gone_and_no_empty_feed(served: Served) -> None:
    """FEEDS.md F21: a client that has older bytes is looked up without them first."""
    served.get()
    asked: list[str] = []

    def revoke_it(*looked_up: object) -> None:
        asked.append(str(looked_up[2]))
        if sum("token_hash" in statement for statement in asked) == 1 and "token_hash" in asked[-1]:
            with transaction(served.database) as db:
                revoke(db, str(served.feed.row.id), by="test", now=NOW)

    event.listen(served.database, "after_cursor_execute", revoke_it)
    try:
        token = served.feed.path.removeprefix("/feeds/").removesuffix(".ics")
        told = feeds.answer(served.database, token, feeds.Asked(if_none_match='"older"'), NOW)
    finally:
        event.remove(served.database, "after_cursor_execute", revoke_it)
    assert (told.status_code, told.headers["cache-control"]) == (410, "private, no-store")


def test_an_answer_to_a_link_that_is_of_no_use_is_kept_nowhere(served: Served) -> None:
    """Where a client kept it, it would keep the link with it."""
    with transaction(served.database) as db:
        revoke(db, str(served.feed.row.id), by="test", now=NOW)
    for answer in (served.get(), served.web.ask("/feeds/nobodys.ics")):
        assert answer.status_code in {404, 410}
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(("audience", "key", "kind"), [(Audience.MENTOR, "m-01", Mentor), (Audience.MENTEE, "s-01", Mentee)])
def test_the_feed_of_somebody_who_left_is_gone_at_once_and_there_again_when_they_are(
    database: Engine, audience: Audience, key: str, kind: type[Mentor | Mentee]
) -> None:
    """FEEDS.md F21."""
    served = Served(database, audience, key)
    assert served.get().status_code == 200
    for left_on, status in ((dt.date(2027, 3, 10), 410), (dt.date(2027, 3, 11), 200), (None, 200)):
        with transaction(database) as db:
            db.execute(update(kind).where(kind.key == key).values(left_on=left_on))
        served.touch()
        assert served.get().status_code == status
    with transaction(database) as db:
        db.execute(update(kind).where(kind.key == key).values(left_on=dt.date(2027, 3, 11)))
    served.touch()
    assert served.get().status_code == 200
    served.now = dt.datetime(2027, 3, 10, 15, tzinfo=dt.UTC)  # their last day ends, and nobody does anything
    assert served.get().status_code == 410


def test_a_passing_fault_is_never_gone(served: Served) -> None:
    """FEEDS.md F21."""
    with served.database.begin() as connection:
        connection.execute(text("ALTER TABLE session RENAME TO hidden"))
    answer = served.get()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    with served.database.begin() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO session"))
    assert served.get().status_code == 200


def test_a_feed_is_not_gone_either_where_all_connections_are_in_use(served: Served) -> None:
    """FEEDS.md F21."""
    engine = create_engine(served.database.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    web = Web(create_app(engine, lambda: NOW))
    with engine.connect():
        answer = web.ask(served.feed.path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
        assert (web.ask("/readyz").status_code, web.ask("/readyz").json()) == (503, {"database": "busy"})
    assert web.ask(served.feed.path).status_code == 200
    engine.dispose()


def test_last_use_is_noted_at_most_once_an_hour(served: Served) -> None:
    """FEEDS.md F21."""

    def used_at() -> dt.datetime | None:
        with reading(served.database) as db:
            return db.scalars(select(Subscription.last_used_at)).one()

    assert used_at() is None
    noted = []
    for minutes in (0, 30, 59, 60, 90):
        served.now = NOW + dt.timedelta(minutes=minutes)
        served.get()
        noted.append(used_at())
    hour = NOW + dt.timedelta(minutes=60)
    assert noted == [NOW, NOW, NOW, hour, hour]


def test_an_unchanged_feed_costs_nothing_but_its_poll(served: Served) -> None:
    tag = served.get().headers["etag"]
    served.now = NOW + dt.timedelta(minutes=5)
    with statements(served.database) as given:
        assert served.get(if_none_match=tag).status_code == 304
    assert given == []


def test_a_database_that_was_away_is_asked_anew(served: Served) -> None:
    tag = served.get().headers["etag"]
    assert served.get(if_none_match=tag).status_code == 304
    if served.database.dialect.name == "postgresql":
        with served.database.begin() as connection:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            assert connection.execute(text(f"SELECT count(pg_terminate_backend(pid)) {others}")).scalar_one() >= 1
    else:
        with served.database.begin() as connection:
            connection.execute(text("ALTER TABLE subscription RENAME TO hidden"))
        assert served.get(if_none_match=tag).status_code == 503
        with served.database.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO subscription"))
    assert served.get(if_none_match=tag).status_code == 304
    with statements(served.database) as given:
        assert served.get(if_none_match=tag).status_code == 304
    assert given == []
    served.database.dispose()
    assert served.get(if_none_match=tag).status_code == 304


def test_it_is_alive_and_ready_once_something_ticks(served: Served) -> None:
    assert [served.web.ask(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]
    assert "never ticked" in served.web.ask("/readyz").json()["ticker"]
    with transaction(served.database) as db:
        tick(db, HEARTBEAT, NOW)
    assert served.web.ask("/readyz").status_code == 200
    served.now = NOW - DAY
    assert served.web.ask("/readyz").json()["ticker"] == "has not ticked since the clock was set back"


def test_it_is_alive_and_not_ready_with_a_database_of_another_version(empty_database: Engine) -> None:
    web = Web(create_app(empty_database, lambda: NOW))
    assert [web.ask(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]
    assert "run `dure migrate`" in web.ask("/readyz").json()["migrations"]
