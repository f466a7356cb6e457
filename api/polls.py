"""Finds the feeds that clients poll, on a connection that is kept for it: a transaction for each would cost ten times what its query does.

An SQLite file is asked where the poll is, which takes less time than waiting would. A server of databases is asked for all that wait at
once, by one query at a time, and the loop goes on with others meanwhile. Whatever goes wrong with it is left to the routes to tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import psycopg
from sqlalchemy import Engine, event

from data.feeds import hashed
from data.polled import Kept, PolledFile, PolledServer

MOST = 100
"""So many one query finds."""

PATIENCE_SECONDS = 2.0
"""After so long something is wrong with the connection."""

Clock = Callable[[], dt.datetime]


class Polls(Protocol):
    """The feeds of a database for whoever polls them."""

    async def kept(self, token: str, *, whole: bool) -> Kept | None:
        """The feed of a token, with its bytes where the `whole` is wanted; None where more is to be done than to tell it, or where that
        cannot be found out now."""


def polls_of(engine: Engine, clock: Clock) -> Polls:
    """The polls of a database; they keep a connection from the first of them until the engine is disposed of."""
    return FilePolls(engine, clock) if engine.dialect.name == "sqlite" else ServerPolls(engine, clock)


class FilePolls:
    """The feeds in an SQLite file."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self.polled: PolledFile | None = None
        event.listen(engine, "engine_disposed", lambda _: self._cut())

    async def kept(self, token: str, *, whole: bool) -> Kept | None:
        """See `Polls`."""
        try:
            self.polled = self.polled or PolledFile(self._engine)
            return self.polled.kept(hashed(token), self._clock(), whole=whole)
        except sqlite3.Error:
            self._cut()
            return None

    def _cut(self) -> None:
        if self.polled is not None:
            self.polled.close()
            self.polled = None


@dataclass(frozen=True, slots=True, eq=False)
class _Poll:
    """A feed that is asked for, with its bytes or without, and where the answer goes."""

    token: bytes
    whole: bool
    told: asyncio.Future[Kept | None]


class ServerPolls:
    """The feeds on a PostgreSQL server."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._beginning: asyncio.Task[None] | None = None
        self.talk: Talk | None = None
        event.listen(engine, "engine_disposed", self._end)

    async def kept(self, token: str, *, whole: bool) -> Kept | None:
        """See `Polls`."""
        loop = asyncio.get_running_loop()
        if self.talk is None or not self.talk.goes_on(loop):
            if self._beginning is None or self._beginning.done() or self._beginning.get_loop() is not loop:
                self._beginning = loop.create_task(self._begin(loop))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._beginning), PATIENCE_SECONDS)
        if self.talk is None or not self.talk.goes_on(loop):
            return None
        poll = _Poll(hashed(token), whole, loop.create_future())
        self.talk.ask(poll)
        return await poll.told

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Connects, in a thread, for whoever waits then."""
        self._end(self._engine)
        with contextlib.suppress(psycopg.Error):
            self.talk = Talk(loop, await loop.run_in_executor(None, PolledServer, self._engine), self._clock)

    def _end(self, _: Engine) -> None:
        if self.talk is not None:
            self.talk.end()


class Talk:
    """One connection to a server: while it answers one query, those who come wait for the next.

    All is callbacks of the loop: a task for each query would cost more than the query does.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, polled: PolledServer, clock: Clock) -> None:
        self._loop, self.polled, self._clock = loop, polled, clock
        self._waiting: list[_Poll] = []
        self._asked: list[_Poll] = []
        self._patience: asyncio.TimerHandle | None = None
        self._is_over = False
        self._socket = polled.socket  # the driver does not tell it any more once the server has gone
        loop.add_reader(self._socket, self._read)

    def goes_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it can be asked on this loop."""
        return not self._is_over and self._loop is loop

    def ask(self, poll: _Poll) -> None:
        """Has a feed looked up."""
        self._waiting.append(poll)
        if len(self._waiting) == 1 and not self._asked:
            self._loop.call_soon(self._send)  # with those who come in the same turn of the loop

    def end(self) -> None:
        """Leaves the server, and whoever waits without an answer."""
        if self._is_over:
            return
        self._is_over = True
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
        self.polled.close()
        self._tell([*self._asked, *self._waiting], {})

    def _send(self) -> None:
        """Asks for as many as one query may: all with their feeds' bytes, or all without."""
        if self._is_over or not self._waiting:
            return
        whole = self._waiting[0].whole
        alike = [poll for poll in self._waiting if poll.whole == whole]
        self._asked, self._waiting = alike[:MOST], [*(poll for poll in self._waiting if poll.whole != whole), *alike[MOST:]]
        self._patience = self._loop.call_later(PATIENCE_SECONDS, self.end)
        try:
            self.polled.ask({poll.token for poll in self._asked}, self._clock(), whole=whole)
        except psycopg.Error:
            self.end()

    def _read(self) -> None:
        """Takes what the server says; that may be the end of it."""
        try:
            found = self.polled.answered()
        except psycopg.Error:
            self.end()
            return
        if found is not None:
            polls, self._asked = self._asked, []
            self._tell(polls, found)
            self._send()

    def _tell(self, polls: Sequence[_Poll], found: Mapping[bytes, Kept]) -> None:
        if self._patience is not None:
            self._patience.cancel()
        for poll in polls:
            if not poll.told.done():  # a client may have gone away
                poll.told.set_result(found.get(poll.token))
