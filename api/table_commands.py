"""`dure import` and `dure export`: a term's tables come in from files, and go out as files."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, now, opened
from api.noted import note_read
from api.plain import clean

if TYPE_CHECKING:
    from data.intake import Changes
    from matching.round import Round

ROUND_FILES = ("policy.toml", "mentors.csv", "mentees.csv", "pairs.csv", "peers.csv")

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]


class Readers(StrEnum):
    """For whom tables are written."""

    PROGRAMS = "programs"
    PEOPLE = "people"


def import_tables(
    name: TermName,
    source: Annotated[Path, typer.Argument(readable=False, metavar="FOLDER|BOOK.xlsx", help="A folder with the tables, or a workbook.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Also where more than a tenth of the people would be gone.")
    ] = False,
    allow_returns: Annotated[
        bool, typer.Option("--allow-returns", help="Also where people would be back whom `dure leave` let leave.")
    ] = False,
    rows: Annotated[int, typer.Option(metavar="N", min=0, help="Print at most so many rows of each kind.")] = 20,
) -> None:
    """Take people, wishes and the policy into a term.

    Prints what is new, changed, unchanged, gone and back. All of it is taken in, or nothing.
    """
    from data.database import reading, transaction
    from data.for_people import read_tables
    from data.intake import IntakeProblem, changes_for, sides_of
    from data.terms import find_term
    from scheduler.imports import import_round

    with opened() as engine:
        with reading(engine) as db:
            find_term(db, name)  # a wrong name is told before the files are read
        given = read_tables(source)
        warnings: list[str] = []
        if dry_run:
            with reading(engine) as db:
                term = find_term(db, name)
                changes = changes_for(db, term, *sides_of(db, term, given, now()))
            for refuse in (changes.refuse_too_many_gone, changes.refuse_returns):
                try:
                    refuse()
                except IntakeProblem as problem:
                    warnings.append(str(problem))
        else:
            with transaction(engine) as db:
                changes = import_round(
                    db, find_term(db, name), given, allow_removals=allow_removals, allow_returns=allow_returns, by=BY, now=now()
                )
        sys.stdout.writelines(clean(line) + "\n" for line in told(changes, rows))
        if dry_run:
            sys.stdout.writelines(clean(line) + "\n" for line in ("nothing was changed: this is a dry run", *warnings))


def export_tables(
    name: TermName,
    out: Annotated[
        Path,
        typer.Argument(readable=False, metavar="FOLDER|BOOK.xlsx", help="A new or empty folder, one of an earlier export, or a workbook."),
    ],
    readers: Annotated[
        Readers,
        typer.Option("--for", help="For people, cells that a spreadsheet would run as a formula are made harmless; workbooks are always."),
    ] = Readers.PROGRAMS,
) -> None:
    """Write a term's tables into a folder, or a workbook.

    `dure import` takes them in again, and `dure match` solves them.
    """
    from data.database import transaction
    from data.roster import farthest, round_of, until_they_leave
    from data.terms import day_in, find_term

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            today = day_in(term, now())
            round = until_they_leave(db, term, round_of(db, term, farthest(term), on=today), on=today)
            note_read(db, term, [mentee.key for mentee in round.mentees], "tables exported")
        if not out.absolute().parent.is_dir():
            raise BadWord(str(out), "lies in no folder that is there", "make it, or name another")
        if out.suffix.lower() == ".xlsx" and not out.is_dir():
            _write_book(out, round)
        else:
            _write_folder(out, round, readers)
        sys.stdout.write(f"{len(round.mentors):,} mentors, {len(round.mentees):,} mentees: {out}\n")


def _write_folder(out: Path, round: Round, readers: Readers) -> None:
    from data.for_people import SIGN_FILE, write_folder
    from matching.folders import refuse_others, write_folder as put_in_place
    from matching.tables import write_round

    refuse_others(out, {*ROUND_FILES, SIGN_FILE})
    write = write_folder if readers is Readers.PEOPLE else write_round
    put_in_place(out, lambda made: write(round, made))


def _write_book(out: Path, round: Round) -> None:
    from data.for_people import NotForAWorkbook, write_workbook

    made = out.with_name(f".{out.name}-{uuid.uuid4().hex}")
    try:
        write_workbook(round, made)
        made.replace(out)
    except NotForAWorkbook as bad:
        raise BadWord(str(out), str(bad), "export a folder instead") from None
    finally:
        made.unlink(missing_ok=True)


def told(changes: Changes, most: int) -> Iterator[str]:
    """A line for each table with what it counts, and below it one for each row that is other than before."""
    for table, found in changes.tables.items():
        counts = {"new": len(found.new), "changed": len(found.changed), "unchanged": len(found.unchanged), "gone": len(found.gone)}
        if found.back:
            counts["back"] = len(found.back)
        yield f"{table}: {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}"
        yield from _listed("new", list(found.new), most)
        yield from _listed("changed", [_changed(key, names, changes) for key, names in found.changed.items()], most)
        yield from _listed("gone", list(found.gone), most)
        yield from _listed("back", [f"{key}, had left on {left_on}" for key, left_on in found.back.items()], most)


def _changed(key: str, names: tuple[str, ...], changes: Changes) -> str:
    """What of a row is other; of a key of the policy, what it said and says."""
    if names != ("value",):
        return f"{key}: {', '.join(names)}"
    before, after = changes.policy[key]
    return f"{key}: {_said(before)} -> {_said(after)}"


def _said(value: object) -> str:
    """A value of a policy as its file writes it; none where it says nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None or value == "" else str(value)


def _listed(kind: str, rows: list[str], most: int) -> Iterator[str]:
    yield from (f"  {kind} {row}" for row in rows[:most])
    if len(rows) > most:
        yield f"  and {len(rows) - most:,} more that are {kind}: --rows says how many to print"
