"""Broken workbooks: the small good round as sheets with one thing wrong in each, and what is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from tests.workbooks import Sheets, Written

Break = Callable[[Sheets], None]


def put(sheet: str, line: int, column: str, cell: object) -> Break:
    """Puts a cell into a row, counted as in a spreadsheet, under the header called `column`, or at a place beyond all of them."""

    def change(sheets: Sheets) -> None:
        row = sheets[sheet][line - 1]
        if column in sheets[sheet][0]:
            row[sheets[sheet][0].index(column)] = cell
        else:
            row.append(cell)

    return change


def lack(sheet: str) -> Break:
    """Leaves a sheet out."""

    def change(sheets: Sheets) -> None:
        del sheets[sheet]

    return change


def add(sheet: str, *cells: object) -> Break:
    """Adds a row below."""

    def change(sheets: Sheets) -> None:
        sheets[sheet].append(list(cells))

    return change


def both(first: Break, second: Break) -> Break:
    """Makes one change and then another."""

    def change(sheets: Sheets) -> None:
        first(sheets)
        second(sheets)

    return change


def rows(sheet: str, *lines: list[object]) -> Break:
    """Puts other rows in the place of all of a sheet's."""

    def change(sheets: Sheets) -> None:
        sheets[sheet] = list(lines)

    return change


def case(name: str, change: Break, *told: str) -> object:
    """A broken workbook by what is wrong with it, and the lines told."""
    return pytest.param(change, told, id=name)


CASES = [
    case("a formula", put("mentees", 2, "grade", Written("=4+4", 8)),
         "book.xlsx[mentees]:2: grade: holds the formula '=4+4'; write a whole number from 1 to 12"),
    case("a formula of text", put("mentors", 3, "subjects", Written("=B2", "math:7")),
         "book.xlsx[mentors]:3: subjects: holds the formula '=B2'; "
         "write subjects with grades from 1 to 12, such as math:7-9; english:10"),
    case("a formula in a free text", put("mentors", 2, "name", Written("=NOW()", 46000)),
         "book.xlsx[mentors]:2: name: holds the formula '=NOW()'; write plain text"),
    case("a formula in the header", put("pairs", 1, "rule", Written("=A1", "rule")),
         "book.xlsx[pairs]:1: the formula '=A1': is no column of this table; "
         "leave it out; the columns are mentor_id, mentee_id, subject, rule, points",
         "book.xlsx[pairs]:1: rule: is missing; add this column, with require, forbid or points"),
    case("a formula in the policy", put("policy", 7, "value", Written("=1+1", 2)),
         "book.xlsx[policy]:7: group.max_size: holds the formula '=1+1'; write a whole number from 1 to 50"),
    case("a date in a free text", put("mentees", 2, "school", dt.date(2026, 3, 1)),
         "book.xlsx[mentees]:2: school: holds the date 2026-03-01; write plain text, in a cell formatted as text"),
    case("a moment in the place of a date", put("mentors", 2, "available_from", dt.datetime.combine(dt.date(2026, 3, 2), dt.time(9, 30))),
         "book.xlsx[mentors]:2: available_from: holds the moment 2026-03-02 09:30:00; write a date such as 2026-03-02"),
    case("a time in the place of weekly times", put("mentors", 2, "availability", dt.time(18, 0)),
         "book.xlsx[mentors]:2: availability: holds the time 18:00:00; write weekly times such as Mon 18:00-21:00; Sat 09:00-12:30"),
    case("a truth value in a free text", put("mentors", 2, "name", True),
         "book.xlsx[mentors]:2: name: holds the truth value TRUE; write plain text"),
    case("a number that is not whole", put("mentees", 2, "grade", 7.5),
         "book.xlsx[mentees]:2: grade: '7.5' is no whole number; write a whole number from 1 to 12"),
    case("a number too large to be exact", put("mentees", 2, "max_groups", 1e20),
         "book.xlsx[mentees]:2: max_groups: holds a number too large to be exact; write a whole number of 0 or more"),
    case("a number in the place of weekly times", put("mentees", 2, "availability", 18),
         "book.xlsx[mentees]:2: availability: '18' is no weekly time; write weekly times such as Mon 18:00-21:00; Sat 09:00-12:30"),
    case("no sheet of mentors", lack("mentors"),
         "book.xlsx[mentors]: is missing; add it, with the columns mentor_id, subjects, availability"),
    case("no sheet of the policy", lack("policy"),
         "book.xlsx[policy]: is missing; add it, with the columns part, key, value"),
    case("a sheet called in capitals", lambda sheets: sheets.update({"Mentees": sheets.pop("mentees")}),
         "book.xlsx[mentees]: is missing; rename 'Mentees' to mentees"),
    case("an empty sheet", rows("mentees"),
         "book.xlsx[mentees]:1: header: is empty; write the names of the columns there"),
    case("a sheet whose first row is empty", rows("mentees", [], ["mentee_id", "grade", "requests", "availability"]),
         "book.xlsx[mentees]:1: header: is empty; write the names of the columns there"),
    case("a cell beside the table", put("peers", 2, "beside it", "a note"),
         "book.xlsx[peers]:2: row: has 5 cells; write 4, one for each column (in CSV, a cell with a comma in it needs quotes)"),
    case("a column without a name", put("peers", 1, "points", None),
         "book.xlsx[peers]:2: row: has 4 cells; write 3, one for each column (in CSV, a cell with a comma in it needs quotes)"),
    case("an unknown column", put("peers", 1, "points", "worth"),
         "book.xlsx[peers]:1: worth: is no column of this table; leave it out; the columns are mentee_id, other_mentee_id, rule, points",
         "book.xlsx[peers]:2: points: is empty where the rule is points; write a whole number from -1000000000 to 1000000000"),
    case("a cell of 10,001 characters", put("mentees", 2, "school", "x" * 10_001),
         "book.xlsx[mentees]:2: school: holds 10,001 characters; write at most 10,000"),
    case("a key given twice", put("mentees", 3, "mentee_id", "s-1"),
         "book.xlsx[mentees]:3: mentee_id: 's-1' is given twice, first in line 2; write each mentee_id once",
         "book.xlsx[pairs]:3: mentee_id: 's-2' is no mentee_id of book.xlsx[mentees]; write one that is, or leave this row out",
         "book.xlsx[peers]:2: other_mentee_id: 's-2' is no mentee_id of book.xlsx[mentees]; write one that is, or leave this row out"),
    case("a number and a text that are the same key", both(
        add("mentees", "7", None, 7, "math", "Mon 18:00-19:00"),
        add("mentees", 7, None, 7, "math", "Mon 18:00-19:00"),
    ),
         "book.xlsx[mentees]:5: mentee_id: '7' is given twice, first in line 4; write each mentee_id once"),
    case("an empty required cell", put("mentees", 3, "requests", None),
         "book.xlsx[mentees]:3: requests: is empty; write subjects with priorities from 1 to 9, such as math:3; english:1"),
    case("a pair with an unknown mentor", put("pairs", 3, "mentor_id", "m-7"),
         "book.xlsx[pairs]:3: mentor_id: 'm-7' is no mentor_id of book.xlsx[mentors]; write one that is, or leave this row out"),
    case("an unknown key of the policy", add("policy", "group", "minsize", 1),
         "book.xlsx[policy]:14: group.minsize: is no key of a policy; rename it to min_size"),
    case("an unknown part of the policy", add("policy", "groups", "min_size", 1),
         "book.xlsx[policy]:14: groups.min_size: is no part of a policy; rename it to group"),
    case("a key of the policy given twice", add("policy", "group", "min_size", 2),
         "book.xlsx[policy]:14: group.min_size: is given twice, first in line 6; keep one of them"),
    case("a value of the policy that is missing", put("policy", 6, "value", None),
         "book.xlsx[policy]:6: group.min_size: is empty; write a whole number from 1 to 50"),
    case("a truth value in the place of a number", put("policy", 6, "value", True),
         "book.xlsx[policy]:6: group.min_size: holds the truth value TRUE; write a whole number from 1 to 50"),
    case("a number in the place of true", put("policy", 8, "value", 1),
         "book.xlsx[policy]:8: group.same_time: '1' is neither true nor false; write true or false"),
    case("a date written as text that is none", put("policy", 4, "value", "2. 3. 2026"),
         "book.xlsx[policy]:4: program.term_start: '2. 3. 2026' is no date; write a date such as 2026-03-02"),
    case("no time zone", put("policy", 3, "key", "name"),
         "book.xlsx[policy]:1: program.time_zone: is missing; write the IANA name of a time zone, such as Asia/Seoul",
         "book.xlsx[policy]:3: program.name: is given twice, first in line 2; keep one of them"),
]
