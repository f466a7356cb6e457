"""How a command ends (ROUND.md, Exits), and how it says what is wrong."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from matching.faults import BadFiles

SOLVING = ("match", "demo")
"""Commands that owe a result."""

INTERRUPTED = 130
"""What a shell, and typer, say of a command that Ctrl-C ended."""


class Exit(IntEnum):
    """The statuses of every command."""

    DONE = 0
    FAULTY = 1
    BAD_INPUT = 2
    INFEASIBLE = 3
    NO_RESULT = 4


def open_streams() -> None:
    """Whatever a caller has closed of standard output and error is written nowhere; a reader who goes away ends the command."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  it stays open to the end
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def complain(lines: Iterable[str]) -> None:
    """Writes lines to standard error; what its encoding cannot hold is escaped, and where it cannot be written, nothing is."""
    try:
        for line in lines:
            encoding = sys.stderr.encoding or "utf-8"
            sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def refuse(bad: BadFiles) -> Exit:
    """Tells every fault of what was given."""
    complain(bad.lines())
    return Exit.BAD_INPUT


def untold(error: OSError) -> Exit:
    """Tells that standard output cannot be written; whatever else is written there is dropped, so that the command can go on."""
    complain([f"standard output: cannot be written ({error.strerror})"])
    _drop(sys.stdout)
    return Exit.BAD_INPUT


def _drop(stream: TextIO) -> None:
    """Writes nowhere what goes to a stream from now on, and what has waited there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def interrupted() -> NoReturn:
    """Ends a command that Ctrl-C has stopped before there was any result."""
    solving = sys.argv[1:2] and sys.argv[1] in SOLVING
    if solving:
        complain(["interrupted"])
    sys.exit(Exit.NO_RESULT if solving else INTERRUPTED)
