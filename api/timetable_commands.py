"""`dure timetable`: mentors' own calendars, and what they take out of their availability."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, now, opened
from api.session_lines import say, session_line

if TYPE_CHECKING:
    from data.people import Mentor
    from data.timetables import Timetable

timetables = typer.Typer(help="Take mentors' own calendars in, list and remove them.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM where only one is called so.")]
MentorWord = Annotated[str, typer.Argument(metavar="MENTOR", help="Their key.")]

NO_TIMETABLE = "no mentor has handed in a timetable; `dure timetable add` takes one in"


@timetables.command()
def add(
    term: TermName,
    mentor: MentorWord,
    source: Annotated[str, typer.Argument(metavar="FILE|ADDRESS", help="An .ics file, or https://... or webcal://... to subscribe to.")],
) -> None:
    """Take a mentor's calendar in, in the place of an earlier one.

    A weekly time that is busy on a quarter of the term's days that are left, or more, is taken out of the availability of which rounds are
    made. An address is read again each day; it is shown to nobody.
    """
    from data.database import reading, transaction
    from data.terms import find_term
    from scheduler.fetch import fetch, near_hosts
    from scheduler.finding import mentor_named
    from scheduler.timetables import put, read, timetable_of

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            mentor_named(db, found, mentor)
        address = source if "://" in source else ""
        content = fetch(address, near_hosts()) if address else _bytes_of(Path(source))
        what_it_says = read(found, content, now())
        with transaction(engine) as db:
            whose = mentor_named(db, found, mentor)
            put(db, whose, what_it_says, address=address, by=BY, now=now())
            line = _line(whose, timetable_of(db, whose))
        say([line])


@timetables.command("list")
def list_timetables(term: TermName) -> None:
    """List the timetables of a term's mentors, and what is left of their availability."""
    from data.database import reading
    from data.terms import day_in, find_term
    from data.timetables import timetables_of

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            lines = [_line(mentor, one) for mentor, one in timetables_of(db, found.id, day_in(found, now()))]
        say(lines, nothing=NO_TIMETABLE)


@timetables.command()
def fetch(
    term: TermName,
    mentor: Annotated[str, typer.Argument(metavar="[MENTOR]", help="Only theirs.", show_default=False)] = "",
) -> None:
    """Look at timetables now, and do not wait for the day to come round."""
    from data.database import reading
    from data.terms import day_in, find_term
    from data.timetables import timetables_of
    from scheduler.fetch import near_hosts
    from scheduler.finding import mentor_named
    from scheduler.timetables import look_at, timetable_of

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            if mentor:
                timetable_of(db, mentor_named(db, found, mentor))
            wanted = [one for of, one in timetables_of(db, found.id, day_in(found, now())) if mentor in {"", of.key}]
        for one in wanted:
            look_at(engine, found, one, now(), near_hosts())
        with reading(engine) as db:
            lines = [_line(of, one) for of, one in timetables_of(db, found.id, day_in(found, now())) if mentor in {"", of.key}]
        say(lines, nothing=NO_TIMETABLE)


@timetables.command()
def remove(term: TermName, mentor: MentorWord) -> None:
    """Forget a mentor's timetable and its address."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import mentor_named
    from scheduler.timetables import take_away

    with opened() as engine:
        with transaction(engine) as db:
            take_away(db, mentor_named(db, find_term(db, term), mentor), by=BY, now=now())
        say([f"{mentor}: has no timetable any more"])


@timetables.command("clashes")
def list_clashes(term: TermName) -> None:
    """List the sessions to come at which a timetable says that their mentor is busy."""
    from data.database import reading
    from data.terms import find_term
    from scheduler.listing import sessions_between
    from scheduler.timetables import clashes

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            lines = [session_line(found, one) for one in sessions_between(db, found, only=set(clashes(db, found, now())))]
        say(lines, nothing="no session to come is at a time at which a timetable says that its mentor is busy")


def _bytes_of(path: Path) -> bytes:
    """What a file holds, as far as it is looked at."""
    from scheduler.ics import MOST_BYTES

    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _line(mentor: Mentor, one: Timetable) -> str:
    import httpx

    from data.timetables import free_time
    from matching.kinds import STRETCHES

    where = f"an address at {httpx.URL(one.address).host}" if one.address else "a file"
    left = STRETCHES.write(free_time(mentor.availability, one.weekly)) or "nothing"
    fault = f"; now {one.fault}" if one.fault else ""
    return f"{mentor.key}: {where}, read {one.read_at:%Y-%m-%d %H:%M} UTC; busy {one.weekly or 'never'}; left {left}{fault}"
