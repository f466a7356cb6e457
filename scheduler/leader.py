"""Which one of several processes ticks: the one that holds a lock, which the system takes back the moment that process ends.

No clock has a say in it. On PostgreSQL it is an advisory lock of the database, held by a connection of its own outside the pool; on
SQLite, where all processes are on one machine, it is a lock on a file beside the database. While a leader changes, two may lead for less
than a second: whatever they do has a key in the database, so that it is done once.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

LOCK = 5_281_948_214
"""The key of PostgreSQL's lock."""

GONE_SECONDS = 10
"""So long a side waits for the other, before it takes it for gone."""

SERVER = {"statement_timeout": f"{GONE_SECONDS}s", "tcp_keepalives_idle": "4", "tcp_keepalives_interval": "3", "tcp_keepalives_count": "2"}
"""What the server is asked for: to notice within `GONE_SECONDS` that the machine of a leader is gone."""


class Lead(Protocol):
    """The lead, for which several processes may ask."""

    def is_mine(self) -> bool:
        """Takes the lead where it is free; whether this process has it now. Asked again and again."""
        ...

    def give_up(self) -> None:
        """Leaves it to others, where this process has it."""
        ...


def lead_of(engine: Engine) -> Lead:
    """The lead of the ticking in a database; nothing is asked for yet."""
    return SqliteLead(Path(str(engine.url.database))) if engine.dialect.name == "sqlite" else PostgresLead(engine.url)


class PostgresLead:
    """The lead of those who share a database of PostgreSQL."""

    def __init__(self, url: URL) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in SERVER.items())
        waits = {"connect_timeout": GONE_SECONDS, "tcp_user_timeout": GONE_SECONDS * 1000}
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"options": options, **waits})
        self._connection: Connection | None = None

    def is_mine(self) -> bool:
        """Takes the lead where it is free; while the connection answers, it still has it."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            connection = self._engine.connect()
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
                self._connection = connection
                return True
            connection.close()
        except DBAPIError:  # the server is away, and with it the lock
            self.give_up()
        return False

    def give_up(self) -> None:
        """Ends the connection, and with it the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class SqliteLead:
    """The lead of those who share a file of SQLite; the lock is one of SQLite's own, on an empty file that nothing is written to."""

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database.resolve()}-leader")
        self._connection: sqlite3.Connection | None = None

    def is_mine(self) -> bool:
        """Takes the lead where it is free, and then has it until it gives it up or the process ends."""
        if self._connection is not None:
            return True
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:  # another has it, or nothing can be written there
            if connection is not None:
                connection.close()
            return False
        self._connection = connection
        return True

    def give_up(self) -> None:
        """Closes the file, and with it the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with closing(connection):
                connection.rollback()
