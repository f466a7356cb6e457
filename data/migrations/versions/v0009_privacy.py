"""What guardians have agreed to, when people were born, who is left out of a round, and which erasures are yet to be wiped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes two tables, and adds columns in which nothing is said of what there is."""
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("guardian", sa.String(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("noted_at", Instant, nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_consent_program_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_person_id_program_id", "consent", ["person_id", "program_id"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("wiped_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_erasure_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_person_id", "erasure", ["person_id"])
    op.create_index("ix_erasure_wiped_at", "erasure", ["wiped_at"])
    op.add_column("person", sa.Column("born_on", sa.Date(), nullable=True))
    op.add_column("person", sa.Column("erased_at", Instant, nullable=True))
    op.add_column("round", sa.Column("left_out", sa.JSON(), nullable=True))
