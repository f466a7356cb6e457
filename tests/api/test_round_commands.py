"""`dure round`: rounds are opened, closed and solved, and runs shown, compared and stopped."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data.database import transaction
from data.leases import Standing, claim, finish
from matching.round import Round
from matching.tables import read_round
from scheduler.worker import solve_next
from tests import small
from tests.api.typed import Typed, typed
from tests.runs import closed_term, queued, solvers
from tests.terms import demo_term

__all__ = ["typed"]

SECONDS_20 = dt.timedelta(seconds=20)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def little(tmp_path: Path) -> Round:
    """A round that takes no time."""
    return read_round(small.write(tmp_path / "little"))


def test_a_round_is_opened_closed_solved_shown_and_compared(database: Engine, typed: Typed, little: Round) -> None:
    demo_term(database, little)
    assert typed("round", "open", "2026-spring").output == "round 1 of rural/2026-spring is open; close it when everybody is in\n"
    assert typed("round", "close", "2026-spring").output.splitlines() == [
        "round 1 of rural/2026-spring is closed, with 2 mentors and 2 mentees",
        "2 mentees may be under the age of consent: say when they were born, or set consent_grade",
    ]
    for number in (1, 2):
        asked = typed("round", "solve", "2026-spring", "--seed", f"{number}")
        assert asked.exit_code == 0
        if database.dialect.name == "postgresql":
            assert f"rural/2026-spring:1.{number}: a worker solves it" in asked.output
            assert "with `--wait` this command waits" in asked.output
            assert typed("round", "show", f"2026-spring:1.{number}").output == f"rural/2026-spring:1.{number}: waits for a worker\n"
            solve_next(database, now=now)
        else:
            assert asked.output.splitlines()[-1].startswith(f"rural/2026-spring:1.{number}: 1 of 3 requests, score 3,530, proven best")
    lines = typed("round", "list", "2026-spring").output.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["  rural/2026-spring:1.1: 1 placed", "  rural/2026-spring:1.2: 1 placed"]
    assert lines[0].startswith("round 1: closed since ")
    shown = typed("round", "show", "2026-spring:1.1")
    assert (shown.exit_code, shown.output.count("이서준")) == (0, 2)
    compared = typed("round", "compare", "2026-spring:1.1", "2026-spring:1.2").output
    assert "placed alike in both: 1; with another mentor or at another time: 0; in the first only: 0" in compared
    assert "rural/2026-spring:1.1" in compared


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_run_whose_solver_is_killed_is_begun_anew_while_its_command_waits(database: Engine, typed: Typed, little: Round) -> None:
    closed_term(database, little)

    def kill() -> None:
        until = time.monotonic() + 150
        while not solvers() and time.monotonic() < until:
            time.sleep(0.02)
        solvers()[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    ended = typed("round", "solve", "2026-spring")
    killer.join()
    assert ended.exit_code == 0
    assert ended.output.splitlines()[-1].startswith("rural/2026-spring:1.1: 1 of 3 requests, score 3,530, proven best")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(("open", "autumn"), "there is no term 'autumn'; there is rural/2026-spring", id="no such term"),
        pytest.param(("close", "2026-spring"), "no round of rural/2026-spring is open; open one first", id="nothing to close"),
        pytest.param(("show", "2026-spring"), "'2026-spring' is no name of a run; write TERM:ROUND.RUN", id="no name of a run"),
        pytest.param(("show", "2026-spring:1.9"), "there is no run 2026-spring:1.9", id="no such run"),
        pytest.param(("compare", "2026-spring:1.1", "2026-spring:1.2"), "there is no run 2026-spring:1.1", id="nothing to compare"),
        pytest.param(("stop", "2026-spring:1.1"), "there is no run 2026-spring:1.1", id="nothing to stop"),
        pytest.param(("solve", "2026-spring", "--time", "0"), "--time: 0 cannot be; a number above 0", id="no time"),
        pytest.param(("solve", "2026-spring", "--explain-time", "-1"), "--explain-time: -1 cannot be; 0 or more seconds", id="explaining"),
        pytest.param(("solve", "2026-spring", "--effort", "nan"), "--effort: nan cannot be; a number above 0", id="no effort"),
        pytest.param(("solve", "2026-spring", "--previous", "x:1.1"), "there is no term 'x'", id="nothing to repair"),
    ],
)
def test_bad_input_gets_one_line_and_changes_nothing(database: Engine, typed: Typed, little: Round, words: list[str], line: str) -> None:
    closed_term(database, little)
    ended = typed("round", *words)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert ended.output.startswith(line)
    assert len(typed("round", "list", "2026-spring").output.splitlines()) == 1


def test_a_round_that_is_open_is_not_solved(database: Engine, typed: Typed, little: Round) -> None:
    demo_term(database, little)
    typed("round", "open", "2026-spring")
    ended = typed("round", "solve", "2026-spring")
    assert (ended.exit_code, ended.output) == (2, "round 1 is still open; close it first\n")


def test_who_waits_sees_what_a_worker_does(database: Engine, typed: Typed, little: Round) -> None:
    closed_term(database, little)

    def begin() -> None:
        for _ in range(200):
            with transaction(database) as db:
                held = claim(db, by="another", now=now(), lease=SECONDS_20)
                if held:
                    standing = Standing(placed=2, score=3_000, bound=3_000, history=((0.5, 3_000, 3_000),))
                    finish(db, held, standing, result=b"", ended_by="proof", solver="1", now=now())
                    return
            threading.Event().wait(0.05)

    thread = threading.Thread(target=begin)
    thread.start()
    ended = typed("round", "solve", "2026-spring", "--wait")
    thread.join()
    assert (ended.exit_code, ended.output.splitlines()[-1]) == (0, "rural/2026-spring:1.1: 2 of 3 requests, score 3,000, proven best")


def test_a_run_that_waits_is_stopped(database: Engine, typed: Typed, little: Round) -> None:
    queued(database, closed_term(database, little))
    assert typed("round", "stop", "2026-spring:1.1").output == "rural/2026-spring:1.1 is not begun any more\n"
    assert typed("round", "show", "2026-spring:1.1").output == "rural/2026-spring:1.1: failed: stopped before a worker began with it\n"
    ended = typed("round", "stop", "2026-spring:1.1")
    assert (ended.exit_code, ended.output) == (2, "run rural/2026-spring:1.1 has ended already\n")
