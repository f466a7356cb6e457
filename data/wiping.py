"""Wipes what was erased from the database's files: a row that is overwritten or gone leaves its bytes behind, in pages that are free, in a
log of writes, or in what a planner has noted of a column.

SQLite's file is written anew and its log emptied. Of PostgreSQL every table is, each by itself, and what is noted of columns; what its own
log of writes, its copies and its backups hold is the operator's to let go.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as DbSession

from data.base import Base
from data.database import reading, transaction
from data.erasures import Erasure

PATIENCE = "5s"
"""So long a table may be in use; then the rest is done another time."""

STILL_READ = """
    SELECT count(*) FROM pg_stat_activity AS other, erasure
    WHERE erasure.wiped_at IS NULL AND other.datname = current_database() AND other.pid <> pg_backend_pid()
    AND age(other.backend_xmin) >= age(erasure.xmin)
"""
"""The transactions that began before an erasure ended."""


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
    connection.exec_driver_sql("VACUUM")
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def _wipe_server(connection: Connection) -> bool:
    """What an older transaction may yet read stays where it is, even in a table that is written anew."""
    if connection.execute(text(STILL_READ)).scalar_one():
        return False
    connection.execute(text(f"SET lock_timeout = '{PATIENCE}'"))
    try:
        for table in sorted(Base.metadata.tables):
            connection.execute(text(f'VACUUM (FULL, ANALYZE) "{table}"'))
        connection.execute(text("VACUUM FULL pg_catalog.pg_statistic"))
    finally:
        connection.execute(text("RESET lock_timeout"))
    return True
