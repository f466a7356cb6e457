"""A OneRoster 1.2 archive is read, and held against the rules of that specification: each fault with its file, line, column and mend.

Columns stand in order, those that anybody adds (`metadata.`) to the right of them. Keys are unique in their file, and what they point to
is there, but where a table brings only changes. In a `bulk` file `status` and `dateLastModified` are empty; in a `delta` file both are
said.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from data.oneroster_tables import (
    EARLIER_VERSIONS,
    MANIFEST,
    MANIFEST_VERSION,
    METADATA,
    NAMES,
    ONLY_EARLIER,
    OPTIONAL_COLUMNS,
    SCHOOL,
    STATUSES,
    TABLES,
    VERSIONS,
    Cell,
    Field,
    Mode,
    columns_of,
)
from data.unpacking import unpacked
from matching.csvfile import read_csv
from matching.faults import HEADER, ROW, BadFile, BadFiles, Fault, Faults, short

MOST_ROWS = 200_000
"""So many rows are read of one table."""
SOURCED_ID = 255
"""So many signs has a key at most."""
_YEAR = re.compile("[0-9]{4}")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")


class BadRoster(BadFiles):
    """An archive is not as OneRoster 1.2 says."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: the line on which it starts, and its cells by column."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def key(self) -> str:
        """Its sourcedId."""
        return self["sourcedId"]

    @property
    def gone(self) -> bool:
        """Whether it is said to be no more."""
        return self["status"] == "tobedeleted"


Roster = Mapping[str, Sequence[Row]]
"""The rows of each table; none where it is absent."""


def read_roster(body: bytes) -> Roster:
    """The tables of an archive.

    Raises
    ------
    BadRoster
        With every fault of the archive, or else of its files.
    """
    names = {MANIFEST, *(f"{name}.csv" for name in NAMES)}
    called = {name.casefold(): name for name in names}
    files = unpacked(body, lambda name: name.casefold() in called, "OneRoster", "send manifest.csv and the tables that it names", BadRoster)
    if wrong := [name for name in files if name not in names]:
        problem, mend = "is called otherwise in OneRoster", "call it {}, with upper and lower case as here"
        raise BadRoster(tuple(Fault(name, 0, "", problem, mend.format(called[name.casefold()])) for name in wrong))
    if MANIFEST not in files:
        raise BadRoster((Fault(MANIFEST, 0, "", "is missing", "add it, with the mode of each table"),))
    with TemporaryDirectory(prefix="dure-") as held:
        folder = Path(held)
        for name in (MANIFEST, *(f"{table}.csv" for table in TABLES)):
            if name in files:
                (folder / name).write_bytes(files[name])
        return _Reading(folder, set(files)).roster()


def items(cell: str) -> list[str]:
    """The parts of a cell that holds a list."""
    return [part for part in (one.strip() for one in cell.split(",")) if part]


class _Reading:
    """One reading of an archive's files."""

    def __init__(self, folder: Path, files: set[str]) -> None:
        self.folder, self.files, self.faults = folder, files, Faults()

    def tell(self, file: str, line: int, column: str, problem: str, mend: str) -> None:
        self.faults.add(Fault(file, line, column, problem, mend))

    def refuse(self) -> None:
        if self.faults.found:
            raise self.faults.error(BadRoster)

    def roster(self) -> Roster:
        modes = self.manifest()
        self.refuse()
        tables = {table: self.table(table, modes[table]) if modes[table] is not Mode.ABSENT else [] for table in TABLES}
        self.refuse()
        for table, rows in tables.items():
            self.keys_point_somewhere(table, rows, tables, modes)
        self.refuse()
        return tables

    def rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a file with their lines, the header first; what keeps it from being read is a fault."""
        header: list[str] = []
        try:
            for number, (line, cells) in enumerate(read_csv(self.folder / file)):
                if number > MOST_ROWS:
                    self.tell(file, line, ROW, "is one too many", f"write at most {MOST_ROWS:,} rows")
                    return
                row = [str(cell) for cell in cells]
                header = header or row
                for place, cell in enumerate(row):
                    if "\n" in cell or "\r" in cell:
                        column = header[place] if number and place < len(header) else HEADER
                        self.tell(file, line, column, "has a line break in it", "write it on one line")
                yield line, [cell.strip() for cell in row]
        except BadFile as bad:
            self.faults.add(bad.fault)

    def manifest(self) -> dict[str, Mode]:
        """The mode of each table."""
        said: dict[str, str] = {}
        for number, (line, cells) in enumerate(self.rows(MANIFEST)):
            if number == 0 and cells != ["propertyName", "value"]:
                self.tell(MANIFEST, line, HEADER, "is not as it must be", "write propertyName,value")
                return {}
            if number == 0:
                continue
            if len(cells) != 2:
                self.tell(MANIFEST, line, ROW, f"has {len(cells)} cells", "write 2: the property, and its value")
                continue
            name, value = cells
            if name in said:
                self.tell(MANIFEST, line, name, "is said twice", "keep one of these rows")
                continue
            said[name] = value
            self.property(line, name, value)
        for name in ("manifest.version", "oneroster.version", *(f"file.{table}" for table in NAMES)):
            if name not in said and said.get("oneroster.version") not in EARLIER_VERSIONS:
                self.tell(MANIFEST, 0, "", f"says nothing of {name}", "add a row for it")
        return {} if self.faults.found else {table: Mode(said[f"file.{table}"]) for table in NAMES}

    def property(self, line: int, name: str, value: str) -> None:
        """Looks at one row of the manifest."""
        table = name.removeprefix("file.")
        if name == "manifest.version":
            right: tuple[str, ...] = (MANIFEST_VERSION,)
        elif name == "oneroster.version":
            right = VERSIONS
        elif name.startswith("file.") and table in NAMES:
            right = tuple(Mode)
        elif name in {"source.systemName", "source.systemCode"}:
            return
        else:
            self.tell(MANIFEST, line, name[:40] or "propertyName", "is no property of a manifest", "take this row away")
            return
        if name == "oneroster.version" and value in EARLIER_VERSIONS:
            self.tell(MANIFEST, line, name, f"is {value}, in which users.csv tells the roles", "export it as OneRoster 1.2, with roles.csv")
        elif value not in right:
            self.tell(MANIFEST, line, name, f"is {short(value)}", f"write {' or '.join(right)}")
        elif name.startswith("file.") and (value == Mode.ABSENT) == (f"{table}.csv" in self.files):
            there = "is there" if value == Mode.ABSENT else "is not there"
            mend = "say bulk or delta, or leave the file out" if value == Mode.ABSENT else "add the file, or say absent"
            self.tell(MANIFEST, line, name, f"is {value}, but {table}.csv {there}", mend)

    def table(self, table: str, mode: Mode) -> list[Row]:
        """The rows of a table."""
        file, found, seen = f"{table}.csv", list[Row](), dict[str, int]()
        header: list[str] = []
        fields = {field.name: field for field in TABLES[table]}
        before = len(self.faults.found)
        for line, cells in self.rows(file):
            if not header:
                header = cells
                if not self.head(table, line, cells):
                    return []
                continue
            if len(cells) != len(header):
                self.tell(file, line, ROW, f"has {len(cells)} cells", f"write {len(header)}, one for each column")
                continue
            row = Row(line, dict(zip(header, cells, strict=True)))
            for name in header:
                if name in fields:
                    self.cell(file, row, fields[name], mode)
            if row.key in seen:
                self.tell(file, line, "sourcedId", f"{short(row.key)} is on line {seen[row.key]} too", "give each row a key of its own")
            elif row.key:
                seen[row.key] = line
            found.append(row)
            self.whole(table, row)
        if header and not found and len(self.faults.found) == before:
            self.tell(file, 0, "", "has no rows", f"leave it out, and say absent of file.{table} in the manifest")
        return found

    def head(self, table: str, line: int, cells: list[str]) -> bool:
        """Whether the header is as it must be."""
        file, wanted = f"{table}.csv", columns_of(table)
        if OPTIONAL_COLUMNS.get(table) in cells:
            wanted = [field.name for field in TABLES[table]]
        if earlier := [cell for cell in cells if cell in ONLY_EARLIER.get(table, ())]:
            mend = f"export it as OneRoster 1.2, which has {','.join(wanted)}"
            self.tell(file, line, earlier[0], "is a column of OneRoster 1.1", mend)
            return False
        own = [cell for cell in cells[len(wanted) :] if not cell.startswith(METADATA)]
        twice = len(set(cells)) != len(cells)
        if cells[: len(wanted)] == wanted and not own and not twice:
            return True
        for place, name in enumerate(wanted):
            if place >= len(cells) or cells[place] != name:
                is_there = short(cells[place]) if place < len(cells) else "nothing"
                mend = f"write {','.join(wanted)} in this order, with upper and lower case as here"
                self.tell(file, line, name, f"is to be column {place + 1}, where {is_there} stands", mend)
                return False
        if own:
            self.tell(file, line, own[0][:40] or HEADER, "is no column of this table", f"take it away, or begin its name with {METADATA}")
        else:
            self.tell(file, line, HEADER, "names a column twice", "keep one of them")
        return False

    def cell(self, file: str, row: Row, field: Field, mode: Mode) -> None:
        """Looks at one cell."""
        value = row[field.name]
        if field.name in {"status", "dateLastModified"}:
            self.change(file, row, field.name, mode)
        elif not value:
            if field.required:
                self.tell(file, row.line, field.name, "is empty", f"write {' or '.join(field.words) or field.cell}")
        elif field.words and value not in field.words and not (field.extensible and value.startswith("ext:")):
            self.tell(file, row.line, field.name, f"is {short(value)}", f"write one of {', '.join(field.words)}")
        elif not _holds(field.cell, value):
            self.tell(file, row.line, field.name, f"is {short(value)}", f"write {field.cell}")
        elif field.name == "sourcedId" and len(value) > SOURCED_ID:
            self.tell(file, row.line, field.name, f"has {len(value):,} signs", f"write at most {SOURCED_ID}")

    def change(self, file: str, row: Row, name: str, mode: Mode) -> None:
        """Looks at what a row says of its own change."""
        value = row[name]
        if mode is Mode.BULK:
            if value:
                self.tell(file, row.line, name, "is filled in a bulk file", "leave it empty, or say delta in the manifest")
        elif name == "status" and value not in STATUSES:
            self.tell(file, row.line, name, f"is {short(value)} in a delta file", f"write {' or '.join(STATUSES)}")
        elif name == "dateLastModified" and not _is_instant(value):
            self.tell(file, row.line, name, f"is {short(value)} in a delta file", "write an instant such as 2027-03-02T09:00:00Z")

    def whole(self, table: str, row: Row) -> None:
        """Looks at what cells of a row say together."""
        first, last = ("startDate", "endDate") if table == "academicSessions" else ("beginDate", "endDate")
        if row[first] and row[last] and _holds(Cell.DATE, row[first]) and _holds(Cell.DATE, row[last]) and row[last] < row[first]:
            self.tell(f"{table}.csv", row.line, last, f"is {row[last]}, before {first}", "write a later day")
        if table == "enrollments" and row["primary"] == "true" and row["role"] != "teacher":
            self.tell("enrollments.csv", row.line, "primary", "is true of somebody who is no teacher", "write false, or nothing")

    def keys_point_somewhere(self, table: str, rows: Sequence[Row], tables: Roster, modes: Mapping[str, Mode]) -> None:
        """Looks whether what keys point to is there; changes may speak of what was sent before."""
        for field in TABLES[table]:
            if not field.to or Mode.DELTA in {modes[table], modes[field.to]}:
                continue
            there = {row.key for row in tables[field.to]}
            schools = {row.key for row in tables["orgs"] if row["type"] == SCHOOL} if field.name == "schoolSourcedId" else there
            for row in rows:
                keys = items(row[field.name]) if field.many else [row[field.name]]
                for key in keys:
                    if key and key not in there:
                        problem, mend = f"{short(key)} is no sourcedId of {field.to}.csv", "add that row, or name one that is there"
                        self.tell(f"{table}.csv", row.line, field.name, problem, mend)
                    elif key and key not in schools:
                        self.tell(
                            f"{table}.csv", row.line, field.name, f"{short(key)} is no school in orgs.csv", "name an org of type school"
                        )


def _holds(cell: Cell, value: str) -> bool:
    """Whether a value is what such a cell holds."""
    if cell is Cell.BOOLEAN:
        return value in {"true", "false"}
    if cell is Cell.YEAR:
        return _YEAR.fullmatch(value) is not None
    if cell is Cell.DATE:
        return _DAY.fullmatch(value) is not None and _is_day(value)
    return True


def _is_day(value: str) -> bool:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_instant(value: str) -> bool:
    if not _INSTANT.fullmatch(value):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
