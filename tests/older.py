"""A database as an older program has left it: at the first version of the schema, with rows in every table.

The rows are a term of three groups in its first week: a session that was held, others that were cancelled, moved, made up and given to
a substitute, a group with other times, days that were closed, and mail that waits.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, column, insert, table, text

from data.database import MIGRATIONS

ROWS = Path(__file__).parent / "data" / "rows_of_v0001.json"


@pytest.fixture
def old_database(empty_database: Engine) -> Engine:
    """One of each kind."""
    with empty_database.begin() as connection:
        upgrade(connection, "0001")
        if empty_database.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))  # in which the instants are written
        for name, rows in json.loads(ROWS.read_text(encoding="utf-8")).items():
            for row in rows:
                cells = {of: bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell for of, cell in row.items()}
                connection.execute(insert(table(name, *map(column, cells))).values(cells))
    return empty_database


def upgrade(connection: Connection, version: str) -> None:
    """Brings the schema to a version that an older program had."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
