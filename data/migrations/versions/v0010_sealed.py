"""What devices show codes by is sealed with the service's key; organisations have identity providers, and accounts are known to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.base import Instant
from data.sealing import keys

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Makes their tables, and seals what there is; without any, no key is asked for."""
    op.create_table(
        "identity_provider",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("issuer", "client", "secret", "domains")),
        sa.Column("made_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_identity_provider_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_identity_provider"),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_identity_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identity_issuer_subject"),
        sa.UniqueConstraint("issuer", "account_id", name="uq_identity_issuer_account_id"),
    )
    op.create_index("ix_identity_account_id", "identity", ["account_id"])
    op.create_table(
        "departure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.LargeBinary(32), nullable=False),
        sa.Column("browser", sa.LargeBinary(32), nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_departure_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_departure"),
        sa.UniqueConstraint("state", name="uq_departure_state"),
    )
    op.create_index("ix_departure_organisation_id", "departure", ["organisation_id"])
    op.create_index("ix_departure_ends_at", "departure", ["ends_at"])
    here = op.get_bind()
    totp = sa.table("totp", sa.column("account_id", sa.Uuid()), sa.column("secret", sa.String()))
    for account, secret in here.execute(sa.select(totp.c.account_id, totp.c.secret)).all():
        sealed = keys(here.engine.url).encrypt(secret.encode()).decode("ascii")
        here.execute(sa.update(totp).where(totp.c.account_id == account).values(secret=sealed))
