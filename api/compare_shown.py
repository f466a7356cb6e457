"""Prints how two runs differ (`dure round compare`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import RenderableType
from rich.text import Text

from api.compare import Comparison, compare, what_changes
from api.exits import Exit, untold
from api.plain import clean, percent
from api.show import console, table_of, with_rest
from data.archive import unpack
from matching.result import Result
from matching.resultfiles import read_result
from matching.rules import Stay
from matching.week import write_meetings


def show_comparison(names: Sequence[str], held: Sequence[bytes], *, rows: int) -> Exit:
    """Prints what is other in the second of two results, which come as ZIPs of their folders, than in the first."""
    results = [read_held(one) for one in held]
    found = compare(results[0].groups, results[1].groups)
    screen = console()
    try:
        screen.print(_side_by_side(names, results))
        screen.print(Text(_summary(found)))
        for title, table in _tables(names, found, rows):
            screen.print()
            screen.print(Text(title, style="bold"))
            screen.print(table)
    except OSError as error:
        return untold(error)
    return Exit.DONE


def read_held(held: bytes) -> Result:
    """What the ZIP of a result's folder says."""
    with TemporaryDirectory(prefix="dure-") as folder:
        return read_result(unpack(held, Path(folder)))


def _side_by_side(names: Sequence[str], results: Sequence[Result]) -> RenderableType:
    table = table_of("", *(f">{clean(name)}" for name in names))
    rows = {
        "placed": [f"{one.placed:,} of {one.requests:,}" for one in results],
        "of all": [percent(one.placed / max(one.requests, 1)) for one in results],
        "groups": [f"{len(one.groups):,}" for one in results],
        "score": [f"{one.score:,}" for one in results],
        "bound": [f"{one.bound:,}" for one in results],
        "gap": [f"{one.gap:.2%}" for one in results],
        "seed": [str(one.seed) for one in results],
        "seconds": [f"{one.seconds:.1f}" for one in results],
        "ended by": [one.ended_by.value for one in results],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def _summary(found: Comparison) -> str:
    only = f"in the first only: {len(found.first_only):,}; in the second only: {len(found.second_only):,}"
    return f"placed alike in both: {found.alike:,}; with another mentor or at another time: {len(found.changed):,}; {only}"


def _tables(names: Sequence[str], found: Comparison, rows: int) -> Iterator[tuple[str, RenderableType]]:
    """What is other, request by request, where there is anything."""
    for name, only in zip(names, (found.first_only, found.second_only), strict=True):
        if only:
            table = table_of("mentee", "subject", "where")
            for (mentee, subject), where in only[:rows]:
                table.add_row(clean(mentee), clean(subject), _at(where))
            yield f"Placed in {name} only", with_rest(table, len(only) - rows)
    if found.changed:
        table = table_of("mentee", "subject", names[0], names[1], "other")
        for (mentee, subject), before, after in found.changed[:rows]:
            table.add_row(clean(mentee), clean(subject), _at(before), _at(after), what_changes(before, after))
        yield "Placed otherwise", with_rest(table, len(found.changed) - rows)


def _at(where: Stay) -> str:
    mentor, meetings = where
    return f"{clean(mentor)} @ {write_meetings(meetings)}"
