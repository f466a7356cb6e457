"""Thunderbird keeps in step with a feed, and fetches nothing anew that it has (FEEDS.md F17, F19, F24)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data.feeds import Audience
from tests.clients.listener import listening
from tests.clients.steps import in_short, steps, take, to_be_shown, watched_term
from tests.clients.thunderbird import THUNDERBIRD, thunderbird
from tests.serving import serving
from tests.subscribed import subscribed

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


def test_f24_thunderbird_follows_what_is_made_moved_cancelled_and_deleted(database: Engine, tmp_path: Path) -> None:
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
