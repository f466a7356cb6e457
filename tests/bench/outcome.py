"""What a peer comes to, and how it says so from its own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matching.result import Group
from matching.round import Round

Step = tuple[float, int, int | None]
"""Seconds since the start, the score and the bound that stood then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The groups a peer formed. `bound` is `None` where it proves nothing."""

    groups: tuple[Group, ...]
    bound: int | None = None
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a peer may use: `left()` are the seconds until it has to come to an end, `spent()` those since its start, `workers` its threads.

    `built` is to be called with a word on the model's size as soon as a solver has it. What `keep` was given last stands if the peer
    does not come to an end.
    """

    left: Callable[[], float]
    spent: Callable[[], float]
    built: Callable[[str], None]
    keep: Callable[[Outcome], None]
    workers: int = 2


Peer = Callable[[Round, Limits], Outcome | None]
"""Forms groups within the limits; `None` where it found none, not even a round without groups."""


def write_outcome(path: Path, outcome: Outcome) -> None:
    """Writes an outcome as JSON, whole or not at all."""
    groups = [[group.key, group.mentor, group.subject, group.meetings, group.members] for group in outcome.groups]
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps({"groups": groups, "bound": outcome.bound, "history": outcome.history}), encoding="utf-8")
    scratch.replace(path)


def read_outcome(path: Path) -> Outcome:
    """Reads what `write_outcome` wrote."""
    told = json.loads(path.read_text(encoding="utf-8"))
    groups = tuple(
        Group(key=key, mentor=mentor, subject=subject, meetings=tuple(meetings), members=tuple(members))
        for key, mentor, subject, meetings, members in told["groups"]
    )
    return Outcome(groups=groups, bound=told["bound"], history=tuple((at, score, bound) for at, score, bound in told["history"]))
