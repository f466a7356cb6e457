"""`dure match`: reads a round, solves it while it can be watched and stopped, and writes the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.exits import Exit, complain, refuse
from api.interrupt import stoppable
from api.live import shown
from matching.faults import BadFiles
from matching.folders import refuse_others
from matching.limits import BadLimit, Limits, OutOfTime
from matching.result import Group, Result
from matching.resultfiles import FILES, read_groups, write_result
from matching.roster import roster_of
from matching.round import Round
from matching.tables import name_of, read_round

USUAL_EFFORT = 1.0
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked `dure match` for."""

    round: Path
    out: Path
    seconds: float | None
    effort: float | None
    explain_seconds: float | None
    seed: int
    workers: int
    previous: Path | None
    cluster: str | None
    quiet: bool

    def limits(self) -> Limits:
        """Without any limit, the usual effort is one."""
        effort = USUAL_EFFORT if self.effort is None and self.seconds is None else self.effort
        return Limits(seconds=self.seconds, effort=effort, explain_seconds=self.explain_seconds)


class NoCluster(Exception):
    """The cluster cannot be used."""


def fulfil(wish: Wish, *, began: float) -> Exit:
    """Does what was asked for; the time limit counts from `began`, a reading of `time.monotonic`."""
    with stoppable() as stopped:
        try:
            limits = wish.limits()
            refuse_others(wish.out, FILES)
            round = read_round(wish.round)
            previous = read_groups(wish.previous) if wish.previous else ()
        except BadLimit as bad:
            complain([str(bad)])
            return Exit.BAD_INPUT
        except BadFiles as bad:
            return refuse(bad)
        return _match(wish, limits, round, previous, clock=lambda: time.monotonic() - began, stopped=stopped)


def _match(
    wish: Wish, limits: Limits, round: Round, previous: Sequence[Group], *, clock: Callable[[], float], stopped: Callable[[], bool]
) -> Exit:
    from matching import solve  # bad input was told before the solver is loaded
    from matching.locks import Infeasible, Undecided, told

    try:
        with _executor(wish.cluster) as executor, shown(requests_of(round), clock, quiet=wish.quiet) as watch:
            result = solve(
                round,
                previous=previous,
                seed=wish.seed,
                limits=limits,
                workers=wish.workers,
                clock=clock,
                watch=watch,
                stopped=stopped,
                executor=executor,
            )
    except NoCluster as bad:
        complain([str(bad)])
        return Exit.BAD_INPUT
    except Infeasible as conflict:
        complain(["these rows cannot all hold; any one of them could be left out:" if len(conflict.rows) > 1 else "this row cannot hold:"])
        complain(_named_as_in(wish.round, told(row)) for row in conflict.rows)
        return Exit.INFEASIBLE
    except (OutOfTime, Undecided) as nothing:
        complain([str(nothing)])
        return Exit.NO_RESULT
    return _written(wish, round, result)


def _written(wish: Wish, round: Round, result: Result) -> Exit:
    try:
        write_result(result, wish.out, roster=roster_of(round), repaired=wish.previous is not None)
    except OSError as error:
        complain([f"{wish.out}: cannot be written ({error.strerror}); name a folder with room"])
        return Exit.BAD_INPUT
    if not wish.quiet:
        sys.stdout.write(f"{_ending(result)}: {wish.out}\n")
    return Exit.DONE


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


@contextmanager
def _executor(cluster: str | None) -> Iterator[Executor | None]:
    """The executor of a Dask cluster, or none: then the solver works on this machine."""
    if cluster is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster("--cluster needs the extra: install dure[cluster]") from None
    try:
        client = Client(cluster, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise NoCluster(f"--cluster: no cluster at {cluster} ({error})") from None
    with client:
        yield client.get_executor()
