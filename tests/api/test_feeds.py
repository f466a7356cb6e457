"""What feeds answer, and by which validators: FEEDS.md F6, F16 to F20 and F22, each test with its rule."""

from __future__ import annotations

import datetime as dt
import gzip
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select

from api.validators import http_date
from data.database import reading, transaction
from data.feeds import Audience, Subscription
from data.sessions import Session
from tests.api.served_feed import Served, served
from tests.scheduler.feed_checker import faults
from tests.subscribed import DAY, NOW

__all__ = ["served"]

SECOND = dt.timedelta(seconds=1)


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
