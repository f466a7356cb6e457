"""Wipes what was erased from the database's files: a row that is overwritten or gone leaves its bytes behind, in pages that are free, in a
log of writes, or in what a planner has noted of a column.

SQLite's file is written anew and its log emptied. Of PostgreSQL every table is, each by itself, and what is noted of columns; what its own
log of writes, its copies and its backups hold is the operator's to let go.
"""

from __future__ import annotations

import datetime as dt
import time

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as DbSession

from data.base import Base
from data.database import reading, transaction
from data.erasures import Erasure

PATIENCE = 5
"""Seconds for which a table may be in use, or be read as it was; then the rest is done another time."""

READ_BEFORE = """
    SELECT pg_snapshot_xmin(pg_current_snapshot()) < CAST(:then AS xid8) OR EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND age(backend_xmin) > age(CAST(CAST(:then AS xid8) AS xid)))
"""
"""Whether any transaction may yet read what was there at a moment, or may let one that begins now do so."""


NOTED_OF = """
    SELECT format('ALTER TABLE %I ALTER COLUMN %I TYPE %s', tablename, pg_stats.attname, format_type(atttypid, atttypmod)) FROM pg_stats
    JOIN pg_attribute ON attrelid = CAST(format('%I.%I', schemaname, tablename) AS regclass) AND pg_attribute.attname = pg_stats.attname
    WHERE schemaname = current_schema() AND tablename = :table AND attlen = -1
"""
"""What has the server forget what it noted of a table's texts, which looking through a table that is empty by now does not."""


def to_wipe(db: DbSession) -> dt.datetime | None:
    """When the last erasure was that is not wiped yet; None where all are."""
    return db.scalars(select(Erasure.at).where(Erasure.wiped_at.is_(None)).order_by(Erasure.at.desc()).limit(1)).first()


def wipe(engine: Engine, *, now: dt.datetime) -> int:
    """Wipes what was erased and tells how many erasures that were: none where there was nothing to do, or where somebody still reads what
    there was before; then it is to be tried again."""
    with reading(engine) as db:
        last = to_wipe(db)
    if last is None:
        return 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            done = _wipe_file(connection) if engine.dialect.name == "sqlite" else _wipe_server(connection)
        except OperationalError:  # somebody is at it, for longer than we wait
            return 0
    if not done:
        return 0
    with transaction(engine) as db:
        wiped = update(Erasure).where(Erasure.wiped_at.is_(None), Erasure.at <= last).values(wiped_at=now)
        return len(db.scalars(wiped.returning(Erasure.id)).all())


def _wipe_file(connection: Connection) -> bool:
    waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
    try:
        connection.exec_driver_sql("VACUUM")
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {waits}")
    return not busy


def _wipe_server(connection: Connection) -> bool:
    """What a transaction may yet read stays where it is, even in a table that is written anew: rows that were erased, and what was noted
    of them until the tables were looked through again."""
    if not _read_on(connection):
        return False
    connection.execute(text(f"SET lock_timeout = '{PATIENCE}s'"))
    try:
        for table in sorted(Base.metadata.tables):
            connection.execute(text(f'VACUUM (FULL, ANALYZE) "{table}"'))
            if not connection.scalar(text(f'SELECT EXISTS (SELECT FROM "{table}")')):  # noqa: S608  a name of ours
                for forget in connection.scalars(text(NOTED_OF), {"table": table}).all():
                    connection.execute(text(forget))
        if not _read_on(connection):
            return False
        connection.execute(text("VACUUM FULL pg_catalog.pg_statistic"))
    finally:
        connection.execute(text("RESET lock_timeout"))
    return True


def _read_on(connection: Connection) -> bool:
    """Waits until nobody reads what was there before now; False where somebody does for longer than we wait."""
    then = connection.scalar(text("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)"))
    until = time.monotonic() + PATIENCE
    while connection.scalar(text(READ_BEFORE), {"then": then}):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
