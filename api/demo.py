"""`dure demo`: the project's own round, solved live by what `dure match` does, shown, and a part of it explained."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.text import Text

from api.exits import Exit, refuse, untold
from api.match import Wish, fulfil
from api.overview import Overview, read_overview
from api.plain import clean
from api.show import WHY, console, show
from data.demo import ROUND
from matching.faults import BadFiles
from matching.result import Reason, Unplaced

TABLE_ROWS = 40


def demonstrate(out: Path | None, *, began: float) -> Exit:
    """Solves, shows and explains; the result is kept in `out`, or nowhere."""
    with tempfile.TemporaryDirectory() as passing:
        folder = out or Path(passing) / "result"
        wish = Wish(round=ROUND, out=folder)
        ended = fulfil(wish, began=began)
        if ended is not Exit.DONE:
            return ended
        try:
            overview = read_overview(folder)
        except BadFiles as bad:
            return refuse(bad)
    screen = console()
    try:
        screen.print()
        show(overview, screen, rows=TABLE_ROWS)
        screen.print()
        screen.print(explained(overview))
    except OSError as error:
        return untold(error)
    return Exit.DONE


def explained(overview: Overview) -> Text:
    """One unplaced request and the best advice, in whole sentences."""
    text = Text()
    example = telling(overview)
    if example:
        seat = overview.mentee(example.mentee)
        text.append("One unplaced request, explained\n", style="bold")
        who = f"{clean(seat.name)} ({clean(seat.key)}, grade {seat.grade})"
        text.append(f" {who} asked for {clean(example.subject)} and is in no group for it.\n")
        text.append(f" Reason {example.reason}: {WHY[example.reason]}.\n {clean(example.detail)}\n\n")
    if overview.result.advice:
        best = overview.result.advice[0]
        text.append("The best advice\n", style="bold")
        text.append(f" {clean(best.sentence)}\n at least {best.gain:+,} points, confirmed by solving again.")
    else:
        text.append("No advice was worked out.")
    return text


def telling(overview: Overview) -> Unplaced | None:
    """The unplaced request that is explained: of the last reason that is there, the one most plainly told."""
    for reason in reversed(Reason):
        rows = overview.unplaced_by(reason)
        if rows:
            return min(rows, key=lambda row: len(row.detail))
    return None
