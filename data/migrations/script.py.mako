"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import data.base

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """What it brings."""
    ${upgrades if upgrades else "pass"}
