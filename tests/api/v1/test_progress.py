"""How a run goes is told as it goes, is taken up where the line broke, and holds nothing while nothing happens."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, select
from starlette.types import Message

from api.v1.progress import Heard, Pace, Stream, Streams, events
from data.access import Right, Role
from data.clients import make_client
from data.database import transaction
from data.leases import Claim, Standing, claim, fail, finish, give_back, renew
from data.programs import Organisation
from data.runs import Asked
from scheduler.worker import solve_next
from tests.api.v1.callers import NOW, Platform
from tests.api.v1.little import little_round
from tests.bench.rounds import make_round
from tests.faults.processes import wait_until
from tests.runs import closed_term, queued
from tests.serving import serving

LEASE = dt.timedelta(seconds=20)
QUICK = Pace(look_seconds=0.01, beat_seconds=0.05, longest_seconds=30.0)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Told:
    """One event as a reader of the stream has it."""

    number: str
    name: str
    data: dict[str, Any]


def read(stream: str) -> list[Told]:
    """The events of a stream, as the standard says; comments are left out."""
    told = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            told.append(Told(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return told


@dataclass(frozen=True)
class Solver:
    """A worker that does what it is told to."""

    database: Engine
    held: Claim

    def at(self, *moments: tuple[float, int, int], placed: int) -> None:
        last = moments[-1]
        standing = Standing(placed=placed, score=last[1], bound=last[2], history=moments)
        with transaction(self.database) as db:
            renew(db, self.held, standing, now=NOW, lease=LEASE)

    def done(self) -> None:
        standing = Standing(placed=4, score=40, bound=50, history=((1.0, 10, 90), (2.0, 20, 80), (3.0, 40, 50)))
        with transaction(self.database) as db:
            finish(db, self.held, standing, result=b"", ended_by="effort", solver="dure", now=NOW + dt.timedelta(seconds=4))


def solver(database: Engine, run: UUID) -> Solver:
    with transaction(database) as db:
        held = claim(db, by="worker", now=NOW, lease=LEASE, only=run)
    assert held is not None
    return Solver(database, held)


@pytest.fixture
def run(database: Engine) -> UUID:
    return queued(database, closed_term(database))


def follow(platform: Platform, run: UUID, last: str = "") -> Any:  # noqa: ANN401  the client's answer
    return platform.client().ask("GET", f"/v1/runs/{run}/progress", headers={"last-event-id": last} if last else {})


@ON_SQLITE
def test_whoever_follows_a_real_run_hears_how_far_it_is_and_its_end(database: Engine) -> None:
    run = queued(database, closed_term(database, little_round()), Asked(effort=0.1, workers=1))
    solve_next(database, now=lambda: dt.datetime.now(dt.UTC))
    answer = follow(Platform(database), run)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *moments, end = read(answer.text)
    assert [one.name for one in moments] == ["progress"] * len(moments)
    scores = [one.data["score"] for one in moments]
    assert scores == sorted(scores)
    assert (end.name, end.data["state"], end.data["score"]) == ("end", "done", scores[-1])
    assert end.data["placed"] > 0
    assert end.data["gap"] == (end.data["bound"] - end.data["score"]) / end.data["bound"]


@ON_SQLITE
def test_a_run_that_is_stopped_while_it_is_solved_keeps_its_best(database: Engine) -> None:
    run = queued(database, closed_term(database, make_round("rural", 1)), Asked(effort=100.0, workers=1))
    caller, path = Platform(database).client(), f"/v1/runs/{run}"
    solving = threading.Thread(target=partial(solve_next, database, now=lambda: dt.datetime.now(dt.UTC)))
    solving.start()
    try:
        wait_until(lambda: caller.ask("GET", path).json()["placed"])
        shown = caller.ask("GET", path).json()
    finally:
        stopped = caller.ask("POST", f"{path}/stop")
        solving.join(120)
    assert (stopped.status_code, shown["state"], shown["stop_asked"]) == (202, "running", False)
    kept = caller.ask("GET", path).json()
    assert (kept["state"], kept["ended_by"], kept["stop_asked"]) == ("done", "interrupt", True)
    assert kept["score"] >= shown["score"] > 0
    assert kept["bound"] <= shown["bound"]
    assert caller.ask("GET", f"{path}/files").status_code == 200


def test_a_line_that_broke_is_taken_up_where_it_broke(database: Engine, run: UUID) -> None:
    platform, worker = Platform(database), solver(database, run)
    worker.at((1.0, 10, 90), (2.0, 20, 80), placed=2)
    worker.done()
    whole = read(follow(platform, run).text)
    assert [one.number for one in whole] == ["1-1000", "1-2000", "1-3000", "1-end"]
    for heard in range(1, len(whole)):
        assert read(follow(platform, run, whole[heard - 1].number).text) == whole[heard:]
    over = follow(platform, run, "1-end")
    assert (over.status_code, over.content) == (204, b"")


@ON_SQLITE
@pytest.mark.parametrize("number", ["nonsense", "1-", "-1-5", "1-99999999999999999999", "9-1000", "2-end", "1-٣"])
def test_a_number_that_is_of_no_event_of_it_begins_anew(database: Engine, run: UUID, number: str) -> None:
    solver(database, run).done()
    answer = Platform(database).client().ask("GET", f"/v1/runs/{run}/progress", headers={b"last-event-id": number.encode()})  # type: ignore[dict-item]
    assert [one.number for one in read(answer.text)] == ["1-1000", "1-2000", "1-3000", "1-end"]


def test_a_stream_follows_a_run_while_it_is_solved_and_holds_no_connection_between_two_looks(database: Engine, run: UUID) -> None:
    async def watched() -> list[Told]:
        heard = asyncio.Queue[Told]()

        async def listen() -> None:
            async for event in events(database, run, Heard(), QUICK):
                assert database.pool.checkedout() == 0  # type: ignore[attr-defined]  # the pool's own count
                for told in read(event):
                    heard.put_nowait(told)

        listening = asyncio.create_task(listen())
        told = [await heard.get()]
        worker = solver(database, run)
        told.append(await heard.get())
        worker.at((1.0, 10, 90), placed=1)
        told.append(await heard.get())
        worker.at((1.0, 10, 90), (2.0, 20, 80), placed=2)
        told.append(await heard.get())
        worker.done()
        await asyncio.wait_for(listening, 20)
        return told + [heard.get_nowait() for _ in range(heard.qsize())]

    told = asyncio.run(watched())
    assert [(one.name, one.number, one.data["state"], one.data["placed"]) for one in told] == [
        ("progress", "", "queued", None),
        ("progress", "", "running", None),
        ("progress", "1-1000", "running", 1),
        ("progress", "1-2000", "running", 2),
        ("progress", "1-3000", "running", None),
        ("end", "1-end", "done", 4),
    ]
    assert told[-1].data == {
        "state": "done", "seconds": 4.0, "placed": 4, "score": 40, "bound": 50, "gap": 0.2, "ended_by": "effort", "problem": ""
    }  # fmt: skip


@ON_SQLITE
def test_a_run_that_is_begun_anew_is_told_from_its_beginning(database: Engine, run: UUID) -> None:
    first = solver(database, run)
    first.at((1.0, 10, 90), (5.0, 30, 70), placed=3)
    with transaction(database) as db:
        give_back(db, first.held, counted=True)
    second = solver(database, run)
    with transaction(database) as db:
        standing = Standing(placed=1, score=10, bound=90, history=((1.0, 10, 90),))
        renew(db, second.held, standing, now=NOW, lease=LEASE)
        fail(db, second.held, problem="it cannot be", now=NOW)
    told = read(follow(Platform(database), run, "1-5000").text)
    assert [one.number for one in told] == ["2-1000", "2-end"]
    assert (told[-1].data["state"], told[-1].data["problem"]) == ("failed", "it cannot be")


@ON_SQLITE
def test_a_stream_says_that_it_is_still_there_ends_after_a_while_and_where_the_run_is_gone(database: Engine, run: UUID) -> None:
    async def all_of(pace: Pace, of: UUID) -> list[str]:
        return [event async for event in events(database, of, Heard(), pace)]

    waiting = asyncio.run(all_of(Pace(look_seconds=0.01, beat_seconds=0.05, longest_seconds=0.3), run))
    assert waiting[0] == "retry: 2000\n\n"
    assert 2 <= waiting.count(": still there\n\n") <= 6
    assert [one.data["state"] for one in read("".join(waiting))] == ["queued"]
    assert asyncio.run(all_of(QUICK, UUID(int=1))) == ["retry: 2000\n\n"]


def test_a_caller_has_only_so_many_streams_open_and_another_as_many() -> None:
    streams, over = Streams(2), asyncio.Event()

    async def told() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        await over.wait()

    async def opened(caller: str) -> tuple[int, asyncio.Task[None]]:
        """The status of a stream that begins, and what goes on with it."""
        said: asyncio.Queue[int] = asyncio.Queue()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await said.put(message["status"])

        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        task = asyncio.create_task(Stream(caller, told(), streams)(scope, asyncio.Event().wait, send))  # type: ignore[arg-type] # nobody goes away
        return await said.get(), task

    async def scenario() -> list[int]:
        first = [await opened(caller) for caller in ("one", "one", "one", "other")]
        over.set()
        await asyncio.gather(*(task for _, task in first))
        last, task = await opened("one")
        await task
        return [*(status for status, _ in first), last]

    assert asyncio.run(scenario()) == [200, 200, 429, 200, 200]


@pytest.mark.long
@ON_SQLITE
def test_a_line_that_breaks_is_taken_up_and_none_keeps_a_server_from_ending(database: Engine, run: UUID, tmp_path: Path) -> None:
    worker = solver(database, run)
    worker.at((1.0, 10, 90), placed=1)
    with transaction(database) as db:
        organisation = db.scalars(select(Organisation)).one()
        known, secret = make_client(db, organisation, "platform", [Right.ROUNDS_READ], role=Role.OWNER, by="test", now=NOW)
    with serving(database, tmp_path, "--http-only") as server, httpx.Client(base_url=server.url, timeout=20) as client:
        form = {"grant_type": "client_credentials", "client_id": str(known.id), "client_secret": secret}
        client.headers["authorization"] = f"Bearer {client.post('/v1/tokens', data=form).json()['access_token']}"

        def heard(until: str, last: str = "") -> str:
            told = ""
            with client.stream("GET", f"/v1/runs/{run}/progress", headers={"last-event-id": last} if last else {}) as answer:
                for part in answer.iter_text():
                    told += part
                    if until in told:
                        return told
            raise AssertionError(told)

        assert [one.number for one in read(heard("1-1000\n"))][-1] == "1-1000"
        worker.at((1.0, 10, 90), (2.0, 20, 80), placed=2)
        assert "1-1000" not in heard("1-2000\n", "1-1000")
        with client.stream("GET", f"/v1/runs/{run}/progress") as held:
            next(held.iter_text())
            assert server.ended(signal.SIGTERM) == 0
    assert "Traceback" not in server.said.read_text()
