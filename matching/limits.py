"""How long a solve may go on, how far it has come, and what it means that it ended with nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_EXPLAINING = 60.0
"""Seconds, where nobody says more."""


@dataclass(eq=False)
class BadLimit(ValueError):
    """A limit or a report of progress that cannot be; `mend` says what would be right."""

    name: str
    value: float
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value} cannot be; {self.mend}"


@dataclass(eq=False)
class OutOfTime(Exception):
    """The time ran out, or the user interrupted, before there was any result; `seconds` had gone by."""

    seconds: float

    def __str__(self) -> str:
        return f"no result after {self.seconds:.1f} seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a solve must end, whatever it has found by then.

    `seconds` is a reading of the solve's clock, which may have begun before the solve; `effort` is work relative to the
    round's size (1 is the usual amount); `explain_seconds` cap the confirming of gains and advice after the solve, and 0
    leaves that out. `None` sets no such limit, save for `explain_seconds`: there it is a quarter of `seconds`, at most 60 s.

    Raises
    ------
    BadLimit
        A number is negative or not finite, or `seconds` or `effort` is 0.
    """

    seconds: float | None = None
    effort: float | None = None
    explain_seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("seconds", self.seconds), ("effort", self.effort)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise BadLimit(name, value, "a number above 0")
        if self.explain_seconds is not None and not (math.isfinite(self.explain_seconds) and self.explain_seconds >= 0):
            raise BadLimit("explain_seconds", self.explain_seconds, "0 or more seconds")

    @property
    def explaining(self) -> float:
        """The seconds that explaining may take."""
        if self.explain_seconds is not None:
            return self.explain_seconds
        return MOST_EXPLAINING if self.seconds is None else min(MOST_EXPLAINING, self.seconds / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The best result at one moment of a solve: its placed requests, its score and the bound proven so far.

    Where it is `explaining`, the search is over, and reasons and advice are being worked out.

    Raises
    ------
    BadLimit
        `seconds` or `placed` is negative, or the bound is below the score.
    """

    seconds: float
    placed: int
    score: int
    bound: int
    explaining: bool = False

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise BadLimit("seconds", self.seconds, "0 or more seconds")
        if self.placed < 0:
            raise BadLimit("placed", self.placed, "0 or more requests")
        if self.bound < self.score:
            raise BadLimit("bound", self.bound, f"at least the score, {self.score}")
