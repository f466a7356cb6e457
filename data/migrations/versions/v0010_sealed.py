"""What devices show codes by is sealed with the service's key; organisations have identity providers, and accounts are known to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.sealing import keys

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    """Seals what there is; without any, no key is asked for."""
    here = op.get_bind()
    totp = sa.table("totp", sa.column("account_id", sa.Uuid()), sa.column("secret", sa.String()))
    for account, secret in here.execute(sa.select(totp.c.account_id, totp.c.secret)).all():
        sealed = keys(here.engine.url).encrypt(secret.encode()).decode("ascii")
        here.execute(sa.update(totp).where(totp.c.account_id == account).values(secret=sealed))
