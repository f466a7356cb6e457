"""Kept answers know whose people they may name, visits whether they began with two factors; a state of deliveries is one word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Makes the columns; answers that are kept already are as those of several organisations, and who is signed in has shown one factor."""
    op.add_column("reply", sa.Column("organisation_id", sa.Uuid(), nullable=True))
    op.add_column("visit", sa.Column("two_factors", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("visit") as visit:
        visit.alter_column("two_factors", server_default=None)
    op.execute("UPDATE delivery SET state = 'given_up' WHERE state = 'given up'")
