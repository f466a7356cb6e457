"""A cancelled session tells since when it is: until now that was its last change, which another change may have followed since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the column, and fills it."""
    op.add_column("session", sa.Column("cancelled_at", Instant, nullable=True))
    op.execute("UPDATE session SET cancelled_at = changed_at WHERE state = 'cancelled'")
