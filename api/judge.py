"""`dure check`: says of a result what is wrong with it, and what it scores."""

from __future__ import annotations

import sys
from pathlib import Path

from api.exits import Exit, complain, refuse, untold
from matching.check import Verdict, check_result
from matching.faults import BadFiles, BadResult
from matching.resultfiles import read_groups, read_result
from matching.tables import read_round


def judge(round_path: Path, result_path: Path, previous_path: Path | None) -> Exit:
    """Judges a result; a result that cannot be read is faulty, a round that cannot is bad input."""
    try:
        round = read_round(round_path)
        previous = read_groups(previous_path) if previous_path else ()
    except BadFiles as bad:
        return refuse(bad)
    try:
        result = read_result(result_path)
    except BadResult as bad:
        complain(bad.lines())
        return Exit.FAULTY
    verdict = check_result(round, result, previous)
    forgotten = verdict.score != result.score and previous_path is None and (result_path / "changes.csv").exists()
    try:
        _tell(verdict)
        if forgotten:
            complain(["this result is a repair: name the earlier one by --previous, so that what stays earns its points"])
    except OSError as error:
        return untold(error)
    return Exit.DONE if verdict.fine else Exit.FAULTY


def _tell(verdict: Verdict) -> None:
    if verdict.score is not None:
        worth = ", ".join(f"{kind} {points:,}" for kind, points in verdict.parts.items() if points)
        sys.stdout.write(f"score {verdict.score:,}{f' ({worth})' if worth else ''}\n")
    complain(str(fault) for fault in verdict.faults)
    faults = len(verdict.faults)
    sys.stdout.write(f"{faults} fault{'s' if faults > 1 else ''}\n" if faults else "nothing is wrong\n")
    sys.stdout.flush()
