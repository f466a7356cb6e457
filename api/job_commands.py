"""`dure tick`, `dure outbox`, `dure unrecorded` and `dure reseal`: what happens by itself, what waits to be sent, what was asked for in
vain, and a new key."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

from api.edge import BY, now, opened
from api.session_lines import say

if TYPE_CHECKING:
    from data.outbox import Message

outbox = typer.Typer(help="Show the messages that wait to be sent.", no_args_is_help=True, rich_markup_mode=None)

LOOK_SECONDS = 0.2


@outbox.callback()
def messages() -> None:
    """Makes every command one of several, even where there is only one."""


@outbox.command("list")
def show_outbox() -> None:
    """Show what waits to be sent, and what was given up."""
    from data.database import reading
    from data.outbox import unsent

    with opened() as engine, reading(engine) as db:
        lines = [_line(message) for message in unsent(db)]
    say(lines, nothing="no message waits, and none was given up")


def _line(message: Message) -> str:
    when = f"given up {message.given_up_at:%Y-%m-%d %H:%M}Z" if message.given_up_at else f"due {message.due_at:%Y-%m-%d %H:%M}Z"
    tried = f", tried {message.tries} times" if message.tries else ""
    said = f": {message.problem}" if message.problem else ""
    return f"{when}  {message.channel} to {message.address}, {message.body.get('about', '?')}{tried}{said}"


def show_unrecorded() -> None:
    """Show sessions whose records were asked for in vain."""
    from zoneinfo import ZoneInfo

    from data.database import reading
    from scheduler.reminders import unrecorded

    with opened() as engine, reading(engine) as db:
        found = unrecorded(db, now())
    say(
        (
            f"{one.starts_at.astimezone(ZoneInfo(one.zone)):%Y-%m-%d %H:%M}  {one.term}, group {one.group}, mentor {one.mentor}"
            for one in found
        ),
        nothing="no record was asked for in vain; `dure session lacking` shows what has none yet",
    )


def tick() -> None:
    """Produce sessions, remind people and send messages.

    Of several that tick on one database, one does the work, and another takes over from it.
    """
    from api.interrupt import stoppable
    from scheduler.jobs import jobs, post_of
    from scheduler.ticker import Ticker

    with opened() as engine, stoppable() as asked:
        post = post_of()
        if post.lack:
            sys.stdout.write(f"{post.lack}\n")
        ticker = Ticker(engine, jobs(post, asked))
        ticker.start()
        sys.stdout.write("ticking; Ctrl-C ends it\n")
        sys.stdout.flush()
        try:
            while not asked():
                time.sleep(LOOK_SECONDS)
        finally:
            ticker.stop()


def reseal_all() -> None:
    """Seal all secrets anew, with a new first key."""
    from data.database import transaction
    from data.resealing import reseal

    with opened() as engine:
        with transaction(engine) as db:
            sealed = reseal(db, by=BY, now=now())
        say([f"{sealed} secret{'s' * (sealed != 1)} sealed with the first key"])
