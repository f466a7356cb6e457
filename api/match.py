"""`dure match`: reads a round, solves it while it can be watched and stopped, and writes the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.cluster import Cluster, NoCluster, cluster
from api.exits import Exit, complain, refuse, untold
from api.interrupt import stoppable
from api.live import shown
from matching.faults import BadFiles, BadResult
from matching.folders import beside, refuse_others
from matching.limits import BadLimit, Limits, OutOfTime
from matching.result import Group, Result
from matching.resultfiles import FILES, read_groups, write_result
from matching.roster import roster_of
from matching.round import Pair, Peers, Round
from matching.tables import name_of, read_round

if TYPE_CHECKING:
    from matching.locks import Infeasible

USUAL_EFFORT = 1.0
USUAL_WORKERS = 2
OPTIONS = {"seconds": "--time", "effort": "--effort", "explain_seconds": "--explain-time"}
"""How each limit is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked `dure match` for."""

    round: Path
    out: Path
    seconds: float | None = None
    effort: float | None = None
    explain_seconds: float | None = None
    seed: int = 0
    workers: int | None = None
    previous: Path | None = None
    cluster: str | None = None
    quiet: bool = False

    def limits(self) -> Limits:
        """Without any limit, the usual effort is one."""
        effort = USUAL_EFFORT if self.effort is None and self.seconds is None else self.effort
        return Limits(seconds=self.seconds, effort=effort, explain_seconds=self.explain_seconds)


def fulfil(wish: Wish, *, began: float) -> Exit:
    """Does what was asked for; the time limit counts from `began`, a reading of `time.monotonic`."""
    with stoppable() as stopped:
        try:
            limits = wish.limits()
            refuse_others(wish.out, FILES)
            round = read_round(wish.round)
            previous = read_groups(wish.previous) if wish.previous else None
        except BadLimit as bad:
            complain([f"{OPTIONS[bad.name]}: {bad.value:g} cannot be; {bad.mend}"])
            return Exit.BAD_INPUT
        except BadFiles as bad:
            return refuse(bad)
        return _match(wish, limits, round, previous, clock=lambda: time.monotonic() - began, stopped=stopped)


def _match(
    wish: Wish, limits: Limits, round: Round, previous: Sequence[Group] | None, *, clock: Callable[[], float], stopped: Callable[[], bool]
) -> Exit:
    from matching import solve  # bad input was told before the solver is loaded
    from matching.locks import Infeasible, Undecided, told

    try:
        with _cluster(wish.cluster) as helper, shown(requests_of(round), clock, quiet=wish.quiet) as watch:
            result = solve(
                round,
                previous=previous,
                seed=wish.seed,
                limits=limits,
                workers=wish.workers or (helper.workers if helper else USUAL_WORKERS),
                clock=clock,
                watch=watch,
                stopped=stopped,
                executor=helper.executor if helper else None,
            )
    except NoCluster as bad:
        complain([str(bad)])
        return Exit.BAD_INPUT
    except Infeasible as conflict:
        complain([_headed(conflict)])
        complain(_named_as_in(wish.round, told(row)) for row in conflict.rows)
        complain(_why(round, conflict.rows))
        return Exit.INFEASIBLE
    except (OutOfTime, Undecided) as nothing:
        complain([str(nothing)])
        return Exit.NO_RESULT
    return _written(wish, round, result)


def _written(wish: Wish, round: Round, result: Result) -> Exit:
    """Writes the result; where meanwhile somebody has put something else into its folder, beside that."""
    out = wish.out
    try:
        try:
            _write(wish, round, result, out)
        except BadResult as bad:
            out = beside(out)
            _write(wish, round, result, out)
            complain([*bad.lines(), f"so the result is in {out}"])
    except OSError as error:
        complain([f"{out}: cannot be written ({error.strerror}); name a folder with room"])
        return Exit.BAD_INPUT
    if not wish.quiet:
        try:
            sys.stdout.write(f"{_ending(result)}: {out}\n")
            sys.stdout.flush()
        except OSError as error:
            untold(error)  # the result is there, which is what counts
    return Exit.DONE


def _write(wish: Wish, round: Round, result: Result, out: Path) -> None:
    write_result(result, out, roster=roster_of(round), repaired=wish.previous is not None)


def _headed(conflict: Infeasible) -> str:
    """What stands above the rows in conflict."""
    if not conflict.smallest:
        return f"these {len(conflict.rows):,} rows cannot all hold; it was not settled which of them could be left out:"
    return "these rows cannot all hold; any one of them could be left out:" if len(conflict.rows) > 1 else "this row cannot hold:"


def _why(round: Round, rows: Sequence[Pair | Peers]) -> Iterator[str]:
    """Why a row that cannot hold alone cannot, where one condition says it."""
    from matching.lacks import why_never

    if len(rows) == 1 and isinstance(rows[0], Pair):
        why = why_never(round, rows[0])
        if why:
            yield why


def _named_as_in(path: Path, row: str) -> str:
    """What is told of a row of pairs.csv or peers.csv, with the name that its table has in this round."""
    file, _, rest = row.partition(".csv")
    return name_of(path, file) + rest


def requests_of(round: Round) -> int:
    """How many requests there are."""
    return sum(len(mentee.requests) for mentee in round.mentees)


def _ending(result: Result) -> str:
    how = "proven best" if result.optimal else f"at most {result.gap:.2%} from the best, ended by {result.ended_by}"
    return f"{result.placed:,} of {result.requests:,} requests in {len(result.groups):,} groups, score {result.score:,}, {how}"


def _cluster(address: str | None) -> AbstractContextManager[Cluster | None]:
    """The cluster that helps, or none: then the solver works on this machine."""
    return nullcontext() if address is None else cluster(address)
