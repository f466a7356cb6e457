"""Mentors hand in timetables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes their table."""
    op.create_table(
        "timetable",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("busy", sa.JSON(), nullable=False),
        sa.Column("weekly", sa.String(), nullable=False),
        sa.Column("read_at", Instant, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name="fk_timetable_mentor_id"),
        sa.PrimaryKeyConstraint("mentor_id", name="pk_timetable"),
    )
