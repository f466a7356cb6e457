"""How quick feeds are: `python -m tests.bench.feeds --mentors 1500 --weeks 16`, on SQLite and PostgreSQL.

Rendering all mentors' feeds is measured against the bare `icalendar` library, which builds the same events from values in memory; requests
against the same server, which answers a constant of the same size. Times of rendering are those of the processor, and shares those of
requests for each of its seconds, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import itertools
import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import icalendar
import psutil
from fastapi import Request, Response
from sqlalchemy import Engine, insert, select
from starlette.routing import Route

from api.app import create_app
from api.feeds import Asked, answer
from api.limits import App, Message
from api.serve import listen
from data.base import new_id
from data.calendars import touch
from data.database import open_database, reading, transaction
from data.feeds import Audience, Calendar, Subscription, hashed
from data.groups import Group, Membership
from data.people import CameAs as Role, Mentee, Mentor, Person
from data.programs import Organisation, Program, Term
from data.sessions import Series, Session, State
from scheduler.calendars import Shown, shown
from scheduler.feed import Feed, fixed_zone
from tests.bench.databases import fresh, kinds

FIRST = dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=1)
DAY = dt.timedelta(days=1)
RENDERED_GOAL, UNCHANGED_GOAL, NOT_MODIFIED_GOAL, WHOLE_GOAL, MEMORY_GOAL = 1.3, 0.05, 0.5, 0.7, 300
PART = 2000
READ_EACH_SECONDS = 0.01
"""So often the server's memory is read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and tells; the exit status is 0 even where goals are missed."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.feeds")
    options.add_argument("--mentors", type=int, default=1500)
    options.add_argument("--weeks", type=int, default=16)
    options.add_argument("--seconds", type=float, default=5.0, help="of requests, for each kind")
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--polls", type=int, default=10_000, help="through which the server's memory is read")
    options.add_argument("--database", choices=kinds(), help="only this one")
    given = options.parse_args(arguments)
    for kind in [given.database] if given.database else kinds():
        with fresh(kind) as engine:
            program, tokens = make_term(engine, given.mentors, given.weeks)
            show(f"{kind}: {given.mentors:,} mentors, {given.weeks} weeks")
            measure_rendering(engine, program, tokens)
            measure_requests(engine, tokens, given.seconds, given.connections, given.polls)
    return 0


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def make_term(engine: Engine, mentors: int, weeks: int) -> tuple[UUID, list[str]]:
    """A term in which two mentors of three have two groups and the others one, each of three mentees and a session a week; and the
    token of a subscription of each mentor."""
    organisation = Organisation(id=new_id(), key="city")
    program = Program(
        id=new_id(), organisation_id=organisation.id, key="big", name="온라인 멘토링", settings={"link": "https://meet.example/{group}"}
    )
    term = Term(id=new_id(), program_id=program.id, key="spring", zone="Asia/Seoul", first_on=FIRST.date())
    rows: dict[type, list[dict[str, object]]] = {
        kind: [] for kind in (Person, Mentor, Mentee, Group, Membership, Series, Session, Calendar, Subscription)
    }
    tokens = [f"token-{number}" for number in range(mentors)]
    home = {"organisation_id": organisation.id}
    for number, token in enumerate(tokens):
        person, mentor, calendar = new_id(), new_id(), new_id()
        rows[Person].append({"id": person, **home, "came_as": Role.MENTOR, "key": f"m-{number}", "name": "김하늘"})
        rows[Mentor].append(
            {"id": mentor, "term_id": term.id, "person_id": person, "key": f"m-{number}", "subjects": "", "availability": ""}
        )
        rows[Calendar].append(
            {"id": calendar, "program_id": program.id, "audience": Audience.MENTOR, "owner": str(person), "changed_at": FIRST}
        )
        rows[Subscription].append(
            {"id": new_id(), "calendar_id": calendar, "token_hash": hashed(token), "language": "ko", "created_at": FIRST}
        )
        for which in range(1 + (number % 3 < 2)):
            group, series = new_id(), new_id()
            key, on = f"g-{number}-{which}", FIRST.date()
            rows[Group].append({"id": group, "term_id": term.id, "key": key, "mentor_id": mentor, "subject": "수학", "from_on": on})
            rows[Series].append({"id": series, "group_id": group, "meetings": [1080], "session_minutes": 60, "from_on": on})
            for place in range(3):
                mentee, learner = new_id(), new_id()
                called = f"s-{number}-{which}-{place}"
                rows[Person].append({"id": learner, **home, "came_as": Role.MENTEE, "key": called, "name": "이서준"})
                rows[Mentee].append({"id": mentee, "term_id": term.id, "person_id": learner, "key": called, "grade": 8, "availability": ""})
                rows[Membership].append({"group_id": group, "mentee_id": mentee, "from_on": on})
            for week in range(weeks):
                start = FIRST + (7 * week + which) * DAY
                rows[Session].append(
                    {
                        "id": new_id(),
                        "series_id": series,
                        "group_id": group,
                        "original_start": start,
                        "starts_at": start,
                        "ends_at": start + dt.timedelta(hours=1),
                        "mentor_id": mentor,
                        "changed_at": FIRST,
                    }
                )
    with transaction(engine) as db:
        for one in (organisation, program, term):
            db.add(one)
            db.flush()
        for kind, made in rows.items():
            for at in range(0, len(made), PART):
                db.execute(insert(kind), made[at : at + PART])
    return program.id, tokens


def measure_rendering(engine: Engine, program: UUID, tokens: Sequence[str]) -> None:
    """All feeds as they are first asked for, and once more when one session of each has changed, and when nothing has."""
    with reading(engine) as db:
        seen = [shown(db, one, calendar, NOW) for one, calendar in db.execute(select(Subscription, Calendar).join(Calendar))]
    bare = timed(lambda: [built(one) for one in seen])
    events = sum(len(one.feed.entries) for one in seen)
    show(f"bare icalendar: {bare:.2f} s for {len(seen)} feeds of {events} events")
    for name in ("first", "after one session of each has changed"):
        if name != "first":
            change_one_of_each(engine, program)
        ours = timed(lambda: [answer(engine, token, Asked(accept_encoding="gzip"), NOW) for token in tokens])
        show(f"rendered, {name}: {ours:.2f} s, {ours / bare:.2f} times that (goal {RENDERED_GOAL})")
    app = create_app(engine, lambda: NOW)
    again = timed(lambda: asyncio.run(asked_at_once(app, tokens)))
    show(f"nothing changed: {again:.3f} s, {again / bare:.3f} times that (goal {UNCHANGED_GOAL})")


async def asked_at_once(app: App, tokens: Sequence[str]) -> None:
    """Polls all feeds of an app, without a network between them; makes sure that none has changed."""

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def poll(token: str) -> None:
        async def told(message: Message) -> None:
            assert message.get("status", 304) == 304, message

        await app({"type": "http", "method": "GET", "path": f"/feeds/{token}.ics", "headers": [(b"if-none-match", b"*")]}, nothing, told)

    await asyncio.gather(*map(poll, tokens))


def change_one_of_each(engine: Engine, program: UUID) -> None:
    """Cancels the last session of each group, and tells the calendars."""
    with transaction(engine) as db:
        last = max(db.scalars(select(Session.starts_at).distinct()))
        for one in db.scalars(select(Session).where(Session.starts_at >= last - DAY)):
            one.state, one.sequence, one.changed_at = State.CANCELLED, one.sequence + 1, NOW
        touch(db, program, NOW, people=db.scalars(select(Person.id).where(Person.came_as == Role.MENTOR)).all())


def timed(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


def built(one: Shown) -> bytes:
    """The same events with nothing but the library."""
    feed: Feed = one.feed
    calendar = icalendar.Calendar()
    for name, value in (("VERSION", "2.0"), ("PRODID", "-//Bare//EN"), ("METHOD", "PUBLISH"), ("X-WR-CALNAME", feed.name)):
        calendar.add(name, value)
    zone = fixed_zone(feed.zone, range(2026, 2029))
    if zone:
        calendar.add_component(zone)
    told_in = icalendar.timezone.tzp.timezone(feed.zone)
    for entry in feed.entries:
        event = icalendar.Event()
        event.add("UID", entry.uid)
        event.add("DTSTAMP", entry.changed_at)
        event.add("LAST-MODIFIED", entry.changed_at)
        event.add("SEQUENCE", entry.sequence)
        event.add("DTSTART", entry.starts_at.astimezone(told_in))
        event.add("DTEND", entry.ends_at.astimezone(told_in))
        event.add("SUMMARY", entry.title)
        event.add("STATUS", "CONFIRMED")
        event.add("TRANSP", "OPAQUE")
        event.add("LOCATION", entry.link)
        event.add("CONFERENCE", entry.link, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
        event.add("DESCRIPTION", "\n".join([*entry.lines, entry.link]))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def measure_requests(engine: Engine, tokens: Sequence[str], seconds: float, connections: int, polls: int) -> None:
    """Requests a second and their 99th percentile, of all feeds in turn and of a constant; and the server's memory through many polls."""
    told = [answer(engine, token, Asked(accept_encoding="gzip"), NOW) for token in tokens]
    whole = [(f"/feeds/{token}.ics", "Accept: */*") for token in tokens]
    unchanged = [(path, f"If-None-Match: {one.headers['etag']}") for (path, _), one in zip(whole, told, strict=True)]
    body = sorted((bytes(one.body) for one in told), key=len)[len(told) // 2]
    port = _free_port()
    with running(engine.url.render_as_string(hide_password=False), port, body) as server:
        for name, feeds, constant, size, goal in (
            ("304", unchanged, "/nothing", 0, NOT_MODIFIED_GOAL),
            ("whole feed", whole, "/constant", len(body), WHOLE_GOAL),
        ):
            rates = []
            for what, asked in ((name, feeds), (f"constant of {size:,} bytes", [(constant, "Accept: */*")])):
                before = _used(server)
                took = asyncio.run(asked_for(port, asked, connections, seconds=seconds))
                rates.append(len(took) / (_used(server) - before))
                p99 = sorted(took)[int(len(took) * 0.99)] * 1000
                show(f"{what}: {len(took) / seconds:,.0f} a second, {rates[-1]:,.0f} a second of the server's processor, p99 {p99:.1f} ms")
            show(f"{name}: {rates[0] / rates[1]:.2f} of the constant (goal {goal})")
        with memory_of(server) as readings:
            asyncio.run(asked_for(port, [*unchanged, *whole], connections, most=polls))
        show(
            f"memory of the server through {polls:,} more polls: {max(readings):.0f} MiB at most, {readings[-1]:.0f} at their end, "
            f"of {len(readings)} readings (goal under {MEMORY_GOAL})"
        )


async def asked_for(
    port: int, asked: Sequence[tuple[str, str]], connections: int, *, seconds: float = 3600.0, most: int = sys.maxsize
) -> list[float]:
    """How long requests took, each a path and a header field, asked for in turn over some connections for so long or so often."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    requests = itertools.cycle(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{field}\r\n\r\n".encode() for path, field in asked
    )

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < until and len(took) < most:
            writer.write(next(requests))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if length and not head.startswith(b"http/1.1 304"):
                await reader.readexactly(int(length))
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


@contextmanager
def running(url: str, port: int, body: bytes) -> Iterator[psutil.Process]:
    """A server in a process of its own, once it answers."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port, body))
    process.start()
    try:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()


@contextmanager
def memory_of(server: psutil.Process) -> Iterator[list[float]]:
    """The memory of a process and all that it has begun, in MiB: read again and again until the block ends, and once more then."""
    readings, ended = list[float](), threading.Event()

    def read() -> None:
        readings.append(sum(one.memory_info().rss for one in (server, *server.children(recursive=True))) / 2**20)

    def read_on() -> None:
        while not ended.wait(READ_EACH_SECONDS):
            read()

    thread = threading.Thread(target=read_on)
    thread.start()
    try:
        yield readings
    finally:
        ended.set()
        thread.join()
        read()


def _used(server: psutil.Process) -> float:
    """Seconds of the processor that a process has had."""
    times = server.cpu_times()
    return float(times.user + times.system)


def serve(url: str, port: int, body: bytes) -> None:
    """The app, and two constants besides: what is sent whole, and what says that nothing has changed."""
    app = create_app(open_database(url), lambda: NOW)
    headers = {"ETag": '"constant"', "Last-Modified": "Mon, 01 Mar 2027 09:30:15 GMT", "Cache-Control": "private, no-cache"}

    async def constant(_: Request) -> Response:
        return Response(body, headers=headers, media_type="text/calendar")

    async def nothing(_: Request) -> Response:
        return Response(status_code=304, headers=headers)

    app.app.router.routes[:0] = [Route("/constant", constant), Route("/nothing", nothing)]  # nothing is looked for before them
    asyncio.run(listen(app, "127.0.0.1", port))


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
