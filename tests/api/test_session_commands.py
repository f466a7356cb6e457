"""`dure session`, `dure group` and `dure leave`: what they print, and that whatever cannot be is one line and changes nothing."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, select, update

from data.database import reading, transaction
from data.groups import Group
from data.outbox import Message, mark_sent
from data.people import Mentee, Person
from data.programs import Term
from data.sessions import Session
from scheduler.finding import mentor_named
from tests.api.typed import Typed, typed
from tests.sessions import at, deeds, dump, taught_term, touched

__all__ = ["typed"]

MADE_UP = "g-1@2026-03-15T11:00 to 12:00  math  m-1 with s-1, s-2  planned, makes another up"


@pytest.fixture(autouse=True)
def monday_noon() -> Iterator[None]:
    """It is Monday of the second week."""
    with time_machine.travel(at("2026-03-09 12:00"), tick=False):
        yield


def test_one_session_goes_through_its_life(database: Engine, typed: Typed) -> None:
    taught_term(database)
    assert typed("session", "list", "spring", "--group", "g-1", "--from", "2026-03-09", "--to", "2026-03-15").output.splitlines() == [
        "g-1@2026-03-10T19:00 to 20:00  math  m-1 with s-1, s-2  planned",
        "g-1@2026-03-12T19:00 to 20:00  math  m-1 with s-1, s-2  planned",
    ]
    assert len(typed("session", "list", "spring", "--mentee", "s-3").output.splitlines()) == 4
    assert len(typed("session", "list", "spring", "--mentor", "m-1").output.splitlines()) == 12
    moved = typed("session", "move", "spring", "g-1@2026-03-10", "2026-03-13T18:00")
    assert moved.output == "g-1@2026-03-13T18:00 to 19:00  math  m-1 with s-1, s-2  planned\n"
    given = typed("session", "substitute", "spring", "g-1@2026-03-13", "m-3")
    assert given.output == "g-1@2026-03-13T18:00 to 19:00  math  m-3 with s-1, s-2  planned\n"
    cancelled = "g-1@2026-03-12T19:00 to 20:00  math  m-1 with s-1, s-2  cancelled: ill"
    assert typed("session", "cancel", "spring", "g-1@2026-03-12", "--why", "ill").output == cancelled + "\n"
    assert typed("session", "restore", "spring", "g-1@2026-03-12").output.endswith("planned\n")
    typed("session", "cancel", "spring", "g-1@2026-03-12", "--why", "ill")
    assert typed("session", "make-up", "spring", "g-1@2026-03-12", "2026-03-15 11:00").output.splitlines() == [cancelled, MADE_UP]
    recorded = typed(
        "session", "record", "spring", "g-1@2026-03-05", "s-1=present", "s-2=absent", "--minutes", "50", "--topic", "fractions"
    )
    assert recorded.output == "g-1@2026-03-05T19:00 to 20:00  math  m-1 with s-1, s-2  held\n"
    assert [line.split()[0] for line in typed("session", "lacking", "spring").output.splitlines()] == [
        "g-3@2026-03-02T19:00",
        "g-1@2026-03-03T19:00",
        "g-2@2026-03-04T19:00",
    ]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        pytest.param({"m-1": "김하늘", "s-1": "이서준", "s-2": "김민서"}, "  김하늘 with 이서준, 김민서", id="all"),
        pytest.param({"m-1": "김하늘", "s-2": "김민서"}, "  김하늘 with 김민서", id="all that are known"),
        pytest.param({"m-1": "김하늘", "s-1": "이" * 12}, "  김하늘", id="the mentor's where others are too long by a column"),
        pytest.param({"m-1": "김하늘", "s-1": "이" * 11}, "  김하늘 with " + "이" * 11, id="to the last column"),
        pytest.param({"m-1": "Kim" * 20, "s-1": "이서준"}, "", id="none where the mentor's is too long"),
        pytest.param({"s-1": "이서준"}, "", id="none where the mentor's is not known"),
    ],
)
def test_names_follow_the_keys_where_they_fit(database: Engine, typed: Typed, names: dict[str, str], shown: str) -> None:
    taught_term(database)
    with transaction(database) as db:
        for key, name in names.items():
            db.execute(update(Person).where(Person.key == key).values(name=name))
    listed = typed("session", "list", "spring", "--group", "g-1", "--from", "2026-03-10", "--to", "2026-03-10").output
    assert listed == f"g-1@2026-03-10T19:00 to 20:00  math  m-1 with s-1, s-2  planned{shown}\n"


def test_all_about_a_session_is_shown(database: Engine, typed: Typed) -> None:
    taught_term(database)
    typed("group", "link", "spring", "g-1", "https://meet.example/g1")
    typed("session", "move", "spring", "g-1@2026-03-10", "2026-03-09T18:00", "--why", "school trip")
    typed("session", "substitute", "spring", "g-1@2026-03-09", "m-3")
    with transaction(database) as db:
        first = db.scalars(select(Message).where(Message.key.contains("moved:")).order_by(Message.id).limit(1)).one()
        mark_sent(db, first, now=at("2026-03-09 12:01"))
    with time_machine.travel(at("2026-03-09 20:00"), tick=False):
        words = ("s-1=late", "s-2=excused", "--minutes", "45", "--topic", "분수", "--note", "tired", "--task", "page 7", "--task", "page 8")
        typed("session", "record", "spring", "g-1@2026-03-09", *words)
    shown = typed("session", "show", "spring", "g-1@2026-03-09").output.splitlines()
    assert shown[:11] == [
        "g-1@2026-03-09T18:00 to 19:00  math  m-3 with s-1, s-2  held",
        "at first: 2026-03-10 19:00",
        "in the place of: m-1",
        "s-1: late",
        "s-2: excused",
        "recorded: 2026-03-09 20:00, 45 minutes",
        "topic: 분수",
        "note: tired",
        "task: page 7",
        "task: page 8",
        "link: https://meet.example/g1",
    ]
    assert shown[11].endswith("@dure, sequence 4, changed 2026-03-09 20:00")
    messages = [line for line in shown[12:] if line.startswith("message: moved to ")]
    assert len(messages) == 3
    assert [line.partition(", ")[2] for line in messages].count("sent 2026-03-09 12:01") == 1
    assert [line.partition(", ")[2] for line in messages].count("waits, due 2026-03-09 12:00") == 2
    assert "message: added to m-3, waits, due 2026-03-09 12:00" in shown


def test_of_a_session_without_a_record_is_shown_what_there_is(database: Engine, typed: Typed) -> None:
    taught_term(database)
    typed("session", "cancel", "spring", "g-1@2026-03-17", "--why", "ill")
    typed("session", "make-up", "spring", "g-1@2026-03-17", "2026-03-21T11:00")
    cancelled = typed("session", "show", "spring", "g-1@2026-03-17").output.splitlines()
    assert cancelled[:5] == [
        "g-1@2026-03-17T19:00 to 20:00  math  m-1 with s-1, s-2  cancelled: ill",
        "made up by: g-1@2026-03-21T11:00",
        "s-1: no record",
        "s-2: no record",
        "link: none",
    ]
    assert "makes up: g-1@2026-03-17T19:00" in typed("session", "show", "spring", "g-1@2026-03-21").output.splitlines()


def test_a_session_that_was_moved_is_found_by_its_first_day_too(database: Engine, typed: Typed) -> None:
    taught_term(database)
    typed("session", "move", "spring", "g-1@2026-03-10", "2026-03-13T18:00")
    for name in ("g-1@2026-03-10", "g-1@2026-03-10T19:00"):
        assert typed("session", "show", "spring", name).output.startswith("g-1@2026-03-13T18:00 to 19:00  ")
    moved = typed("session", "move", "spring", "g-1@2026-03-10", "2026-03-14T18:00")
    assert moved.output == "g-1@2026-03-14T18:00 to 19:00  math  m-1 with s-1, s-2  planned\n"
    assert typed("session", "show", "spring", "g-1@2026-03-13").output == "g-1@2026-03-13: there is no such session\n"
    typed("session", "move", "spring", "g-1@2026-03-17", "2026-03-10T10:00")  # now this one is on that day
    assert "at first: 2026-03-17 19:00\n" in typed("session", "show", "spring", "g-1@2026-03-10").output
    typed("session", "plan", "spring", "counselling", "2026-03-17T10:00", "--group", "g-1")
    typed("session", "move", "spring", "g-1@2026-03-17", "2026-03-18T10:00")
    with reading(database) as db:
        before = dump(db)
    refused = typed("session", "cancel", "spring", "g-1@2026-03-17", "--why", "ill")
    told = "g-1@2026-03-17: has become g-1@2026-03-10T10:00 and g-1@2026-03-18T10:00; write one of these\n"
    assert (refused.exit_code, refused.output) == (2, told)
    with reading(database) as db:
        assert dump(db) == before
    cancelled = typed("session", "cancel", "spring", "g-1@2026-03-17T10:00", "--why", "ill").output
    assert cancelled.startswith("g-1@2026-03-18T10:00 to 11:00  math (counselling)  ")
    assert typed("session", "show", "spring", "g-1@2026-03-17").output.startswith("g-1@2026-03-10T10:00 ")


def test_of_a_substitute_who_does_not_teach_the_group_is_warned(database: Engine, typed: Typed) -> None:
    term = taught_term(database)
    for day, subjects, warned in (
        (10, "english:1-12", ["warning: m-3 does not teach math in this term"]),
        (12, "english:1-12; math:8-9", ["warning: m-3 does not teach math to s-1 (grade 7), s-2 (grade 7)"]),
        (17, "math:7", []),
    ):
        with transaction(database) as db:
            mentor_named(db, db.get_one(Term, term.id), "m-3").subjects = subjects
        given = typed("session", "substitute", "spring", f"g-1@2026-03-{day}", "m-3")
        assert given.exit_code == 0
        assert given.stdout == f"g-1@2026-03-{day}T19:00 to 20:00  math  m-3 with s-1, s-2  planned\n"
        assert given.stderr.splitlines() == warned


def test_a_session_is_made_up_at_the_next_time_at_which_all_are_free(database: Engine, typed: Typed) -> None:
    taught_term(database)  # all can on Mondays from 09:00 to 22:00
    typed("session", "cancel", "spring", "g-1@2026-03-12", "--why", "ill")
    assert typed("session", "make-up", "spring", "g-1@2026-03-12").output.splitlines()[1].startswith("g-1@2026-03-16T09:00 to 10:00")


def test_whoever_moves_a_session_to_a_day_off_is_told_how_to_mean_it(database: Engine, typed: Typed) -> None:
    taught_term(database)
    typed("term", "close", "spring", "2026-03-18", "--why", "exams")
    words = ("session", "move", "spring", "g-1@2026-03-17", "2026-03-18T10:00")
    refused = typed(*words)
    assert (refused.exit_code, refused.output) == (2, "2026-03-18: is off (exams); write --on-day-off where that is meant\n")
    assert typed(*words, "--on-day-off").output.startswith("g-1@2026-03-18T10:00 to 11:00  ")


def test_sessions_that_are_no_tutoring_are_planned(database: Engine, typed: Typed) -> None:
    taught_term(database)
    planned = typed("session", "plan", "spring", "counselling", "2026-03-14T10:00", "--minutes", "30", "--group", "g-1")
    assert planned.output == "g-1@2026-03-14T10:00 to 10:30  math (counselling)  m-1 with s-1, s-2  planned\n"
    planned = typed("session", "plan", "spring", "orientation", "2026-03-14T12:00", "--mentor", "m-3", "--mentee", "s-1", "--mentee", "s-5")
    assert planned.output == "orientation-1@2026-03-14T12:00 to 13:00  orientation  m-3 with s-1, s-5  planned\n"


def test_a_group_goes_through_its_term(database: Engine, typed: Typed) -> None:
    taught_term(database)
    assert typed("group", "list", "spring").output.splitlines() == [
        "g-1  math  m-1 with s-1, s-2  Tue 19:00; Thu 19:00",
        "g-2  math  m-2 with s-2, s-3  Wed 19:00",
        "g-3  math  m-1 with s-4  Mon 19:00",
    ]
    typed("group", "times", "spring", "g-2", "Fri 18:00", "--from", "2026-03-09")
    joined = typed("group", "join", "spring", "g-2", "s-5", "--from", "2026-03-09")
    assert joined.output == "g-2  math  m-2 with s-2, s-3, s-5  Fri 18:00\n"
    assert typed("group", "leave", "spring", "g-2", "s-2", "--from", "2026-03-09").output == "g-2  math  m-2 with s-3, s-5  Fri 18:00\n"
    linked = typed("group", "link", "spring", "g-2", "https://meet.example/g2")
    assert linked.output == "g-2  math  m-2 with s-3, s-5  Fri 18:00  https://meet.example/g2\n"
    ended = typed("group", "end", "spring", "g-2", "--from", "2026-03-23", "--why", "exams")
    assert ended.output == "g-2  math  m-2 with s-3, s-5  Fri 18:00 until 2026-03-22  https://meet.example/g2\n"
    assert typed("leave", "mentee", "spring", "s-3", "--from", "2026-03-16").output == "s-3  has left on 2026-03-16\n"
    left = typed("leave", "mentor", "spring", "m-1", "--from", "2026-03-24", "--why", "ill").output.splitlines()
    assert left == [
        "m-1  has left on 2026-03-24; sessions that need another mentor: 2",
        "g-1@2026-03-24T19:00 to 20:00  math  m-1 with s-1, s-2  planned",
        "g-1@2026-03-26T19:00 to 20:00  math  m-1 with s-1, s-2  planned",
    ]
    assert typed("leave", "list", "spring").output.splitlines() == left[1:]


def test_who_was_to_leave_stays_and_what_cannot_come_back_is_told(database: Engine, typed: Typed) -> None:
    taught_term(database)
    typed("leave", "mentee", "spring", "s-4", "--from", "2026-03-16")
    typed("term", "close", "spring", "2026-03-23", "--why", "exams")
    assert typed("leave", "undo", "spring", "s-4").output.splitlines() == [
        "s-4  stays; sessions that are held again: 1",
        "g-3@2026-03-16T19:00 to 20:00  math  m-1 with s-4  planned",
        "not as before: 1",
        "g-3@2026-03-23T19:00 stays cancelled; 2026-03-23: is off (exams)",
    ]
    assert typed("leave", "undo", "spring", "s-4").output == "s-4: does not leave\n"
    typed("leave", "mentor", "spring", "m-1", "--from", "2026-03-16")
    typed("leave", "mentor", "spring", "m-1", "--from", "2026-03-24")
    assert typed("leave", "list", "spring").output.splitlines()[0].startswith("g-1@2026-03-24")
    assert typed("leave", "undo", "spring", "m-1", "--as", "mentor").output == "m-1  stays; sessions that are held again: 0\n"
    assert typed("leave", "list", "spring").output == "no session needs another mentor\n"


def test_of_a_mentor_and_a_mentee_of_one_key_it_is_to_be_said_who_stays(database: Engine, typed: Typed) -> None:
    taught_term(database)
    with transaction(database) as db:
        db.execute(update(Mentee).where(Mentee.key == "s-5").values(key="m-1"))
    for role in ("mentor", "mentee"):
        typed("leave", role, "spring", "m-1", "--from", "2026-03-16")
    assert typed("leave", "undo", "spring", "m-1").output == "m-1: is a mentor and a mentee; say which by --as mentor or --as mentee\n"
    for role in ("mentor", "mentee"):
        assert typed("leave", "undo", "spring", "m-1", "--as", role).output.startswith("m-1  stays")
    assert typed("leave", "undo", "spring", "m-1", "--as", "boss").output == "--as: 'boss' is none of these; write mentor or mentee\n"
    assert typed("leave", "undo", "spring", "x-1").output == "x-1: there is no such mentor or mentee; write s-1 or m-1\n"


def test_many_groups_get_their_links_from_a_table(database: Engine, typed: Typed, tmp_path: Path) -> None:
    taught_term(database)
    typed("group", "link", "spring", "g-3", "https://meet.example/g3")
    table = tmp_path / "links.csv"
    table.write_text("group,link\ng-1,https://meet.example/g1\ng-3,https://meet.example/new\n", encoding="utf-8")
    with reading(database) as db:
        before = dump(db)
    lines = [
        "g-1: https://meet.example/g1",
        "g-3: https://meet.example/new, before https://meet.example/g3",
        "groups without a meeting link: 1; `dure group links` takes a table of them",
    ]
    assert typed("group", "links", "spring", table, "--dry-run").output.splitlines() == ["links: 2 would change, 0 unchanged", *lines]
    with reading(database) as db:
        assert dump(db) == before
    assert typed("group", "links", "spring", table).output.splitlines() == ["links: 2 changed, 0 unchanged", *lines]
    assert [line.split()[-1] for line in typed("group", "list", "spring").output.splitlines()] == [
        "https://meet.example/g1",
        "19:00",
        "https://meet.example/new",
    ]
    with reading(database) as db:
        rows = db.execute(select(Group.key, Session.sequence).join(Session, Session.group_id == Group.id)).all()
        assert {(key, sequence) for key, sequence in rows} == {("g-1", 1), ("g-2", 0), ("g-3", 2)}
        assert [deed for deed in deeds(db) if "link" in deed[0]] == [("link changed", "group g-3"), ("links changed", "term spring")]
        assert {"g-1", "m-1", "s-1", "south", "program"} <= set(touched(db))
        assert "g-2" not in touched(db)
        before = dump(db)
    assert typed("group", "links", "spring", table, "--rows", "0").output.splitlines()[0] == "links: 0 changed, 2 unchanged"
    with reading(database) as db:
        assert dump(db) == before


def test_every_bad_cell_of_a_table_of_links_is_told_and_nothing_is_changed(database: Engine, typed: Typed, tmp_path: Path) -> None:
    taught_term(database)
    table = tmp_path / "links.csv"
    rows = ("g-1,https://meet.example/g1", "g-9,https://meet.example/g9", "g-2,nowhere", "g-3,", "g-1,https://meet.example/x")
    table.write_text("\n".join(("group,link", *rows)), encoding="utf-8")
    with reading(database) as db:
        before = dump(db)
    told = typed("group", "links", "spring", table)
    assert told.exit_code == 2
    assert told.output.splitlines() == [
        "links.csv:3: group: 'g-9' is no group of the term; write one that is, or leave this row out",
        "links.csv:4: link: 'nowhere' is no link; write the address of a page, such as https://meet.example.org/g-0001",
        "links.csv:5: link: is empty; write the address of a page, such as https://meet.example.org/g-0001",
        "links.csv:6: group: 'g-1' is given twice, first in line 2; write each group once",
    ]
    table.write_text("group,url\ng-1,https://meet.example/g1\n", encoding="utf-8")
    assert "links.csv:1: link: is missing; add this column" in typed("group", "links", "spring", table).output
    assert typed("group", "links", "spring", tmp_path / "none.csv").exit_code == 2
    with reading(database) as db:
        assert dump(db) == before


def test_a_group_is_shown_as_it_is_from_the_day_of_the_change_on(database: Engine, typed: Typed) -> None:
    taught_term(database)
    assert typed("group", "times", "spring", "g-2", "Fri 18:00", "--from", "2026-03-16").output == (
        "from 2026-03-16: g-2  math  m-2 with s-2, s-3  Fri 18:00\n"
    )
    assert typed("group", "leave", "spring", "g-2", "s-2", "--from", "2026-03-23").output == (
        "from 2026-03-23: g-2  math  m-2 with s-3  Fri 18:00\n"
    )
    assert "  m-2 with s-2, s-3  Wed 19:00\n" in typed("group", "list", "spring").output


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param("session move spring g-1@2026-03-10 soon", "WHEN: 'soon' is no time; write 2026-03-05T19:00", id="no time"),
        pytest.param(
            "session move spring g-1@2026-03-10 2026-03-11T19:00",
            "s-2 is in a session of group g-2 on 2026-03-11 from 19:00 to 20:00",
            id="a clash",
        ),
        pytest.param(
            "session move spring g-1@2026-03-10 9999-12-31T23:30",
            "WHEN: 9999-12-31 is too far away; write a time of the years 2000 to 2199",
            id="a time at the end of the calendar",
        ),
        pytest.param("session move spring g-1 2026-03-11T19:00", "'g-1' names no session", id="no name of a session"),
        pytest.param(f"session cancel spring g-1@2026-03-10 --why {'x' * 301}", "--why: has 301 signs; write at most 300", id="a long why"),
        pytest.param("session move spring g-1@2026-03-10 2026-03-13T18:00 --why 'a\nb'", "--why: has line breaks", id="a why of two lines"),
        pytest.param(
            f"session record spring g-1@2026-03-05 s-1=present s-2=late --minutes 50 --note {'x' * 2001}",
            "--note: has 2,001 signs; write at most 2,000",
            id="a long note",
        ),
        pytest.param("session cancel spring g-1@2026-03-11 --why x", "g-1@2026-03-11: there is no such session", id="no session"),
        pytest.param("session cancel spring g-9@2026-03-10 --why x", "g-9: there is no such group; write g-3 or g-2 or g-1", id="no group"),
        pytest.param("session substitute spring g-1@2026-03-10 m-9", "m-9: there is no such mentor", id="no mentor"),
        pytest.param("session show spring g-1@2026-03-11", "g-1@2026-03-11: there is no such session", id="nothing to show"),
        pytest.param("session list autumn", "there is no term 'autumn'", id="no term"),
        pytest.param("session list spring --from now", "--from: 'now' is no date", id="no date"),
        pytest.param("session list spring --mentee s-9", "s-9: there is no such mentee", id="nobody"),
        pytest.param("session plan spring party 2026-03-14T10:00 --group g-1", "KIND: 'party' is none of these", id="no kind"),
        pytest.param("session plan spring counselling 2026-03-14T10:00", "--group: it is not said for whom", id="for nobody"),
        pytest.param(
            "session record spring g-1@2026-03-05 s-1=here --minutes 9",
            "MENTEE=PRESENCE: 's-1=here' says none of these; write s-1= and present, late, absent, excused",
            id="no presence",
        ),
        pytest.param("session record spring g-1@2026-03-05 =late --minutes 9", "MENTEE=PRESENCE: '=late' names nobody", id="of nobody"),
        pytest.param(
            "session record spring g-1@2026-03-05 s-1=late s-1=late --minutes 9", "MENTEE=PRESENCE: s-1 is there twice", id="once too often"
        ),
        pytest.param("session cancel spring g-1@2026-03-10 --why ''", "--why: is empty; write some text", id="no reason"),
        pytest.param("group end spring g-1 --from 2026-03-16 --why ' '", "--why: is empty; write some text", id="no reason of an end"),
        pytest.param(
            "session list spring --from 2026-03-10 --to 2026-03-09", "the last day 2026-03-09 lies before the first", id="backward"
        ),
        pytest.param(
            "session make-up spring g-1@2026-03-26", "g-1@2026-03-26T19:00: is planned, not cancelled", id="made up though planned"
        ),
        pytest.param(
            "term close spring 2026-03-16 --school nort", "nort: no mentee of the term is of this school; write north", id="no school"
        ),
        pytest.param("term close spring 2026-03-20", "2026-03-20: is closed already", id="closed already"),
        pytest.param("session record spring g-1@2026-03-05 s-1=late --minutes 9", "nothing is said of s-2", id="half a record"),
        pytest.param("group times spring g-1 Tue --from 2026-03-16", "MEETINGS: 'Tue' is no weekly time", id="no weekly time"),
        pytest.param(
            "group times spring g-3 'Mon 09:00' --from 2026-03-09", "g-3@2026-03-09T09:00: has begun already", id="a session into the past"
        ),
        pytest.param("group end spring g-1 --from 2026-03-01 --why x", "2026-03-01: has begun already", id="a day that is past"),
        *(
            pytest.param(
                f"group {words} --from 2026-04-01",
                "2026-04-01: lies outside the term; write a day from 2026-03-09 to 2026-03-29",
                id=f"after the term: {words}",
            )
            for words in ("times spring g-2 'Fri 18:00'", "end spring g-1 --why x", "join spring g-2 s-5", "leave spring g-2 s-2")
        ),
        pytest.param("group link spring g-1 nowhere", "'nowhere' is no link", id="no link"),
        pytest.param("leave mentor spring m-9 --from 2026-03-16", "m-9: there is no such mentor; write m-", id="nobody who could leave"),
        pytest.param("leave mentor spring zz --from 2026-03-16", "zz: there is no such mentor\n", id="nobody of a key like that"),
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(database: Engine, typed: Typed, words: str, line: str) -> None:
    taught_term(database, closed=[dt.date(2026, 3, 20)])
    with reading(database) as db:
        before = dump(db)
    ended = typed(*shlex.split(words))
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith(line)
    with reading(database) as db:
        assert dump(db) == before
