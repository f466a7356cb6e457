"""Prints a result for a manager at a terminal: what was placed, the week, the groups, who is left and why (`dure show`).

Every number is printed as a number; colour only underlines. Where the output is no terminal there are no colours and nothing is cut
to a width. Names are text: nothing in them is read as markup, and what would steer a terminal is left out.
"""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.exits import Exit, refuse, untold
from api.overview import Heat, Load, Overview, Share, read_overview
from api.plain import clean, percent
from matching.faults import BadFiles
from matching.result import Reason, Result
from matching.roster import FILE
from matching.week import DAYS, write_meetings

WHY = {
    Reason.NO_MENTOR: "no mentor may have this mentee for this subject",
    Reason.NO_TIME: "such mentors exist, but at no time that the mentee shares",
    Reason.NO_GROUP: "no group could form with the mentee, even if nobody else were placed",
    Reason.NO_SEAT: "a group could form, but not beside the others without a loss",
}
"""What each reason means, in a few words."""

HEAT = ("", "on #d8efe3", "on #a9dcc3", "on #6fc39d", "on #3aa276", "on #1d7f59")
BAR_CELLS = 20
MOST_DOTS = 6
PLAIN_WIDTH = 240
"""Where the output is no terminal, lines may be so long."""


def console(*, plain_width: int = PLAIN_WIDTH) -> Console:
    """Standard output: coloured and as wide as the terminal, or plain and wide where it is none."""
    screen = Console(highlight=False, markup=False, emoji=False)
    if screen.is_terminal:
        return screen
    return Console(highlight=False, markup=False, emoji=False, width=plain_width, no_color=True)


def show_result(folder: Path, *, rows: int) -> Exit:
    """Prints the result in this folder; one that cannot be read is bad input."""
    try:
        overview = read_overview(folder)
    except BadFiles as bad:
        return refuse(bad)
    try:
        show(overview, console(), rows=rows)
    except OSError as error:
        return untold(error)
    return Exit.DONE


def show(overview: Overview, screen: Console, *, rows: int) -> None:
    """Prints the whole picture; of each table at most `rows` rows, and then how many were left out."""
    screen.print(headline(overview))
    sections: list[tuple[str, RenderableType]] = [
        ("The week: groups meeting in each hour", week(overview.heat)),
        ("Placed requests", shares(overview, rows)),
        ("Groups", groups(overview, rows)),
        ("Mentors", loads(overview, rows)),
    ]
    if overview.result.unplaced:
        sections.append(("Unplaced requests", unplaced(overview, rows)))
    if overview.result.advice:
        sections.append(("What would help most", advice(overview, rows)))
    if overview.result.changes:
        sections.append(("What changed", changes(overview, rows)))
    for title, body in sections:
        screen.print()
        screen.print(Text(title, style="bold"))
        screen.print(Padding(body, (0, 0, 0, 1), expand=False))


def headline(overview: Overview) -> Text:
    """The result in a few lines: for whom, how many are placed, how good it is."""
    result = overview.result
    text = Text()
    if overview.roster:
        roster = overview.roster
        text.append(clean(roster.program) or "Round", style="bold")
        text.append(f"  {roster.first_on} to {roster.last_on}\n")
    text.append(f"{result.placed} of {result.requests} requests placed", style="bold green")
    text.append(f" ({percent(result.placed / max(result.requests, 1))})")
    text.append(f" · {len(overview.mentees_seated)} of {len(overview.mentees_asking)} mentees have a group")
    text.append(f" · {len(result.groups)} groups")
    text.append(f" · {len(overview.mentors_used)} of {len(overview.loads)} mentors teach\n" if overview.roster else "\n")
    text.append(f"Score {result.score:,} · {quality(result)}")
    if not overview.roster:
        text.append(f"\nNames, grades, regions and loads are not known: the result has no {FILE}.", style="dim")
    return text


def quality(result: Result) -> str:
    """How good the result is, for somebody who knows no solver."""
    if result.optimal:
        return "proven: nothing better exists"
    return f"proven: at most {result.gap:.2%} below the best ({result.bound:,})"


def week(heat: Heat) -> RenderableType:
    """The heat map: hours down, weekdays across, the number of groups at work in each."""
    if not heat.rows:
        return Text("No group meets.", style="dim")
    table = Table(box=None, padding=(0, 0), header_style="bold")
    table.add_column("", justify="right")
    for day in DAYS:
        table.add_column(day, justify="center", width=6)
    for hour, counts in zip(heat.hours, heat.rows, strict=True):
        cells = [Text(f"{count or '·':^6}", style=_warmth(count, heat.most)) for count in counts]
        table.add_row(Text(f"{hour:02d}:00 "), *cells)
    return table


def _warmth(count: int, most: int) -> str:
    if not count:
        return "dim"
    step = -(-count * (len(HEAT) - 1) // most)
    return f"{'white' if step >= 4 else 'black'} {HEAT[step]}"


def shares(overview: Overview, rows: int) -> RenderableType:
    """Placed shares by subject, grade, region and gender, as far as they are known."""
    table = table_of("", "placed", ">of", ">share", "")
    for title, kind in (
        ("subject", overview.by_subject),
        ("grade", overview.by_grade),
        ("region", overview.by_region),
        ("gender", overview.by_gender),
    ):
        for n, share in enumerate(kind[:rows]):
            if n == 0:
                table.add_row(Text(f"by {title}", style="dim"))
            label = clean(share.label) or "not given"
            table.add_row(f"  {label}", f"{share.placed:>6}", str(share.requests), percent(share.part), _bar(share))
        if len(kind) > rows:
            table.add_row(Text(f"  … and {len(kind) - rows:,} more", style="dim"))
    return table


def _bar(share: Share) -> Text:
    filled = round(share.part * BAR_CELLS)
    return Text("█" * filled, style="green") + Text("░" * (BAR_CELLS - filled), style="dim")


def groups(overview: Overview, rows: int) -> RenderableType:
    """All groups: who meets whom, for what, when."""
    table = table_of("group", "subject", "mentor", "meets", ">size", "members (grade)")
    for group in overview.result.groups[:rows]:
        table.add_row(
            clean(group.key),
            clean(group.subject),
            _who(group.mentor, overview.mentor(group.mentor)),
            write_meetings(group.meetings),
            str(len(group.members)),
            ", ".join(_called(overview, member) for member in group.members),
        )
    return with_rest(table, len(overview.result.groups) - rows)


def _called(overview: Overview, mentee: str) -> str:
    seat = overview.mentee(mentee)
    who = _who(seat.key, seat.name)
    return who if seat.grade is None else f"{who} ({seat.grade})"


def _who(key: str, name: str) -> str:
    """The key, by which reasons and advice name people, and the name where there is one."""
    return clean(key) if name == key else f"{clean(key)} {clean(name)}"


def loads(overview: Overview, rows: int) -> RenderableType:
    """What each mentor does; those without a group last."""
    table = table_of("mentor", "name", "home", "groups", ">members", ">minutes a week")
    for load in overview.loads[:rows]:
        minutes = "" if load.minutes is None else str(load.minutes)
        table.add_row(clean(load.key), clean(load.name), clean(load.region), _held(load), str(load.members), minutes)
    return with_rest(table, len(overview.loads) - rows)


def _held(load: Load) -> str:
    """Groups held of those allowed, with a dot for each where they are few."""
    if load.most_groups is None:
        return str(load.groups)
    if not load.most_groups:
        return "may hold none"
    dots = "●" * load.groups + "○" * (load.most_groups - load.groups)
    return f"{load.groups} of {load.most_groups}" + (f"  {dots}" if load.most_groups <= MOST_DOTS else "")


def unplaced(overview: Overview, rows: int) -> RenderableType:
    """Who is left, by reason, with what is missing, full or in the way."""
    counts = table_of("reason", ">requests", "meaning")
    for reason, count in overview.reasons.items():
        counts.add_row(reason.value, str(count), WHY[reason])
    table = table_of("mentee", "name", ">grade", "subject", "reason", "what is missing or in the way")
    ordered = [row for reason in Reason for row in overview.unplaced_by(reason)]
    for row in ordered[:rows]:
        seat = overview.mentee(row.mentee)
        grade = "" if seat.grade is None else str(seat.grade)
        table.add_row(clean(row.mentee), clean(seat.name), grade, clean(row.subject), row.reason.value, clean(row.detail))
    return Group(counts, Text(), with_rest(table, len(ordered) - rows))


def advice(overview: Overview, rows: int) -> RenderableType:
    """The additions that would place more, best first."""
    table = table_of(">gain", ">placed", "what to add", "where")
    for one in overview.result.advice[:rows]:
        table.add_row(f"{one.gain:+,}", f"{one.placed:+}", clean(one.sentence), clean(f"{one.file} {one.key}"))
    return with_rest(table, len(overview.result.advice) - rows)


def changes(overview: Overview, rows: int) -> RenderableType:
    """What a repair treats otherwise than the result before."""
    table = table_of("mentee", "subject", "before", "after", "why")
    for change in overview.result.changes[:rows]:
        who = _who(change.mentee, overview.mentee(change.mentee).name)
        table.add_row(who, *map(clean, (change.subject, change.before, change.after, change.why)))
    return with_rest(table, len(overview.result.changes) - rows)


def table_of(*columns: str) -> Table:
    """A table with these headings; one that opens with `>` is of numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return table


def with_rest(table: Table, left_out: int) -> RenderableType:
    """The table, and below it how many rows it leaves out."""
    return Group(table, Text(f"… and {left_out:,} more: --rows says how many to print", style="dim")) if left_out > 0 else table
