"""`dure remind`: when people are reminded of their sessions, and in which language, where they wish it otherwise than their program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, minutes_of, now, opened
from api.session_lines import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.people import CameAs as Role, Mentee, Mentor, Person

reminders = typer.Typer(help="Set when people are reminded, and in which language.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM where only one is called so.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Their key.")]
Before = Annotated[
    str, typer.Option(metavar="MINUTES", help="Remind them so long before a session by mail, such as 1440,60; or none, or usual.")
]
SpokenLanguage = Annotated[str, typer.Option("--language", metavar="CODE", help="Write to them in ko, en or zh-TW.")]


@reminders.command()
def mentor(term: TermName, key: Key, before: Before = "", language: SpokenLanguage = "") -> None:
    """Set or show what a mentor wishes, in all terms."""
    from data.people import CameAs as Role

    _wish(term, Role.MENTOR, key, before, language)


@reminders.command()
def mentee(term: TermName, key: Key, before: Before = "", language: SpokenLanguage = "") -> None:
    """Set or show what a mentee wishes, in all terms."""
    from data.people import CameAs as Role

    _wish(term, Role.MENTEE, key, before, language)


@reminders.command("list")
def list_wishes(term: TermName) -> None:
    """List who is reminded otherwise than the program says."""
    from data.database import reading
    from data.terms import day_in, find_term
    from data.wishes import people_with_wishes

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            lines = [_line(who, person) for who, person in people_with_wishes(db, found.id, day_in(found, now()))]
        say(lines, nothing="everybody is reminded as the program says")


def _wish(term: str, role: Role, key: str, before: str, language: str) -> None:
    from data.database import transaction
    from data.people import CameAs as Role, Person
    from data.terms import find_term
    from data.wishes import wish_language, wish_reminders
    from scheduler.finding import mentee_named, mentor_named

    with opened() as engine:
        minutes = _minutes(before)
        with transaction(engine) as db:
            found = find_term(db, term)
            who = mentor_named(db, found, key) if role is Role.MENTOR else mentee_named(db, found, key)
            if before:
                wish_reminders(db, who, minutes, by=BY, now=now())
            if language:
                wish_language(db, who, language, by=BY, now=now())
            line = _line(who, db.get_one(Person, who.person_id))
        say([line])


def _minutes(text: str) -> Sequence[int] | None:
    if text in {"", "usual"}:
        return None
    if text == "none":
        return ()
    try:
        return minutes_of(text, "--before")
    except BadWord:
        raise BadWord(
            "--before", f"{text!r} are no minutes", "write minutes before a session, such as 1440,60, or none, or usual"
        ) from None


def _line(who: Mentor | Mentee, person: Person) -> str:
    if person.reminders is None:
        when = "as the program says"
    else:
        when = f"{' and '.join(map(str, person.reminders))} minutes before" if person.reminders else "never"
    spoken = f", in {person.language}" if person.language else ""
    where = "" if person.email else ", but there is no address to write to"
    return f"{who.key}: reminded {when}{spoken}{where}"
