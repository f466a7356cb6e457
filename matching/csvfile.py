"""Reads the rows of a CSV file, each with the physical line on which it starts; writes them too."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from matching.faults import HEADER, ROW, BadFile

CELL_CHARACTERS = 10_000
"""No cell of any file is longer (ROUND.md, Errors)."""
LINE_CHARACTERS = 1_000_000
"""No line is read further: some cell in it is too long, or it has far too many."""
Row = tuple[int, Sequence[object]]
"""The line on which a row starts, and its cells."""


def read_csv(path: Path) -> Iterator[Row]:
    """Yields the rows of a UTF-8 CSV file, the header first; blank lines are no rows. A byte-order mark and any line ends are fine.

    Raises
    ------
    BadFile
        The file cannot be read, is no CSV in UTF-8, or not from some line on.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _rows(_Lines(file), path.name)
    except OSError as error:
        raise BadFile(path.name, f"cannot be read ({error.strerror})", "give a file that can be read") from None


class _Lines:
    """The lines of a file, which remembers those of the row at hand, and whether any of them holds what is no text."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.row: list[str] = []
        self.garbled = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.file.readline(LINE_CHARACTERS)
        if not line:
            raise StopIteration
        self.row.append(line)
        if _NO_TEXT.search(line):
            self.garbled = True
        if len(line) == LINE_CHARACTERS:
            raise csv.Error
        return line


_NO_TEXT = re.compile("[\0\udc80-\udcff]")


def _rows(lines: _Lines, name: str) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    start = 1
    header: list[str] = []
    try:
        for cells in reader:
            if lines.garbled:
                raise _garbled(name, start, header, cells)
            header = header or _header(name, cells)
            if cells:
                yield start, cells
            start = reader.line_num + 1
            lines.row.clear()
    except csv.Error:
        raise _torn(name, start, header, "".join(lines.row)) from None
    if not header:
        raise BadFile(name, "is empty", "write a header row with the names of the columns")


def _header(name: str, cells: list[str]) -> list[str]:
    if not cells:
        raise BadFile(name, "is empty", "write the names of the columns there", line=1, column=HEADER)
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(cells) == 1 and mark in cells[0]:
            raise BadFile(name, f"is separated by {called}", "separate all columns by commas", line=1, column=HEADER)
    return cells


def _garbled(name: str, line: int, header: list[str], cells: list[str]) -> BadFile:
    """Says which cell holds bytes that are no UTF-8, or the character 0."""
    place, found = next((place, match[0]) for place, cell in enumerate(cells) if (match := _NO_TEXT.search(cell)))
    if line == 1 and cells[0].startswith(("\udcff\udcfe", "\udcfe\udcff")):
        return BadFile(name, "is text in UTF-16", "save it as CSV in UTF-8")
    what = "the character 0" if found == "\0" else f"the byte {ord(found) - 0xDC00:02X}, which is no UTF-8"
    return BadFile(name, f"holds {what}", "save the file as CSV in UTF-8", line=line, column=_column(header, place))


_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"(?!")')
_CELL = re.compile(rf'{_QUOTED.pattern}(?=[,\r\n]|\Z)|(?!")[^,\r\n]*')


def _torn(name: str, line: int, header: list[str], row: str) -> BadFile:
    """Says which cell keeps the text of a row from being read."""
    place = at = 0
    while (cell := _CELL.match(row, at)) and cell.end() - at <= CELL_CHARACTERS and row[cell.end() : cell.end() + 1] == ",":
        at = cell.end() + 1
        place += 1
    column = _column(header, place)
    if (cell.end() if cell else len(row)) - at > CELL_CHARACTERS:
        mend = f"write at most {CELL_CHARACTERS:,}, and close every quote"
        return BadFile(name, f"goes on for over {CELL_CHARACTERS:,} characters", mend, line=line, column=column)
    if cell:
        return BadFile(name, f"goes on for over {LINE_CHARACTERS:,} characters", "write one row a line", line=line, column=ROW)
    if _QUOTED.match(row, at):
        return BadFile(name, "goes on after its closing quote", 'write a quote inside quotes as ""', line=line, column=column)
    return BadFile(name, "opens a quote that is never closed", "close it", line=line, column=column)


def _column(header: list[str], place: int) -> str:
    if not header:
        return HEADER
    return header[place] if place < len(header) else ROW


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes a table in UTF-8 with LF line ends, the same bytes for the same cells.

    A cell that a spreadsheet would take for a formula (`=1+2`) is written like any other: it holds or opens with a key of the
    round, and who reads a result finds keys again only as they were given.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        plain = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        plain.writerow(header)
        for row in rows:  # the plain writer does not see that a carriage return needs quotes
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
