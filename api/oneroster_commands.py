"""`dure oneroster`: a term's people come in from a OneRoster 1.2 archive, and a round's groups go out as one."""

from __future__ import annotations

import sys
import uuid
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, now, opened
from api.plain import clean
from api.table_commands import TermName, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.oneroster_people import Defaults

rosters = typer.Typer(
    help="Take people in from OneRoster archives, and write them.", no_args_is_help=True, rich_markup_mode=None
)

RoundName = Annotated[str, typer.Argument(metavar="ROUND", help="TERM:ROUND, such as tutoring/2026-spring:1.")]


@rosters.command("import")
def import_archive(
    name: TermName,
    archive: Annotated[Path, typer.Argument(readable=False, metavar="FILE", help="A ZIP with manifest.csv and the tables it names.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Also where more than a tenth of the people would be gone.")
    ] = False,
    allow_returns: Annotated[
        bool, typer.Option("--allow-returns", help="Also where people would be back whom `dure leave` let leave.")
    ] = False,
    default: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=CELL", help="What availability, subjects or requests are of whom nothing says it, as in a round's files."
        ),
    ] = None,
    rows: Annotated[int, typer.Option(metavar="N", min=0, help="Print at most so many rows of each kind.")] = 20,
) -> None:
    """Take students into a term as mentees, and teachers as mentors.

    Who is not in the archive stays; who is to be deleted in one of changes leaves. All of it is taken in, or nothing.
    """
    from data.database import reading, transaction
    from data.oneroster import read_roster
    from data.oneroster_people import users_of
    from data.terms import find_term
    from scheduler.imports import changes_of_users, import_users

    with opened() as engine:
        with reading(engine) as db:
            find_term(db, name)  # a wrong name is told before the file is read
        usual = _defaults(default or ())
        roster, at = read_roster(archive.read_bytes()), now()
        with (reading if dry_run else transaction)(engine) as db:
            term = find_term(db, name)
            users = users_of(db, term, roster, usual, now=at)
            allowed = {"allow_removals": allow_removals, "allow_returns": allow_returns}
            if dry_run:
                changes = changes_of_users(db, term, users, **allowed, now=at)
            else:
                changes = import_users(db, term, users, **allowed, by=BY, now=at)
        changes = replace(changes, tables={table: changes.tables[table] for table in ("mentors", "mentees")})
        sys.stdout.writelines(clean(line) + "\n" for line in told(changes, rows))
        sys.stdout.write(f"users who are neither, or may not be: {users.left_out:,}\n")
        if dry_run:
            sys.stdout.write("nothing was changed: this is a dry run\n")


@rosters.command("export")
def export_archive(
    name: RoundName,
    out: Annotated[Path, typer.Argument(readable=False, metavar="FILE", help="The archive to write, such as roster.zip.")],
    complete: Annotated[
        bool, typer.Option("--complete", help="Also who is in no group, and what an import needs to make the same people.")
    ] = False,
) -> None:
    """Write a published round's groups as classes, and their people as users.

    The groups that it repairs are among them.
    """
    from data.audit import write_down
    from data.database import transaction
    from data.oneroster_export import export_roster
    from data.runs import find_round
    from data.terms import term_name

    with opened() as engine:
        at = now()
        with transaction(engine) as db:
            round, term = find_round(db, name)
            made = export_roster(db, term, round, complete=complete, now=at)
            details = {"mentees": list(made.mentees)}
            write_down(db, at=at, by=BY, what="roster exported", whom=f"term {term_name(db, term)}", term=term.id, details=details)
            _write(out, made.body)
        sys.stdout.write(clean(f"{made.classes:,} classes, {made.users:,} users: {out}") + "\n")


def _defaults(given: Sequence[str]) -> Defaults:
    """What somebody typed for `--default`."""
    from data.oneroster_people import Defaults

    said = dict(one.partition("=")[::2] for one in given)
    known = [field.name for field in fields(Defaults)]
    if unknown := [name for name in said if name not in known]:
        raise BadWord("--default", f"{unknown[0]!r} is none of {', '.join(known)}", "write one of these, = and what its cell says")
    return Defaults(**said)


def _write(out: Path, body: bytes) -> None:
    """Puts a file in place whole, or not at all."""
    if out.is_dir():
        raise BadWord(str(out), "is a folder", "name a file, such as roster.zip")
    if not out.absolute().parent.is_dir():
        raise BadWord(str(out), "lies in no folder that is there", "make it, or name another")
    made = out.with_name(f".{out.name}-{uuid.uuid4().hex}")
    try:
        made.write_bytes(body)
        made.replace(out)
    finally:
        made.unlink(missing_ok=True)
