"""Turns the rows of any table into values, with a fault for every bad cell."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from numbers import Integral
from typing import Any, Generic, TypeVar

from matching.csvfile import CELL_CHARACTERS, Row
from matching.faults import HEADER, ROW, BadCell, BadFile, Fault, Faults, short
from matching.kinds import Kind
from matching.round import BadValue

T = TypeVar("T")

TABLE_ROWS = 1_000_000
"""No table has more (ROUND.md, Errors)."""
HEADER_CELLS = 100
"""A longer header is not looked at."""
NOTHING = (None, "")
KNOWN_TEXTS = 4096
"""So many different cells of a column are read once; most columns repeat a few."""
EXACT = 2**53
"""From here on a spreadsheet's numbers are not exact."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name in the file, the field of the value that it fills, and what its cells hold."""

    name: str
    field: str
    kind: Kind[Any]
    required: bool = False
    unique: bool = False

    def written(self, row: object) -> str:
        """The text of this column's cell in the row of a value."""
        held = getattr(row, self.field)
        return "" if held in (None, "", ()) else self.kind.write(held)


@dataclass(frozen=True, slots=True)
class Columns(Generic[T]):
    """What a table is made of. `make` builds the value of a row from its line and fields; `check` yields what is wrong with
    the fields of a row together, some of which may be missing. With `exact`, a file has all the columns, in their order."""

    columns: tuple[Column, ...]
    make: Callable[[int, dict[str, Any]], T]
    check: Callable[[Mapping[str, Any]], Iterable[BadValue]] = lambda _fields: ()
    exact: bool = False


@dataclass(slots=True)
class Rows(Generic[T]):
    """What was read of a table: its good rows, and the line of each unique key, those of bad rows included.

    `keys` is `None` where they are not all known.
    """

    values: list[T] = field(default_factory=list)
    keys: dict[str, int] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell whose content would have to be computed."""

    text: str

    def __str__(self) -> str:
        return f"the formula {short(self.text)}"


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """A cell that shows the error of a computation, such as #N/A."""

    text: str

    def __str__(self) -> str:
        return f"the error {self.text}"


def read_rows(name: str, rows: Iterator[Row], columns: Columns[T], faults: Faults) -> Rows[T]:
    """Reads a table, called `name` in faults; its first row is the header, which every other row is as long as."""
    reader = _Reader(name, columns, faults)
    try:
        reader.head(*next(rows))
        for number, (line, cells) in enumerate(rows, start=1):
            if number > TABLE_ROWS:
                raise _too_many(name, line)
            reader.row(line, cells)
    except BadFile as bad:
        faults.add(bad.fault)
        reader.read.keys = None
    return reader.read


def _too_many(name: str, line: int) -> BadFile:
    return BadFile(name, "is one too many", f"write at most {TABLE_ROWS:,} rows", line=line, column=ROW)


class _Reader(Generic[T]):
    """Reads one table, row by row."""

    def __init__(self, name: str, columns: Columns[T], faults: Faults) -> None:
        self.name, self.columns, self.faults = name, columns, faults
        self.read: Rows[T] = Rows()
        self.width = 0
        self.places: list[tuple[int, Column, dict[object, Any]]] = []
        """Where columns are, each with what some of its texts hold."""
        self.complete = True

    def tell(self, line: int, column: str, problem: str, mend: str) -> None:
        self.faults.add(Fault(self.name, line, column, problem, mend))

    def head(self, line: int, cells: Sequence[object]) -> None:
        """Finds the place of each column."""
        known = {column.name: column for column in self.columns.columns}
        if len(cells) > HEADER_CELLS:
            raise BadFile(self.name, f"has {len(cells):,} cells", f"leave out all but {', '.join(known)}", line=line, column=HEADER)
        if self.columns.exact and list(cells) != list(known):
            raise BadFile(self.name, "is not as it must be", f"write {','.join(known)}", line=line, column=HEADER)
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            name = unicodedata.normalize("NFC", str(cell))
            if name not in known:
                mend = rightly(name, known, f"the columns are {', '.join(known)}", cells)
                self.tell(line, name[:40] or f"column {place + 1}", "is no column of this table", mend)
            elif name in places:
                self.tell(line, name, "is given twice", "keep one of these columns")
            else:
                places[name] = place
        for column in known.values():
            if column.required and column.name not in places:
                self.complete = False
                self.tell(line, column.name, "is missing", f"add this column, with {column.kind.right}")
                if column.unique:
                    self.read.keys = None
        self.width = len(cells)
        self.places = [(place, known[name], {}) for name, place in places.items()]

    def row(self, line: int, cells: Sequence[object]) -> None:
        """Reads the cells of a row, and makes its value if all of them are good."""
        if len(cells) != self.width:
            mend = f"write {self.width}, one for each column (in CSV, a cell with a comma in it needs quotes)"
            self.tell(line, ROW, f"has {len(cells)} cell{'' if len(cells) == 1 else 's'}", mend)
            self.remember(line, cells)
            return
        fields: dict[str, Any] = {}
        faulty = set()
        for place, column, texts in self.places:
            cell = cells[place]
            if type(cell) is str and cell in texts:
                fields[column.field] = texts[cell]
                continue
            if not column.required and cell in NOTHING:
                continue
            try:
                self.cell(line, column, cell, fields)
                if type(cell) is str and not column.unique and len(texts) < KNOWN_TEXTS and column.field in fields:
                    texts[cell] = fields[column.field]
            except BadCell as bad:
                faulty.add(column.name)
                self.tell(line, column.name, bad.problem, bad.mend or f"write {column.kind.right}")
        for wrong in self.columns.check(fields):
            if wrong.field not in faulty:
                faulty.add(wrong.field)
                self.tell(line, wrong.field, wrong.problem, f"write {wrong.mend}")
        if self.complete and not faulty:
            self.read.values.append(self.columns.make(line, fields))

    def cell(self, line: int, column: Column, cell: object, fields: dict[str, Any]) -> None:
        """Reads one cell into the field that it fills; an empty one leaves it out. What may be of any type is kept as it is."""
        if column.kind.typed is object and not isinstance(cell, str | None):
            fields[column.field] = cell
            return
        text = cell if type(cell) is str else as_text(cell, column.kind)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        text = text.strip()
        if len(text) > CELL_CHARACTERS:
            raise BadCell(f"holds {len(text):,} characters", f"write at most {CELL_CHARACTERS:,}")
        if text:
            fields[column.field] = column.kind.read(text)
            if column.unique:
                self.once(line, column, text)
        elif column.required:
            raise BadCell("is empty")

    def remember(self, line: int, cells: Sequence[object]) -> None:
        """Keeps the key of a row that is not read, so that nobody who points to it is told that it is unknown."""
        for place, column, _ in self.places:
            if column.unique and self.read.keys is not None and place < len(cells):
                self.read.keys.setdefault(str(cells[place]).strip(), line)

    def once(self, line: int, column: Column, key: str) -> None:
        """Keeps a key, and refuses one that was there before."""
        if self.read.keys is None:
            return
        first = self.read.keys.setdefault(key, line)
        if first != line:
            raise BadCell(f"{short(key)} is given twice, first in line {first}", f"write each {column.name} once")


def rightly(name: str, known: Iterable[str], otherwise: str, given: Sequence[object] = ()) -> str:
    """What an unknown name could be meant to be, unless that is given too."""
    meant = get_close_matches(name, known, n=1)
    return f"rename it to {meant[0]}" if meant and meant[0] not in given else f"leave it out; {otherwise}"


def as_text(value: object, kind: Kind[Any]) -> str:
    """The text of a cell that has a type of its own; numbers are told from dates, and nothing is computed.

    Raises
    ------
    BadCell
        No text of this kind can be meant by it.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        if kind.typed is not bool:
            raise BadCell(f"holds the truth value {str(value).upper()}")
        return str(value).lower()
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.date):
        return _date(value, kind)
    if isinstance(value, dt.time):
        raise BadCell(f"holds the time {value}")
    raise BadCell(f"holds {value}" if isinstance(value, Formula | ErrorValue) else f"holds a {type(value).__name__}")


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    if abs(value) >= EXACT:
        raise BadCell("holds a number too large to be exact")
    return str(int(value)) if value.is_integer() else str(value)


def _date(value: dt.date, kind: Kind[Any]) -> str:
    if isinstance(value, dt.datetime):
        if value.time() != dt.time() or value.tzinfo:
            raise BadCell(f"holds the moment {value.isoformat(' ')}")
        value = value.date()
    if kind.typed is not dt.date:
        raise BadCell(f"holds the date {value.isoformat()}", f"write {kind.right}, in a cell formatted as text")
    return value.isoformat()
