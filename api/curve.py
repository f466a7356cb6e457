"""The lines of score and bound over the seconds of a run, as points of a drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 84.0, 708.0, 14.0, 228.0
"""The frame that the lines are drawn in, in the drawing's own units."""

WINDOW = 0.10
"""So much of the score, below it and above the bound, is drawn at most; what lies farther out is drawn on the edge."""

MARKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points as SVG writes them (`x,y x,y ...`), and the marks of both axes as (place, value)."""

    score: str
    bound: str
    x_marks: tuple[tuple[float, float], ...]
    y_marks: tuple[tuple[float, int], ...]


def curve(history: Sequence[tuple[float, int, int]]) -> Curve | None:
    """The curve of a history of (seconds, score, bound); `None` where there are not two moments to draw a line between."""
    if len(history) < 2 or history[-1][0] <= history[0][0]:
        return None
    _, score, bound = history[-1]
    margin = max(abs(score) * WINDOW, 1)
    low = max(min(row[1] for row in history), score - margin)
    high = max(min(max(row[2] for row in history), bound + margin), low + 1)
    last = history[-1][0]

    def x(seconds: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * seconds / last, 1)

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / (high - low), 1)

    step = nice((high - low) / MARKS)
    first = math.ceil(low / step)
    return Curve(
        score=_steps((x(seconds), y(value)) for seconds, value, _ in history),
        bound=_steps((x(seconds), y(value)) for seconds, _, value in history),
        x_marks=tuple((x(part * last / 2), part * last / 2) for part in range(3)),
        y_marks=tuple((y(n * step), n * step) for n in range(first, math.floor(high / step) + 1)),
    )


def nice(step: float) -> int:
    """The smallest whole number of the form 1, 2 or 5 times a power of ten that is not below `step`."""
    if step <= 1:
        return 1
    power = int(10 ** math.floor(math.log10(step)))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= step)


def _steps(points: Iterable[tuple[float, float]]) -> str:
    """A line that keeps its height until the next point."""
    corners: list[str] = []
    height = None
    for x, y in points:
        if height is not None and y != height:
            corners.append(f"{x},{height}")
        corners.append(f"{x},{y}")
        height = y
    return " ".join(corners)
