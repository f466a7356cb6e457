"""Events know the PostgreSQL server that counts their writers, so that they keep their order on another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Makes its table: what is written from now on comes after all that is kept, on whichever server that was written."""
    op.create_table(
        "event_server",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("identifier", sa.BigInteger, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("""
            INSERT INTO event_server (id, identifier, start)
            SELECT 1, system_identifier, 1 + greatest(0, (SELECT max(writer) FROM event), (SELECT max(writer) FROM webhook))
            FROM pg_control_system()
        """)
