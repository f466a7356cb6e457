"""Shows how a solve goes on: a board that is drawn anew at a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from matching.limits import Progress

if TYPE_CHECKING:
    from rich.table import Table

Watch = Callable[[Progress], None]
LINE_SECONDS = 1.0
"""No two plain lines follow each other faster."""
DRAWN_PER_SECOND = 4


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
    """Writes a line where something has changed, at most one a second, and the last one in any case."""

    def __init__(self, requests: int, out: TextIO) -> None:
        self._requests = requests
        self._out = out
        self._last: Progress | None = None
        self._waiting: Progress | None = None

    def watch(self, progress: Progress) -> None:
        """Takes note of how far the solve is."""
        last = self._last
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
        self._out.write(told(progress, self._requests) + "\n")
        self._out.flush()
        self._last, self._waiting = progress, None


class Board:
    """What a terminal shows: rich asks for it several times a second."""

    def __init__(self, requests: int, clock: Callable[[], float]) -> None:
        self._requests = requests
        self._clock = clock
        self._progress: Progress | None = None

    def watch(self, progress: Progress) -> None:
        """Takes note of how far the solve is."""
        self._progress = progress

    def __rich__(self) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for name in ("seconds", "placed", "score", "bound", "gap"):
            table.add_column(name, justify="right", min_width=8)
        progress = self._progress
        if progress:
            placed = f"{progress.placed:,} of {self._requests:,}"
            table.add_row(f"{self._clock():.1f}", placed, f"{progress.score:,}", f"{progress.bound:,}", f"{gap(progress):.2%}")
        else:
            table.add_row(f"{self._clock():.1f}", f"0 of {self._requests:,}", "", "", "")
        return table


@contextmanager
def _drawn(requests: int, clock: Callable[[], float]) -> Iterator[Watch]:
    from rich.live import Live

    board = Board(requests, clock)
    with Live(board, refresh_per_second=DRAWN_PER_SECOND):
        yield board.watch
