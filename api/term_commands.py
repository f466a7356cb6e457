"""`dure term`: makes terms, changes, shows and removes them, and closes them for some days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NAMES, BadWord, bounded, day, now, opened, reason_of
from api.session_lines import say, session_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy.orm import Session as DbSession

    from data.programs import MakeUp, Term

NONE = "none"
"""What takes something away that a term has."""

terms = typer.Typer(help="Make terms, change them, close them for some days.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]
School = Annotated[str, typer.Option(metavar="SCHOOL", help="Only for the mentees of this school.")]
FirstDay = Annotated[str, typer.Argument(metavar="FROM", help="The first day, such as 2026-04-20.")]


@terms.command()
def new(  # noqa: PLR0917  typer calls it by names
    name: Annotated[str, typer.Argument(metavar="PROGRAM/TERM", help="What the term is to be called, such as tutoring/2026-spring.")],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Its IANA time zone, such as Asia/Seoul.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="Its first day, such as 2026-03-02.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Its last day. [default: it is open-ended]")] = "",
    title: Annotated[str, typer.Option("--name", metavar="TEXT", help="What people call it.")] = "",
    country: Annotated[str, typer.Option(metavar="CODE", help="Leave out the public holidays of this country, such as KR.")] = "",
    make_up: Annotated[str, typer.Option(metavar="WHEN", help="Make meetings of days off up: no, end (of the term) or next.")] = "no",
) -> None:
    """Make a term, and its program where that is new."""
    from data.database import transaction
    from data.terms import NewTerm, make_term
    from scheduler.term_days import days_of

    with opened() as engine:
        wanted = NewTerm(
            zone=zone,
            first_on=day(first, "--from"),
            last_on=day(last, "--to") if last else None,
            name=bounded(title, "--name", MOST_SIGNS_OF_NAMES),
            country=country,
            make_up=_make_up(make_up),
        )
        with transaction(engine) as db:
            term = make_term(db, name, wanted, by=BY, now=now())
            days_of(db, term)  # refuses a country that nobody knows
            lines = [_line(db, term)]
        say(lines)


@terms.command("set")
def set_term(  # noqa: PLR0917  typer calls it by names
    name: TermName,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="Another first day.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Another last day; none makes it open-ended.")] = "",
    title: Annotated[str, typer.Option("--name", metavar="TEXT", help="What people are to call it; none for nothing.")] = "",
    country: Annotated[str, typer.Option(metavar="CODE", help="Leave out the public holidays of this country; none for no country.")] = "",
    make_up: Annotated[str, typer.Option(metavar="WHEN", help="Make meetings of days off up: no, end (of the term) or next.")] = "",
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Another zone, as long as the term has no groups.")] = "",
) -> None:
    """Change a term; what is not named stays as it is.

    What was planned on days that are none of it any more, or are off, is cancelled, and told; on new days there are sessions.
    """
    from data.database import transaction
    from data.term_settings import as_it_is
    from data.terms import NewTerm, find_term
    from scheduler.term_changes import change_term

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            was = as_it_is(term)
            wanted = NewTerm(
                zone=zone or was.zone,
                first_on=day(first, "--from") if first else was.first_on,
                last_on=(None if last == NONE else day(last, "--to")) if last else was.last_on,
                name=_other(bounded(title, "--name", MOST_SIGNS_OF_NAMES), was.name),
                country=_other(country, was.country),
                make_up=_make_up(make_up or was.make_up),
            )
            changed = change_term(db, term, wanted, by=BY, now=now())
            lines = [_line(db, term)]
            for what, sessions in changed.items():
                lines += _with_sessions(db, term, sessions, what) if sessions else ()
            if not any(changed.values()):
                lines.append("no sessions are others by that")
        say(lines)


@terms.command()
def remove(name: TermName) -> None:
    """Remove a term that has no groups, with its people and rounds."""
    from data.database import transaction
    from data.term_settings import remove_term
    from data.terms import find_term, term_name

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            called = term_name(db, term)
            remove_term(db, term, by=BY, now=now())
        say([f"{called}: removed"])


@terms.command("list")
def list_terms() -> None:
    """List all terms."""
    from data.database import reading
    from data.terms import all_terms

    with opened() as engine:
        with reading(engine) as db:
            lines = [_line(db, term) for term in all_terms(db)]
        say(lines, nothing="there are no terms; `dure term new` makes one")


@terms.command()
def show(name: TermName) -> None:
    """Show a term: its days, its people, and its days off."""
    from data.database import reading
    from data.terms import find_term

    with opened() as engine:
        with reading(engine) as db:
            lines = list(_told(db, find_term(db, name)))
        say(lines)


@terms.command()
def close(
    name: TermName,
    first: FirstDay,
    last: Annotated[str, typer.Argument(metavar="[TO]", help="The last day. [default: the first]", show_default=False)] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="What people are told, such as: Exam week.")] = "",
    school: School = "",
) -> None:
    """Hold no sessions on some days.

    What was planned on them is cancelled, and told; `dure session make-up` finds another time for each.
    """
    from data.database import transaction
    from data.terms import find_term
    from scheduler.closures import close as close_term

    with opened() as engine:
        first_on = day(first, "FROM")
        last_on = day(last, "TO") if last else first_on
        with transaction(engine) as db:
            term = find_term(db, name)
            gone = close_term(db, term, first_on, last_on, why=reason_of(why) or "closed", school=school, by=BY, now=now())
            lines = [_days(first_on, last_on, why or "closed", school), *_with_sessions(db, term, (one.id for one in gone), "cancelled")]
        say(lines)


@terms.command()
def reopen(name: TermName, first: FirstDay, school: School = "") -> None:
    """Take back the closure that begins on a day.

    What it cancelled is held after all, but for what is made up already.
    """
    from data.database import transaction
    from data.terms import find_term
    from scheduler.closures import reopen as reopen_term

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            back = reopen_term(db, term, day(first, "FROM"), school=school, by=BY, now=now())
            lines = [
                f"{first}: open again" + (f" ({school} only)" if school else ""),
                *_with_sessions(db, term, (one.id for one in back), "restored"),
            ]
        say(lines)


def _other(text: str, was: str) -> str:
    """What a text of a term is to be: as it was where nothing is said, and empty where that is."""
    return "" if text == NONE else text or was


def _make_up(text: str) -> MakeUp:
    from data.programs import MakeUp

    if text not in set(MakeUp):
        raise BadWord("--make-up", f"{text!r} is none of these", f"write {', '.join(MakeUp)}")
    return MakeUp(text)


def _with_sessions(db: DbSession, term: Term, sessions: Iterable[UUID], what: str) -> Iterable[str]:
    """How many sessions have changed, and which."""
    from scheduler.listing import sessions_between

    changed = set(sessions)
    yield f"{len(changed):,} sessions {what}:" if changed else f"no sessions {what}"
    yield from (f"  {session_line(term, one)}" for one in sessions_between(db, term, only=changed))


def _line(db: DbSession, term: Term) -> str:
    from data.terms import term_name

    to = f"to {term.last_on}" if term.last_on else "without an end"
    return f"{term_name(db, term)}: {term.first_on} {to}, {term.zone}" + (f", {term.name}" if term.name else "")


def _told(db: DbSession, term: Term) -> Iterable[str]:
    """What there is to know about a term."""
    from data.closures import closures_of
    from data.terms import day_in, people_of
    from scheduler.term_days import days_of, holidays_within, working_days

    mentors, mentees = people_of(db, term.id, day_in(term, now()))
    yield _line(db, term)
    yield f"{mentors:,} mentors, {mentees:,} mentees"
    yield f"public holidays: {term.country or 'of no country'}; meetings left out are made up: {term.make_up}"
    for on, holiday in holidays_within(term, days_of(db, term)).items():
        yield f"  {on} {holiday}"
    for on in working_days(term):
        yield f"  {on} is worked, for a bridge day"
    closures = closures_of(db, term.id)
    yield "closed:" if closures else "closed: never"
    for one in closures:
        yield f"  {_days(one.first_on, one.last_on, one.name, one.school)}"


def _days(first_on: object, last_on: object, why: str, school: str) -> str:
    days = f"{first_on}" if first_on == last_on else f"{first_on} to {last_on}"
    return f"{days}: {why}" + (f" ({school} only)" if school else "")
