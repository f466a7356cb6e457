"""One solve in a process of its own: whoever began it hears how far it is, may ask it to stop, and lives on whatever becomes of it.

The two talk over a pipe. The solver takes whatever comes, or that the pipe ends, as a wish to stop: so it outlives a parent that was
killed by a moment only. The first Ctrl-C at a terminal goes to both; it is the parent's to act on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from data.archive import pack, unpack
from matching import solve
from matching.limits import Limits, OutOfTime, Progress
from matching.locks import Infeasible, Undecided
from matching.resultfiles import read_groups, write_result
from matching.roster import roster_of
from matching.tables import read_round

USUAL_EFFORT = 1.0
"""The limit of a run that has no other."""
PATIENCE_SECONDS = 10.0
"""So long a solver that is wanted no more may take to end by itself."""
TOLD_SECONDS = 0.1
"""The solver tells how far it is at most so often."""


ASIDE = (signal.SIGINT, signal.SIGTERM)
"""What a solver leaves to whoever began it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be solved, and how; `inputs` and `previous` are folders of ROUND.md as ZIPs, `began` a reading of `time.monotonic`."""

    inputs: bytes
    previous: bytes | None
    seed: int
    seconds: float | None
    effort: float | None
    explain_seconds: float | None
    workers: int
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What came out; `folder` is the result's folder of ROUND.md as a ZIP."""

    folder: bytes
    placed: int
    score: int
    bound: int
    ended_by: str
    history: tuple[tuple[float, int, int], ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The round has no result, for a reason that one line tells."""

    problem: str


@dataclass(frozen=True, slots=True)
class Died:
    """The solver's process ended without a word: with a status above 0, or killed by the signal -status."""

    status: int


News = Progress | Solved | Nothing | Died


class Solving:
    """A solve that goes on in its process."""

    def __init__(self, process: multiprocessing.process.BaseProcess, talk: Connection) -> None:
        self._process = process
        self._talk = talk

    def news(self, seconds: float) -> News | None:
        """What the solver says within so many seconds."""
        if not self._talk.poll(seconds):
            return None
        try:
            told: News = self._talk.recv()
        except (EOFError, OSError):  # it has ended, perhaps while it spoke
            self._process.join()
            return Died(self._process.exitcode or 0)
        return told

    def stop(self) -> None:
        """Asks for the best result so far; once is enough."""
        with contextlib.suppress(BrokenPipeError):  # it has ended: the news say how
            self._talk.send(None)


@contextmanager
def solving(job: Job) -> Iterator[Solving]:
    """Solves while the block runs; afterwards the process is gone, whether it had come to an end or not."""
    apart = multiprocessing.get_context("spawn")  # a copy of this process would hold its threads' locks, and connections to databases
    ours, theirs = apart.Pipe()
    process = apart.Process(target=_solve, args=(job, theirs), name="solver", daemon=True)
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ASIDE)  # until the process can put them aside itself
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    theirs.close()
    try:
        yield Solving(process, ours)
    finally:
        ours.close()
        process.join(PATIENCE_SECONDS)
        process.kill()
        process.join()
        process.close()


def _solve(job: Job, talk: Connection) -> None:
    """What the process does."""
    for wanted in ASIDE:
        signal.signal(wanted, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ASIDE)
    with contextlib.suppress(BrokenPipeError), TemporaryDirectory(prefix="dure-") as folder:  # nobody listens any more
        talk.send(_outcome(job, Path(folder), talk))


def _outcome(job: Job, folder: Path, talk: Connection) -> Solved | Nothing:
    round = read_round(unpack(job.inputs, folder / "round"))
    previous = read_groups(unpack(job.previous, folder / "previous")) if job.previous else None
    effort = USUAL_EFFORT if job.effort is None and job.seconds is None else job.effort
    told = float("-inf")

    def watch(progress: Progress) -> None:
        nonlocal told
        if progress.explaining or progress.seconds >= told + TOLD_SECONDS:
            told = progress.seconds
            talk.send(progress)

    try:
        result = solve(
            round,
            previous=previous,
            seed=job.seed,
            limits=Limits(seconds=job.seconds, effort=effort, explain_seconds=job.explain_seconds),
            workers=job.workers,
            clock=lambda: time.monotonic() - job.began,
            watch=watch,
            stopped=talk.poll,
        )
    except (Infeasible, OutOfTime, Undecided) as nothing:
        return Nothing(str(nothing))
    write_result(result, folder / "result", roster=roster_of(round), repaired=previous is not None)
    return Solved(
        folder=pack(folder / "result"),
        placed=result.placed,
        score=result.score,
        bound=result.bound,
        ended_by=result.ended_by.value,
        history=result.history,
    )
