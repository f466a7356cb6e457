"""How the time until a fixed gap grows with the size of the round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.race import Race, race
from tests.bench.rounds import make_round

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Runs of one kind at growing scale: (scale, race, seconds until the gap, `None` where it was not reached)."""

    kind: str
    gap: float
    runs: tuple[tuple[float, Race, float | None], ...]

    @property
    def exponent(self) -> float | None:
        """The slope of log time over log requests, fitted by least squares; `None` with fewer than two scales to fit."""
        return growth([(race.requests, seconds) for _, race, seconds in self.runs if seconds is not None])


def growth(points: Sequence[tuple[float, float]]) -> float | None:
    """The e for which time grows as size to the power of e, fitted through (size, time) in logarithms."""
    if len({size for size, _ in points}) < 2:
        return None
    sizes, times = np.log([size for size, _ in points]), np.log([max(seconds, 0.01) for _, seconds in points])
    return float(np.polyfit(sizes, times, 1)[0])


def scaling(kind: str, seed: int, gap: float, limit: float, tell: Callable[[str], None], scales: Sequence[float] = SCALES) -> Scaling:
    """Runs the command alone at every scale, each with the same limit, and notes when its history first shows the gap."""
    runs = []
    for scale in scales:
        tell(f"{kind} at scale {scale:g} …")
        run = race(kind, seed, make_round(kind, seed, scale), limit, ())
        runs.append((scale, run, run.ours.first_within(gap)))
    return Scaling(kind=kind, gap=gap, runs=tuple(runs))
