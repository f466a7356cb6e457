"""Finds the feeds that clients poll: all that wait at once by one query, on a connection that is kept for it.

A transaction and a change of threads for each poll would cost ten times what its query does. An SQLite file is asked where the poll
is: that takes less time than another thread does to begin. A server of databases is waited for in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from data.database import watching
from data.feeds import Kept, hashed, kept

MOST = 100
"""So many one query finds."""

PATIENCE_SECONDS = 2.0
"""After so long something is wrong with the connection."""


@dataclass(frozen=True, slots=True, eq=False)
class _Poll:
    """A feed that is asked for, with its bytes or without, and where the answer goes."""

    token: bytes
    whole: bool
    told: asyncio.Future[Kept | None]


class Polls:
    """The feeds of a database for whoever polls them. The connection is there from the first poll until the engine is disposed of."""

    def __init__(self, engine: Engine, clock: Callable[[], dt.datetime]) -> None:
        self._engine, self._clock, self._is_file = engine, clock, engine.dialect.name == "sqlite"
        self._waiting: list[_Poll] = []
        self._telling: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "polls")
        self._connection: Connection | None = None
        event.listen(engine, "engine_disposed", self._end)

    async def kept(self, token: str, *, whole: bool) -> Kept | None:
        """The feed of a token, with its bytes where the `whole` is wanted; None where more is to be done than to tell it, or where that
        cannot be found out now."""
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
            found: Mapping[tuple[bytes, bool], Kept] = {}
            asked = {(poll.token, poll.whole) for poll in polls}
            try:
                if self._is_file and self._connection is not None:
                    found = self._look_up(asked, self._clock())
                else:
                    looked_up = asyncio.get_running_loop().run_in_executor(self._thread, self._look_up, asked, self._clock())
                    with contextlib.suppress(TimeoutError):
                        found = await asyncio.wait_for(looked_up, PATIENCE_SECONDS)
            finally:
                for poll in polls:
                    if not poll.told.done():  # a client may have gone away
                        poll.told.set_result(found.get((poll.token, poll.whole)))

    def _look_up(self, asked: Collection[tuple[bytes, bool]], now: dt.datetime) -> Mapping[tuple[bytes, bool], Kept]:
        """What is found, with the bytes or without; nothing where the database cannot be asked."""
        found: dict[tuple[bytes, bool], Kept] = {}
        with contextlib.suppress(DBAPIError, PoolTimeout):
            self._connection = self._connection or watching(self._engine)
            for whole in {whole for _, whole in asked}:
                of = kept(self._connection, [token for token, wholly in asked if wholly == whole], now, whole=whole)
                found.update({(token, whole): feed for token, feed in of.items()})
        if self._connection is not None and self._connection.invalidated:  # the next one is new
            self._close()
        return found

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):  # the server of databases may be gone
                connection.close()

    def _end(self, _: Engine) -> None:
        if self._connection is not None:
            with contextlib.suppress(TimeoutError):
                self._thread.submit(self._close).result(PATIENCE_SECONDS)
