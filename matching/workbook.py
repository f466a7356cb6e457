"""Reads the sheets of an XLSX workbook, row by row, in bounded memory.

openpyxl reads it, for it streams and tells formulas from values. Before that the size of everything in the file is looked
at, since a small file may unpack to a very large one.
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile, ZipInfo

from matching.csvfile import Row
from matching.faults import HEADER, ROW, BadFile
from matching.rows import ErrorValue, Formula

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell, MergedCell

UNPACKED_BYTES = 128 * 2**20
"""A workbook may unpack to so much; 75,000 rows of a round take a quarter of it."""
RUN_BYTES = 2 * 2**20
"""No row, no text and no other part of a workbook unpacks to more; pictures aside, which are not read."""
PIECES = 3_000_000
"""A workbook has at most so many rows and texts."""
SHEET_ROWS = 1_048_576
"""No sheet of any workbook has more."""
SHEET_COLUMNS = 24
"""No table is so wide; what lies to the right is not looked at."""
BATCH = 1_000
"""So many rows are read at a time."""

_PIECE = re.compile(rb"<(?:\w+:)?(?:row|si)\b")
_PICTURES = "xl/media/"
_UNREADABLE = (
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What zipfile, ElementTree and openpyxl raise on a file that is no sound workbook."""


class Sheets:
    """The sheets of one workbook.

    Raises
    ------
    BadFile
        The file is no sound workbook, or too large.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BadFile(path.name, f"cannot be read ({error.strerror})", "give a file that can be read") from None
        try:
            with ZipFile(self._file) as archive:
                _weigh(archive, path.name)
            self._book = _opened(self._file)
        except _UNREADABLE:
            self._file.close()
            raise self._unreadable() from None
        except BadFile:
            self._file.close()
            raise

    def close(self) -> None:
        """Lets the file go."""
        self._book.close()
        self._file.close()

    def called(self, sheet: str) -> str:
        """How faults name a sheet."""
        return f"{self._name}[{sheet}]"

    def names(self) -> list[str]:
        """The names of all sheets."""
        return list(self._book.sheetnames)

    def holds(self, sheet: str) -> bool:
        """Whether there is such a sheet."""
        return sheet in self._book.sheetnames

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yields the rows of a sheet, the header first, each as long as that; empty rows are no rows.

        Raises
        ------
        BadFile
            The sheet cannot be read, or not from some row on.
        """
        try:
            yield from _rows(self._book, sheet, self.called(sheet))
        except _UNREADABLE:
            raise self._unreadable() from None

    def _unreadable(self) -> BadFile:
        return BadFile(self._name, "is no workbook that can be read", "save it as .xlsx, without a password")


def _opened(file: BinaryIO) -> Workbook:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(file, read_only=True, keep_links=False)


def _weigh(archive: ZipFile, file: str) -> None:
    """Refuses a workbook that unpacks to too much, before any of it is built in memory."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise BadFile(file, f"unpacks to over {UNPACKED_BYTES // 2**20} MiB", "give a folder of CSV files instead")
    pieces = 0
    for part in parts:
        if not part.filename.startswith(_PICTURES):
            longest, found = _runs(archive, part)
            pieces += found
            if longest > RUN_BYTES or pieces > PIECES:
                raise BadFile(file, f"holds too much in {part.filename}", "give a folder of CSV files instead")


def _runs(archive: ZipFile, part: ZipInfo) -> tuple[int, int]:
    """The bytes of the longest run of a part without a new row or text, and how many of those there are."""
    longest = last = at = pieces = 0
    with archive.open(part) as unpacked:
        while chunk := unpacked.read(2**16):
            for piece in _PIECE.finditer(chunk):
                longest, last = max(longest, at + piece.start() - last), at + piece.start()
                pieces += 1
            at += len(chunk)
    return max(longest, at - last), pieces


def _rows(book: Workbook, sheet: str, name: str) -> Iterator[Row]:
    table = book[sheet]
    table.reset_dimensions()  # what the file says of its own size may be wrong
    width = 0
    for line, cells in enumerate(_batched(table.iter_rows(max_col=SHEET_COLUMNS)), start=1):
        values = [_value(cell) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        if not width and not values:
            break
        width = width or len(values)
        if line > SHEET_ROWS:
            raise BadFile(name, f"lies below row {SHEET_ROWS:,}", "delete it", line=line, column=ROW)
        if values:
            yield line, values + [None] * (width - len(values))
    if not width:
        raise BadFile(name, "is empty", "write the names of the columns there", line=1, column=HEADER)


def _batched(rows: Iterator[Sequence[Cell | MergedCell]]) -> Iterator[Sequence[Cell | MergedCell]]:
    """The rows, while openpyxl's warnings of what it does not support are held back: nothing of that matters here."""
    batch: list[Sequence[Cell | MergedCell]] = [()]
    while batch:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = list(islice(rows, BATCH))
        yield from batch


def _value(cell: Cell | MergedCell) -> object:
    if cell.value is None or cell.value == "":
        return None
    if cell.data_type == "f":
        return Formula(str(getattr(cell.value, "text", cell.value)))
    return ErrorValue(str(cell.value)) if cell.data_type == "e" else cell.value
