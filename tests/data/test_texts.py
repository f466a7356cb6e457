"""What people write freely is bounded by the operations that keep it, whoever calls them; what is refused changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as DbSession

from data.clients import make_client
from data.database import reading, transaction
from data.feeds import Audience, calendar_of, change, subscribe
from data.program_settings import rename_program
from data.programs import Organisation, Program, Term
from data.records import Record, record
from data.sessions import Presence
from data.settings import Language
from data.term_settings import as_it_is, set_term
from data.texts import LONGEST, BadText
from scheduler.changes import cancel
from scheduler.closures import close, reopen
from scheduler.finding import group_named, mentor_named, session_named
from scheduler.group_changes import end
from scheduler.leavers import leave_mentor
from tests.sessions import at, dump, taught_term

NOW = at("2026-03-09 12:00")
ON = dt.date(2026, 3, 16)
Doing = Callable[[DbSession, Term, str], object]


def recorded(db: DbSession, term: Term, *, topic: str = "", note: str = "", tasks: tuple[str, ...] = ()) -> None:
    attendance = dict.fromkeys(("s-1", "s-2"), Presence.PRESENT)
    said = Record(attendance=attendance, minutes=50, topic=topic, note=note, tasks=tasks)
    record(db, session_named(db, term, "g-1@2026-03-03"), said, by="x", now=NOW)


def subscribed(db: DbSession, term: Term, name: str) -> str:
    calendar = calendar_of(db, term.program_id, Audience.PROGRAM, "", NOW)
    made, _ = subscribe(db, calendar, name=name, language=Language.EN, alarms=(), days_back=60, by="x", now=NOW)
    db.flush()
    return str(made.id)


def client_made(db: DbSession, name: str) -> None:
    make_client(db, db.scalars(select(Organisation)).one(), name, [], by="x", now=NOW)


DONE: dict[str, Doing] = {
    "the reason of a cancelled session": lambda db, term, text: cancel(
        db, session_named(db, term, "g-1@2026-03-10"), by="x", now=NOW, reason=text
    ),
    "the reason of a group's end": lambda db, term, text: end(db, group_named(db, term, "g-1"), ON, by="x", now=NOW, reason=text),
    "the reason of a mentor who leaves": lambda db, term, text: leave_mentor(
        db, mentor_named(db, term, "m-2"), ON, by="x", now=NOW, reason=text
    ),
    "the name of a closure": lambda db, term, text: close(db, term, ON, ON, why=text, by="x", now=NOW),
    "the name of a term": lambda db, term, text: set_term(db, term, replace(as_it_is(term), name=text), by="x", now=NOW),
    "the name of a program": lambda db, term, text: rename_program(db, db.get_one(Program, term.program_id), text, by="x", now=NOW),
    "a topic": lambda db, term, text: recorded(db, term, topic=text),
    "a note": lambda db, term, text: recorded(db, term, note=text),
    "a task": lambda db, term, text: recorded(db, term, tasks=("page 7", text)),
    "a subscription's name": subscribed,
    "a subscription's other name": lambda db, term, text: change(db, subscribed(db, term, "mine"), name=text, by="x", now=NOW),
    "a client's name": lambda db, _, text: client_made(db, text),
}


@pytest.mark.parametrize("doing", DONE.values(), ids=DONE.keys())
def test_a_text_that_cannot_be_kept_is_refused_in_one_line(database: Engine, doing: Doing) -> None:
    term = taught_term(database)
    with reading(database) as db:
        before = dump(db)
    for text, told in (("x" * (LONGEST + 1), "has 2,001 signs; write at most 2,000"), ("a\0b", "has a sign of the code 0; leave it out")):
        with pytest.raises(BadText) as refused, transaction(database) as db:
            doing(db, db.get_one(Term, term.id), text)
        assert str(refused.value).endswith(f": {told}")
        assert "\n" not in str(refused.value)
        with reading(database) as db:
            assert dump(db) == before
    with transaction(database) as db:
        doing(db, db.get_one(Term, term.id), "가" * LONGEST)


def test_closures_with_the_longest_names_are_taken_back_together(database: Engine) -> None:
    term = taught_term(database)
    for days in range(2):
        with transaction(database) as db:
            close(db, db.get_one(Term, term.id), ON, ON + dt.timedelta(days), why="x" * LONGEST, by="x", now=NOW)
    with transaction(database) as db:
        assert len(reopen(db, db.get_one(Term, term.id), ON, by="x", now=NOW)) == 2
