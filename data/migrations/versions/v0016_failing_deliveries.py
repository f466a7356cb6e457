"""A delivery keeps since when it fails, so that it is given up by its own tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Makes the column; what waits already and has failed has done so since it was laid out."""
    op.add_column("delivery", sa.Column("failed_since", Instant, nullable=True))
    op.execute("UPDATE delivery SET failed_since = made_at WHERE state = 'waiting' AND tries > 0")
