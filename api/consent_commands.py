"""`dure consent`: what guardians of young mentees have agreed to, without which these are in no round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, day, now, opened, some_text
from api.noted import note_read
from api.session_lines import say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from sqlalchemy.orm import Session as DbSession

    from data.consents import Act, Method, Standing
    from data.programs import Term

consents = typer.Typer(help="Note guardians' consents to the text of a program.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]
MenteeKey = Annotated[str, typer.Argument(metavar="MENTEE", help="A mentee of the term.")]
How = Annotated[str, typer.Option("--method", metavar="HOW", help="paper, mail, phone or platform.")]
Who = Annotated[str, typer.Option("--guardian", metavar="WHO", help="Who it was, in as few words as you need, such as mother.")]
When = Annotated[str, typer.Option("--on", metavar="DATE", help="When that was. [default: now]")]


@consents.command()
def give(
    term: TermName,
    mentee: MenteeKey,
    method: How = "paper",
    guardian: Who = "",
    on: When = "",
    version: Annotated[str, typer.Option(metavar="TEXT", help="The version of the text. [default: the one in force]")] = "",
) -> None:
    """Note that a guardian has consented."""
    from data.consents import Act

    _note(term, mentee, Act.GIVEN, method=method, guardian=guardian, on=on, version=version)


@consents.command()
def withdraw(term: TermName, mentee: MenteeKey, method: How = "paper", guardian: Who = "", on: When = "") -> None:
    """Note that a guardian has withdrawn a consent, and tell what follows."""
    from data.consents import Act

    _note(term, mentee, Act.WITHDRAWN, method=method, guardian=guardian, on=on)


@consents.command("import")
def import_consents(
    term: TermName,
    file: Annotated[Path, typer.Argument(readable=False, metavar="FILE", help="A CSV file with a line for each mentee.")],
) -> None:
    """Note many consents at once.

    Its columns: mentee_id, and where they are known born_on, given_on, method, version and guardian.
    """
    from data.consent_lists import note_all, read_consents
    from data.database import transaction
    from data.terms import find_term

    with opened() as engine:
        with transaction(engine) as db:
            of = find_term(db, term)
            lines = read_consents(db, of, file)
            count = note_all(db, of, lines, by=BY, now=now())
        say([f"{count:,} consents are noted, of {len(lines):,} lines"])


@consents.command()
def born(
    term: TermName, mentee: MenteeKey, on: Annotated[str, typer.Argument(metavar="DATE", help="The day of birth, or none to forget it.")]
) -> None:
    """Say when a mentee was born."""
    from data.consents import set_birth_day
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import mentee_named

    with opened() as engine:
        with transaction(engine) as db:
            found = mentee_named(db, find_term(db, term), mentee)
            set_birth_day(db, found, None if on == "none" else day(on, "DATE"), by=BY, now=now())
        say([f"{mentee}: {'nobody knows when they were born' if on == 'none' else f'born on {on}'}"])


@consents.command("list")
def list_consents(
    term: TermName, lacking: Annotated[bool, typer.Option("--lacking", help="Only who would be left out of a round today.")] = False
) -> None:
    """List the mentees who need a consent, and how it stands with them."""
    from data.database import transaction
    from data.terms import find_term

    with opened() as engine:
        with transaction(engine) as db:
            lines = list(_lines(db, find_term(db, term), lacking=lacking))
        say(lines, nothing="nobody lacks a consent" if lacking else "nobody needs a consent, and there is none")


def _note(term: str, key: str, act: Act, *, method: str, guardian: str, on: str, version: str = "") -> None:
    from data.consents import Said, note
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import mentee_named

    with opened() as engine:
        with transaction(engine) as db:
            of = find_term(db, term)
            mentee = mentee_named(db, of, key)
            who = some_text(guardian, "--guardian") if guardian else ""
            text = some_text(version, "--version") if version else ""
            said = Said(act=act, method=_method(method), guardian=who, version=text, at=_begin(of, on) if on else None)
            made = note(db, mentee, said, by=BY, now=now())
            lines = [f"{mentee.key}: consent to text {made.version} {act}"]
            lines += _follows(db, of, mentee.key) if act == "withdrawn" else []
        say(lines)


def _follows(db: DbSession, term: Term, key: str) -> Iterable[str]:
    """What follows from a consent that is withdrawn: what goes by itself, and what does not."""
    from data.terms import term_name
    from scheduler.consented import still_in

    yield "they are in no round that is closed from now on"
    groups = still_in(db, term, key, now())
    if groups:
        yield f"they still are in {', '.join(groups)}; `dure leave mentee {term_name(db, term)} {key} --from DATE` takes them out"


def _lines(db: DbSession, term: Term, *, lacking: bool) -> Iterable[str]:
    from data.consents import standing
    from data.terms import day_in
    from scheduler.consented import present

    shown = [one for one in standing(db, term, present(db, term, now()), day_in(term, now())) if one.lacks or (not lacking and _told(one))]
    note_read(db, term, [one.mentee.key for one in shown], "consents read")
    yield from (f"{one.mentee.key}: {_standing(term, one)}" for one in shown)


def _told(one: Standing) -> bool:
    return one.needed or one.last is not None


def _standing(term: Term, one: Standing) -> str:
    from data.terms import day_in

    born_on = f"born on {one.born_on}" if one.born_on else f"of grade {one.mentee.grade}, nobody knows when they were born"
    needed = "" if one.needed else ", needs none"
    if one.last is None:
        return f"{born_on}{needed}; no consent"
    said = f"{one.last.act} on {day_in(term, one.last.at)}, by {one.last.method}"
    other = "" if one.in_force or one.last.act == "withdrawn" else ", which is not the text in force"
    return f"{born_on}{needed}; text {one.last.version} {said}{other}"


def _method(text: str) -> Method:
    from data.consents import Method

    try:
        return Method(text)
    except ValueError:
        raise BadWord("--method", f"{text!r} is none", f"write one of {', '.join(Method)}") from None


def _begin(term: Term, on: str) -> dt.datetime:
    from data.own import day_begins

    return day_begins(term.zone, day(on, "--on"))
