"""Workbooks made of the files of a round, cell by cell."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

Sheets = dict[str, list[list[object]]]
"""Rows of cells by the name of their sheet; cells are texts, numbers, dates, `Written` formulas, or empty as `None`."""


@dataclass(frozen=True)
class Written:
    """A formula and the value that was computed when it was written."""

    formula: str
    value: object = 0


def sheets_of(folder: Path) -> Sheets:
    """The files of a round as sheets; all cells of tables are texts, the policy's values have their types."""
    sheets: Sheets = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            sheets[path.stem] = [[cell or None for cell in row] for row in csv.reader(file)]
    policy = tomllib.loads((folder / "policy.toml").read_text(encoding="utf-8"))
    sheets["policy"] = [["part", "key", "value"], *([part, key, value] for part, keys in policy.items() for key, value in keys.items())]
    return sheets


def write_workbook(path: Path, sheets: Sheets) -> Path:
    """Writes a workbook."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}) as book:
        formats = {
            dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.time: book.add_format({"num_format": "hh:mm"}),
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    if isinstance(cell, Written):
                        sheet.write_formula(line, place, cell.formula, None, cell.value)
                    elif cell is not None:
                        sheet.write(line, place, cell, formats.get(type(cell)))
    return path
