"""Says of a race which goals it misses, and what in it is plainly wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.goals import Goal
from tests.bench.race import Race


def wrong(race: Race) -> Iterator[str]:
    """What must never be: an illegal result, or a bound that somebody's legal result exceeds."""
    for entry in race.entries:
        yield from (f"{entry.who}: {fault}" for fault in entry.faults)
    best = max((entry.score for entry in race.entries if entry.score is not None and not entry.faults), default=None)
    for entry in race.entries:
        if best is not None and entry.bound is not None and entry.bound < best:
            yield f"{entry.who}: its bound {entry.bound:,} is below the score {best:,} that can be reached"


def missed(race: Race, goal: Goal) -> Iterator[str]:
    """How our own entry falls short of the goal (whether it is proven in time is a matter of all seeds: see `proven_share`)."""
    ours = race.ours
    if ours.score is None:
        yield ours.state
        return
    if ours.gap is None or ours.gap > goal.gap:
        yield f"gap over {goal.gap:.1%}"
    if ours.seconds > race.limit + goal.slack:
        yield f"over {race.limit + goal.slack:g} s"
    first = next((at for at, score, _ in ours.history if score > 0), ours.seconds)
    if goal.first_within is not None and first > goal.first_within:
        yield f"first result after {first:.0f} s"
    if goal.megabytes is not None and ours.megabytes > goal.megabytes:
        yield f"over {goal.megabytes:,.0f} MB"
    if goal.placed is not None and ours.placed != goal.placed:
        yield f"{ours.placed} placed, not {goal.placed}"
    if goal.reading is not None and race.reading > goal.reading:
        yield f"read in {race.reading:.0f} s"
    for entry in race.entries[1:]:
        ratio = race.ratio(entry)
        if ratio is not None and ratio < goal.least_ratio(entry.who):
            yield f"only {ratio:.3f} times {entry.who}"


def too_few_proven(races: Sequence[Race], goal: Goal) -> bool:
    """Whether fewer of these races than the goal wants were proven in time."""
    return goal.proven_within is not None and proven_share(races, goal) < goal.share


def proven_share(races: Sequence[Race], goal: Goal) -> float:
    """The share of these races that the command ended, proven, within the goal's seconds."""
    within = goal.proven_within if goal.proven_within is not None else goal.seconds
    proven = [race for race in races if race.ours.gap == 0 and race.ours.seconds <= within]
    return len(proven) / max(len(races), 1)
