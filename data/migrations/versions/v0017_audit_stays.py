"""Rows of the audit are only ever added to: the database itself refuses to change or remove one, but for whoever opens it to erase somebody
or to keep a retention period, within one transaction."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

STAYS = """
CREATE FUNCTION deed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_opening) THEN
        RAISE EXCEPTION 'deed_stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$
"""
REFUSE = """
CREATE TRIGGER deed_stays_{event} BEFORE {event} ON deed
WHEN NOT EXISTS (SELECT 1 FROM audit_opening)
BEGIN SELECT RAISE(ABORT, 'deed_stays'); END
"""


def upgrade() -> None:
    """Makes the table that is never anything but empty to others, and what refuses."""
    op.create_table("audit_opening", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id", name="pk_audit_opening"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(STAYS)
        op.execute("CREATE TRIGGER deed_stays BEFORE UPDATE OR DELETE ON deed FOR EACH ROW EXECUTE FUNCTION deed_stays()")
    else:
        for event in ("update", "delete"):
            op.execute(REFUSE.format(event=event))
