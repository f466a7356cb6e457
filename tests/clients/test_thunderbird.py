"""Thunderbird keeps in step with a feed and with mails, and fetches nothing anew that it has (FEEDS.md F17, F19, F21, F24, F25)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data.database import transaction
from data.feeds import Audience, revoke
from data.settings import Language
from scheduler.feed import rendered
from tests.clients.hosting import hosting
from tests.clients.listener import listening
from tests.clients.office import CHANGES, an_office
from tests.clients.steps import in_short, steps, take, to_be_shown, watched_term
from tests.clients.thunderbird import THUNDERBIRD, thunderbird
from tests.serving import serving
from tests.subscribed import seen, subscribed

pytestmark = [
    pytest.mark.thunderbird,
    pytest.mark.skipif(THUNDERBIRD is None, reason="Thunderbird is missing: `make test-clients` installs it"),
    pytest.mark.timeout(600),
]
PATIENCE_SECONDS = 60


def wait_for(what: Callable[[], bool]) -> None:
    """Waits until something is so, and no longer than a minute: who asks then sees what is so instead."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not what() and time.monotonic() < until:
        time.sleep(0.3)


def test_thunderbird_follows_what_is_made_moved_cancelled_and_deleted(database: Engine, tmp_path: Path) -> None:
    """And is told in a few bytes where nothing has changed."""
    term = watched_term(database)
    feed = subscribed(database, term, Audience.MENTOR, "m-1")
    with serving(database, tmp_path, "--http-only") as server, listening(server.url) as between, thunderbird(tmp_path) as client:
        calendar = client.subscribe(between.url + feed.path)
        for step in steps(term):
            take(database, step)
            client.refresh(calendar)
            wait_for(lambda: client.shows(calendar) == to_be_shown(database, feed))
            shown = client.shows(calendar)
            assert shown == to_be_shown(database, feed)
            assert in_short(shown) == step.leaves
        asked = len(between.heard)
        client.refresh(calendar)
        wait_for(lambda: len(between.heard) > asked)
        assert between.heard[asked:] == [304]
        assert client.shows(calendar) == []


def test_thunderbird_switches_off_a_feed_whose_link_is_revoked(database: Engine, tmp_path: Path) -> None:
    """It shows nothing of it any more and does not ask again; once the calendar is removed, nothing that it keeps knows the link (F21)."""
    term = watched_term(database)
    feed = subscribed(database, term, Audience.MENTOR, "m-1")
    with serving(database, tmp_path, "--http-only") as server, listening(server.url) as between, thunderbird(tmp_path) as client:
        calendar = client.subscribe(between.url + feed.path)
        wait_for(lambda: client.has_in_view(calendar) > 0)
        assert (client.has_in_view(calendar), client.is_off(calendar)) == (12, False)
        with transaction(database) as db:
            revoke(db, str(feed.row.id), by="office", now=dt.datetime.now(dt.UTC))
        client.synchronize()
        wait_for(lambda: client.is_off(calendar))
        assert (client.has_in_view(calendar), client.is_off(calendar), between.heard[-1]) == (0, True, 410)
        asked = len(between.heard)
        client.synchronize()
        time.sleep(1)  # so that it could ask
        assert len(between.heard) == asked
        client.remove(calendar)
        wait_for(lambda: not knowing(tmp_path / "profile", feed.token))
        assert knowing(tmp_path / "profile", feed.token) == []


def knowing(folder: Path, secret: str) -> list[Path]:
    """The files of a folder in which a secret stands."""
    return [file for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


def test_thunderbird_takes_what_a_mail_tells_of_for_the_event_of_the_feed(database: Engine, tmp_path: Path) -> None:
    """It enters, changes and strikes out as mails ask, each once; of what is in the feed then, the mail tells nothing else (F25)."""
    office = an_office(database, "Asia/Seoul")
    feed = subscribed(database, office.term, Audience.MENTEE, "s-4", language=Language.KO)
    did = []
    with hosting() as host, thunderbird(tmp_path) as client:
        subscribed_to, own = client.subscribe(host.put("feed", b"")), client.own_calendar("s-4@example.org")
        for _, on, change in CHANGES:
            mail = office.invites_to(change)["s-4"]
            host.put("feed", rendered(seen(database, feed, office.now).feed))
            client.refresh(subscribed_to)
            wait_for(partial(client.has_already, subscribed_to, mail))
            assert client.has_already(subscribed_to, mail)
            did.append((client.receive(own, mail), client.receive(own, mail)))
            of_feed = [one for one in client.shows(subscribed_to) if str(one.starts_at.date()) == on and one.status == "CONFIRMED"]
            assert client.shows(own) == [replace(one, description=one.link) for one in of_feed]
    assert did == [("REQUEST", ""), ("REQUEST:UPDATE", ""), ("REQUEST:UPDATE", ""), ("CANCEL", ""), ("REQUEST", "")]
