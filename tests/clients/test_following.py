"""A real client keeps in step with a feed: vdirsyncer fetches it, khal shows it (FEEDS.md F24)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine
from vdirsyncer.vobject import Item, split_collection

from data.database import transaction
from data.feeds import Audience, revoke
from scheduler.feed import rendered
from tests.clients.phone import Phone
from tests.clients.steps import in_short, steps, take, to_be_shown, watched_term
from tests.serving import serving
from tests.sessions import at, taught_term
from tests.subscribed import seen, subscribed


def test_a_client_follows_what_is_made_moved_cancelled_and_deleted_until_its_link_is_revoked(database: Engine, tmp_path: Path) -> None:
    """Another, whose link is revoked after its first look, says that the feed is gone and keeps what it has (F21)."""
    term, phone, other = watched_term(database), a_phone(tmp_path / "phone"), a_phone(tmp_path / "other")
    feed, revoked = (subscribed(database, term, Audience.MENTOR, "m-1") for _ in range(2))
    with serving(database, tmp_path, "--http-only") as server:
        other.subscribe(server.url + revoked.path)
        other.sync()
        had = to_be_shown(database, revoked)
        with transaction(database) as db:
            revoke(db, str(revoked.row.id), by="office", now=dt.datetime.now(dt.UTC))
        phone.subscribe(server.url + feed.path)
        for step in steps(term):
            take(database, step)
            phone.sync(*([] if step.leaves else ["--force-delete"]))  # it asks before it empties a calendar
            shown = phone.shows(term.first_on, 40)
            assert shown == to_be_shown(database, feed)
            assert in_short(shown) == step.leaves
        assert "error: Unknown error occurred for dure: Gone\n" in other.fails_to_sync()
    assert other.shows(term.first_on, 40) == had
    assert len(had) == 12


def a_phone(folder: Path) -> Phone:
    """In a folder of its own."""
    folder.mkdir()
    return Phone(folder)


@pytest.mark.parametrize("audience", [Audience.SCHOOL, Audience.PROGRAM])
def test_sessions_of_groups_that_meet_at_one_time_are_several_to_vdirsyncer(database: Engine, audience: Audience) -> None:
    """It knows the sessions of a feed by all that is said of them but their UIDs."""
    term = taught_term(database, groups={"g-1": ("m-1", ("s-1",), "Tue 19:00"), "g-2": ("m-2", ("s-3",), "Tue 19:00")})
    feed = subscribed(database, term, audience, "north" if audience == Audience.SCHOOL else "")
    shown = seen(database, feed, at("2026-03-01 12:00")).feed
    assert len({one.starts_at for one in shown.entries}) == 4
    assert len({Item(part).hash for part in split_collection(rendered(shown).decode())}) == len(shown.entries) == 8
