"""Draws score and bound over time, one panel for each race."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tests.bench.outcome import Step
from tests.bench.race import Entry, Race

COLOURS = {"dure": "#0b6e4f", "flat_cpsat": "#c1440e", "flat_highs": "#3d5a99", "greedy": "#8a8a8a"}
WIDE = 3
BELOW, ABOVE = 0.3, 0.2
"""A panel reaches from so much below to so much above the best score, in parts of it."""


def draw(races: Sequence[Race], path: Path) -> None:
    """Writes a PNG: scores as full lines, bounds as dashed ones, over seconds; the end of each run is a dot."""
    wide = max(1, min(WIDE, len(races)))
    rows = max(1, math.ceil(len(races) / wide))
    figure = Figure(figsize=(max(7.0, 4.2 * wide), 0.6 + 3.1 * rows), layout="constrained")
    panels = list(figure.subplots(rows, wide, squeeze=False).flat)
    for panel, race in zip(panels, races, strict=False):
        _panel(panel, race)
    for panel in panels[len(races) :]:
        panel.set_visible(False)
    lines = [Line2D([], [], color=colour, label=who) for who, colour in COLOURS.items()]
    lines += [Line2D([], [], color="black", label="score"), Line2D([], [], color="black", linestyle="--", linewidth=1, label="bound")]
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines), frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


def _panel(panel: Axes, race: Race) -> None:
    panel.set_title(f"{race.kind} {race.seed}: {race.requests:,} requests, {race.limit:g} s", loc="left", fontsize=9)
    panel.tick_params(labelsize=7)
    panel.set_xlabel("seconds", fontsize=8)
    panel.set_xlim(0, race.limit * 1.1)
    panel.yaxis.set_major_formatter("{x:,.0f}")
    for entry in race.entries:
        steps = _steps(entry)
        colour = COLOURS.get(entry.who, "black")
        panel.step([at for at, _, _ in steps], [score for _, score, _ in steps], where="post", color=colour)
        panel.plot([at for at, _, _ in steps[-1:]], [score for _, score, _ in steps[-1:]], "o", color=colour, markersize=4)
        bounds = [(at, bound) for at, _, bound in steps if bound is not None]
        panel.step([at for at, _ in bounds], [bound for _, bound in bounds], where="post", color=colour, linestyle="--", linewidth=1)
    best = max((entry.score for entry in race.entries if entry.score is not None), default=0)
    if best > 0:
        panel.set_ylim(best * (1 - BELOW), best * (1 + ABOVE))
    failed = [f"{entry.who}: {entry.state.partition(':')[0]}" for entry in race.entries if entry.score is None]
    panel.text(0.98, 0.03, "\n".join(failed), transform=panel.transAxes, ha="right", va="bottom", fontsize=7)


def _steps(entry: Entry) -> list[Step]:
    """What happened while it ran, and how it ended; nothing where it has no legal result."""
    if entry.score is None:
        return []
    return [*entry.history, (entry.seconds, entry.score, entry.bound)]
