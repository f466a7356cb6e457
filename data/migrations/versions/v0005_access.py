"""Accounts and API clients have roles; what they did is told as events, and to their retries as before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    """Makes their tables."""
    with op.batch_alter_table("deed") as deed:
        deed.add_column(sa.Column("source", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("deed") as deed:
        deed.alter_column("source", server_default=None)
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("closed_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("closed_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_client_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_client"),
    )
    op.create_index("ix_client_organisation_id", "client", ["organisation_id"])
    op.create_table(
        "client_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("last_used_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_client_secret_client_id"),
        sa.PrimaryKeyConstraint("id", name="pk_client_secret"),
    )
    op.create_index("ix_client_secret_client_id", "client_secret", ["client_id"])
    op.create_table(
        "client_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_client_token_client_id"),
        sa.ForeignKeyConstraint(["secret_id"], ["client_secret.id"], name="fk_client_token_secret_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_client_token"),
        sa.UniqueConstraint("hash", name="uq_client_token_hash"),
    )
    for column in ("client_id", "secret_id", "ends_at"):
        op.create_index(f"ix_client_token_{column}", "client_token", [column])
    op.create_table(
        "grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("school", sa.String(), nullable=False),
        sa.CheckConstraint("(account_id IS NULL) <> (client_id IS NULL)", name="ck_grant_one_holder"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_grant_account_id"),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_grant_client_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_grant_organisation_id"),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_grant_program_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_grant_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_grant"),
    )
    for column in ("account_id", "client_id", "program_id", "person_id"):
        op.create_index(f"ix_grant_{column}", "grant", [column])
    op.create_table(
        "reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("request", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reply"),
        sa.UniqueConstraint("key", name="uq_reply_key"),
    )
    op.create_index("ix_reply_at", "reply", ["at"])
    op.create_table(
        "event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("writer", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_event_program_id"),
        sa.PrimaryKeyConstraint("number", name="pk_event"),
        sa.UniqueConstraint("id", name="uq_event_id"),
    )
    op.create_index("ix_event_at", "event", ["at"])
    op.create_index("ix_event_program_id_writer_number", "event", ["program_id", "writer", "number"])
