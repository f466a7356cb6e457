"""One race: the command and its peers on one round, one after the other, each with the same time and judged alike."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from matching.check import check
from matching.faults import BadResult
from matching.result import Result
from matching.resultfiles import read_result
from matching.round import Round
from matching.tables import read_round, write_round
from tests.bench.measure import Measured, measure
from tests.bench.outcome import Outcome, Step, read_outcome
from tests.bench.peers import NOT_BUILT

OURS = "dure"
COMMAND = Path(sys.executable).with_name("dure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one of the racers came to. `state` is `ok`, or says why there is no score; `bound` is `None` where nothing is proven.

    `faults` are what the judge finds wrong; `built` tells the size of a peer's model and when it stood.
    """

    who: str
    state: str
    seconds: float
    megabytes: float
    score: int | None = None
    bound: int | None = None
    placed: int = 0
    history: tuple[Step, ...] = ()
    faults: tuple[str, ...] = ()
    built: str = ""

    @property
    def gap(self) -> float | None:
        """(bound - score) / |bound|, `None` where either is missing."""
        if self.score is None or self.bound is None:
            return None
        return (self.bound - self.score) / max(abs(self.bound), 1)

    def first_within(self, gap: float) -> float | None:
        """The seconds after which the history first shows so small a gap, `None` where it never does."""
        for at, score, bound in self.history:
            if bound is not None and bound - score <= gap * max(abs(bound), 1):
                return at
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """A round with the entries of all who ran on it, ours first. `reading` are the seconds that reading its files took."""

    kind: str
    seed: int
    limit: float
    mentors: int
    mentees: int
    requests: int
    reading: float
    entries: tuple[Entry, ...]

    @property
    def ours(self) -> Entry:
        """Our own entry."""
        return self.entries[0]

    def ratio(self, entry: Entry) -> float | None:
        """Our score divided by another's, `None` where either has none above 0."""
        if self.ours.score is None or not entry.score or entry.score < 0:
            return None
        return self.ours.score / entry.score


def race(kind: str, seed: int, round: Round, limit: float, peers: Sequence[str], slack: float = 5.0) -> Race:
    """Writes the round to files and lets the command and the peers run on them.

    Peers are killed `slack` seconds after the limit; the command, which should end by then, four times as late.
    """
    with TemporaryDirectory(prefix="dure-bench-") as folder:
        files = Path(folder) / "round"
        write_round(round, files)
        started = time.monotonic()
        read_round(files)
        reading = time.monotonic() - started
        entries = [_run_command(round, files, Path(folder) / "result", limit, slack)]
        entries += [_run_peer(name, round, files, limit, slack) for name in peers]
    return Race(
        kind=kind,
        seed=seed,
        limit=limit,
        mentors=len(round.mentors),
        mentees=len(round.mentees),
        requests=sum(len(mentee.requests) for mentee in round.mentees),
        reading=reading,
        entries=tuple(entries),
    )


def _run_command(round: Round, files: Path, out: Path, limit: float, slack: float) -> Entry:
    command = (str(COMMAND), "match", str(files), "--out", str(out), "--time", f"{limit:g}", "--explain-time", "0", "--quiet")
    measured = measure(command, limit + 4 * slack)
    if measured.status != 0:
        state = "killed" if measured.status is None else f"exit {measured.status}: {measured.last_line}"
        return Entry(who=OURS, state=state, seconds=measured.seconds, megabytes=measured.megabytes)
    try:
        result = read_result(out)
    except BadResult as bad:
        return Entry(who=OURS, state="no whole result", seconds=measured.seconds, megabytes=measured.megabytes, faults=(str(bad),))
    entry = _judged(OURS, round, result, measured)
    if entry.score is not None and entry.score != result.score:
        return _blamed(entry, f"says it scores {result.score}, but it scores {entry.score}")
    return entry


def _run_peer(name: str, round: Round, files: Path, limit: float, slack: float) -> Entry:
    out = files.parent / name
    out.mkdir()
    command = (sys.executable, "-m", "tests.bench.peers", name, str(files), str(out), "--time", f"{limit:g}", "--since", f"{time.time()}")
    measured = measure(command, limit + slack)
    built = (out / "built.txt").read_text(encoding="utf-8").strip() if (out / "built.txt").exists() else ""
    if (out / "outcome.json").exists():
        outcome = read_outcome(out / "outcome.json")
        return replace(_judged(name, round, outcome, measured), built=built)
    if measured.status == NOT_BUILT:
        state = "not built: out of memory"
    elif not built:
        state = "not built" if measured.status is None else f"not built: {measured.last_line}"
    else:
        state = "no result"
    return Entry(who=name, state=state, seconds=measured.seconds, megabytes=measured.megabytes, built=built)


def _judged(who: str, round: Round, told: Outcome | Result, measured: Measured) -> Entry:
    verdict = check(round, told.groups)
    faults = tuple(str(fault) for fault in verdict.faults[:5])
    entry = Entry(
        who=who,
        state="ok" if verdict.fine else "illegal",
        seconds=measured.seconds,
        megabytes=measured.megabytes,
        score=verdict.score,
        bound=told.bound,
        placed=sum(len(group.members) for group in told.groups),
        history=told.history,
        faults=faults,
    )
    if entry.score is not None and told.bound is not None and told.bound < entry.score:
        return _blamed(entry, f"its bound {told.bound} is below its score {entry.score}")
    return entry


def _blamed(entry: Entry, fault: str) -> Entry:
    return replace(entry, state="illegal", faults=(*entry.faults, fault))
