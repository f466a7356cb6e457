"""The command `dure`: what its words and options are. What they do lies in a module for each.

Importing this takes a moment only: whatever is large is imported where it is used.
"""

from __future__ import annotations

import gc
import os
import sys
import time

STARTED = time.monotonic()
"""Here, before anything else is imported, the time of a command begins."""

from api.exits import INTERRUPTED, interrupted, open_streams, untold

try:  # Ctrl-C is no error while all this is loaded, either
    from pathlib import Path
    from typing import Annotated

    import typer

    from api.account_commands import accounts
    from api.audit_commands import audit
    from api.client_commands import clients
    from api.consent_commands import consents
    from api.feed_commands import feeds
    from api.group_commands import groups, leavers
    from api.job_commands import outbox, reseal_all, show_unrecorded, tick
    from api.languages import Language
    from api.links import PORT, USUAL_PORT
    from api.oneroster_commands import rosters
    from api.person_commands import people
    from api.plain import stand_in_for_signs
    from api.program_commands import programs
    from api.publish_commands import publish_run, undo_run
    from api.remind_commands import reminders
    from api.round_commands import rounds
    from api.session_commands import sessions
    from api.sso_commands import single_sign_on
    from api.table_commands import export_tables, import_tables
    from api.term_commands import terms
    from api.timetable_commands import timetables
    from api.usage import Commands
    from api.webhook_commands import webhooks
except KeyboardInterrupt:
    interrupted()

GARBAGE = 100_000
"""How much new may lie about before garbage is looked for. Nearly all that is new is imported, and stays: at Python's own 700 a tenth of a
small round's time goes into looking through it."""

app = typer.Typer(
    cls=Commands,
    help="Matches small groups of mentees with mentors, and proves how far from the best a result can be at most.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("import")(import_tables)
app.command("export")(export_tables)
app.add_typer(rosters, name="oneroster")
app.add_typer(feeds, name="feed")
app.add_typer(programs, name="program")
app.add_typer(terms, name="term")
app.add_typer(timetables, name="timetable")
rounds.command("publish")(publish_run)
rounds.command("undo")(undo_run)
app.add_typer(rounds, name="round")
app.add_typer(consents, name="consent")
app.add_typer(people, name="person")
app.add_typer(groups, name="group")
app.add_typer(leavers, name="leave")
app.add_typer(sessions, name="session")
app.add_typer(reminders, name="remind")
app.add_typer(outbox, name="outbox")
app.add_typer(webhooks, name="webhook")
app.add_typer(audit, name="audit")
app.add_typer(accounts, name="account")
app.add_typer(clients, name="client")
app.add_typer(single_sign_on, name="sso")
app.command("tick")(tick)
app.command("unrecorded")(show_unrecorded)
app.command("reseal")(reseal_all)

# Whether a path can be read is told by whoever reads it: `readable=False` leaves that to them.
RoundPath = Annotated[Path, typer.Argument(readable=False, metavar="ROUND", help="A folder with the round's files, or one XLSX workbook.")]
ResultPath = Annotated[Path, typer.Argument(readable=False, metavar="RESULT", help="A folder that `dure match` wrote.")]
OutPath = Annotated[Path, typer.Option(readable=False, metavar="RESULT", help="The folder to write, in the place of an earlier result.")]
PreviousPath = Annotated[
    Path | None,
    typer.Option(readable=False, metavar="RESULT", help="An earlier result: what stays as it was there earns points."),
]
RepairedPath = Annotated[
    Path | None,
    typer.Option(
        "--previous",
        readable=False,
        metavar="RESULT",
        help="Repair an earlier result: what stays as it was there earns points. An effort of 1 is then a twentieth of the search.",
    ),
]
Seconds = Annotated[float | None, typer.Option("--time", metavar="SECONDS", help="Stop after so long, start-up and reading included.")]
Effort = Annotated[
    float | None,
    typer.Option(metavar="X", help="Stop after so much work for the round's size; the same result each time. [default: 1, without --time]"),
]
ExplainSeconds = Annotated[
    float | None,
    typer.Option(
        "--explain-time",
        metavar="SECONDS",
        help="Confirm gains and advice for at most so long; 0 leaves them out. [default: a quarter of --time, and at most 60]",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, max=2**31 - 1, help="What chance begins with.")]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=1024, help="Work on so many shards at once. [default: 2, or as many as the cluster has threads]"),
]
Cluster = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Use the Dask cluster at this address, such as tcp://host:8786.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show nothing while it runs.")]
Rows = Annotated[int, typer.Option(metavar="N", min=1, help="Print at most so many rows of each table.")]
PagePath = Annotated[Path, typer.Option(readable=False, metavar="FILE", help="The page to write, such as report.html.")]
PageLanguage = Annotated[Language, typer.Option(help="The language of the page.")]
LeaseSeconds = Annotated[
    float, typer.Option(metavar="SECONDS", min=2.0, max=3600.0, help="A run is begun anew after so long without a word from its worker.")
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Listen at this address; 0.0.0.0 is all of the machine's.")]
Port = Annotated[int, typer.Option(metavar="N", min=1, max=65535, envvar=PORT, help="Listen at this port.")]
HttpOnly = Annotated[bool, typer.Option("--http-only", help="Leave ticking and solving to other processes.")]
KeptPath = Annotated[Path | None, typer.Option(readable=False, metavar="RESULT", help="Keep the result in this folder.")]


@app.callback()
def commands() -> None:
    """Makes every command one of several, even where there is only one."""


@app.command()
def match(
    ctx: typer.Context,
    round: RoundPath,
    out: OutPath,
    seconds: Seconds = None,
    effort: Effort = None,
    seed: Seed = 0,
    workers: Workers = None,
    previous: RepairedPath = None,
    cluster: Cluster = None,
    explain_seconds: ExplainSeconds = None,
    quiet: Quiet = False,
) -> None:
    """Place a round's requests in groups.

    As close to the best as time allows, with a proof of how close that is.
    """
    from api.match import Wish, fulfil

    wish = Wish(
        round=round,
        out=out,
        seconds=seconds,
        effort=effort,
        explain_seconds=explain_seconds,
        seed=seed,
        workers=workers,
        previous=previous,
        cluster=cluster,
        quiet=quiet,
    )
    raise typer.Exit(fulfil(wish, began=ctx.obj or time.monotonic()))


@app.command()
def check(round: RoundPath, result: ResultPath, previous: PreviousPath = None) -> None:
    """Judge a result by every rule, and count its points."""
    from api.judge import judge

    raise typer.Exit(judge(round, result, previous))


@app.command()
def show(result: ResultPath, rows: Rows = 50) -> None:
    """Print a result as tables.

    Groups, the week, shares, loads, and who is left and why.
    """
    from api.show import show_result

    raise typer.Exit(show_result(result, rows=rows))


@app.command()
def report(result: ResultPath, out: PagePath, language: PageLanguage = Language.EN) -> None:
    """Draw a result as one page with charts.

    Open it in a browser, print it, or send it to somebody.
    """
    from api.report import write_report

    raise typer.Exit(write_report(result, out, language))


@app.command()
def worker(lease: LeaseSeconds = 20.0) -> None:
    """Solve what `dure round solve` has queued, until Ctrl-C.

    A run that was going on then waits for the next worker.
    """
    from api.work import work_until_stopped

    raise typer.Exit(work_until_stopped(lease))


@app.command()
def demo(
    out: KeptPath = None,
    host: Host = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=65535, help="Listen at this port. [default: 8000, or a free one]")
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End when all is shown.")] = False,
) -> None:
    """Take a small program from its people to their calendars.

    It is of two rural regions: solved, published, shown, and its feeds served until Ctrl-C, from a database that is gone afterwards.
    """
    from api.demo import Wish, demonstrate

    raise typer.Exit(demonstrate(Wish(out=out, host=host, port=port, serving=not no_serve)))


@app.command()
def migrate() -> None:
    """Bring the database up to date.

    One in SQLite does so by itself when it is used.
    """
    from api.edge import opened
    from data.database import migrate as bring_up_to_date

    with opened(migrated=False) as engine:
        bring_up_to_date(engine)
        sys.stdout.write("the database is up to date\n")


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = USUAL_PORT, http_only: HttpOnly = False) -> None:
    """Serve calendar feeds, tick and solve, until Ctrl-C.

    Feeds are found under /feeds/, what is well under /healthz and /readyz.
    """
    from api.edge import opened
    from api.serve import serve as serve_here

    os.environ[PORT] = str(port)  # links lead to it
    with opened() as engine:
        ended = serve_here(engine, host, port, http_only=http_only)
    raise typer.Exit(ended)


def main() -> None:
    """Runs the command line."""
    gc.set_threshold(GARBAGE)
    try:
        open_streams()
        stand_in_for_signs(sys.stdout)
        _run()
    except KeyboardInterrupt:
        interrupted()
    except OSError as error:
        if error.filename:
            raise
        sys.exit(untold(error))  # of help and usage: commands tell themselves what becomes of their output and of files


def _run() -> None:
    try:
        app(obj=STARTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            interrupted()
        sys.stdout.flush()
        raise


if __name__ == "__main__":
    main()
