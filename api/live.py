"""Shows how a solve goes on: a board that is drawn anew at a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from api.exits import untold
from matching.limits import Progress

if TYPE_CHECKING:
    from rich.console import Group

Watch = Callable[[Progress], None]
LINE_SECONDS = 1.0
"""No two plain lines follow each other faster."""
DRAWN_PER_SECOND = 4
EXPLAINING = "explaining who is left, and what would help …"


@contextmanager
def shown(requests: int, clock: Callable[[], float], *, quiet: bool) -> Iterator[Watch]:
    """Shows the progress that is told to it while the block runs; `requests` are all there are to place."""
    if quiet:
        yield lambda _progress: None
    elif sys.stdout.isatty():
        with _drawn(requests, clock) as watch:
            yield watch
    else:
        lines = Lines(requests, sys.stdout)
        yield lines.watch
        lines.end()


def gap(progress: Progress) -> float:
    """(bound - score) / |bound|, 0 where the bound is 0."""
    return (progress.bound - progress.score) / max(abs(progress.bound), 1)


def told(progress: Progress, requests: int) -> str:
    """One line of text."""
    counts = f"placed {progress.placed:,} of {requests:,}, score {progress.score:,}, bound {progress.bound:,}"
    return f"{progress.seconds:.1f} s: {counts}, gap {gap(progress):.2%}"


class Lines:
    """Writes a line where something has changed, at most one a second, and the last one in any case.

    Where the output cannot be written any more, that is told once, and the solve goes on.
    """

    def __init__(self, requests: int, out: TextIO) -> None:
        self._requests = requests
        self._out = out
        self._last: Progress | None = None
        self._waiting: Progress | None = None

    def watch(self, progress: Progress) -> None:
        """Takes note of how far the solve is."""
        last = self._last
        if progress.explaining:
            self.end()
            self._say(f"{progress.seconds:.1f} s: {EXPLAINING}")
            return
        if last and (progress.placed, progress.score, progress.bound) == (last.placed, last.score, last.bound):
            return
        if last and progress.seconds < last.seconds + LINE_SECONDS:
            self._waiting = progress
        else:
            self._write(progress)

    def end(self) -> None:
        """Writes what is left to say."""
        if self._waiting:
            self._write(self._waiting)

    def _write(self, progress: Progress) -> None:
        self._say(told(progress, self._requests))
        self._last, self._waiting = progress, None

    def _say(self, line: str) -> None:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError as error:
            untold(error)


class Board:
    """What a terminal shows: rich asks for it several times a second."""

    def __init__(self, requests: int, clock: Callable[[], float]) -> None:
        self._requests = requests
        self._clock = clock
        self._progress: Progress | None = None

    def watch(self, progress: Progress) -> None:
        """Takes note of how far the solve is."""
        self._progress = progress

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for name in ("seconds", "placed", "score", "bound", "gap"):
            table.add_column(name, justify="right", min_width=8)
        progress = self._progress
        if progress:
            placed = f"{progress.placed:,} of {self._requests:,}"
            table.add_row(f"{self._clock():.1f}", placed, f"{progress.score:,}", f"{progress.bound:,}", f"{gap(progress):.2%}")
        else:
            table.add_row(f"{self._clock():.1f}", f"0 of {self._requests:,}", "", "", "")
        return Group(table, Text(EXPLAINING)) if progress and progress.explaining else Group(table)


@contextmanager
def _drawn(requests: int, clock: Callable[[], float]) -> Iterator[Watch]:
    from rich.live import Live

    board = Board(requests, clock)
    with Live(board, refresh_per_second=DRAWN_PER_SECOND):
        yield board.watch
