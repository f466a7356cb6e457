"""An import that is killed leaves the term as it was, or as the import makes it: never something in between."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from data.database import reading
from data.programs import Term
from data.roster import round_of
from matching.round import Round
from matching.tables import write_round
from tests.bench.rounds import make_round
from tests.faults.processes import Stage, killed, seconds_of_writing, spread
from tests.faults.told import Told
from tests.terms import demo_term

SCALE = 0.5


def now(database: Engine, term: Term) -> Round:
    with reading(database) as db:
        row = db.get_one(Term, term.id)
        return round_of(db, row, row.first_on, on=row.first_on)


def kill_some(database: Engine, tmp_path: Path, told: Told, kills: int) -> None:
    """Kills imports of two rounds in turn, at moments that are spread over all the time in which they write."""
    rounds = [make_round("rural", seed, scale=SCALE) for seed in (1, 2)]
    folders = [tmp_path / str(place) for place in range(2)]
    for round, folder in zip(rounds, folders, strict=True):
        write_round(round, folder)
    words = [("import", "2026-spring", folder, "--allow-removals", "--rows", "0") for folder in folders]
    term = demo_term(database, rounds[0])
    wholes = [now(database, term)]
    there = seconds_of_writing(database, *words[1])
    wholes.append(now(database, term))
    assert wholes[0] != wholes[1]
    takes = min(there, seconds_of_writing(database, *words[0]))
    assert now(database, term) == wholes[0]
    at, done, stages = 0, 0, Counter[Stage]()
    for share in spread(kills, Random(1)):
        stage, acknowledged = killed(database, *words[1 - at], after=share * takes)
        stages[stage] += 1
        found = now(database, term)
        assert found in wholes
        is_done = found == wholes[1 - at]
        assert is_done or not acknowledged
        done += is_done
        at = wholes.index(found)
    counted = ", ".join(f"{stages[stage]} {stage}" for stage in Stage)
    told.tell(
        f"{database.dialect.name}: {kills} kills of imports: "
        f"{counted} (they write for {takes:.2f} s); {done} were done whole, {kills - done} left all as it was",
        kills=kills,
    )
    assert 3 * stages[Stage.WRITING] >= kills, counted


def test_an_import_that_is_killed_is_done_whole_or_not_at_all(database: Engine, tmp_path: Path, told: Told) -> None:
    kill_some(database, tmp_path, told, kills=3)


@pytest.mark.long
def test_of_many_imports_that_are_killed_each_is_done_whole_or_not_at_all(database: Engine, tmp_path: Path, told: Told) -> None:
    kill_some(database, tmp_path, told, kills=25)
