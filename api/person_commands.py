"""`dure person`: give somebody all that is held on them, or erase them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, now, opened
from api.session_lines import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DbSession

    from data.people import Person

people = typer.Typer(help="Give somebody what is held on them, or erase them.", no_args_is_help=True, rich_markup_mode=None)

ProgramKey = Annotated[str, typer.Argument(metavar="PROGRAM", help="A program, as `dure program list` names it.")]
PersonKey = Annotated[str, typer.Argument(metavar="PERSON", help="The key of a mentor or a mentee.")]
As = Annotated[str, typer.Option("--as", metavar="ROLE", help="mentor or mentee, where both have this key.")]


@people.command()
def export(
    program: ProgramKey,
    person: PersonKey,
    out: Annotated[Path, typer.Argument(readable=False, metavar="FILE", help="A new file: .json, or .zip with calendars and tables too.")],
    role: As = "",
) -> None:
    """Write all that is held on somebody into a file.

    What mentors wrote of sessions may speak of others, too: read it before you hand it on.
    """
    import json

    from data.database import transaction
    from data.holdings import programs_of
    from scheduler.holdings import export_person, files_of

    with opened() as engine:
        if out.suffix not in {".json", ".zip"}:
            raise BadWord(str(out), "is of no kind that is written", "write a name that ends in .json or .zip")
        if out.exists():
            raise BadWord(str(out), "is there already", "name a new file")
        with transaction(engine) as db:
            found = _person(db, program, person, role)
            programs = programs_of(db, found)
            held = export_person(db, found, programs, for_office=True, by=BY, now=now())
            text = json.dumps(held, ensure_ascii=False, indent=1) + "\n"
            out.write_bytes(files_of(db, found, programs, held, now=now()) if out.suffix == ".zip" else text.encode())
        say([f"all that is held on {found.came_as} {found.key}: {out}"])


@people.command()
def erase(
    program: ProgramKey,
    person: PersonKey,
    role: As = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it: nothing brings them back.")] = False,
) -> None:
    """Erase somebody for good.

    They leave all terms that still run; their names, addresses and key go from everywhere, and what is counted stays right.
    """
    from data.database import reading, transaction
    from data.wiping import wipe
    from scheduler.erasure import erase_person

    with opened() as engine:
        with reading(engine) as db:
            found = _person(db, program, person, role)
            called = f"{found.came_as} {found.key}"
        if not yes:
            say([f"{called}: nothing was erased; say --yes where that is meant"])
            return
        with transaction(engine) as db:
            found = _person(db, program, person, role)
            erase_person(db, found, by=BY, now=now())
            alias = found.key
        wiped = wipe(engine, now=now())
        later = "" if wiped else "; their bytes are wiped from the database's files by `dure serve` or `dure tick`, once nobody reads them"
        say([f"{called} is erased, and counted as {alias}{later}"])


def _person(db: DbSession, program: str, key: str, role: str) -> Person:
    from sqlalchemy import select

    from data.people import CameAs, Mentee, Mentor, Person
    from data.program_settings import find_program
    from data.programs import Term

    if role not in {"", *CameAs}:
        raise BadWord("--as", f"{role!r} is no role", "write mentor or mentee")
    of = find_program(db, program)
    there = [select(kind.person_id).join(Term, Term.id == kind.term_id).where(Term.program_id == of.id) for kind in (Mentor, Mentee)]
    asked = select(Person).where(Person.key == key, Person.id.in_(there[0].union(there[1])))
    found = db.scalars(asked.where(Person.came_as == CameAs(role)) if role else asked).all()
    if not found:
        raise BadWord("PERSON", f"nobody in {program} has the key {key!r}", "write one that `dure export` shows")
    if len(found) > 1:
        raise BadWord("PERSON", f"a mentor and a mentee have the key {key!r}", "say which by --as")
    return found[0]
