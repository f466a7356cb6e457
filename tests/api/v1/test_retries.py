"""Retries with one `Idempotency-Key` at a live server: a thousand at once have one effect, and a server that is killed leaves no key."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, func, select, text

from data.access import Right, Role
from data.audit import Deed
from data.base import Base
from data.clients import issue, make_client
from data.database import reading, transaction
from data.grants import Client
from data.people import Mentee
from data.programs import Organisation, Term
from scheduler.ticker import utc_now
from tests.serving import serving
from tests.terms import demo_term

RETRIES, AT_ONCE = 1000, 50
CLIENTS = "/v1/programs/ext:rural/clients"
NEW = {"name": "school portal", "scopes": ["program:read"], "role": "reviewer"}
MENTEES = "/v1/terms/ext:2026-spring/mentees"
PEOPLE = [
    {"external_id": f"new-{number:04}", "grade": 7, "requests": [{"subject": "math"}], "availability": "Mon 18:00-21:00"}
    for number in range(2000)
]
PATIENCE_SECONDS = 20
"""So long the database may take to see that a server is gone."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a token, at a server."""

    url: str
    token: str

    def headers(self, key: str) -> Mapping[str, str]:
        """Those of a request with a key."""
        return {"authorization": f"Bearer {self.token}", "idempotency-key": key}

    def make(self, client: object, key: str) -> httpx.Response:
        """Makes an API client."""
        return httpx.post(self.url + CLIENTS, json=client, headers=self.headers(key), timeout=60)

    def put(self, people: object, key: str) -> httpx.Response:
        """Puts mentees."""
        return httpx.put(self.url + MENTEES, json=people, headers=self.headers(key), timeout=60)

    async def make_often(self, client: object, key: str) -> list[httpx.Response]:
        """Makes one a thousand times, so many at once as there are connections."""
        waiting = iter(range(RETRIES))
        async with httpx.AsyncClient(base_url=self.url, timeout=60, limits=httpx.Limits(max_connections=AT_ONCE)) as web:

            async def some() -> list[httpx.Response]:
                return [await web.post(CLIENTS, json=client, headers=self.headers(key)) for _ in waiting]

            return [answer for answers in await asyncio.gather(*(some() for _ in range(AT_ONCE))) for answer in answers]


def token(database: Engine) -> str:
    """One of a new client that may do all."""
    with transaction(database) as db:
        organisation = db.scalars(select(Organisation)).one()
        client, secret = make_client(db, organisation, "platform", tuple(Right), programs=[], role=Role.OWNER, by="test", now=utc_now())
        given = issue(db, str(client.id), secret, None, now=utc_now())
    assert given is not None
    return given[0]


def count(database: Engine, table: type[Base]) -> int:
    """How many rows there are."""
    with reading(database) as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def test_a_thousand_retries_at_once_have_one_effect(database: Engine, tmp_path: Path) -> None:
    demo_term(database)
    first, other = token(database), token(database)
    clients, deeds = count(database, Client), count(database, Deed)
    with serving(database, tmp_path, "--http-only") as server:
        asker, stranger = Asker(server.url, first), Asker(server.url, other)
        answers = asyncio.run(asker.make_often(NEW, "one key"))
        assert (count(database, Client), count(database, Deed)) == (clients + 1, deeds + 1)

        found = Counter(answer.status_code for answer in answers)
        assert (found.total(), set(found) - {409}) == (RETRIES, {201}), found
        assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {"/problems/still-running"}
        made = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in made}) == 1, "a retry was told another secret"
        assert sum("idempotency-replayed" not in answer.headers for answer in made) == 1

        again = asker.make(NEW, "one key")
        assert (again.content, again.headers["location"]) == (made[0].content, made[0].headers["location"])
        taken = asker.make({**NEW, "name": "another"}, "one key")
        assert (taken.status_code, taken.json()["type"]) == (422, "/problems/key-taken")
        assert count(database, Client) == clients + 1

        theirs = stranger.make(NEW, "one key")
        assert (theirs.status_code, "idempotency-replayed" in theirs.headers) == (201, False)
        assert theirs.json()["id"] != again.json()["id"]


def test_a_retry_while_the_first_still_runs_is_told_so(database: Engine, tmp_path: Path) -> None:
    demo_term(database)
    with serving(database, tmp_path, "--http-only") as server, ThreadPoolExecutor() as threads:
        asker = Asker(server.url, token(database))
        with _held_up(database):
            first = threads.submit(asker.put, PEOPLE[:2], "slow")
            while database.dialect.name == "postgresql" and not _somebody_waits(database):
                time.sleep(0.02)
            time.sleep(0.5)
            retried = asker.put(PEOPLE[:2], "slow")
            other = threads.submit(asker.put, PEOPLE[:2], "another key")
        assert other.result().status_code == 200
        assert (retried.status_code, retried.json()["type"], retried.headers["retry-after"]) == (409, "/problems/still-running", "1")
        assert (first.result().status_code, first.result().json()["new"]) == (200, 2)
        assert asker.put(PEOPLE[:2], "slow").content == first.result().content


def test_a_server_that_is_killed_amid_an_effect_leaves_no_key_behind(database: Engine, tmp_path: Path) -> None:
    demo_term(database)
    own, people, deeds = token(database), count(database, Mentee), count(database, Deed)
    with serving(database, tmp_path, "--http-only") as server, ThreadPoolExecutor() as threads:
        with _held_up(database):
            first = threads.submit(Asker(server.url, own).put, PEOPLE, "killed")
            time.sleep(0.5)
        time.sleep(0.1)
        server.ended(signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            first.result()
    assert count(database, Mentee) in {people, people + len(PEOPLE)}
    with serving(database, tmp_path, "--http-only") as server:
        until = time.monotonic() + PATIENCE_SECONDS
        while (again := Asker(server.url, own).put(PEOPLE, "killed")).status_code == 409 and time.monotonic() < until:
            time.sleep(0.1)
    assert (again.status_code, again.json()["new"]) == (200, len(PEOPLE))
    assert (count(database, Mentee), count(database, Deed)) == (people + len(PEOPLE), deeds + 1)


@contextmanager
def _held_up(database: Engine) -> Iterator[None]:
    """While this lasts, nobody else changes the term's people."""
    with transaction(database) as db:
        db.execute(select(Term.id).with_for_update())
        yield


def _somebody_waits(database: Engine) -> bool:
    """Whether a transaction of PostgreSQL waits for another's lock."""
    with reading(database) as db:
        return bool(db.scalars(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).one())
