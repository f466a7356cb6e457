"""`dure feed`: links are made, listed without their secrets, and revoked; whatever cannot be is one line and changes nothing."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest
from sqlalchemy import Engine, select

from api.app import create_app
from data.database import reading, transaction
from data.feeds import Calendar, Subscription
from data.groups import Group
from scheduler.undo import remove
from tests.api.typed import Typed, typed
from tests.api.web import Web
from tests.scheduler.feed_checker import faults
from tests.sessions import dump
from tests.subscribed import NOW, a_taught_term

__all__ = ["typed"]

SCHOOL = "봉화새빛중학교"


@pytest.mark.parametrize(
    ("words", "whose"),
    [
        pytest.param(("--mentor", "m-01"), "mentor m-01", id="a mentor"),
        pytest.param(("--mentee", "s-01", "2026-spring"), "mentee s-01", id="a mentee of a term"),
        pytest.param(("--group", "g-1", "rural/2026-spring"), "group g-1", id="a group of a term of a program"),
        pytest.param(("--school", SCHOOL, "rural"), f"school {SCHOOL}", id="a school of a program"),
        pytest.param(("--program", "rural"), "program rural", id="a program"),
    ],
)
def test_a_link_is_made_told_once_and_revoked(database: Engine, typed: Typed, words: tuple[str, ...], whose: str) -> None:
    a_taught_term(database)
    made = typed("feed", "new", *words, "--name", "내 폰", "--alarms", "60, 10", "--language", "ko")
    assert made.exit_code == 0
    said, link, webcal, here, followed, *_, ending = made.output.splitlines()
    assert "DURE_URL" in here
    assert "also go by mail" in followed
    assert said == f"내 폰: {whose}, from 60 days back to the term's end"
    found = re.fullmatch(r"http://127\.0\.0\.1:8000(/feeds/([\w-]{43})\.ics)", link)
    assert found
    assert webcal == f"webcal://127.0.0.1:8000{found[1]}"
    web = Web(create_app(database, lambda: NOW))
    feed = web.ask(found[1])
    assert (feed.status_code, feed.text.count("BEGIN:VEVENT"), feed.text.count("BEGIN:VALARM")) == (200, 4, 8)
    assert faults(feed.content) == []
    which = ending.split("`")[1].split()[-1]
    listed = typed("feed", "list").output
    assert f"{which}  rural: {whose}, 내 폰, last used" in listed
    assert found[2] not in listed
    assert typed("feed", "revoke", which).output == "내 폰: revoked\n"
    assert "revoked 20" in typed("feed", "list").output
    assert web.ask(found[1]).status_code == 410


def test_what_a_link_shows_is_changed_and_the_link_stays(database: Engine, typed: Typed) -> None:
    a_taught_term(database)
    made = typed("feed", "new", "--mentor", "m-01", "--name", "phone", "--language", "en", "--alarms", "60").output.splitlines()
    path, which = made[1].removeprefix("http://127.0.0.1:8000"), made[-1].split("`")[1].split()[-1]
    other = typed("feed", "new", "--mentor", "m-01", "--name", "desk", "--language", "en").output.splitlines()
    others_path = other[1].removeprefix("http://127.0.0.1:8000")
    web = Web(create_app(database, lambda: NOW))
    before, others = web.ask(path), web.ask(others_path)
    said = typed("feed", "set", which, "--language", "ko", "--alarms", "30, 10", "--days-back", "2")
    assert said.output == "phone: in ko, from 2 days back, rings 30, 10 minutes before\n"
    after = web.ask(path, {"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.text.count("BEGIN:VEVENT"), after.text.count("BEGIN:VALARM")) == (200, 3, 6)
    assert "멘토링" in after.text
    assert faults(after.content) == []
    modified = [parsedate_to_datetime(answer.headers["last-modified"]) for answer in (before, after)]
    assert modified[0] < modified[1]
    assert set(re.findall("SEQUENCE:(.*)", after.text)) == {"0\r"}
    unchanged = web.ask(others_path, {"If-None-Match": others.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["last-modified"]) == (304, others.headers["last-modified"])
    assert typed("feed", "set", which, "--alarms", "none").output == "phone: in ko, from 2 days back, does not ring\n"
    silent = web.ask(path)
    assert silent.text.count("BEGIN:VALARM") == 0
    assert typed("feed", "set", which, "--name", "watch", "--language", "ko").output.startswith("watch: in ko")
    assert web.ask(path, {"If-None-Match": silent.headers["etag"]}).status_code == 304


def test_what_a_link_cannot_show_is_told_in_one_line_and_changes_nothing(database: Engine, typed: Typed) -> None:
    a_taught_term(database, weeks=0)
    link, revoked = (typed("feed", "new", "--program", "rural").output.split("`")[-2].split()[-1] for _ in range(2))
    typed("feed", "revoke", revoked)
    with reading(database) as db:
        before = dump(db)
    for which, words, line in (
        (link, (), "feed set: nothing is to be changed; write some of"),
        (link, ("--language", "fr"), "language 'fr': the program speaks ko, en, zh-TW"),
        (link, ("--alarms", "soon"), "--alarms: 'soon' are no minutes"),
        (link, ("--alarms", "0"), "alarms [0]"),
        (link, ("--language", "ko", "--days-back", "-1"), "-1 days back: 0 to 366"),
        (revoked, ("--days-back", "1"), "was revoked; make a new link"),
        ("x", ("--days-back", "1"), "no subscription has the id 'x'"),
    ):
        ended = typed("feed", "set", which, *words)
        assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
        assert line in ended.output
    with reading(database) as db:
        assert dump(db) == before


def test_the_feed_of_a_group_whose_run_was_undone_is_listed_so_and_stays_empty(database: Engine, typed: Typed) -> None:
    term = a_taught_term(database)
    link = typed("feed", "new", "--group", "g-1").output.splitlines()[1]
    with transaction(database) as db:
        remove(db, term, db.scalars(select(Group.id)).all(), NOW)
    assert "  rural: group of a run that was undone, my calendar, never used\n" in typed("feed", "list").output
    feed = Web(create_app(database, lambda: NOW)).ask(link.removeprefix("http://127.0.0.1:8000"))
    assert (feed.status_code, feed.text.count("BEGIN:VEVENT")) == (200, 0)


def test_a_link_is_of_the_address_that_the_environment_names(database: Engine, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """FEEDS.md F20."""
    a_taught_term(database, weeks=0)
    base = f"https://dure.example/{'x' * 170}"
    monkeypatch.setenv("DURE_URL", base + "/")
    links = typed("feed", "new", "--program", "rural").output.splitlines()[1:3]
    assert links[0].startswith(f"{base}/feeds/")
    assert links[1] == links[0].replace("https://", "webcal://")
    assert max(len(link) for link in links) <= 256
    assert "Only this machine" not in typed("feed", "new", "--program", "rural").output
    monkeypatch.setenv("DURE_URL", base + "x" * 20)
    refused = typed("feed", "new", "--program", "rural")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "more than 256 characters" in refused.output


@pytest.mark.parametrize(
    "base", ["dure.example", "ftp://dure.example", "https://", "https://a b", "https://x/?a=1", "https://[::1", "http://x:0"]
)
def test_an_address_that_is_none_is_refused(database: Engine, typed: Typed, monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    a_taught_term(database, weeks=0)
    monkeypatch.setenv("DURE_URL", base)
    refused = typed("feed", "new", "--program", "rural")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "DURE_URL" in refused.output
    with reading(database) as db:
        assert db.scalars(select(Subscription)).all() == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param((), "whose feed is not said", id="nobody"),
        pytest.param(("--mentor", "m-01", "--group", "g-1"), "or of several", id="two"),
        pytest.param(("--mentor", "m-99"), "there is no mentor 'm-99'", id="no such mentor"),
        pytest.param(("--mentor", "m-01", "autumn"), "there is no mentor 'm-01' in 'autumn'", id="no such term"),
        pytest.param(("--group", "g-2"), "there is no group 'g-2'", id="no such group"),
        pytest.param(("--school", "nowhere"), "there is no school 'nowhere'", id="no such school"),
        pytest.param(("--program", "urban"), "there is no program 'urban'", id="no such program"),
        pytest.param(("--program", "rural", "--language", "fr"), "language 'fr': the program speaks ko, en, zh-TW", id="no such language"),
        pytest.param(("--program", "rural", "--alarms", "soon"), "--alarms: 'soon' are no minutes", id="no minutes"),
        pytest.param(("--program", "rural", "--alarms", "0"), "alarms [0]", id="minutes that cannot be"),
        pytest.param(("--program", "rural", "--name", "a\nb"), "--name: has line breaks", id="a name of two lines"),
        pytest.param(("--program", "rural", "--name", "a" * 101), "--name: has 101 signs; write at most 100", id="a long name"),
        pytest.param(("--program", "rural", "--name", " "), "--name: is empty", id="no name"),
        pytest.param(("--program", "rural", "--days-back", "1000"), "1000 days back", id="too long ago"),
    ],
)
def test_whatever_cannot_be_is_told_in_one_line_and_changes_nothing(
    database: Engine, typed: Typed, words: tuple[str, ...], line: str
) -> None:
    a_taught_term(database, weeks=0)
    ended = typed("feed", "new", *words)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert line in ended.output
    with reading(database) as db:
        assert db.scalars(select(Calendar)).all() == []


def test_a_subscription_that_is_not_there_is_not_revoked(database: Engine, typed: Typed) -> None:
    a_taught_term(database, weeks=0)
    ended = typed("feed", "revoke", "x")
    assert (ended.exit_code, ended.output) == (2, "no subscription has the id 'x'; `dure feed list` shows them\n")
