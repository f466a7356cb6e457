"""`dure round publish` and `undo`: what they print, and that a dry run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine, func, select

from data.database import reading, transaction
from data.programs import Term
from data.sessions import Session
from tests.api.typed import Typed, typed
from tests.scheduler.repairs import FIRST, NOW, SECOND, result
from tests.solved import done_run
from tests.terms import demo_term

__all__ = ["typed"]


@pytest.fixture(autouse=True)
def _in_february() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def sessions(database: Engine) -> int:
    with reading(database) as db:
        return db.scalar(select(func.count()).select_from(Session)) or 0


def test_runs_are_published_repaired_and_undone(database: Engine, typed: Typed) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        first = done_run(db, row, result(*FIRST))
        done_run(db, row, result(*SECOND), previous=first)
    dry = typed("round", "publish", "2026-spring:1.1", "--dry-run")
    assert dry.output.splitlines() == [
        "rural/2026-spring:1.1 would be published from 2027-03-02 on",
        "groups: 5 added",
        "new sessions: 160; meetings left out: 0",
        "groups without a meeting link: 5; `dure group links` takes a table of them",
    ]
    assert sessions(database) == 0
    assert typed("round", "publish", "2026-spring:1.1").output.startswith("rural/2026-spring:1.1 is published from 2027-03-02 on\n")
    assert sessions(database) == 160
    again = typed("round", "publish", "2026-spring:1.1")
    assert (again.exit_code, again.output) == (2, "run rural/2026-spring:1.1 is published already\n")
    typed("program", "set", "rural", "link", "https://meet.example.org/{group}")
    repaired = typed("round", "publish", "2026-spring:2.1", "--from", "2027-04-19").output
    assert "meeting link" not in repaired
    assert "groups: 1 added, 1 cancelled, 2 changes, 1 moves, 1 stays" in repaired
    assert "m-02 @ Mon 20:00; Wed 20:00" in repaired
    other = typed("round", "undo", "2026-spring:1.1")
    assert (other.exit_code, other.output) == (2, "run rural/2026-spring:1.1 is not published; run rural/2026-spring:2.1 is\n")
    for number in (2, 1):
        assert typed("round", "undo", f"2026-spring:{number}.1", "--dry-run").exit_code == 0
        undone = typed("round", "undo", f"2026-spring:{number}.1").output
        assert ("groups that are as they were before: 4\n" in undone) == (number == 2)
    assert sessions(database) == 0


def test_bad_words_get_one_line(database: Engine, typed: Typed) -> None:
    demo_term(database)
    assert typed("round", "publish", "2026-spring:1.1").exit_code == 2
    assert typed("round", "publish", "2026-spring:1.1", "--from", "soon").exit_code == 2
