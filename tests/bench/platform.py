"""How quick the platform's API is: `python -m tests.bench.platform`, on SQLite and PostgreSQL, over a city's term of 40,000 sessions.

Fifty clients, each with a token of its own, ask our server, and then a bare one that does the same SQL and nothing else
(`tests.bench.bare`); the two take turns, and the middle of their rounds
counts; a first round of each warms it up and does not count. Of bulk upserts, which wait for each other in one term,
there is one at a time.
Shares are of the requests a second, and besides of those for each second of the server's processor, which other work on the machine does
not change.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any
from urllib.parse import urlencode

import psutil
from sqlalchemy import Engine, select

from api.app import create_app
from api.limits import App
from data.access import Right, Role
from data.clients import issue, make_client
from data.database import transaction
from data.groups import Group, Membership
from data.people import Mentee
from data.programs import Organisation, Term
from data.rounds import Run
from data.sessions import Session
from scheduler.publish import publish
from tests.bench.bare import Asked, bare, serving
from tests.bench.databases import fresh, kinds
from tests.bench.publishing import NOW as BEFORE, SEOUL, entered

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
"""The term is over: attendance may be written of every session."""
CLIENTS, ROUNDS, GOAL, LINES = 50, 5, 0.6, 10_000
OFTEN = {"a session list": 100, "attendance": 100, "a token": 200, "10,000 mentees": 1}
"""Requests in a round."""
JSON = "application/json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and tells; the exit status is 1 where a goal is missed."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.platform")
    options.add_argument("--mentors", type=int, default=SEOUL)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--only", choices=tuple(OFTEN), help="only these requests")
    options.add_argument("--database", choices=kinds(), help="only this one")
    given = options.parse_args(arguments)
    ratios = list[float]()
    for kind in [given.database] if given.database else kinds():
        with fresh(kind) as engine:
            city = City.made(engine, given.mentors)
            show(f"{kind}: {given.mentors:,} mentors, {len(city.held):,} sessions")
            show(f"{'':24} {'ours/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'bare/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'ratio':>6} {'of CPU':>7}")
            for what in [given.only] if given.only else OFTEN:
                ratio, line = compared(engine, city, what, given.rounds)
                show(f"{line}  goal {GOAL}: {'met' if ratio >= GOAL else 'missed'}")
                ratios.append(ratio)
    return 0 if min(ratios) >= GOAL else 1


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class City:
    """A term whose sessions are all over: its sessions, each with the keys of its members, the API clients with their secrets, and a token
    of each."""

    term: Term
    held: Sequence[tuple[str, Sequence[str]]]
    clients: Sequence[tuple[str, str]]
    tokens: Sequence[str]

    @classmethod
    def made(cls, engine: Engine, mentors: int) -> City:
        """A city with so many mentors, in an empty database."""
        run, _ = entered(engine, mentors)
        with transaction(engine) as db:
            publish(db, db.get_one(Run, run.id), BEFORE, "bench")
        with transaction(engine) as db:
            term, organisation = db.scalars(select(Term)).one(), db.scalars(select(Organisation)).one()
            own = {"scopes": tuple(Right), "programs": (), "role": Role.OWNER, "by": "bench", "now": NOW}
            made = [make_client(db, organisation, f"client {number}", **own) for number in range(CLIENTS)]  # type: ignore[arg-type]
            clients = [(str(client.id), secret) for client, secret in made]
            issued = [issue(db, client, secret, None, now=NOW) for client, secret in clients]
            members: dict[Any, list[str]] = {}
            for group, key in db.execute(select(Membership.group_id, Mentee.key).join(Mentee, Mentee.id == Membership.mentee_id)):
                members.setdefault(group, []).append(key)
            sessions = db.execute(select(Session.id, Session.group_id).join(Group).order_by(Session.starts_at, Session.id))
            held = [(str(session), members[group]) for session, group in sessions]
        return cls(term, held, clients, [one[0] for one in issued if one])

    def asked(self, what: str) -> Iterator[Asked]:
        """Requests of a kind without end, of which no two change the same."""
        tokens = itertools.cycle(self.tokens)
        if what == "a session list":
            first = self.term.first_on
            for day in itertools.cycle(range(100)):
                query = urlencode({"from_on": first + dt.timedelta(days=day), "limit": 50})
                yield Asked("GET", f"/v1/terms/{self.term.id}/sessions?{query}", JSON, b"", next(tokens))
        elif what == "attendance":
            for (session, members), token in zip(self.held, tokens, strict=False):
                came = [{"mentee": f"ext:{key}", "presence": "present"} for key in members]
                sent = {"attendance": came, "minutes_held": 60, "topic": "fractions", "tasks": ["page 12"]}
                yield Asked("PUT", f"/v1/sessions/{session}/record", JSON, json.dumps(sent).encode(), token)
        elif what == "a token":
            for client, secret in itertools.cycle(self.clients):
                form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
                yield Asked("POST", "/v1/tokens", "application/x-www-form-urlencoded", urlencode(form).encode())
        else:
            for number, token in enumerate(tokens):
                yield Asked("PUT", f"/v1/terms/{self.term.id}/mentees", JSON, _lines(number), token)


def _lines(number: int) -> bytes:
    """Ten thousand new mentees."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    return json.dumps(
        [
            {
                "external_id": f"new-{number}-{line:05}",
                "name": "이서준",
                "email": f"new-{number}-{line}@example.org",
                "grade": 1 + line % 12,
                "requests": [{"subject": "math"}, {"subject": "english", "priority": 2}],
                "availability": f"{days[line % 5]} 18:00-21:00; Sat 09:00-12:30",
                "region": "Seoul/Mapo",
                "school": f"school {line % 300}",
            }
            for line in range(LINES)
        ]
    ).encode()


def compared(engine: Engine, city: City, what: str, rounds: int) -> tuple[float, str]:
    """What part of the bare server's requests a second ours answers, and a line of what both do in so many rounds."""
    asked, often = city.asked(what), OFTEN[what]
    some = list(itertools.islice(asked, often * (rounds + 1)))
    name = {"a session list": "sessions", "attendance": "record", "a token": "tokens"}.get(what, "mentees")
    theirs = [one.written(f"/{name}/{place}") for place, one in enumerate(some)]
    ours = [one.written() for one in itertools.islice(asked, often * (rounds + 1))]
    engine.dispose()
    connections = min(CLIENTS, often)
    with serving(_our_app, engine) as own, serving(bare(_now, some), engine) as peer:
        sides: tuple[list[Side], list[Side]] = ([], [])
        for number in range(rounds + 1):
            here = slice(number * often, (number + 1) * often)
            turns = [(sides[0], own, ours), (sides[1], peer, theirs)]
            for side, (port, process), sent in turns if number % 2 else reversed(turns):
                side.append(_measured(process, port, sent[here], connections))
    (rate, cpu, shown), (bare_rate, bare_cpu, bare_shown) = (_told(side[1:]) for side in sides)
    ratio, told = rate / bare_rate, f"{what:24} {shown} {bare_shown}"
    return ratio, f"{told} {ratio:>6.2f} {cpu / bare_cpu:>7.2f}"


@dataclass(frozen=True, slots=True)
class Side:
    """A round at one server: requests a second, those for each second of its processor, and the seconds that each took."""

    rate: float
    cpu_rate: float
    took: Sequence[float]


def _measured(process: psutil.Process, port: int, sent: Sequence[bytes], connections: int) -> Side:
    used, began = sum(process.cpu_times()[:2]), time.perf_counter()
    took = asyncio.run(load(port, sent, connections))
    seconds = time.perf_counter() - began
    return Side(len(took) / seconds, len(took) / max(sum(process.cpu_times()[:2]) - used, 0.001), took)


def _told(rounds: Sequence[Side]) -> tuple[float, float, str]:
    took = sorted(itertools.chain.from_iterable(one.took for one in rounds))
    rate = median(one.rate for one in rounds)
    times = f"{median(took) * 1000:>8.1f} {took[int(len(took) * 0.99)] * 1000:>8.1f}"
    return rate, median(one.cpu_rate for one in rounds), f"{rate:>8,.2f} {times}"


async def load(port: int, sent: Sequence[bytes], connections: int) -> list[float]:
    """How long each of some requests took, sent in turn over some connections."""
    took, waiting = list[float](), iter(sent)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0))
            assert int(head[9:12]) == 200, (head, body[:500])
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


def _now() -> dt.datetime:
    return NOW


_our_app: Callable[[Engine], App] = partial(create_app, clock=_now)


if __name__ == "__main__":
    sys.exit(main())
