"""Webhooks, subscriptions and closures may have a key of the platform's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Makes the columns; of what is there already nobody has a key."""
    for table, whole in (("webhook", "program_id"), ("subscription", "calendar_id"), ("closure", "term_id")):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("key", sa.String(), nullable=True))
            changed.create_unique_constraint(op.f(f"uq_{table}_{whole}_key"), [whole, "key"])
