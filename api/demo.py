"""`dure demo`: the project's own program, from its people to their calendars, in a database that is gone afterwards.

The demo round, moved around today, is entered, solved by what solves every round, and published; what came of it is shown, and a part
of it explained; then feeds are served until Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import URL

from api.edge import BY, Told, now
from api.exits import Exit, untold
from api.interrupt import stoppable
from api.links import USUAL_PORT, VARIABLE as OUTSIDE, feed_links
from api.live import shown
from api.overview import Overview, read_overview
from api.plain import clean
from api.serve import serve
from api.show import WHY, console, show
from data.archive import unpack
from data.database import VARIABLE, migrate, open_database, reading, transaction
from data.demo import round_around
from data.entries import enter
from data.feeds import Audience, calendar_of, subscribe
from data.groups import Group
from data.people import Mentor, Person
from data.programs import Program, Term
from data.rounds import Run
from data.runs import Asked, close_round, open_round, queue, result_of
from data.settings import Language
from data.terms import NewTerm, make_term
from matching.result import Reason, Unplaced
from matching.round import Round
from scheduler.jobs import Post
from scheduler.listing import Listed, sessions_between
from scheduler.publish import Published, publish
from scheduler.worker import solve_next

ZONE = ZoneInfo("Asia/Seoul")
COUNTRY = "KR"
KEY, PROGRAM = "rural/demo", "두레 온라인 멘토링"
SUBJECTS = {
    "math": {"ko": "수학", "en": "Mathematics", "zh-TW": "數學"},
    "english": {"ko": "영어", "en": "English", "zh-TW": "英語"},
    "korean": {"ko": "국어", "en": "Korean", "zh-TW": "國語"},
    "science": {"ko": "과학", "en": "Science", "zh-TW": "自然"},
    "social": {"ko": "사회", "en": "Social studies", "zh-TW": "社會"},
    "coding": {"ko": "코딩", "en": "Coding", "zh-TW": "程式設計"},
    "career": {"ko": "진로", "en": "Careers", "zh-TW": "職涯"},
}
"""How its calendars call what is taught."""
TABLE_ROWS = 40
NEXT_SESSIONS = 10
PLAIN_WIDTH = 100
"""So wide is what it prints where no terminal says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for: the result kept in the folder `out`, or nowhere; feeds served, at a port or any, or not."""

    out: Path | None
    host: str
    port: int | None
    serving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands once the term is published."""

    term: Term
    published: Published
    coming: Sequence[Listed]
    mentor: str
    token: str


def demonstrate(wish: Wish) -> Exit:
    """Makes, solves, publishes and shows the term, then serves until Ctrl-C."""
    with Told(), tempfile.TemporaryDirectory(prefix="dure-demo-") as folder:
        engine = open_database(URL.create("sqlite", database=str(Path(folder) / "dure.db")))
        try:
            return _demonstrated(engine, wish, Path(folder) / "result")
        finally:
            engine.dispose()


def _demonstrated(engine: Engine, wish: Wish, folder: Path) -> Exit:
    migrate(engine)
    round = round_around(now().astimezone(ZONE).date())
    run = _asked(engine, round)
    began, requests = time.monotonic(), sum(len(mentee.requests) for mentee in round.mentees)
    with stoppable() as stopped, shown(requests, lambda: time.monotonic() - began, quiet=False) as watch:
        solve_next(engine, now=now, asked=stopped, watch=watch, only=run.id)
    standing = _published(engine, run, folder)
    if wish.out:
        shutil.copytree(folder, wish.out, dirs_exist_ok=True)
    screen = console(plain_width=PLAIN_WIDTH)
    try:
        screen.print()
        overview = read_overview(folder)
        show(overview, screen, rows=TABLE_ROWS)
        screen.print()
        screen.print(explained(overview))
        screen.print()
        _show_term(screen, standing)
        if not wish.serving:
            return Exit.DONE
        port = wish.port or _free_port(wish.host)
        _show_links(screen, standing, f"http://{wish.host}:{port}", str(engine.url.database))
    except OSError as error:
        return untold(error)
    return serve(engine, wish.host, port, http_only=False, post=Post())  # its people are invented: nobody gets mail


def _free_port(host: str) -> int:
    """The usual port, or, where that is another program's, one that nobody has."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, USUAL_PORT))
        except OSError:
            tried.bind((host, 0))
        return int(tried.getsockname()[1])


def _asked(engine: Engine, round: Round) -> Run:
    """The run of a round that has opened and closed with these people."""
    of = round.policy.program
    new = NewTerm(zone=of.time_zone, first_on=of.term_start, last_on=of.term_end, name=of.name, country=COUNTRY)
    with transaction(engine) as db:
        term = make_term(db, KEY, new, by=BY, now=now())
        program = db.get_one(Program, term.program_id)
        program.name, program.settings = PROGRAM, {"subjects": SUBJECTS}
        enter(db, term, None, round, on=of.term_start)
        open_round(db, term, by=BY, now=now())
        close_round(db, term, by=BY, now=now())
        return queue(db, term, Asked(), by=BY, now=now())


def _published(engine: Engine, run: Run, folder: Path) -> Standing:
    """Publishes what came of the run, unpacks it into a folder, and subscribes for the mentor with the most groups."""
    with transaction(engine) as db:
        solved = db.get_one(Run, run.id)
        unpack(result_of(db, solved), folder)
        published = publish(db, solved, now(), BY)
        most = select(Mentor).join(Group).group_by(Mentor.id).order_by(func.count().desc(), Mentor.key).limit(1)
        mentor = db.scalars(most).one()
        term = db.get_one(Term, mentor.term_id)
        calendar = calendar_of(db, term.program_id, Audience.MENTOR, str(mentor.person_id), now())
        _, token = subscribe(db, calendar, name="demo", language=Language.KO, alarms=(60,), days_back=60, by=BY, now=now())
        name = db.get_one(Person, mentor.person_id).name
    with reading(engine) as db:
        coming = [one for one in sessions_between(db, term) if one.starts_at >= now()][:NEXT_SESSIONS]
    return Standing(term=term, published=published, coming=coming, mentor=name, token=token)


def _show_term(screen: Console, standing: Standing) -> None:
    """What was published, and the next sessions."""
    made = standing.published
    screen.print(
        Text(f"Published: {len(made.changes)} groups, {len(made.produced.sessions)} sessions from {made.from_on} on", style="bold")
    )
    for (on, why), meetings in sorted(Counter((one.on, one.why) for one in made.produced.left_out).items()):
        screen.print(f" {meetings} left out on {on:%a %Y-%m-%d}: {clean(why)}")
    screen.print()
    screen.print(Text(f"The next {len(standing.coming)} sessions", style="bold"))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("when", "group", "subject", "mentor", "mentees"):
        table.add_column(heading, no_wrap=heading == "when")
    for one in standing.coming:
        start, end = (at.astimezone(ZoneInfo(standing.term.zone)) for at in (one.starts_at, one.ends_at))
        table.add_row(f"{start:%a %Y-%m-%d %H:%M} to {end:%H:%M}", one.group, clean(one.subject), one.mentor, ", ".join(one.members))
    screen.print(table)


def _show_links(screen: Console, standing: Standing, address: str, database: str) -> None:
    """The feed that a calendar can subscribe to, and how to look around while the server is up."""
    outside = os.environ if os.environ.get(OUTSIDE) else {OUTSIDE: address}
    link, calendar_link = feed_links(standing.token, outside)
    screen.print(Text(f"The calendar of {clean(standing.mentor)}, who has the most groups, for any calendar program", style="bold"))
    screen.print(f" {link}\n {calendar_link}\n", soft_wrap=True)  # who copies them needs them whole
    screen.print("While this goes on, other commands can look around from another terminal, such as")
    screen.print(f" {VARIABLE}=sqlite:///{database} dure session list demo\n", soft_wrap=True)


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
