"""The one query that a poll of a feed costs, on a connection of the driver's own: SQLAlchemy would take several times what it does.

It finds only feeds of which nothing remains to do than to tell them: the links of others may be unknown or revoked, their bytes no
longer right, or their use yet to be noted.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import ARRAY, Engine, LargeBinary, Select, any_, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from data.feeds import USE_IS_NOTED_EVERY, Calendar, Subscription

CONNECT_SECONDS = 10
"""So long a server may take to let somebody in."""

_OF = Subscription.__table__.c
KEPT = (
    select(_OF.token_hash, _OF.rendered_etag, _OF.last_modified)
    .join_from(Subscription.__table__, Calendar.__table__)
    .where(
        _OF.fresh_until > bindparam("now"),
        _OF.last_used_at > bindparam("unnoted_since"),
        _OF.revoked_at.is_(None),
        _OF.rendered_version == Calendar.__table__.c.version,
    )
)
"""What `Link` says of one, the database says of many. The hashes of tokens come after the two instants."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed that can be told as it is kept; `rendered` is there where the bytes were asked for."""

    etag: str
    last_modified: dt.datetime
    rendered: bytes | None = None


class PolledFile:
    """Asks an SQLite file, which answers at once, also while somebody writes.

    Raises `sqlite3.Error` where it cannot.
    """

    _QUERY = KEPT.where(_OF.token_hash == bindparam("hash"))

    def __init__(self, engine: Engine) -> None:
        there = f"{Path(str(engine.url.database)).absolute().as_uri()}?mode=rw"
        self.driver = sqlite3.connect(there, timeout=0, isolation_level=None, check_same_thread=False, uri=True)
        self._plain, self._whole = (str(query.compile(dialect=sqlite.dialect())) for query in _both(self._QUERY))

    def kept(self, token: bytes, now: dt.datetime, *, whole: bool) -> Kept | None:
        """The feed of a hashed token, with its bytes where the `whole` is wanted."""
        values = (_written(now), _written(now - USE_IS_NOTED_EVERY), token)
        row = self.driver.execute(self._whole if whole else self._plain, values).fetchone()
        return Kept(row[1], dt.datetime.fromisoformat(row[2]).replace(tzinfo=dt.UTC), *row[3:]) if row else None

    def close(self) -> None:
        """Ends it."""
        self.driver.close()


class PolledServer:
    """Asks a PostgreSQL server, of many feeds at once, and does not wait for what it says.

    Raises `psycopg.Error` where it cannot be asked.
    """

    _DIALECT = postgresql.psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # it tells no types
    _QUERY = KEPT.where(_OF.token_hash == any_(bindparam("hashes", type_=ARRAY(LargeBinary))))

    def __init__(self, engine: Engine) -> None:
        words, named = engine.dialect.create_connect_args(engine.url)
        self.driver = psycopg.connect(*words, **{"connect_timeout": CONNECT_SECONDS, **named}, autocommit=True)
        self._values = Transformer(self.driver)
        self._result: PGresult | None = None
        for name, query in zip((b"kept", b"kept whole"), _both(self._QUERY), strict=True):
            self.driver.pgconn.prepare(name, str(query.compile(dialect=self._DIALECT)).encode())

    @property
    def socket(self) -> int:
        """The number of the file to watch."""
        return self.driver.pgconn.socket

    def ask(self, tokens: Collection[bytes], now: dt.datetime, *, whole: bool) -> None:
        """Sends the query for hashed tokens; nothing else may be asked until it is answered."""
        values = self._values.dump_sequence([now, now - USE_IS_NOTED_EVERY, list(tokens)], [PyFormat.BINARY] * 3)
        self.driver.pgconn.send_query_prepared(b"kept whole" if whole else b"kept", values, [1, 1, 1], 1)
        self.driver.pgconn.flush()

    def answered(self) -> dict[bytes, Kept] | None:
        """The feeds that were found, by hashed token, once the server's socket can be read; None while more is to come."""
        connection = self.driver.pgconn
        connection.consume_input()
        while not connection.is_busy():
            result = connection.get_result()
            if result is not None:
                self._result = result
            elif self._result is None:  # it said something that nobody had asked for
                return None
            else:
                return self._read(self._result)
        return None

    def _read(self, result: PGresult) -> dict[bytes, Kept]:
        self._result = None
        if result.status != ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError("a query of feeds failed")
        self._values.set_pgresult(result)
        rows = self._values.load_rows(0, result.ntuples, tuple)
        return {token: Kept(etag, at.astimezone(dt.UTC), *rendered) for token, etag, at, *rendered in rows}

    def close(self) -> None:
        """Ends it."""
        self.driver.close()


def _both(query: Select[tuple[object, ...]]) -> tuple[Select[tuple[object, ...]], Select[tuple[object, ...]]]:
    """A query, and the same with the feeds' bytes."""
    return query, query.add_columns(_OF.rendered)


def _written(at: dt.datetime) -> str:
    """An instant as SQLAlchemy writes it for SQLite: in UTC, which it does not say."""
    return at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
