"""Tables for people, who open them in a spreadsheet: a cell that it would run as a formula is made harmless by a mark.

The mark is one apostrophe before the cell. A cell gets it that opens with `=`, `+`, `-`, `@`, a tab or a carriage return, or with
apostrophes and then one of those; so that taking one apostrophe away from whatever looks so gives back what was there, also where
somebody's own text begins like a marked one. Columns of whole numbers hold no formula, and get none.

A folder or workbook for people says so itself, in a file or a sheet, and is read without its marks. The contract's own files have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from matching.columns import MENTEES, MENTORS, pairs, peers
from matching.csvfile import Row, read_csv, write_csv
from matching.faults import BadFile, BadRound, Faults
from matching.kinds import Kind, Known
from matching.policy import PARTS, read_policy_file, read_policy_rows, write_policy
from matching.round import Policy, Round
from matching.rows import Columns, read_rows
from matching.tables import POLICY_FILE, read_round
from matching.workbook import Sheets

MARK = "'"
SIGN = "for people"
SIGN_FILE = "for-people.txt"
"""The sheet and the file that say for whom the tables are."""
SAID = (
    "These tables are for people: a cell that a spreadsheet would run as a formula begins with an apostrophe. "
    "`dure import` takes it away again, as long as this stands beside them."
)
BYTE_ORDER_MARK = "\ufeff"
"""Without it, spreadsheets take Korean in UTF-8 for something else."""

_TO_MARK = re.compile(r"'*[=+\-@\t\r]")
_MARKED = re.compile(r"'+[=+\-@\t\r]")
_NOT_KEPT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|x005F_")
"""Control characters have no place in XML, and a part of their escape is dropped by who reads it."""


@dataclass(eq=False)
class NotForAWorkbook(Exception):
    """A cell holds what no workbook can keep."""

    sheet: str
    key: str
    column: str

    def __str__(self) -> str:
        return f"{self.sheet} {self.key}: {self.column}: holds characters that no workbook keeps"


def marked(cell: str) -> str:
    """The cell as no spreadsheet runs it."""
    return MARK + cell if _TO_MARK.match(cell) else cell


def unmarked(cell: object) -> object:
    """What `marked` was given."""
    return cell[1:] if isinstance(cell, str) and _MARKED.match(cell) else cell


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as it is written: whole numbers, and texts that have their marks."""

    name: str
    header: tuple[str, ...]
    rows: list[list[str | int]]


def write_folder(round: Round, folder: Path) -> None:
    """Writes a round for people into a folder that is there, in CSV files that a spreadsheet reads."""
    (folder / POLICY_FILE).write_text(write_policy(round.policy), encoding="utf-8", newline="\n")
    (folder / SIGN_FILE).write_text(SAID + "\n", encoding="utf-8", newline="\n")
    for table in _tables(round):
        header = (BYTE_ORDER_MARK + table.header[0], *table.header[1:])
        write_csv(folder / f"{table.name}.csv", header, ([str(cell) for cell in row] for row in table.rows))


def write_workbook(round: Round, path: Path) -> None:
    """Writes a round for people as one XLSX workbook, with a sheet for each table; whole numbers are numbers, all else is text.

    Raises
    ------
    NotForAWorkbook
        A cell holds a control character, or the escape of one.
    """
    import xlsxwriter  # noqa: PLC0415  only who writes one waits for it

    with xlsxwriter.Workbook(path) as book:
        for table in (*_tables(round), _policy_table(round.policy)):
            sheet = book.add_worksheet(table.name)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, table.header)
            for line, cells in enumerate(table.rows, start=1):
                for place, cell in enumerate(cells):
                    if isinstance(cell, int):
                        sheet.write_number(line, place, cell)
                    elif _NOT_KEPT.search(cell):
                        raise NotForAWorkbook(table.name, str(cells[0]), table.header[place])
                    elif cell:
                        sheet.write_string(line, place, cell)
        book.add_worksheet(SIGN).write_string(0, 0, SAID)


def _tables(round: Round) -> list[_Table]:
    """The tables of a round; columns that nobody fills are left out, and so are tables without rows that may be."""
    nobody = Known(None, "", "")
    found = [_table("mentors", MENTORS, round.mentors), _table("mentees", MENTEES, round.mentees)]
    if round.pairs:
        found.append(_table("pairs", pairs(nobody, nobody), round.pairs))
    if round.peers:
        found.append(_table("peers", peers(nobody), round.peers))
    return found


def _table(name: str, columns: Columns[Any], values: Iterable[object]) -> _Table:
    rows = [[_cell(column.kind, column.written(value)) for column in columns.columns] for value in values]
    used = [place for place, column in enumerate(columns.columns) if column.required or any(row[place] != "" for row in rows)]
    return _Table(name, tuple(columns.columns[place].name for place in used), [[row[place] for place in used] for row in rows])


def _policy_table(policy: Policy) -> _Table:
    rows: list[list[str | int]] = [
        [part, key, _cell(kind, kind.write(value))]
        for part, keys in PARTS.items()
        for key, kind in keys.items()
        if (value := getattr(getattr(policy, part), key)) != ""
    ]
    return _Table("policy", ("part", "key", "value"), rows)


def _cell(kind: Kind[Any], written: str) -> str | int:
    return int(written) if written and kind.typed is int else marked(written)


def read_tables(path: Path) -> Round:
    """Reads a round from a folder or a workbook, as `matching.tables.read_round` does, and without marks where it is for people.

    Raises
    ------
    BadRound
        With every fault.
    """
    if (path / SIGN_FILE).is_file():
        return _read(_Folder(path), path)
    if path.suffix.lower() == ".xlsx" and path.is_file():
        try:
            with closing(Sheets(path)) as sheets:
                if sheets.holds(SIGN):
                    return _read(_Book(sheets), path)
        except BadFile as bad:
            raise BadRound((bad.fault,)) from None
    return read_round(path)


class _Source(Protocol):
    """Where the tables for people come from."""

    def called(self, table: str) -> str:
        """How faults name a table."""

    def holds(self, table: str) -> bool:
        """Whether it is there."""

    def rows(self, table: str) -> Iterator[Row]:
        """Its rows, with their marks."""

    def policy(self, faults: Faults) -> Policy | None:
        """The policy; None where it has faults."""


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def called(self, table: str) -> str:
        return POLICY_FILE if table == "policy" else f"{table}.csv"

    def holds(self, table: str) -> bool:
        return (self._folder / self.called(table)).exists()

    def rows(self, table: str) -> Iterator[Row]:
        return read_csv(self._folder / self.called(table))

    def policy(self, faults: Faults) -> Policy | None:
        return read_policy_file(self._folder / POLICY_FILE, faults)


class _Book:
    def __init__(self, sheets: Sheets) -> None:
        self.called, self.holds, self.rows = sheets.called, sheets.holds, sheets.rows

    def policy(self, faults: Faults) -> Policy | None:
        return read_policy_rows(self.called("policy"), _unmarked(self.rows("policy")), faults)


def _unmarked(rows: Iterator[Row]) -> Iterator[Row]:
    for line, cells in rows:
        yield line, [unmarked(cell) for cell in cells]


def _read(source: _Source, path: Path) -> Round:
    if not all(source.holds(table) for table in ("mentors", "mentees", "policy")):
        return read_round(path)  # which tells what is missing
    faults = Faults()

    def read(table: str, columns: Columns[Any]) -> Any:  # noqa: ANN401  each table has values of its own
        return read_rows(source.called(table), _unmarked(source.rows(table)), columns, faults)

    mentors, mentees = read("mentors", MENTORS), read("mentees", MENTEES)
    policy = source.policy(faults)
    teaches = Known(mentors.keys, "mentor_id", source.called("mentors"))
    learns = Known(mentees.keys, "mentee_id", source.called("mentees"))
    said_of_pairs = read("pairs", pairs(teaches, learns)).values if source.holds("pairs") else []
    said_of_peers = read("peers", peers(learns)).values if source.holds("peers") else []
    if policy is None or faults.found:
        raise faults.error(BadRound)
    return Round(
        policy=policy, mentors=tuple(mentors.values), mentees=tuple(mentees.values), pairs=tuple(said_of_pairs), peers=tuple(said_of_peers)
    )
