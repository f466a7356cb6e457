"""Finds the feeds that clients poll, on a connection that is kept for it: a transaction for each would cost ten times what its query does.

An SQLite file is asked where the poll is, which takes less time than waiting would. A server of databases is asked for all that wait at
once, by one query at a time, and the loop goes on with others meanwhile. Whatever goes wrong with it is left to the routes to tell.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Callable, Collection
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
        self._waiting: list[_Poll] = []
        self._telling: asyncio.Task[None] | None = None
        self._coming: asyncio.Future[PolledServer] | None = None
        self.polled: PolledServer | None = None
        event.listen(engine, "engine_disposed", lambda _: self._cut())

    async def kept(self, token: str, *, whole: bool) -> Kept | None:
        """See `Polls`."""
        loop = asyncio.get_running_loop()
        poll = _Poll(hashed(token), whole, loop.create_future())
        self._waiting.append(poll)
        if self._telling is None or self._telling.done():
            self._telling = loop.create_task(self._tell())
        return await poll.told

    async def _tell(self) -> None:
        """Answers all who wait, and who begin to wait meanwhile."""
        while self._waiting:
            polls, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            found: dict[tuple[bytes, bool], Kept] = {}
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    polled = await self._connected()
                    for whole in {poll.whole for poll in polls}:
                        of = await self._answer(polled, {poll.token for poll in polls if poll.whole == whole}, whole=whole)
                        found.update({(token, whole): feed for token, feed in of.items()})
            except (psycopg.Error, TimeoutError):
                self._cut()
            finally:
                for poll in polls:
                    if not poll.told.done():  # a client may have gone away
                        poll.told.set_result(found.get((poll.token, poll.whole)))

    async def _connected(self) -> PolledServer:
        """The connection; where it is not there in time, whoever asks next waits for the same."""
        if self.polled is None:
            self._coming = self._coming or asyncio.get_running_loop().run_in_executor(None, PolledServer, self._engine)
            try:
                self.polled = await asyncio.shield(self._coming)
            finally:
                if self._coming.done():
                    self._coming = None
        return self.polled

    async def _answer(self, polled: PolledServer, tokens: Collection[bytes], *, whole: bool) -> dict[bytes, Kept]:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[dict[bytes, Kept]] = loop.create_future()

        def read() -> None:
            try:
                found = polled.answered()
            except psycopg.Error as error:
                answered.set_exception(error)
            else:
                if found is not None:
                    answered.set_result(found)

        polled.ask(tokens, self._clock(), whole=whole)
        loop.add_reader(polled.socket, read)
        try:
            return await answered
        finally:
            loop.remove_reader(polled.socket)

    def _cut(self) -> None:
        if self.polled is not None:
            self.polled.close()
            self.polled = None
