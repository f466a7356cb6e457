"""Rounds of platforms are solved that are of no term; and how long a run explains its result is chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the table of matches, and lets a round be without a term."""
    with op.batch_alter_table("round") as round:
        round.alter_column("term_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("run", sa.Column("explain_seconds", sa.Double(), nullable=True))
    op.create_table(
        "match",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("fetched_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["id"], ["run.id"], name="fk_match_id"),
        sa.PrimaryKeyConstraint("id", name="pk_match"),
    )
    op.create_index("ix_match_owner", "match", ["owner"])
