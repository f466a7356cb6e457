"""What is done to a whole term asks the database as often for many groups as for few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session as DbSession

from data.database import migrate, transaction
from data.rounds import Run
from scheduler.jobs import ask_for_records, produce_sessions, remind
from scheduler.publish import publish
from scheduler.undo import undo
from tests.bench.publishing import MIDTERM, NOW, entered
from tests.scheduler.lessons import HOUR, MONDAY, lessons, let_them_meet

FEW, MANY = 10, 30
"""So many groups: of a larger term one statement does not take all sessions."""


@contextmanager
def counted(database: Engine) -> Iterator[list[str]]:
    """The statements that a database is given meanwhile; of one for many rows, one."""
    given: list[str] = []

    def note(*told: object) -> None:
        given.append(str(told[2]))

    event.listen(database, "before_cursor_execute", note)
    try:
        yield given
    finally:
        event.remove(database, "before_cursor_execute", note)


PAIRS = pytest.mark.parametrize(("database", "empty_database"), [("postgresql", "postgresql")], indirect=True)
"""Two databases, one for few groups and one for many. What SQLite is asked is the same."""

Job = Callable[[Engine, Callable[[], dt.datetime]], int]
JOBS: dict[str, tuple[Job, dt.datetime]] = {
    "sessions are produced": (produce_sessions, MONDAY + HOUR),
    "people are reminded": (remind, MONDAY - HOUR),
    "records are asked for": (ask_for_records, MONDAY + 30 * HOUR),
}


@PAIRS
@pytest.mark.parametrize(("job", "at"), JOBS.values(), ids=JOBS.keys())
def test_a_job_asks_as_often_for_many_groups_as_for_few(database: Engine, empty_database: Engine, job: Job, at: dt.datetime) -> None:
    migrate(empty_database)
    numbers = []
    for of, groups in ((database, FEW), (empty_database, MANY)):
        lessons(of, [MONDAY] * groups)
        let_them_meet(of)
        with counted(of) as given:
            assert job(of, lambda: at) >= groups
        numbers.append(len(given))
    assert numbers[0] == numbers[1]


@PAIRS
def test_publishing_repairing_and_undoing_ask_as_often_for_many_groups_as_for_few(database: Engine, empty_database: Engine) -> None:
    """As many of them change by the repair: one mentor leaves, who had two."""
    migrate(empty_database)
    assert statements_of_publishing(database, FEW) == statements_of_publishing(empty_database, MANY)


def statements_of_publishing(database: Engine, groups: int) -> dict[str, int]:
    """How many each step takes, of a term with so many groups."""
    run, repair = entered(database, groups * 3 // 5)
    steps: dict[str, Callable[[DbSession], object]] = {
        "publish": lambda db: publish(db, db.get_one(Run, run.id), NOW, "x"),
        "undo": lambda db: undo(db, db.get_one(Run, run.id), NOW, "x"),
        "publish again": lambda db: publish(db, db.get_one(Run, run.id), NOW, "x"),
        "repair": lambda db: publish(db, db.get_one(Run, repair.id), MIDTERM, "x"),
        "undo the repair": lambda db: undo(db, db.get_one(Run, repair.id), MIDTERM, "x"),
    }
    found = {}
    for name, step in steps.items():
        with counted(database) as given, transaction(database) as db:
            step(db)
        found[name] = len(given)
    return found
