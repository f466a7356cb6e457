"""`dure round`: opens and closes rounds of a term, has them solved, and shows what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.edge import BY, BadWord, day, now, opened
from api.noted import note_run_read
from api.session_lines import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session as DbSession

    from data.programs import Term
    from data.rounds import Round, Run

MOST_NAMED = 20
"""So many who are left out are named; `dure consent list --lacking` names all."""

rounds = typer.Typer(help="Open, close and solve rounds of a term.", no_args_is_help=True, rich_markup_mode=None)

TermName = Annotated[str, typer.Argument(metavar="TERM", help="PROGRAM/TERM, or TERM alone where only one is called so.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="TERM:ROUND.RUN, such as tutoring/2026-spring:1.2.")]
Rows = Annotated[int, typer.Option(metavar="N", min=1, help="Print at most so many rows of each table.")]


@rounds.command("open")
def open_(name: TermName) -> None:
    """Open the next round of a term."""
    from data.database import transaction
    from data.runs import open_round
    from data.terms import find_term, term_name

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            round = open_round(db, term, by=BY, now=now())
            line = f"round {round.number} of {term_name(db, term)} is open; close it when everybody is in"
        say([line])


@rounds.command()
def close(
    name: TermName,
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="When its groups meet first. [default: as soon as may be]")] = "",
) -> None:
    """Close the open round of a term.

    Its runs solve what the term's people and policy are now, whatever becomes of them later. Who leaves by its first day is not in it.
    """
    from data.consents import of_unknown_age
    from data.database import transaction
    from data.runs import begins, close_round
    from data.terms import day_in, find_term, people_of, term_name

    with opened() as engine:
        with transaction(engine) as db:
            term = find_term(db, name)
            from_on = day(from_day, "--from") if from_day else None
            round = close_round(db, term, by=BY, now=now(), from_on=from_on)
            mentors, mentees = people_of(db, term.id, begins(db, term, now(), from_on))
            mentees -= len(round.left_out or ())
            lines = [f"round {round.number} of {term_name(db, term)} is closed, with {mentors:,} mentors and {mentees:,} mentees"]
            lines += _left_out(db, round)
            if unknown := of_unknown_age(db, term, day_in(term, now())):
                lines.append(f"{unknown:,} mentees may be under the age of consent: say when they were born, or set consent_grade")
        say(lines)


@rounds.command()
def solve(  # noqa: PLR0913, PLR0917  typer calls it by names
    name: TermName,
    seconds: Annotated[float | None, typer.Option("--time", metavar="SECONDS", help="Stop after so long.")] = None,
    effort: Annotated[
        float | None, typer.Option(metavar="X", help="Stop after so much work for the round's size. [default: 1, without --time]")
    ] = None,
    explain_seconds: Annotated[
        float | None, typer.Option("--explain-time", metavar="SECONDS", help="Work out advice for at most so long; 0 leaves it out.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**31 - 1, help="What chance begins with.")] = 0,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=1024, help="Work on so many shards at once.")] = 2,
    previous: Annotated[str, typer.Option(metavar="RUN", help="Repair this run: what stays as it was there earns points.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it has ended, where a worker solves it.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing while it runs.")] = False,
) -> None:
    """Solve the last round of a term, as one more run of it.

    A worker does that; on SQLite this command does it itself where no worker begins. Ctrl-C then ends it with the best it has.
    """
    from api.round_solving import Wish, fulfil
    from data.runs import Asked, find_run
    from matching.limits import BadLimit

    with opened() as engine:
        from data.database import reading

        try:
            with reading(engine) as db:
                repaired = find_run(db, previous).id if previous else None
            asked = Asked(seed=seed, seconds=seconds, effort=effort, explain_seconds=explain_seconds, workers=workers, previous=repaired)
        except BadLimit as bad:
            option = {"seconds": "--time", "effort": "--effort", "explain_seconds": "--explain-time"}[bad.name]
            raise BadWord(option, f"{bad.value:g} cannot be", bad.mend) from None
        raise typer.Exit(fulfil(engine, Wish(term=name, asked=asked, wait=wait, quiet=quiet)))


@rounds.command("list")
def list_rounds(name: TermName) -> None:
    """List the rounds of a term and their runs."""
    from data.database import reading
    from data.terms import find_term

    with opened() as engine:
        with reading(engine) as db:
            lines = list(_listed(db, find_term(db, name)))
        say(lines, nothing="there are no rounds; `dure round open` opens one")


@rounds.command()
def show(name: RunName, rows: Rows = 50) -> None:
    """Print a run's result as tables, or how far it is.

    Groups, the week, shares, loads, and who is left and why.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from api.show import show_result
    from data.archive import unpack
    from data.database import transaction
    from data.rounds import Round, RunState
    from data.runs import find_run, name_of, result_of

    with opened() as engine:
        with transaction(engine) as db:
            run = find_run(db, name)
            lines = [f"{name_of(db, run)}: {_standing(run)}"]
            missing = _left_out(db, db.get_one(Round, run.round_id))
            held = result_of(db, run) if run.state is RunState.DONE else None
            if held is not None:
                note_run_read(db, run, held, "result")
        if held is None:
            say([*lines, *missing])
            return
        if missing:
            say(missing)
        with TemporaryDirectory(prefix="dure-") as folder:
            ended = show_result(unpack(held, Path(folder) / "result"), rows=rows)
        raise typer.Exit(ended)


@rounds.command()
def compare(first: RunName, second: RunName, rows: Rows = 50) -> None:
    """Show what is other in a run than in another.

    Who is placed in one of them only, and who meets another mentor or at another time.
    """
    from api.compare_shown import show_comparison
    from data.database import transaction
    from data.runs import find_run, name_of, result_of

    with opened() as engine:
        with transaction(engine) as db:
            runs = [find_run(db, name) for name in (first, second)]
            names = [name_of(db, run) for run in runs]
            held = [result_of(db, run) for run in runs]
            for run, result in zip(runs, held, strict=True):
                note_run_read(db, run, result, "comparison")
        raise typer.Exit(show_comparison(names, held, rows=rows))


@rounds.command()
def stop(name: RunName) -> None:
    """Ask a run to end with the best it has."""
    from data.database import transaction
    from data.rounds import RunState
    from data.runs import ask_to_stop, find_run, name_of

    with opened() as engine:
        with transaction(engine) as db:
            run = find_run(db, name)
            ask_to_stop(db, run, by=BY, now=now())
            how = "ends with the best it has" if run.state is RunState.RUNNING else "is not begun any more"
            line = f"{name_of(db, run)} {how}"
        say([line])


def _left_out(db: DbSession, round: Round) -> list[str]:
    """Whom a round left out for want of a consent, in a line; nothing where it is nobody."""
    from data.runs import left_out_of

    keys = [mentee.key for mentee in left_out_of(db, round)]
    if not keys:
        return []
    more = ", …" if len(keys) > MOST_NAMED else ""
    return [f"left out, for want of a guardian's consent: {len(keys):,} mentees ({', '.join(keys[:MOST_NAMED])}{more})"]


def _listed(db: DbSession, term: Term) -> Iterable[str]:
    """The rounds and runs of a term, a line for each; instants are those of the term's zone."""
    from zoneinfo import ZoneInfo

    from data.runs import name_of, rounds_of

    zone = ZoneInfo(term.zone)
    for round, runs in rounds_of(db, term):
        state, since = ("closed", round.closed_at) if round.closed_at else ("open", round.opened_at)
        yield f"round {round.number}: {state} since {since.astimezone(zone):%Y-%m-%d %H:%M}"
        yield from (f"  {line}" for line in _left_out(db, round))
        for run in runs:
            yield f"  {name_of(db, run)}: {_standing(run)}"


def _standing(run: Run) -> str:
    """What has become of a run so far."""
    from data.rounds import RunState

    match run.state:
        case RunState.QUEUED:
            return "waits for a worker"
        case RunState.FAILED:
            return f"failed: {run.problem}"
        case RunState.RUNNING if run.score is None:
            return "begun"
    if run.score is None or run.bound is None:  # a run that is done has both
        return run.state
    how = f"ended by {run.ended_by}" if run.ended_by else "goes on"
    gap = (run.bound - run.score) / max(abs(run.bound), 1)
    published = f", published {run.published_at:%Y-%m-%d}" if run.published_at and not run.undone_at else ""
    return f"{run.placed:,} placed, score {run.score:,}, bound {run.bound:,}, gap {gap:.2%}, seed {run.seed}, {how}{published}"
