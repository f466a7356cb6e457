"""How a command ends (ROUND.md, Exits), and how it says what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum

from matching.faults import BadFiles


class Exit(IntEnum):
    """The statuses of every command."""

    DONE = 0
    FAULTY = 1
    BAD_INPUT = 2
    INFEASIBLE = 3
    NO_RESULT = 4


def complain(lines: Iterable[str]) -> None:
    """Writes lines to standard error; what its encoding cannot hold is escaped."""
    for line in lines:
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def refuse(bad: BadFiles) -> Exit:
    """Tells every fault of what was given."""
    complain(bad.lines())
    return Exit.BAD_INPUT
