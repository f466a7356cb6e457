"""`dure audit`: shows who did what to whom, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BadWord, day, opened
from api.session_lines import say

if TYPE_CHECKING:
    from scheduler.history import Told

LONGEST = 400
"""So many signs of what a row tells besides are printed; the API tells all."""

audit = typer.Typer(help="Show who did what to whom, when and why.", no_args_is_help=True, rich_markup_mode=None)


@audit.callback()
def rows_of_changes() -> None:
    """Makes every command one of several, even where there is only one."""


@audit.command("list")
def list_deeds(
    term: Annotated[str, typer.Option(metavar="TERM", help="Only of this term.")] = "",
    program: Annotated[str, typer.Option(metavar="PROGRAM", help="Only of this program and its terms.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="Only since this day of the term's zone, or else of UTC.")] = "",
    about: Annotated[str, typer.Option(metavar="TEXT", help="Only rows with this in them: a key, such as g-0001, moved or a reason.")] = "",
    rows: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Print so many rows of a page.")] = 50,
    page: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Print this page; the first is the newest.")] = 1,
) -> None:
    """Show what was done, newest first.

    Times are those of the term's clock; people are named by their keys.
    """
    from data.database import reading
    from data.program_settings import find_program
    from data.terms import find_term
    from scheduler.history import history

    with opened() as engine:
        if term and program:
            raise BadWord("--term, --program", "are two", "write one of them")
        first = day(since, "--since") if since else None
        with reading(engine) as db:
            found, count = history(
                db,
                term=find_term(db, term) if term else None,
                program=find_program(db, program) if program else None,
                since=first,
                about=about,
                rows=rows,
                page=page,
            )
        lines = [_line(one) for one in found]
        before = (page - 1) * rows + len(found)
        if count > before and found:
            lines.append(f"and {count - before:,} more, earlier: --page {page + 1} shows the next")
        asked = term or program or since or about or page > 1
        say(lines, nothing="there are no such rows" if asked else "nothing was done yet")


def _line(one: Told) -> str:
    at = f"{one.at:%Y-%m-%d %H:%M:%S}{one.at:%z}"
    why = f"; {one.reason}" if one.reason else ""
    said = str(one.details)
    details = f" ({said if len(said) <= LONGEST else said[:LONGEST] + '…'})" if one.details else ""
    return f"{at}  {one.term or '-'}  {one.whom}: {one.what}, by {one.by}{why}{details}"
