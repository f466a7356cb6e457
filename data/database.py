"""The database: where it is, how it is opened and brought up to date, and one transaction of it.

SQLite is the default: a file of the user's own, made on first use. PostgreSQL is for several processes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError, TimeoutError as NoConnection
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.pool import ConnectionPoolEntry

VARIABLE = "DURE_DATABASE_URL"
PATIENCE_SECONDS = 30
"""So long a writer waits for another."""

AWAY = (InterfaceError, NoConnection, OperationalError)
"""What is raised while the database does not answer, cannot write, or has no connection to give."""

MENDS_OF_FILES = {
    sqlite3.SQLITE_CANTOPEN: f"have {VARIABLE} name a file in a folder in which you may write",
    sqlite3.SQLITE_FULL: f"make room on its disk, or have {VARIABLE} name a file elsewhere",
    sqlite3.SQLITE_NOTADB: f"have {VARIABLE} name a file of SQLite, or one that is not there yet",
    sqlite3.SQLITE_READONLY: f"see that you may write it and its folder, or have {VARIABLE} name another",
}
"""What to do where SQLite says this of a file."""

MIGRATIONS = Path(__file__).parent / "migrations"
READING = "dure_reading"
MIGRATING = 5_281_948_213
"""The lock of PostgreSQL under which one process alone brings a database up to date."""


class DatabaseError(Exception):
    """The root of what can be wrong with a database."""


class KeptRefusal(Exception):
    """What is raised where a refusal is to be kept, too, such as a try that was wrong: what its transaction has written stays."""


@dataclass(eq=False)
class BadAddress(DatabaseError):
    """The address is of no database that can be used."""

    problem: str

    def __str__(self) -> str:
        return f"{VARIABLE}: {self.problem}; write sqlite:////folder/dure.db or postgresql://user:password@host/name"


@dataclass(eq=False)
class NotUpToDate(DatabaseError):
    """The database is of another version of the schema than this program; `found` is None where it is empty."""

    found: str | None
    wanted: str

    def __str__(self) -> str:
        return f"the database is at version {self.found or 'none'}, and this program needs {self.wanted}; run `dure migrate`"


@dataclass(eq=False)
class TooNew(DatabaseError):
    """A newer program has brought the database to a version that this one does not know."""

    found: str

    def __str__(self) -> str:
        return f"the database is at version {self.found}, which this program does not know yet; use the newer one"


def address(environment: Mapping[str, str] = os.environ) -> URL:
    """Where the database is: what `DURE_DATABASE_URL` says, else an SQLite file in the user's folder for data.

    Raises
    ------
    BadAddress
        It is no address of SQLite or PostgreSQL.
    """
    given = environment.get(VARIABLE, "")
    if not given:
        base = environment.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
        return URL.create("sqlite", database=str(Path(base) / "dure" / "dure.db"))
    try:
        url = make_url(given)
    except ArgumentError:
        raise BadAddress("is no address") from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise BadAddress("names no file")
        if url.query:
            raise BadAddress("an SQLite file takes no options")
        return url.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise BadAddress(f"{backend} is not known")


def open_database(url: URL | str) -> Engine:
    """The engine of a database; nothing is read yet. An SQLite file gets its folder. Errors tell no values, which may be of people."""
    url = make_url(url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15, hide_parameters=True)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": PATIENCE_SECONDS, "check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  the driver that was asked for
    connection.isolation_level = None  # transactions begin below, not where the driver sees fit
    for pragma in (f"busy_timeout={PATIENCE_SECONDS * 1000}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _keep_a_log(connection)


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Has a file keep its log of writes, which it does from then on. Where another makes it do so at the same moment, SQLite does not wait,
    whatever it was told."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """A writer begins as one: who begins as a reader may find at its first write that another has been quicker."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[DbSession]:
    """One transaction: committed at the end, or nothing of it where an exception leaves it that is no `KeptRefusal`."""
    with _turn(engine), closing(DbSession(engine, expire_on_commit=False)) as db:
        db.begin()
        try:
            yield db
        except KeptRefusal:
            db.commit()
            raise
        db.commit()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Has the writers of one SQLite file in this process go one after another: there waiting for each other costs nothing, while SQLite
    itself looks again and again, ever more seldom, and lets in whoever happens to look first. Who waits for too long asks SQLite."""
    if engine.dialect.name != "sqlite":
        yield
        return
    mine = _writing(str(engine.url.database))
    held = mine.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        if held:
            mine.release()


@cache
def _writing(_: str) -> threading.Lock:
    """Of each file there is one."""
    return threading.Lock()


@contextmanager
def reading(engine: Engine) -> Iterator[DbSession]:
    """A transaction that only reads, at one moment; it waits for no writer, and whatever it changed is lost."""
    # What was read stays as it is after closing: a rollback would have it read again.
    with closing(DbSession(engine.execution_options(**{READING: True}), expire_on_commit=False)) as db:
        db.begin()
        yield db


def why_away(error: Exception) -> str:
    """The first line of what the database's driver says, without the statement and what it was to write."""
    return str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]


def may_have_crossed(error: Exception) -> bool:
    """Whether what the database refuses is so because somebody else wrote, or removed, something at that moment: a key that is there by
    now, or one that is pointed to and gone. A value that is lacking or wrong is a fault of ours."""
    cause = error.orig if isinstance(error, IntegrityError) else None
    if isinstance(cause, sqlite3.IntegrityError):
        return cause.sqlite_errorname in {f"SQLITE_CONSTRAINT_{kind}" for kind in ("UNIQUE", "PRIMARYKEY", "FOREIGNKEY")}
    return isinstance(cause, psycopg.errors.UniqueViolation | psycopg.errors.ForeignKeyViolation)


def cannot_be_used(url: URL | None, error: DBAPIError) -> str:
    """What is told of a database that cannot be used: which file it is, where it is one, why, and what to do."""
    file = f" {url.database}" if url is not None and url.get_backend_name() == "sqlite" else ""
    code = getattr(error.orig, "sqlite_errorcode", None)
    mend = MENDS_OF_FILES.get(code & 0xFF) if file and code is not None else None
    return f"the database{file} cannot be used: {why_away(error)}" + (f"; {mend}" if mend else "")


def migrate(engine: Engine) -> None:
    """Brings the schema up to date, in one transaction and one process at a time.

    Raises
    ------
    TooNew
        It is newer than that.
    """
    _refuse_unknown(_version(engine))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, _free_to_rebuild(connection), connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _free_to_rebuild(connection: Connection) -> Iterator[None]:
    """On SQLite a table is changed by making it anew, which those that point to it forbid unless they are not looked at meanwhile; that
    can be said only outside of a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  the driver that was asked for
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def refuse_other_version(engine: Engine) -> None:
    """Does nothing where the schema is up to date.

    Raises
    ------
    NotUpToDate, TooNew
        It is not.
    """
    wanted = ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""
    found = _version(engine)
    if found != wanted:
        _refuse_unknown(found)
        raise NotUpToDate(found, wanted)


def _version(engine: Engine) -> str | None:
    """The version of the schema; None where there is none yet."""
    with engine.connect().execution_options(**{READING: True}) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(version: str | None) -> None:
    if version not in {None, *(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())}:
        raise TooNew(str(version))
