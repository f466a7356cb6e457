"""An identity provider may be known to ask everybody for two factors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Makes the column; of a provider that is there already nothing is known."""
    op.add_column("identity_provider", sa.Column("two_factors", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("identity_provider") as provider:
        provider.alter_column("two_factors", server_default=None)
