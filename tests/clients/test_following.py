"""A real client keeps in step with a feed: vdirsyncer fetches it, khal shows it (FEEDS.md F24)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from data.feeds import Audience
from tests.clients.phone import Phone
from tests.clients.steps import in_short, steps, take, to_be_shown, watched_term
from tests.serving import serving
from tests.subscribed import subscribed


def test_f24_a_client_follows_what_is_made_moved_cancelled_and_deleted(database: Engine, tmp_path: Path) -> None:
    term, phone = watched_term(database), Phone(tmp_path)
    feed = subscribed(database, term, Audience.MENTOR, "m-1")
    with serving(database, tmp_path, "--http-only") as server:
        phone.subscribe(server.url + feed.path)
        for step in steps(term):
            take(database, step)
            phone.sync(*([] if step.leaves else ["--force-delete"]))  # it asks before it empties a calendar
            shown = phone.shows(term.first_on, 40)
            assert shown == to_be_shown(database, feed)
            assert in_short(shown) == step.leaves
