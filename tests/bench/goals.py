"""What the command should reach on each kind of round, on two cores."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is aimed at with so many seconds, of which the whole command may overrun by `slack`.

    `gap` is the most (bound - score) / bound may be, 0 for proven; `proven_within` are seconds of the whole command; `share` says
    for which part of the seeds that must hold; `first_within` are the seconds until a first complete result, `megabytes` the peak
    of all processes, `reading` the seconds for reading the round's files; `ratios` are the least our score may be, divided by a
    peer's.
    """

    kind: str
    seconds: int
    gap: float
    slack: int = 5
    proven_within: float | None = None
    share: float = 1.0
    first_within: float | None = None
    megabytes: float | None = None
    reading: float | None = None
    placed: int | None = None
    ratios: dict[str, float] = field(default_factory=dict)

    def least_ratio(self, peer: str) -> float:
        """The least our score may be, divided by this peer's: at least as good, unless more is asked for."""
        return self.ratios.get(peer, 1.0)


GOALS = (
    Goal(kind="tiny", seconds=10, gap=0.0, proven_within=2.0),
    Goal(kind="office-hours", seconds=10, gap=0.0, proven_within=10.0, placed=300),
    Goal(kind="mixed", seconds=30, gap=0.02, proven_within=10.0, share=0.8),
    Goal(kind="campus", seconds=60, gap=0.003),
    Goal(kind="rural", seconds=60, gap=0.02, ratios={"flat_cpsat": 1.15}),
    Goal(kind="rural", seconds=300, gap=0.012, ratios={"flat_cpsat": 1.15}),
    Goal(kind="seoul", seconds=60, gap=0.015, first_within=10.0, megabytes=2000),
    Goal(kind="seoul", seconds=300, gap=0.01, first_within=10.0, megabytes=2000),
    Goal(kind="nation", seconds=600, gap=0.025, slack=30, megabytes=6000, reading=15.0),
)
