"""Rounds are opened and closed, which freezes what they ask; their runs are queued, found and stopped."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update

from data.archive import unpack
from data.audit import Deed
from data.database import reading, transaction
from data.forgetting import forget_files
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Round, RoundState, Run, RunState
from data.run_problems import (
    BadRunName,
    HasEnded,
    NobodyAsks,
    NoLongerKept,
    NoResult,
    NoRound,
    NoRun,
    NothingOpen,
    OtherTerm,
    RunError,
    StillOpen,
    TooSoon,
)
from data.runs import NEVER_BEGUN, Asked, ask_to_stop, close_round, find_run, name_of, open_round, queue, result_of, rounds_of
from data.terms import NewTerm, make_term
from matching.limits import BadLimit
from matching.round import Round as Asking
from matching.tables import read_round
from tests.runs import NOW, closed_term, queued
from tests.solved import SOLVED_AT, done_run
from tests.terms import demo_round, demo_term


def close_another(database: Engine, term: Term) -> bytes:
    with transaction(database) as db:
        open_round(db, term, by="manager", now=NOW)
        inputs = close_round(db, term, by="manager", now=NOW).inputs
    assert inputs is not None
    return inputs


def test_a_closed_round_holds_what_was_asked_in_the_contracts_files(database: Engine, tmp_path: Path) -> None:
    held = close_another(database, demo_term(database))
    folder = unpack(held, tmp_path / "round")
    assert sorted(path.name for path in folder.iterdir()) == ["mentees.csv", "mentors.csv", "pairs.csv", "peers.csv", "policy.toml"]
    found, given = read_round(folder), demo_round()
    assert (found.policy, found.peers) == (given.policy, given.peers)
    assert sorted(found.mentors, key=lambda one: one.key) == sorted(given.mentors, key=lambda one: one.key)


def test_the_same_people_are_frozen_in_the_same_bytes(database: Engine) -> None:
    term = demo_term(database)
    assert close_another(database, term) == close_another(database, term)


def test_a_closed_round_stays_as_it_was_whatever_becomes_of_its_people(database: Engine) -> None:
    term = demo_term(database)
    before = close_another(database, term)
    with transaction(database) as db:
        db.execute(update(Mentor).where(Mentor.key == "m-01").values(left_on=dt.date(2026, 3, 10)))
    assert close_another(database, term) != before
    with reading(database) as db:
        assert db.scalars(select(Round.inputs).where(Round.number == 1)).one() == before


def test_an_open_ended_term_is_planned_for_half_a_year(database: Engine, tmp_path: Path) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        db.execute(update(Term).values(last_on=None))
    with transaction(database) as db:
        held = db.get_one(Term, term.id)
    program = read_round(unpack(close_another(database, held), tmp_path / "round")).policy.program
    assert program.term_end == program.term_start + dt.timedelta(days=182)


def test_rounds_are_counted_and_one_is_open_at_a_time(database: Engine) -> None:
    term = demo_term(database)
    close_another(database, term)
    with transaction(database) as db:
        second = open_round(db, term, by="manager", now=NOW)
    assert (second.number, second.state) == (2, RoundState.OPEN)


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        pytest.param([close_round], NothingOpen("rural/2026-spring"), id="nothing to close"),
        pytest.param([open_round, open_round], StillOpen(1), id="opened twice"),
        pytest.param([open_round, close_round, close_round], NothingOpen("rural/2026-spring"), id="closed twice"),
        pytest.param(
            [lambda db, term, **said: queue(db, term, Asked(), **said)], NoRound("rural/2026-spring"), id="solved before it is there"
        ),
        pytest.param([open_round, lambda db, term, **said: queue(db, term, Asked(), **said)], StillOpen(1), id="solved while it is open"),
        pytest.param([lambda db, _term, **_said: find_run(db, "2026-spring:3.2")], NoRun("2026-spring:3.2"), id="no such run"),
        pytest.param([lambda db, _term, **_said: find_run(db, "2026-spring")], BadRunName("2026-spring"), id="no name of a run"),
    ],
)
def test_what_cannot_be_now_is_refused(database: Engine, steps: list[object], problem: RunError) -> None:
    term = demo_term(database)

    def take_steps() -> None:
        for step in steps:
            assert callable(step)
            with transaction(database) as db:
                step(db, term, by="manager", now=NOW)

    with pytest.raises(type(problem)) as told:
        take_steps()
    assert str(told.value) == str(problem)


def test_a_round_of_nobody_is_not_closed(database: Engine) -> None:
    term = demo_term(database, replace(demo_round(), mentees=(), pairs=(), peers=()))
    with pytest.raises(NobodyAsks, match="import its people"):
        close_another(database, term)


@pytest.mark.parametrize(("seconds", "effort"), [(0.0, None), (None, -1.0), (float("inf"), 1.0)])
def test_a_run_is_asked_for_with_limits_that_can_be(seconds: float | None, effort: float | None) -> None:
    with pytest.raises(BadLimit):
        Asked(seconds=seconds, effort=effort)


def test_a_run_is_found_by_its_numbers(database: Engine) -> None:
    term = closed_term(database)
    runs = [queued(database, term) for _ in range(2)]
    with reading(database) as db:
        assert [find_run(db, f"2026-spring:1.{number}").id for number in (1, 2)] == runs
        assert name_of(db, db.get_one(Run, runs[1])) == "rural/2026-spring:1.2"
        assert [(round.number, [run.id for run in some]) for round, some in rounds_of(db, term)] == [(1, runs)]


def test_a_run_repairs_only_what_has_a_result(database: Engine) -> None:
    term = closed_term(database)
    with pytest.raises(NoResult, match="it waits for a worker"):
        queued(database, term, Asked(previous=queued(database, term)))
    with transaction(database) as db:
        db.execute(update(Run).values(state=RunState.DONE))
    with pytest.raises(NoResult, match="as long ago as it was solved, it is no longer kept"):
        queued(database, term, Asked(previous=_first(database)))
    with transaction(database) as db:
        db.execute(update(Run).values(result=b"a ZIP"))
    before = _first(database)
    queued(database, term, Asked(previous=before))
    with transaction(database) as db:
        other = make_term(db, "rural/other", NewTerm(zone="Asia/Seoul", first_on=dt.date(2026, 3, 2)), by="manager", now=NOW)
        db.add(Round(term_id=other.id, number=1, state=RoundState.CLOSED, opened_at=NOW))
    with pytest.raises(OtherTerm, match="1 is of another term than rural/other"):
        queued(database, other, Asked(previous=before))


def _first(database: Engine) -> UUID:
    with reading(database) as db:
        return find_run(db, "2026-spring:1.1").id


YEAR_LATER = SOLVED_AT + dt.timedelta(days=366)


@pytest.fixture(scope="module")
def solved_long_ago(lasting_database: Engine) -> Engine:
    """A database with a round that was solved once."""
    term = demo_term(lasting_database)
    with transaction(lasting_database) as db:
        done_run(db, db.get_one(Term, term.id))
    return lasting_database


@pytest.mark.parametrize(
    ("last_on", "values", "kept"),
    [
        pytest.param(dt.date(2027, 6, 20), {}, False, id="nobody needs it"),
        pytest.param(dt.date(2027, 6, 20), {"ended_at": YEAR_LATER}, True, id="it was solved since"),
        pytest.param(dt.date(2027, 6, 20), {"published_at": YEAR_LATER}, True, id="it was published since"),
        pytest.param(dt.date(2027, 6, 20), {"state": RunState.QUEUED}, True, id="it waits for a worker"),
        pytest.param(dt.date(2027, 6, 20), {"published_at": SOLVED_AT}, False, id="the term that it taught is over"),
        pytest.param(dt.date(2028, 6, 20), {"published_at": SOLVED_AT}, True, id="its term goes on"),
        pytest.param(None, {"published_at": SOLVED_AT}, True, id="its term is open-ended"),
        pytest.param(
            None, {"published_at": SOLVED_AT, "undone_at": SOLVED_AT, "undo": {"gone": {"groups": []}}}, False, id="it was taken back"
        ),
        pytest.param(None, {}, False, id="it was never published, in an open-ended term"),
    ],
)
def test_what_a_round_asked_and_its_runs_gave_is_kept_for_as_long_as_somebody_needs_it(
    solved_long_ago: Engine, last_on: dt.date | None, values: dict[str, object], kept: bool
) -> None:
    with reading(solved_long_ago) as db:  # nothing of it is kept
        db.execute(update(Term).values(last_on=last_on))
        db.execute(update(Run).values(seed=1, **values))
        program = db.scalars(select(Term.program_id)).one()
        assert forget_files(db, SOLVED_AT, program) == 0
        assert forget_files(db, YEAR_LATER, program) == (0 if kept else 1)
        inputs, result = db.execute(select(Round.inputs, Run.result).join(Run, Run.round_id == Round.id)).one()
        assert (inputs is not None, result is not None) == (kept, kept)
        assert db.scalars(select(Run.undo)).one() is None  # nor what undoing it took away
        if not kept:
            with pytest.raises(NoResult, match="no longer kept"):
                result_of(db, db.scalars(select(Run)).one())
            with pytest.raises(NoLongerKept, match="what round 1 asks is no longer kept"):
                queue(db, db.scalars(select(Term)).one(), Asked(), by="manager", now=YEAR_LATER)


def test_what_a_run_repairs_is_kept_until_that_is_solved(database: Engine) -> None:
    term = demo_term(database)
    with transaction(database) as db:
        row = db.get_one(Term, term.id)
        first = done_run(db, row)
        second = done_run(db, row, previous=first)
        second.state, second.queued_at = RunState.QUEUED, YEAR_LATER
    for state, forgotten in ((RunState.QUEUED, 0), (RunState.DONE, 1)):
        with transaction(database) as db:
            db.execute(update(Run).where(Run.id == second.id).values(state=state))
            assert forget_files(db, YEAR_LATER, term.program_id) == forgotten


def test_a_run_that_nobody_has_begun_with_stops_at_once(database: Engine) -> None:
    run = queued(database, closed_term(database))
    with transaction(database) as db:
        ask_to_stop(db, db.get_one(Run, run), by="manager", now=NOW)
    with reading(database) as db:
        found = db.get_one(Run, run)
        assert (found.state, found.problem, found.ended_at) == (RunState.FAILED, NEVER_BEGUN, NOW)
        with pytest.raises(HasEnded, match=r"run rural/2026-spring:1\.1 has ended already"):
            ask_to_stop(db, found, by="manager", now=NOW)
        with pytest.raises(NoResult, match=NEVER_BEGUN):
            result_of(db, found)


def test_what_people_do_is_in_the_audit(database: Engine) -> None:
    run = queued(database, closed_term(database))
    with transaction(database) as db:
        ask_to_stop(db, db.get_one(Run, run), by="manager", now=NOW)
    with reading(database) as db:
        deeds = db.execute(select(Deed.what, Deed.whom, Deed.by).order_by(Deed.id)).all()
    assert [tuple(deed) for deed in deeds] == [
        ("opened", "round 1", "manager"),
        ("closed", "round 1", "manager"),
        ("queued", "run 1.1", "manager"),
        ("stopped", "run 1.1", "manager"),
    ]


def asked_after(database: Engine, left_on: dt.date, folder: Path, *, now: dt.datetime = NOW, from_on: dt.date | None = None) -> Asking:
    """What a round asks that is closed after a mentor and a mentee were said to leave on a day, while a run stands."""
    term = demo_term(database)
    with transaction(database) as db:
        done_run(db, db.get_one(Term, term.id)).published_at = now
        for kind, key in ((Mentor, "m-01"), (Mentee, "s-01")):
            db.execute(update(kind).where(kind.key == key).values(left_on=left_on))
        row = db.get_one(Term, term.id)
        open_round(db, row, by="manager", now=now)
        inputs = close_round(db, row, by="manager", now=now, from_on=from_on).inputs
    assert inputs is not None
    return read_round(unpack(inputs, folder))


WEDNESDAY = dt.datetime(2027, 4, 14, 5, tzinfo=dt.UTC)
MONDAY = dt.date(2027, 4, 19)


def test_who_leaves_after_the_repairs_first_day_is_in_its_round_until_then(database: Engine, tmp_path: Path) -> None:
    asked = asked_after(database, MONDAY + dt.timedelta(days=1), tmp_path / "round", now=WEDNESDAY)
    (mentor,) = (one for one in asked.mentors if one.key == "m-01")
    assert mentor.available_until == MONDAY
    assert [one.key for one in asked.mentees if one.key == "s-01"] == ["s-01"]


def test_a_round_may_be_closed_for_a_later_day(database: Engine, tmp_path: Path) -> None:
    later = MONDAY + dt.timedelta(days=8)
    asked = asked_after(database, later, tmp_path / "round", now=WEDNESDAY, from_on=later)
    assert "m-01" not in {one.key for one in asked.mentors}
    assert "s-01" not in {one.key for one in asked.mentees}


def test_a_repairs_round_is_not_closed_for_a_day_that_has_begun(database: Engine, tmp_path: Path) -> None:
    with pytest.raises(TooSoon, match="2027-04-14: is too soon; write 2027-04-15 or a later day"):
        asked_after(database, MONDAY, tmp_path / "round", now=WEDNESDAY, from_on=WEDNESDAY.date())


def test_who_leaves_by_the_repairs_first_day_is_not_in_its_round(database: Engine, tmp_path: Path) -> None:
    asked = asked_after(database, MONDAY, tmp_path / "round", now=WEDNESDAY)
    assert "m-01" not in {one.key for one in asked.mentors}
    assert "s-01" not in {one.key for one in asked.mentees}
