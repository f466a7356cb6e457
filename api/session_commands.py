"""`dure session`: lists sessions, changes single ones, plans those that are no tutoring, and records what was held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NOTES, BadWord, bounded, day, now, opened, reason_of, some_text
from api.exits import complain
from api.noted import note_read
from api.plain import clean
from api.session_lines import close_lines, instant_of, named_line, say, session_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DbSession

    from data.programs import Term
    from data.sessions import Session

sessions = typer.Typer(help="List sessions, change single ones, and record what was held.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]
SessionName = Annotated[
    str, typer.Argument(metavar="SESSION", help="Its group and day, such as g-0001@2026-03-03, with T19:00 where it has several on it.")
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="The reason, for the record.")]
OnDayOff = Annotated[bool, typer.Option("--on-day-off", help="Also on a holiday or in a closure.")]
GroupKey = Annotated[str, typer.Option(metavar="KEY", help="Of this group.")]
MentorKey = Annotated[str, typer.Option(metavar="KEY", help="Of this mentor.")]
MentorWord = Annotated[str, typer.Argument(metavar="MENTOR", help="The mentor's key.")]
When = Annotated[str, typer.Argument(metavar="WHEN", help="A time of the term's clock, such as 2026-03-05T19:00.")]


class DayOffMended(AbstractContextManager[None]):
    """Has whoever names a day off told how to do so on purpose."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        from scheduler.refusals import DayOff

        if isinstance(error, DayOff):
            raise BadWord(str(error.on), f"is off ({error.why})", "write --on-day-off where that is meant") from None


def change(term: str, name: str, act: Callable[[DbSession, Term, Session, dt.datetime], Session | None]) -> None:
    """Does something to a session in one transaction, and prints what has become of it."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import session_named
    from scheduler.listing import sessions_between

    with opened() as engine:
        with transaction(engine) as db:
            found = find_term(db, term)
            session = session_named(db, found, name)
            made = act(db, found, session, now())
            shown = {session.id} if made is None else {session.id, made.id}
            lines = [session_line(found, one) for one in sessions_between(db, found, only=shown)]
        say(lines)


@sessions.command("list")
def list_sessions(
    term: TermName,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="From this day on.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Up to this day.")] = "",
    mentor: MentorKey = "",
    mentee: Annotated[str, typer.Option(metavar="KEY", help="With this mentee.")] = "",
    group: GroupKey = "",
) -> None:
    """List a term's sessions in order of time.

    Names follow where 100 columns have room for them; what stands before them stays as it is.
    """
    from data.database import reading
    from data.terms import BackwardDays, find_term
    from scheduler.finding import group_named, mentee_named, mentor_named
    from scheduler.listing import sessions_between

    with opened() as engine:
        first_on, last_on = day(first, "--from") if first else None, day(last, "--to") if last else None
        if first_on and last_on and last_on < first_on:
            raise BackwardDays(first_on, last_on)
        with reading(engine) as db:
            found = find_term(db, term)
            for key, named in ((mentor, mentor_named), (mentee, mentee_named), (group, group_named)):
                if key:
                    named(db, found, key)
            listed = sessions_between(db, found, first_on=first_on, last_on=last_on, group=group, mentor=mentor, mentee=mentee)
            lines = [named_line(found, one) for one in listed]
            asked = first or last or mentor or mentee or group
            nothing = "there are no such sessions" if asked else "there are no sessions; `dure round publish` makes them"
        say(lines, nothing=nothing)


@sessions.command()
def show(term: TermName, session: SessionName) -> None:
    """Show all about a session: times, people, its record, and what was said of it."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.closeup import close_up
    from scheduler.finding import session_named
    from scheduler.listing import sessions_between

    with opened() as engine:
        with transaction(engine) as db:
            found = find_term(db, term)
            one = session_named(db, found, session)
            (listed,) = sessions_between(db, found, only={one.id})
            seen = close_up(db, one)
            lines = close_lines(found, listed, seen)
            if seen.record is not None:
                note_read(db, found, seen.presence, "record read")
        say(lines)


@sessions.command()
def lacking(term: TermName) -> None:
    """List the sessions that are over and have no record."""
    from data.database import reading
    from data.records import lacking
    from data.terms import find_term
    from scheduler.listing import sessions_between

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            only = {one.id for one in lacking(db, found, now())}
            lines = [session_line(found, one) for one in sessions_between(db, found, only=only)]
        say(lines, nothing="no session that is over lacks a record")


@sessions.command()
def move(term: TermName, session: SessionName, to: When, on_day_off: OnDayOff = False, why: Why = "") -> None:
    """Move a session to another time."""
    from scheduler.changes import move

    def act(db: DbSession, of: Term, one: Session, at: dt.datetime) -> None:
        with DayOffMended():
            move(db, one, instant_of(of, to, "WHEN"), by=BY, now=at, reason=reason_of(why), on_day_off=on_day_off)

    change(term, session, act)


@sessions.command()
def cancel(term: TermName, session: SessionName, why: Annotated[str, typer.Option(metavar="TEXT", help="What people are told.")]) -> None:
    """Cancel a session."""
    from scheduler.changes import cancel

    change(term, session, lambda db, _, one, at: cancel(db, one, by=BY, now=at, reason=some_text(why, "--why")))


@sessions.command()
def restore(term: TermName, session: SessionName, why: Why = "") -> None:
    """Take the cancellation of a session back."""
    from scheduler.changes import restore

    change(term, session, lambda db, _, one, at: restore(db, one, by=BY, now=at, reason=reason_of(why)))


@sessions.command("make-up")
def make_up(
    term: TermName,
    session: SessionName,
    when: Annotated[str, typer.Argument(metavar="[WHEN]", help="[default: the next time at which all are free]", show_default=False)] = "",
    on_day_off: OnDayOff = False,
    why: Why = "",
) -> None:
    """Make a cancelled session up at another time."""
    from scheduler.changes import make_up
    from scheduler.free_times import next_free

    def act(db: DbSession, of: Term, one: Session, at: dt.datetime) -> Session:
        start = instant_of(of, when, "WHEN") if when else next_free(db, one, at)
        with DayOffMended():
            return make_up(db, one, start, by=BY, now=at, reason=reason_of(why), on_day_off=on_day_off)

    change(term, session, act)


@sessions.command()
def substitute(term: TermName, session: SessionName, mentor: MentorWord, why: Why = "") -> None:
    """Have a session held by another mentor, this once.

    Who does not teach its subject to its members is warned of.
    """
    from scheduler.changes import substitute, unfit
    from scheduler.finding import mentor_named

    warnings: list[str] = []

    def act(db: DbSession, of: Term, one: Session, at: dt.datetime) -> None:
        other = mentor_named(db, of, mentor)
        substitute(db, one, other, by=BY, now=at, reason=reason_of(why))
        if said := unfit(db, one, other):
            warnings.append(clean(f"warning: {said}"))

    change(term, session, act)
    complain(warnings)


@sessions.command()
def plan(  # noqa: PLR0917  typer calls it by names
    term: TermName,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="counselling or orientation.")],
    when: When,
    minutes: Annotated[int, typer.Option(metavar="N", help="How long it lasts.")] = 60,
    group: Annotated[str, typer.Option(metavar="KEY", help="For this group and its mentor.")] = "",
    mentor: Annotated[str, typer.Option(metavar="KEY", help="For this mentor, with some mentees.")] = "",
    mentees: Annotated[list[str] | None, typer.Option("--mentee", metavar="KEY", help="One of them; may be repeated.")] = None,
) -> None:
    """Plan a session that is no tutoring."""
    from data.database import transaction
    from data.sessions import Kind
    from data.terms import find_term
    from scheduler.finding import group_named, mentee_named, mentor_named
    from scheduler.listing import sessions_between
    from scheduler.single_sessions import plan_for_group, plan_for_people

    kinds = {Kind.COUNSELLING, Kind.ORIENTATION}
    with opened() as engine:
        if kind not in kinds:
            raise BadWord("KIND", f"{kind!r} is none of these", f"write {' or '.join(sorted(kinds))}")
        if bool(group) == bool(mentor) or bool(mentor) != bool(mentees):
            raise BadWord("--group", "it is not said for whom", "write --group, or --mentor with --mentee")
        with transaction(engine) as db:
            found, at = find_term(db, term), now()
            start = instant_of(found, when, "WHEN")
            if group:
                made = plan_for_group(db, group_named(db, found, group), Kind(kind), start, minutes, by=BY, now=at)
            else:
                some = [mentee_named(db, found, key) for key in sorted(set(mentees or ()))]
                made = plan_for_people(db, mentor_named(db, found, mentor), some, Kind(kind), start, minutes, by=BY, now=at)
            lines = [session_line(found, one) for one in sessions_between(db, found, only={made.id})]
        say(lines)


@sessions.command()
def record(  # noqa: PLR0917  typer calls it by names
    term: TermName,
    session: SessionName,
    attendance: Annotated[
        list[str], typer.Argument(metavar="MENTEE=PRESENCE...", help="present, late, absent or excused, of each member.")
    ],
    minutes: Annotated[int, typer.Option(metavar="N", help="How long it lasted.")],
    topic: Annotated[str, typer.Option(metavar="TEXT", help="What it was about.")] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="For the program's office.")] = "",
    tasks: Annotated[list[str] | None, typer.Option("--task", metavar="TEXT", help="What is to be done; may be repeated.")] = None,
) -> None:
    """Record what was held, or correct its record."""
    from data.records import Record, record
    from data.sessions import Presence

    def act(db: DbSession, _: Term, one: Session, at: dt.datetime) -> None:
        said: dict[str, Presence] = {}
        for word in attendance:
            mentee, _sign, presence = word.rpartition("=")
            if not mentee:
                raise BadWord("MENTEE=PRESENCE", f"{word!r} names nobody", "write s-0001=present")
            if presence not in set(Presence):
                raise BadWord("MENTEE=PRESENCE", f"{word!r} says none of these", f"write {mentee}= and {', '.join(Presence)}")
            if mentee in said:
                raise BadWord("MENTEE=PRESENCE", f"{mentee} is there twice", "write each member once")
            said[mentee] = Presence(presence)
        written = Record(
            attendance=said,
            minutes=minutes,
            topic=bounded(topic, "--topic"),
            note=bounded(note, "--note", MOST_SIGNS_OF_NOTES),
            tasks=tuple(bounded(task, "--task") for task in tasks or ()),
        )
        record(db, one, written, by=BY, now=at)

    change(term, session, act)
