"""`dure round publish` and `dure round undo`: a run's groups come into everybody's calendar, and go again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, day, now, opened
from api.plain import clean
from api.session_lines import lacking_lines, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from scheduler.produce import Produced
    from scheduler.repair import Change

RunName = Annotated[str, typer.Argument(metavar="RUN", help="TERM:ROUND.RUN, such as tutoring/2026-spring:1.2.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Rows = Annotated[int, typer.Option(metavar="N", min=1, help="Print at most so many rows of each table.")]


def publish_run(
    name: RunName,
    from_day: Annotated[
        str,
        typer.Option(
            "--from", metavar="DATE", help="Groups meet from this day on. [default: the term's first day or today; of a repair next Monday]"
        ),
    ] = "",
    dry_run: DryRun = False,
    rows: Rows = 50,
) -> None:
    """Publish a run: its groups, their sessions and everybody's calendars.

    The repair of the run that is published takes its place: what it changes is shown group by group.
    """
    from api.show import console, with_rest
    from data.database import reading, transaction
    from data.runs import find_run, name_of
    from scheduler.links import without_link
    from scheduler.publish import publish, term_of

    with opened() as engine:
        with (reading if dry_run else transaction)(engine) as db:  # what is done in a reading is lost
            run = find_run(db, name)
            done = publish(db, run, now(), BY, from_on=day(from_day, "--from") if from_day else None)
            begins = f"{name_of(db, run)} {'would be' if dry_run else 'is'} published from {done.from_on} on"
            lacking = lacking_lines(without_link(db, term_of(db, run), done.from_on))
        say([begins, *_counts(done.changes, done.produced), *_left_out(done.produced, rows), *lacking])
        changed = [change for change in done.changes if change.fate.value != "stays"]
        if any(change.fate.value != "added" for change in done.changes):
            console().print(with_rest(_table(changed[:rows]), len(changed) - rows))


def undo_run(name: RunName, dry_run: DryRun = False) -> None:
    """Take a published run back, where none of its sessions was held.

    Everything is as it was before, in calendars too.
    """
    from data.database import reading, transaction
    from data.runs import find_run, name_of
    from scheduler.undo import undo

    with opened() as engine:
        with (reading if dry_run else transaction)(engine) as db:
            run = find_run(db, name)
            gone = undo(db, run, now(), BY)
            line = f"{name_of(db, run)} {'would be' if dry_run else 'is'} undone: {gone.groups:,} groups and {gone.sessions:,} sessions go"
            back = [f"groups that are as they were before: {gone.back:,}"] if gone.back else []
            lost = [f"sessions whose changes since then go with it: {gone.changed:,}"] if gone.changed else []
        say([line, *back, *lost])


def _counts(changes: Sequence[Change], produced: Produced) -> Iterator[str]:
    fates = Counter(change.fate.value for change in changes)
    yield "groups: " + ", ".join(f"{count:,} {fate}" for fate, count in sorted(fates.items()))
    made_up = f", of which {produced.made_up:,} make up for a day off" if produced.made_up else ""
    yield f"new sessions: {len(produced.sessions):,}{made_up}; meetings left out: {len(produced.left_out):,}"
    if produced.begun:
        yield f"meetings of today that had begun, and have no session: {produced.begun:,}"


def _left_out(produced: Produced, rows: int) -> Iterator[str]:
    """The days on which meetings are left out, and why."""
    days = sorted(Counter((one.on, one.why) for one in produced.left_out).items())
    for (on, why), count in days[:rows]:
        yield f"  {on} {why}: {count:,}"
    if len(days) > rows:
        yield f"  and {len(days) - rows:,} more days"


def _table(changes: Sequence[Change]) -> Table:
    """Groups before and after, those that stay as they are left out."""
    from api.show import table_of
    from matching.week import write_meetings

    table = table_of("group", "subject", "what", "before", "after", "join", "leave")
    for change in changes:
        sides = [
            f"{mentor} @ {write_meetings(meetings)}" if mentor else ""
            for mentor, meetings in zip(change.mentors, change.meetings, strict=True)
        ]
        people = [", ".join(change.joins), ", ".join(change.leaves)]
        table.add_row(*(clean(cell) for cell in (change.key, change.subject, change.fate.value, *sides, *people)))
    return table
