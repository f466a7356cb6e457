"""Reads and writes summary.json, what a result says of itself (ROUND.md, Out)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matching.faults import BadFile, Fault, Faults, short
from matching.result import EndedBy, Result

FILE_BYTES = 10_000_000
"""No summary is longer."""
OPTIMAL, FEASIBLE = "optimal", "feasible"


def _whole(value: object) -> bool:
    return type(value) is int


def _count(value: object) -> bool:
    return type(value) is int and value >= 0


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _history(value: object) -> bool:
    return isinstance(value, list) and all(map(_moment, value))


def _moment(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and _seconds(value[0]) and _whole(value[1]) and _whole(value[2])


KEYS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "objective": (_whole, "a whole number"),
    "bound": (_whole, "a whole number"),
    "status": (lambda value: value in (OPTIMAL, FEASIBLE), f'"{OPTIMAL}" or "{FEASIBLE}"'),
    "placed": (_count, "a whole number from 0 up"),
    "requests": (_count, "a whole number from 0 up"),
    "groups": (_count, "a whole number from 0 up"),
    "seed": (_whole, "a whole number"),
    "seconds": (_seconds, "a number from 0 up"),
    "ended_by": (lambda value: value in list(EndedBy), ", ".join(f'"{how}"' for how in EndedBy)),
    "history": (_history, "a list of [seconds, score, bound]"),
}
"""What must stand there: whether a value is right, and what would be."""


def read_summary(path: Path, faults: Faults, counted: Mapping[str, int]) -> dict[str, Any] | None:
    """Reads a summary.json; `counted` are the numbers of groups and members that it must agree with. `None` where it has faults."""
    try:
        text, told = _parsed(path)
    except BadFile as bad:
        faults.add(bad.fault)
        return None
    wrong = [name for name, (right, _) in KEYS.items() if name not in told or not right(told[name])]
    for name in wrong:
        problem = f"holds {short(json.dumps(told[name], ensure_ascii=False))}" if name in told else "is missing"
        faults.add(Fault(path.name, _line(text, name), name, problem, f"write {KEYS[name][1]}"))
    if wrong:
        return None
    true = {**counted, "status": OPTIMAL if told["objective"] == told["bound"] else FEASIBLE}
    for name, value in true.items():
        if told[name] != value:
            faults.add(Fault(path.name, _line(text, name), name, f"says {told[name]}", f"by the rest of the result it is {value}"))
    return told


def _parsed(path: Path) -> tuple[str, dict[str, Any]]:
    mend = "give a whole result folder"
    try:
        with path.open("rb") as file:
            held = file.read(FILE_BYTES + 1)
        if len(held) > FILE_BYTES:
            raise BadFile(path.name, f"is over {FILE_BYTES:,} bytes long", mend)
        text = held.decode("utf-8")
        told = json.loads(text)
    except OSError as error:
        raise BadFile(path.name, f"cannot be read ({error.strerror})", mend) from None
    except (ValueError, RecursionError):
        raise BadFile(path.name, "is no JSON in UTF-8", mend) from None
    if not isinstance(told, dict):
        raise BadFile(path.name, "is no JSON object", mend)
    return text, told


def _line(text: str, name: str) -> int:
    return next((line for line, held in enumerate(text.split("\n"), start=1) if f'"{name}"' in held), 1)


def write_summary(result: Result, path: Path) -> None:
    """Writes a summary.json, one key a line; times are rounded to milliseconds."""
    told = {
        "objective": result.score,
        "bound": result.bound,
        "status": OPTIMAL if result.optimal else FEASIBLE,
        "gap": round(result.gap, 6),
        "placed": result.placed,
        "requests": result.requests,
        "groups": len(result.groups),
        "seed": result.seed,
        "ended_by": result.ended_by.value,
        "seconds": round(result.seconds, 3),
        "history": [[round(seconds, 3), score, bound] for seconds, score, bound in result.history],
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in told.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8", newline="\n")
