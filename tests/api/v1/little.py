"""A round of two mentors and two mentees, and what comes of it, solved once for all tests."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from data.archive import packed
from matching import solve
from matching.limits import Limits
from matching.resultfiles import write_result
from matching.roster import roster_of
from matching.round import Round
from matching.tables import read_round
from tests import small


@cache
def little_round() -> Round:
    """The round."""
    with TemporaryDirectory() as folder:
        return read_round(small.write(Path(folder) / "little"))


@cache
def little_result(seed: int = 0, *, repaired: bool = False) -> bytes:
    """The folder of its result as a ZIP, where it is a repair with what that changes."""
    result = solve(little_round(), limits=Limits(effort=0.1, explain_seconds=5), workers=1, seed=seed, clock=time.monotonic)
    return packed(lambda folder: write_result(result, folder, roster=roster_of(little_round()), repaired=repaired))
