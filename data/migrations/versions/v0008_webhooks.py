"""Webhooks are rows of their own, told of events, and no setting of programs any more; those that there are go on being told.

They are signed as before, by the service's own secret, until they are given another. What waited for them is not told any more: whoever
needs it asks for the sessions and runs that there are.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

from data.base import Instant, new_id

revision = "0008"
down_revision = "0007"

TYPES = ["session.changed", "run.published", "run.withdrawn"]
"""What older programs told."""


def upgrade() -> None:
    """Makes their tables, and fills them from the programs' settings."""
    webhook = op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant, nullable=True),
        sa.Column("disabled_why", sa.String(), nullable=False),
        sa.Column("writer", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant, nullable=True),
        sa.Column("leased_until", Instant, nullable=True),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_webhook_program_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_program_id", "webhook", ["program_id"])
    secret = op.create_table(
        "webhook_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("old", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_webhook_secret_webhook_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secret"),
    )
    op.create_index("ix_webhook_secret_webhook_id", "webhook_secret", ["webhook_id"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", Instant, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_delivery_webhook_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_delivery_event_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_delivery_webhook_id_event_id"),
    )
    op.create_index("ix_delivery_event_id", "delivery", ["event_id"])
    op.create_index("ix_delivery_webhook_id_state", "delivery", ["webhook_id", "state"])
    _move(webhook, secret)


def _move(webhook: sa.Table, secret: sa.Table) -> None:
    here, now = op.get_bind(), dt.datetime.now(dt.UTC)
    program = sa.table("program", sa.column("id", sa.Uuid()), sa.column("settings", sa.JSON()))
    event = sa.table("event", sa.column("writer"), sa.column("number"))
    last = here.execute(sa.select(event.c.writer, event.c.number).order_by(event.c.writer.desc(), event.c.number.desc()).limit(1)).first()
    writer, number = last or (0, 0)
    for key, settings in here.execute(sa.select(program.c.id, program.c.settings)).all():
        if "webhooks" not in settings:
            continue
        rest = {name: value for name, value in settings.items() if name != "webhooks"}
        here.execute(sa.update(program).where(program.c.id == key).values(settings=rest))
        for url in settings["webhooks"]:
            one = new_id()
            of = {"id": one, "program_id": key, "url": url, "types": TYPES, "made_at": now, "disabled_why": ""}
            here.execute(sa.insert(webhook).values(**of, writer=writer, number=number, failures=0))
            here.execute(sa.insert(secret).values(id=new_id(), webhook_id=one, old=True, made_at=now))
    message = sa.table("message", sa.column("channel"))
    here.execute(sa.delete(message).where(message.c.channel == "webhook"))
