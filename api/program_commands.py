"""`dure program`: makes and shows programs, and what each does otherwise than others."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NAMES, BadWord, bounded, now, opened, some_text
from api.session_lines import say

programs = typer.Typer(help="Make and show programs, and change their settings.", no_args_is_help=True, rich_markup_mode=None)

ProgramName = Annotated[str, typer.Argument(metavar="PROGRAM", help="Its key; ORGANISATION/PROGRAM where several have that.")]


@programs.command("list")
def list_programs() -> None:
    """List all programs."""
    from data.database import reading
    from data.program_settings import all_programs

    with opened() as engine:
        with reading(engine) as db:
            lines = [f"{name}: {program.name or 'without a name'}" for name, program in sorted(all_programs(db).items())]
        say(lines, nothing="there are no programs; `dure program new` makes the first")


@programs.command()
def new(
    name: Annotated[str, typer.Argument(metavar="ORGANISATION/PROGRAM", help="What it is to be called, such as postech/tutoring.")],
    title: Annotated[str, typer.Option("--name", metavar="TEXT", help="What people call it.")] = "",
) -> None:
    """Make a program, and its organisation where that is new."""
    from data.database import transaction
    from data.new_programs import make_program, organisation_called

    with opened() as engine:
        home, slash, key = name.partition("/")
        if not slash:
            raise BadWord("ORGANISATION/PROGRAM", f"{name!r} says no organisation", f"write {name}/{name}, or which it is of")
        called = bounded(title, "--name", MOST_SIGNS_OF_NAMES)
        with transaction(engine) as db:
            made = make_program(db, organisation_called(db, home), key, name=called, by=BY, now=now())
        say([f"{home}/{made.key}: {called or 'without a name'}"])


@programs.command()
def show(name: ProgramName) -> None:
    """Show a program's settings, as they can be set, and for how many days it keeps what."""
    from data.database import reading
    from data.program_settings import find_program
    from data.retention import Kept, days_of
    from data.settings import read_settings

    with opened() as engine:
        with reading(engine) as db:
            settings = read_settings(find_program(db, name).settings)
        told = settings.model_dump(mode="json") | {"retention": {kept.value: days_of(settings.retention, kept) for kept in Kept}}
        say(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in told.items())


@programs.command()
def rename(name: ProgramName, text: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")]) -> None:
    """Give a program a name, which its calendars show."""
    from data.database import transaction
    from data.program_settings import find_program, rename_program

    with opened() as engine:
        with transaction(engine) as db:
            rename_program(db, find_program(db, name), bounded(some_text(text, "NAME"), "NAME", MOST_SIGNS_OF_NAMES), by=BY, now=now())
        say([f"{name}: {text}"])


@programs.command("set")
def set_one(
    name: ProgramName,
    setting: Annotated[str, typer.Argument(metavar="SETTING", help="One that `dure program show` shows.")],
    value: Annotated[
        str, typer.Argument(metavar="[VALUE]", help="Such as given, 28, or [1440, 60]. [default: the usual]", show_default=False)
    ] = "",
) -> None:
    """Change a setting; calendars follow."""
    from data.database import transaction
    from data.program_settings import change_setting, find_program

    with opened() as engine:
        with transaction(engine) as db:
            settings = change_setting(db, find_program(db, name), setting, _value(value), by=BY, now=now())
        say([f"{setting} {json.dumps(settings.model_dump(mode='json')[setting], ensure_ascii=False)}"])


def _value(text: str) -> object:
    """What somebody means: a value of JSON, or the text as it stands; None where they wrote nothing."""
    if not text:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
