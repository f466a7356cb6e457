"""`dure program` shows programs and changes what each does otherwise than others; its calendars hear of it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.feeds import Audience, Calendar
from data.program_settings import change_setting, find_program
from tests.api.typed import Typed, typed
from tests.terms import demo_term

__all__ = ["typed"]

LONG_AGO, NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
MADE = ("term", "new", "tutoring/spring", "--zone", "Asia/Seoul", "--from", "2026-03-02")


def test_programs_are_listed_and_renamed(typed: Typed) -> None:
    typed(*MADE)
    assert typed("program", "list").output == "tutoring: without a name\n"
    assert typed("program", "rename", "tutoring", "두레").output == "tutoring: 두레\n"
    assert typed("program", "list").output == "tutoring: 두레\n"


def test_programs_are_made_with_their_organisations(typed: Typed) -> None:
    assert typed("program", "new", "postech/rural", "--name", "Rural tutoring").output == "postech/rural: Rural tutoring\n"
    assert typed("program", "new", "postech/city").output == "postech/city: without a name\n"
    assert typed("program", "list").output == "city: without a name\nrural: Rural tutoring\n"
    for words in (("postech/rural",), ("city",), ("a b/c",), ("postech/a/b",), ("postech/",)):
        told = typed("program", "new", *words)
        assert (told.exit_code, told.output.count("\n")) == (2, 1), told.output
    assert typed("program", "list").output.count("\n") == 2


@pytest.mark.parametrize(
    ("setting", "value", "becomes"),
    [
        pytest.param("names", "given", "given", id="a word"),
        pytest.param("cancelled_days", "28", 28, id="a number"),
        pytest.param("reminders", "[30]", [30], id="a list"),
        pytest.param("link", "https://meet.example.org/{group}", "https://meet.example.org/{group}", id="a text"),
        pytest.param("subjects", '{"math": {"ko": "수학"}}', {"math": {"ko": "수학"}}, id="names of subjects"),
        pytest.param(
            "titles",
            '{"ko": "{subject} 수업"}',
            {"ko": "{subject} 수업", "en": "{subject} tutoring", "zh-TW": "{subject} 課輔"},
            id="of titles those that are given",
        ),
    ],
)
def test_a_setting_is_changed_shown_and_made_the_usual_one_again(typed: Typed, setting: str, value: str, becomes: object) -> None:
    typed(*MADE)
    usual = settings(typed)
    assert typed("program", "set", "tutoring", setting, value).exit_code == 0
    assert settings(typed) == usual | {setting: becomes}
    assert typed("program", "set", "tutoring", setting).exit_code == 0
    assert settings(typed) == usual


def settings(typed: Typed) -> dict[str, object]:
    lines = typed("program", "show", "tutoring").output.splitlines()
    return {name: json.loads(value) for name, _, value in (line.partition(" ") for line in lines)}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("show", "nowhere"), "'nowhere' is no program; there is tutoring", id="no such program"),
        pytest.param(("set", "tutoring", "colour", "red"), "'colour' is no setting; there is titles, languages", id="no such setting"),
        pytest.param(("set", "tutoring", "names", "all"), 'names: "all" is none of these; write count or given', id="no such value"),
        pytest.param(
            ("set", "tutoring", "reminders", "[-5]"), "reminders, value 1: -5 is too little; write 1 or more", id="a number that cannot be"
        ),
        pytest.param(("set", "tutoring", "link", "javascript:alert(1)"), "link: 'javascript:alert(1)' is no link", id="a script"),
        pytest.param(("set", "tutoring", "link", "meet me"), "link: 'meet me' is no link; write https://", id="no address"),
        pytest.param(("set", "tutoring", "link", "https://{group.__class__}/"), "link: 'https://{group", id="a part of a mark"),
        pytest.param(("set", "tutoring", "titles", '{"en": "{subject.__class__}"}'), "titles: '{subject.__class__}'", id="code"),
        pytest.param(("set", "tutoring", "titles", '{"en": "{subject!r:>9}"}'), "titles: '{subject!r:>9}'", id="a form"),
        pytest.param(("set", "tutoring", "titles", '{"en": "{subject"}'), "titles: '{subject' has other marks", id="half a mark"),
        pytest.param(("set", "tutoring", "reminders", "[true]"), "reminders, value 1: true is no whole number", id="yes as a number"),
        pytest.param(("rename", "tutoring", " "), "NAME: is empty; write some text", id="no name"),
        pytest.param(("set", "tutoring", "link", "https://x/{room}"), "link: 'https://x/{room}' has other marks", id="a mark"),
        pytest.param(
            ("set", "tutoring", "languages", '["fr"]'), 'languages, value 1: "fr" is none of these; write ko, en or zh-TW', id="a language"
        ),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(typed: Typed, words: tuple[str, ...], told: str) -> None:
    typed(*MADE)
    before = settings(typed)
    ended = typed("program", *words)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(told)
    assert len(ended.stderr.splitlines()) == 1
    assert settings(typed) == before


def test_its_calendars_hear_of_a_change_and_the_audit_has_one_row(database: Engine) -> None:
    demo_term(database)
    with transaction(database) as db:
        program = find_program(db, "rural")
        db.add(Calendar(program_id=program.id, audience=Audience.PROGRAM, changed_at=LONG_AGO))
        change_setting(db, program, "names", "given", by="manager", now=NOW)
    with reading(database) as db:
        calendar = db.scalars(select(Calendar)).one()
        assert (calendar.version, calendar.changed_at) == (2, NOW)
        deed = db.scalars(select(Deed)).one()
        assert (deed.what, deed.whom, deed.details) == ("setting changed", "program rural", {"setting": "names", "value": "given"})
