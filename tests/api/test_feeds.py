"""Feeds as clients ask for them: FEEDS.md F16 to F22, each test with its rule."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from itertools import pairwise

import httpx
import pytest
from sqlalchemy import Engine, create_engine, event, select, text, update

from api import feeds
from api.app import create_app
from api.validators import http_date
from data.calendars import touch
from data.database import reading, transaction
from data.feeds import Audience, Subscription, revoke
from data.groups import Group
from data.people import Mentee, Mentor, Person
from data.sessions import Session, State
from data.ticks import tick
from scheduler.jobs import HEARTBEAT
from tests.api.web import Web
from tests.scheduler.feed_checker import faults
from tests.subscribed import DAY, NOW, Subscribed, a_taught_term, subscribed

SECOND = dt.timedelta(seconds=1)


class Served:
    """A mentor's feed in an app whose clock a test moves."""

    def __init__(self, database: Engine, audience: Audience = Audience.MENTOR, owner: str = "m-01") -> None:
        self.database, self.now = database, NOW
        self.term = a_taught_term(database)
        self.feed: Subscribed = subscribed(database, self.term, audience, owner)
        self.web = Web(create_app(database, lambda: self.now))

    def get(self, method: str = "GET", **headers: str) -> httpx.Response:
        """What is answered to a request with these fields, such as `if_none_match`."""
        return self.web.ask(self.feed.path, {name.replace("_", "-"): value for name, value in headers.items()}, method=method)

    def change(self, week: int = 3, link: str = "") -> None:
        """Cancels the session of a week, or gives the group another link, and tells the calendars."""
        with transaction(self.database) as db:
            group = db.scalars(select(Group)).one()
            if link:
                group.link = link
            else:
                session = db.scalars(select(Session).order_by(Session.original_start)).all()[week]
                session.state, session.sequence, session.changed_at = State.CANCELLED, session.sequence + 1, self.now
        self.touch()

    def touch(self) -> None:
        with transaction(self.database) as db:
            people = db.scalars(select(Person.id).where(Person.key.in_(["m-01", "s-01"]))).all()
            touch(db, self.term.program_id, self.now, people=people)


@pytest.fixture
def served(database: Engine) -> Served:
    return Served(database)


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


def test_a_feed_is_a_calendar_in_utf_8_inline(served: Served) -> None:
    """FEEDS.md F16."""
    answer = served.get()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("inline")
    assert faults(answer.content) == []
    assert answer.text.count("BEGIN:VEVENT") == 4


def test_head_says_what_get_does_without_the_feed(served: Served) -> None:
    """FEEDS.md F16."""
    whole, head = served.get(), served.get("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)
    assert int(head.headers["content-length"]) == len(whole.content)
    assert served.get("POST").status_code == 405


def test_the_tag_is_of_the_final_bytes(served: Served) -> None:
    """FEEDS.md F17."""
    first, again = served.get(), served.get()
    served.change()
    changed = served.get()
    assert first.headers["etag"] == again.headers["etag"] != changed.headers["etag"]
    assert first.content == again.content != changed.content
    tag = served.get(accept_encoding="gzip").headers["etag"]
    assert tag != changed.headers["etag"]
    assert served.get(accept_encoding="gzip", if_none_match=tag).status_code == 304


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"if_none_match": "{tag}"}, 304, id="the tag"),
        pytest.param({"if_none_match": '"x", {tag}'}, 304, id="a list with it"),
        pytest.param({"if_none_match": "*"}, 304, id="a star"),
        pytest.param({"if_none_match": '"x"'}, 200, id="another tag"),
        pytest.param({"if_modified_since": "{date}"}, 304, id="the date"),
        pytest.param({"if_modified_since": "never"}, 200, id="no date"),
        pytest.param({"if_none_match": '"x"', "if_modified_since": "{date}"}, 200, id="another tag beats the date"),
        pytest.param({"if_none_match": "{tag}", "if_modified_since": "never"}, 304, id="the tag beats no date"),
    ],
)
def test_who_has_it_is_told_so_with_both_validators(database: Engine, fields: dict[str, str], status: int) -> None:
    """FEEDS.md F17 and F19."""
    served = Served(database)
    whole = served.get()
    tag, date = whole.headers["etag"], whole.headers["last-modified"]
    answer = served.get(**{name: value.format(tag=tag, date=date) for name, value in fields.items()})
    assert answer.status_code == status
    assert (answer.headers["etag"], answer.headers["last-modified"]) == (tag, date)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"].startswith("private")
    assert (answer.content == b"") == (status == 304)


def test_the_last_change_never_goes_back_and_rises_with_every_other_bytes(served: Served) -> None:
    """FEEDS.md F18."""
    seen: list[tuple[str, dt.datetime]] = []

    def look(at: dt.datetime) -> None:
        served.now = at
        answer = served.get()
        assert answer.status_code == 200
        seen.append((answer.headers["etag"], parsedate_to_datetime(answer.headers["last-modified"])))

    look(NOW)
    served.change(2)
    look(NOW)  # within the same second
    served.change(link="https://meet.example/other")  # a related row
    look(NOW - DAY)  # the machine's clock jumps back
    served.touch()  # nothing that is shown
    look(NOW + SECOND)
    with transaction(served.database) as db:  # a deletion
        db.delete(db.scalars(select(Session).order_by(Session.starts_at)).first())
    served.touch()
    look(NOW + DAY)
    look(NOW + 90 * DAY)  # all have left the window
    dates = [date for _, date in seen]
    assert dates == sorted(dates)
    for (tag, date), (later_tag, later_date) in pairwise(seen):
        assert (later_date > date) == (later_tag != tag)
    assert len({tag for tag, _ in seen}) == 5


def test_a_client_that_asks_by_date_misses_no_change(served: Served) -> None:
    """FEEDS.md F18."""
    date = served.get().headers["last-modified"]
    served.change()  # in the same second
    answer = served.get(if_modified_since=date)
    assert answer.status_code == 200
    assert served.get(if_modified_since=answer.headers["last-modified"]).status_code == 304


def test_gzip_and_identity_are_the_same_bytes(served: Served) -> None:
    """FEEDS.md F19."""
    plain = served.get()
    zipped = served.get(accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content  # the client has decoded it
    assert int(zipped.headers["content-length"]) < len(plain.content) / 2
    with reading(served.database) as db:
        kept = db.scalars(select(Subscription.rendered)).one()
    assert kept is not None
    assert gzip.decompress(kept) == plain.content


def test_a_feed_is_private_and_sets_no_cookie(served: Served) -> None:
    """FEEDS.md F20."""
    for answer in (served.get(), served.get(if_none_match="*"), served.web.ask("/feeds/nobodys.ics")):
        assert answer.headers["cache-control"].startswith("private")
        assert "set-cookie" not in answer.headers
        assert answer.status_code in {200, 304, 404}


def test_robots_may_read_feeds(served: Served) -> None:
    """FEEDS.md F20."""
    answer = served.web.ask("/robots.txt")
    assert answer.status_code == 200
    assert answer.text.splitlines() == ["User-agent: *", "Allow: /feeds/", "Disallow: /"]


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


def test_an_empty_feed_is_valid_and_stable(database: Engine) -> None:
    """FEEDS.md F22."""
    served = Served(database, Audience.MENTOR, "m-02")
    first = served.get()
    served.now = NOW + 30 * DAY
    again = served.get()
    assert faults(first.content) == []
    assert first.text.count("BEGIN:VEVENT") == 0
    assert (again.content, again.headers["etag"], again.headers["last-modified"]) == (
        first.content,
        first.headers["etag"],
        first.headers["last-modified"],
    )


def test_polling_every_five_minutes_is_never_refused_and_sends_a_feed_again_only_where_it_has_changed(served: Served) -> None:
    """FEEDS.md F22."""
    polls, changes_at = 12 * 24, 100
    tag, statuses, wholes = "", list[int](), list[bytes]()
    for poll in range(polls):
        served.now = NOW + poll * dt.timedelta(minutes=5)
        if poll == changes_at:
            served.change()
        answer = served.get(if_none_match=tag)
        tag = answer.headers["etag"]
        statuses.append(answer.status_code)
        if poll % 10 == 0:
            whole = served.get()  # by a client that knows no validators
            assert (whole.status_code, whole.headers["etag"]) == (200, tag)
            if whole.content not in wholes:
                wholes.append(whole.content)
    assert statuses == [200, *[304] * (changes_at - 1), 200, *[304] * (polls - changes_at - 1)]
    assert [one.count(b"STATUS:CANCELLED") for one in wholes] == [0, 1]


def test_a_feed_holds_what_was_up_to_60_days_ago_and_all_to_come_where_nobody_chose_otherwise(served: Served) -> None:
    """FEEDS.md F22."""
    assert served.feed.row.days_back == 60
    midnight = dt.datetime(2027, 5, 1, 15, tzinfo=dt.UTC)  # in Seoul; the first session was on 2 March
    told = []
    for now in (NOW - 30 * DAY, midnight - SECOND, midnight, midnight + 21 * DAY):
        served.now = now
        told.append(served.get().text.count("BEGIN:VEVENT"))
    assert told == [4, 4, 3, 0]


def test_a_change_is_seen_at_the_next_poll(served: Served) -> None:
    """FEEDS.md F6."""
    date = http_date(NOW - DAY)
    tag = served.get(if_modified_since=date).headers["etag"]
    served.change()
    answer = served.get(if_none_match=tag)
    assert answer.status_code == 200
    assert answer.text.count("STATUS:CANCELLED") == 1
    assert answer.text.count("SEQUENCE:1") == 1


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
