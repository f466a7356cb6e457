"""An import that is killed leaves the term as it was, or as the import makes it: never something in between."""

from __future__ import annotations

import os
import subprocess
import time
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
from tests.command import COMMAND
from tests.faults.told import Told
from tests.terms import demo_term

SCALE = 0.5


def now(database: Engine, term: Term) -> Round:
    with reading(database) as db:
        row = db.get_one(Term, term.id)
        return round_of(db, row, row.first_on, on=row.first_on)


def begun(database: Engine, folder: Path) -> subprocess.Popen[bytes]:
    """An import that is under way."""
    environment = {**os.environ, "DURE_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    words: list[str | Path] = [COMMAND, "import", "2026-spring", folder, "--allow-removals", "--rows", "0"]
    return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_some(database: Engine, tmp_path: Path, told: Told, kills: int) -> None:
    """Kills imports of two rounds in turn, at moments that are spread over their whole time."""
    rounds = [make_round("rural", seed, scale=SCALE) for seed in (1, 2)]
    folders = [tmp_path / str(place) for place in range(2)]
    for round, folder in zip(rounds, folders, strict=True):
        write_round(round, folder)
    term = demo_term(database, rounds[0])
    wholes = [now(database, term)]
    began = time.monotonic()
    assert begun(database, folders[1]).wait() == 0
    takes = time.monotonic() - began
    wholes.append(now(database, term))
    assert wholes[0] != wholes[1]
    rng, at, done = Random(1), 1, 0
    for _ in range(kills):
        importing = begun(database, folders[1 - at])
        time.sleep(rng.uniform(0.2, 1.1) * takes)
        importing.kill()
        importing.wait()
        found = now(database, term)
        assert found in wholes
        done += found == wholes[1 - at]
        at = wholes.index(found)
    told.tell(f"{database.dialect.name}: {kills} kills of imports: {done} were done, {kills - done} left all as it was", kills=kills)


def test_an_import_that_is_killed_is_done_whole_or_not_at_all(database: Engine, tmp_path: Path, told: Told) -> None:
    kill_some(database, tmp_path, told, kills=3)


@pytest.mark.long
def test_of_many_imports_that_are_killed_each_is_done_whole_or_not_at_all(database: Engine, tmp_path: Path, told: Told) -> None:
    kill_some(database, tmp_path, told, kills=25)
