"""Shows races as tables, and writes them to bench.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.goals import Goal
from tests.bench.race import OURS, Entry, Race
from tests.bench.scaling import Scaling
from tests.bench.verdict import missed, proven_share, too_few_proven, wrong

NOTHING = "–"


def show_race(console: Console, race: Race, goal: Goal) -> None:
    """One table: a line for each racer, ours with the goal and what is missed of it."""
    people = f"{race.mentors:,} mentors, {race.mentees:,} mentees, {race.requests:,} requests"
    table = Table(title=f"{race.kind} {race.seed}: {people}; {race.limit:g} s each", title_justify="left", title_style="bold")
    table.add_column("who")
    for name in ("placed", "score", "bound", "gap", "seconds", "peak MB", "ours is"):
        table.add_column(name, justify="right")
    table.add_column("goal")
    table.add_column("verdict", overflow="fold")
    for entry in race.entries:
        ratio = race.ratio(entry) if entry.who != OURS else None
        table.add_row(
            entry.who,
            f"{entry.placed:,}" if entry.score is not None else NOTHING,
            _whole(entry.score),
            _whole(entry.bound),
            _share(entry.gap),
            f"{entry.seconds:.1f}",
            f"{entry.megabytes:,.0f}",
            f"{ratio:.3f} ×" if ratio is not None else NOTHING,
            _aim(race, entry, goal),
            _verdict(race, entry, goal),
        )
    console.print(table)
    for fault in wrong(race):
        console.print(f"[bold red]wrong:[/] {fault}")


def show_shares(console: Console, races: Sequence[Race], goal: Goal) -> None:
    """Of several seeds: how many were proven in time."""
    if goal.proven_within is not None:
        share = proven_share(races, goal)
        word = "missed" if too_few_proven(races, goal) else "met"
        console.print(f"{goal.kind}: {share:.0%} of {len(races)} proven within {goal.proven_within:g} s (goal {goal.share:.0%}: {word})")


def show_scaling(console: Console, scaling: Scaling) -> None:
    """The times at growing scale, and how fast they grow."""
    table = Table(title=f"{scaling.kind}: seconds until the gap is {scaling.gap:.1%}", title_justify="left", title_style="bold")
    for name in ("scale", "requests", "seconds", "gap at the end", "peak MB"):
        table.add_column(name, justify="right")
    for scale, race, seconds in scaling.runs:
        ours = race.ours
        when = f"{seconds:.1f}" if seconds is not None else f"not in {race.limit:g}"
        table.add_row(
            f"{scale:g}", f"{race.requests:,}", when, _share(ours.gap) if ours.score is not None else ours.state, f"{ours.megabytes:,.0f}"
        )
    console.print(table)
    exponent = scaling.exponent
    if exponent is None:
        console.print("growth: not measured, the gap was reached at fewer than two scales")
    else:
        console.print(f"growth: time ~ requests^{exponent:.2f}")


def write_json(path: Path, races: Sequence[tuple[Race, Goal]], scaling: Scaling | None) -> None:
    """Everything that was measured, with the histories."""
    goals = {goal.kind: goal for _, goal in races if goal.proven_within is not None}
    told = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "races": [
            {
                **asdict(race),
                "goal": asdict(goal),
                "missed": list(missed(race, goal)),
                "wrong": list(wrong(race)),
                "gaps": {entry.who: entry.gap for entry in race.entries},
                "ratios": {entry.who: race.ratio(entry) for entry in race.entries[1:]},
            }
            for race, goal in races
        ],
        "proven in time": {kind: proven_share([race for race, _ in races if race.kind == kind], goal) for kind, goal in goals.items()},
        "scaling": {**asdict(scaling), "exponent": scaling.exponent} if scaling else None,
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _aim(race: Race, entry: Entry, goal: Goal) -> str:
    """The goal in a word, with its own seconds where the race had others."""
    if entry.who != OURS:
        return f"≥ {goal.least_ratio(entry.who):g} ×"
    aim = f"≤ {goal.gap:.1%}" if goal.gap else "proven"
    return aim if race.limit == goal.seconds else f"{aim} in {goal.seconds} s"


def _verdict(race: Race, entry: Entry, goal: Goal) -> str:
    if entry.who != OURS:
        return entry.state
    short = list(missed(race, goal))
    return f"[red]missed: {'; '.join(short)}[/]" if short else "[green]met[/]"


def _whole(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2%}"
