"""A bare FastAPI app beside ours: its routes do the very same SQL and answer the same, and nothing else.

What ours does for a request is taken down once, statement by statement with its values, and undone; the bare route has SQLAlchemy do each
statement again, and takes all rows of it, with values of the types that the columns have. It looks at nothing but what is sent, and answers
with the same wire model. What must be in the same transaction, such as the audit's row and the event, is of the SQL, and done too. It makes
no answer of the rows that it reads, but has the one that was taken down checked and written: it does less than a route written by hand
would have to.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import psutil
from fastapi import FastAPI, Form
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, Executable, event

from api.app import create_app
from api.cli import GARBAGE
from api.feeds import Clock
from api.limits import App
from api.serve import listen
from api.v1.paging import Page
from api.v1.people_fields import MenteeLine
from api.v1.putting import LinesOut
from api.v1.records import RecordIn, RecordOut
from api.v1.shown_sessions import SessionOut
from api.v1.tokens import TokenOut
from data.database import READING, open_database
from tests.api.v1.prepared import nothing_stays
from tests.api.web import Web


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to our app."""

    method: str
    path: str
    media: str
    body: bytes
    token: str = ""

    def written(self, path: str = "") -> bytes:
        """As it goes over the line, to another path where one is named."""
        own = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        head = f"{self.method} {path or self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{own}Content-Type: {self.media}\r\n"
        return f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body


class Shown(BaseModel):
    """By what a client asks for a token."""

    grant_type: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Done:
    """What our app did for a request: of each transaction whether it only read, and its statements, each with its values; and what it
    answered."""

    transactions: list[tuple[bool, list[tuple[Executable, Any]]]] = field(default_factory=list)
    answer: list[Any] = field(default_factory=list)


def taken_down(engine: Engine, clock: Clock, some: Sequence[Asked]) -> list[Done]:
    """What our app does for each of some requests, of which nothing stays."""
    web, done = Web(create_app(engine, clock)), list[Done]()

    def begin(connection: Connection) -> None:
        done[-1].transactions.append((bool(connection.get_execution_options().get(READING)), []))

    def note(_1: Connection, statement: Executable | str, several: Any, values: Any, _2: object) -> None:  # noqa: ANN401
        if not isinstance(statement, str):  # such as BEGIN
            done[-1].transactions[-1][1].append((statement, several or values))

    event.listen(engine, "begin", begin)
    event.listen(engine, "before_execute", note)
    try:
        with nothing_stays(engine):
            for one in some:
                done.append(Done())
                known = {"authorization": f"Bearer {one.token}"} if one.token else {}
                answer = web.ask(one.path, {**known, "content-type": one.media}, method=one.method, body=one.body)
                assert answer.is_success, answer.text
                done[-1].answer.append(answer.json())
    finally:
        event.remove(engine, "before_execute", note)
        event.remove(engine, "begin", begin)
    return done


def bare_app(engine: Engine, clock: Clock, some: Sequence[Asked]) -> FastAPI:
    """Routes that do again what ours does for some requests; each address ends with its place among all."""
    done = taken_down(engine, clock, some)
    gc.collect()
    gc.freeze()  # what was taken down is not to be looked through while requests are answered
    app, reading = FastAPI(), engine.execution_options(**{READING: True})

    def again(place: int) -> Any:  # noqa: ANN401  what JSON holds
        for reads, statements in done[place].transactions:
            with (reading if reads else engine).connect() as connection:
                for statement, values in statements:
                    found = connection.execute(statement, values or None)
                    if found.returns_rows:
                        found.all()
                if not reads:
                    connection.commit()
        return done[place].answer[0]

    @app.get("/sessions/{place}", response_model=Page[SessionOut])
    def sessions(place: int) -> Any:  # noqa: ANN401
        return again(place)

    @app.put("/record/{place}", response_model=RecordOut)
    def record(place: int, body: RecordIn) -> Any:  # noqa: ANN401
        assert body.attendance
        return again(place)

    @app.put("/mentees/{place}", response_model=LinesOut)
    def mentees(place: int, body: list[MenteeLine]) -> Any:  # noqa: ANN401
        assert body
        return again(place)

    @app.post("/tokens/{place}", response_model=TokenOut)
    def tokens(place: int, sent: Annotated[Shown, Form()]) -> Any:  # noqa: ANN401
        assert sent.client_secret
        return again(place)

    return app


@contextmanager
def serving(make: Callable[[Engine], App], engine: Engine) -> Iterator[tuple[int, psutil.Process]]:
    """A server of an app in a process of its own, once it answers: its port and its process."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = int(tried.getsockname()[1])
    url = engine.url.render_as_string(hide_password=False)
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(make, url, port))
    process.start()
    try:
        until = time.monotonic() + 600  # what is to be done again is taken down before
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()


def _serve(make: Callable[[Engine], App], url: str, port: int) -> None:
    gc.set_threshold(GARBAGE)  # as of each command
    asyncio.run(listen(make(open_database(url)), "127.0.0.1", port))


def bare(clock: Clock, some: Sequence[Asked]) -> Callable[[Engine], App]:
    """What makes the bare app in its process."""
    return partial(bare_app, clock=clock, some=some)
