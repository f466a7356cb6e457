"""Ctrl-C as a wish to stop: the first ends the search with what it has, the second ends the command."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Gives the question whether somebody has asked to stop; a second asking raises `KeyboardInterrupt`.

    That a reader of the output goes away is no such wish.
    """
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {wanted: signal.signal(wanted, ask) for wanted in SIGNALS}
    if hasattr(signal, "SIGPIPE"):
        before[signal.SIGPIPE] = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield lambda: asked
    finally:
        for wanted, handler in before.items():
            signal.signal(wanted, handler)
