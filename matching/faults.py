"""What is wrong with files or frames that were given, as values (ROUND.md, Exits: status 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

ROW = "row"
"""Stands in the place of a column where a whole row is wrong."""
HEADER = "header"
"""Stands in the place of a column where the header row is wrong."""
KEPT = 10_000
"""So many faults of one reading are kept; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, with its place and what would be right.

    `file` is `mentors.csv` or `book.xlsx[mentors]`; `line` is the physical line on which the row starts, the header being 1,
    and 0 where the whole file is meant; `column` is the column or key.
    """

    file: str
    line: int
    column: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: {self.column}" if self.line else self.file
        return one_line(f"{place}: {self.problem}; {self.mend}")


class BadCell(Exception):
    """A cell cannot be read; `mend`, where it is not empty, says better than the cell's kind what would be right."""

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem, mend)
        self.problem = problem
        self.mend = mend


class BadFile(Exception):
    """A file cannot be read, or not beyond some place."""

    def __init__(self, file: str, problem: str, mend: str, *, line: int = 0, column: str = "") -> None:
        self.fault = Fault(file, line, column, problem, mend)
        super().__init__(self.fault)


class BadFiles(Exception):
    """What was given cannot be used; `faults` are in the order of the files and their lines, and `more` were left out."""

    def __init__(self, faults: tuple[Fault, ...], more: int = 0) -> None:
        super().__init__(faults, more)
        self.faults = faults
        self.more = more

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, most: int = 50) -> list[str]:
        """One line for each fault, at most so many and then the number left out."""
        told = [str(fault) for fault in self.faults[:most]]
        left_out = len(self.faults) - len(told) + self.more
        return [*told, f"and {left_out} more"] if left_out else told


class BadRound(BadFiles):
    """A round is not as ROUND.md says."""


class BadResult(BadFiles):
    """A result folder is not as ROUND.md says."""


@dataclass(slots=True)
class Faults:
    """Gathers the faults of one reading."""

    found: list[Fault] = field(default_factory=list)
    more: int = 0

    def add(self, fault: Fault) -> None:
        """Keeps a fault, or counts it where there are too many."""
        if len(self.found) < KEPT:
            self.found.append(fault)
        else:
            self.more += 1

    def error(self, kind: type[BadFiles]) -> BadFiles:
        """The error to raise: each file's faults in the order of its lines."""
        files = list(dict.fromkeys(fault.file for fault in self.found))
        return kind(tuple(sorted(self.found, key=lambda fault: (files.index(fault.file), fault.line))), self.more)


def short(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return f"'{text[:39]}…'" if len(text) > 40 else f"'{text}'"


def one_line(text: str) -> str:
    """The text with everything that is not printable written as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
