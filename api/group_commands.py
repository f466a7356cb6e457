"""`dure group` and `dure leave`: list groups and change them from a day on; and people who leave a term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, MOST_SIGNS_OF_NOTES, BadWord, bounded, day, now, opened, reason_of, some_text
from api.session_lines import lacking_lines, say, session_line

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session as DbSession

    from data.groups import Group
    from data.programs import Term
    from data.sessions import Session
    from scheduler.listing import ListedGroup

groups = typer.Typer(help="List groups, and change them from a day on.", no_args_is_help=True, rich_markup_mode=None)
leavers = typer.Typer(help="Let people leave a term, or stay after all.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]
GroupWord = Annotated[str, typer.Argument(metavar="GROUP", help="The group's key.")]
MenteeWord = Annotated[str, typer.Argument(metavar="MENTEE", help="The mentee's key.")]
MentorWord = Annotated[str, typer.Argument(metavar="MENTOR", help="The mentor's key.")]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="From this day on.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="The reason, for the record.")]


def change(term: str, key: str, act: Callable[[DbSession, Term, Group, dt.datetime], Iterable[Session] | None], first: str = "") -> None:
    """Does something to a group in one transaction, and prints what becomes of it on the day of the change, by default today, and
    sessions that were cancelled by the way."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.circle import day_of
    from scheduler.finding import group_named
    from scheduler.listing import groups_on

    with opened() as engine:
        with transaction(engine) as db:
            found, at = find_term(db, term), now()
            group = group_named(db, found, key)
            lines = _told(db, found, [session.id for session in act(db, found, group, at) or ()])
            today = day_of(found, at)
            on = max(today, day(first, "--from")) if first else today
            then = f"from {on}: " if on > today else ""
            shown = [_line(one) for one in groups_on(db, found, on) if one.key == key] or [f"{key}  has ended"]
            lines[:0] = [then + line for line in shown]
        say(lines)


@groups.command("list")
def list_groups(term: TermName) -> None:
    """List the groups of a term as they are today."""
    from data.database import reading
    from data.terms import find_term
    from scheduler.circle import day_of
    from scheduler.listing import groups_on

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            lines = [_line(one) for one in groups_on(db, found, day_of(found, now()))]
        say(lines, nothing="there are no groups; `dure round publish` makes them")


@groups.command()
def times(
    term: TermName,
    group: GroupWord,
    meetings: Annotated[str, typer.Argument(metavar="MEETINGS", help="As many as before, such as 'Tue 19:00; Thu 19:00'.")],
    first: From,
    why: Why = "",
) -> None:
    """Change a group's weekly times from a day on."""
    from matching.week import NotAWeeklyTime, read_meetings
    from scheduler.group_changes import change_times

    def act(db: DbSession, _: Term, one: Group, at: dt.datetime) -> Iterable[Session]:
        try:
            new = read_meetings(meetings)
        except NotAWeeklyTime as bad:
            raise BadWord("MEETINGS", f"{bad.text!r} is no weekly time", "write Tue 19:00") from None
        return change_times(db, one, new, day(first, "--from"), by=BY, now=at, reason=reason_of(why))

    change(term, group, act, first)


@groups.command("end")
def end_group(
    term: TermName, group: GroupWord, first: From, why: Annotated[str, typer.Option(metavar="TEXT", help="What people are told.")]
) -> None:
    """End a group: from a day on it meets no more."""
    from scheduler.group_changes import end

    change(term, group, lambda db, _, one, at: end(db, one, day(first, "--from"), by=BY, now=at, reason=some_text(why, "--why")))


@groups.command("join")
def join_group(term: TermName, group: GroupWord, mentee: MenteeWord, first: From, why: Why = "") -> None:
    """Take a mentee into a group from a day on."""
    from scheduler.finding import mentee_named
    from scheduler.group_changes import join

    def act(db: DbSession, of: Term, one: Group, at: dt.datetime) -> None:
        join(db, one, mentee_named(db, of, mentee), day(first, "--from"), by=BY, now=at, reason=reason_of(why))

    change(term, group, act, first)


@groups.command("leave")
def leave_group(term: TermName, group: GroupWord, mentee: MenteeWord, first: From, why: Why = "") -> None:
    """Take a mentee out of a group from a day on."""
    from scheduler.finding import mentee_named
    from scheduler.group_changes import leave

    def act(db: DbSession, of: Term, one: Group, at: dt.datetime) -> None:
        leave(db, one, mentee_named(db, of, mentee), day(first, "--from"), by=BY, now=at, reason=reason_of(why))

    change(term, group, act, first)


@groups.command()
def link(
    term: TermName,
    group: GroupWord,
    address: Annotated[str, typer.Argument(metavar="[LINK]", help="[default: where the program meets]", show_default=False)] = "",
    why: Why = "",
) -> None:
    """Change where a group meets."""
    from scheduler.links import change_link

    change(
        term,
        group,
        lambda db, _, one, at: change_link(db, one, bounded(address, "LINK", MOST_SIGNS_OF_NOTES), by=BY, now=at, reason=reason_of(why)),
    )


@groups.command("links")
def take_links(
    term: TermName,
    table: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with the columns group and link.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    rows: Annotated[int, typer.Option(metavar="N", min=0, help="Print at most so many of the changed links.")] = 50,
) -> None:
    """Change where groups meet, many at once.

    All of the table is taken, or nothing.
    """
    from data.database import reading, transaction
    from data.terms import find_term
    from scheduler.circle import day_of
    from scheduler.finding import group_keys
    from scheduler.links import change_links, read_links, without_link

    with opened() as engine:
        with (reading if dry_run else transaction)(engine) as db:  # what is done in a reading is lost
            found, at = find_term(db, term), now()
            done = change_links(db, found, read_links(table, group_keys(db, found)), by=BY, now=at)
            lacking = without_link(db, found, day_of(found, at))
        lines = [f"{key}: {after}" + (f", before {before}" if before else "") for key, (before, after) in done.changed.items()]
        more = [f"and {len(lines) - rows:,} more"] if len(lines) > rows else []
        first = f"links: {len(done.changed):,} {'would change' if dry_run else 'changed'}, {done.unchanged:,} unchanged"
        say([first, *lines[:rows], *more, *lacking_lines(lacking)])


@leavers.command("mentor")
def leave_mentor(term: TermName, mentor: MentorWord, first: From, why: Why = "") -> None:
    """Let a mentor leave from a day on, and list the sessions that need another."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import mentor_named
    from scheduler.leavers import leave_mentor

    with opened() as engine:
        on = day(first, "--from")
        with transaction(engine) as db:
            found = find_term(db, term)
            left = leave_mentor(db, mentor_named(db, found, mentor), on, by=BY, now=now(), reason=reason_of(why))
            lines = _told(db, found, [session.id for session in left])
        say([f"{mentor}  has left on {on}; sessions that need another mentor: {len(lines)}", *lines])


@leavers.command("mentee")
def leave_mentee(term: TermName, mentee: MenteeWord, first: From, why: Why = "") -> None:
    """Let a mentee leave all groups from a day on."""
    from data.database import transaction
    from data.terms import find_term
    from scheduler.finding import mentee_named
    from scheduler.leavers import leave_mentee

    with opened() as engine:
        on = day(first, "--from")
        with transaction(engine) as db:
            found = find_term(db, term)
            lost = leave_mentee(db, mentee_named(db, found, mentee), on, by=BY, now=now(), reason=reason_of(why))
        say([f"{mentee}  has left on {on}", *_not_back(lost)])


@leavers.command("undo")
def stay(
    term: TermName,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The key of a mentor or a mentee.")],
    role: Annotated[str, typer.Option("--as", metavar="ROLE", help="mentor or mentee, where both have this key.")] = "",
    why: Why = "",
) -> None:
    """Take back that somebody leaves who is still there.

    What was cancelled or ended because of it comes back where nothing has taken its place; what cannot come back is told.
    """
    from data.database import transaction
    from data.people import Mentor
    from data.terms import find_term
    from scheduler.finding import person_named
    from scheduler.returns import stay_mentee, stay_mentor

    with opened() as engine:
        if role not in {"", "mentor", "mentee"}:
            raise BadWord("--as", f"{role!r} is none of these", "write mentor or mentee")
        with transaction(engine) as db:
            found = find_term(db, term)
            who = person_named(db, found, person, role)
            if isinstance(who, Mentor):
                back = stay_mentor(db, who, by=BY, now=now(), reason=reason_of(why))
            else:
                back = stay_mentee(db, who, by=BY, now=now(), reason=reason_of(why))
            lines = _told(db, found, back.sessions)
        say([f"{person}  stays; sessions that are held again: {len(lines)}", *lines, *_not_back(back.lost)])


def _not_back(lost: Collection[str]) -> Iterable[str]:
    return [f"not as before: {len(lost)}", *lost] if lost else []


@leavers.command("list")
def list_left(term: TermName) -> None:
    """List the sessions to come whose mentor has left."""
    from data.database import reading
    from data.terms import find_term
    from scheduler.leavers import need_repair

    with opened() as engine:
        with reading(engine) as db:
            found = find_term(db, term)
            lines = _told(db, found, [session.id for session in need_repair(db, found, now())])
        say(lines, nothing="no session needs another mentor")


def _told(db: DbSession, term: Term, sessions: Collection[UUID]) -> list[str]:
    from scheduler.listing import sessions_between

    return [session_line(term, one) for one in sessions_between(db, term, only=set(sessions))]


def _line(one: ListedGroup) -> str:
    from matching.week import write_meetings

    meets = write_meetings(one.meetings) if one.meetings else "no weekly meetings"
    until = f" until {one.until_on - dt.timedelta(days=1)}" if one.until_on else ""
    where = f"  {one.link}" if one.link else ""
    return f"{one.key}  {one.subject}  {one.mentor} with {', '.join(one.members) or 'nobody'}  {meets}{until}{where}"
