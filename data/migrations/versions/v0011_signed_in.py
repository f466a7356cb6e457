"""A visit keeps when whoever it is of signed in, which is not always when they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Makes its column: so far both were one."""
    op.add_column("visit", sa.Column("signed_in_at", Instant, nullable=True))
    op.execute("UPDATE visit SET signed_in_at = made_at")
