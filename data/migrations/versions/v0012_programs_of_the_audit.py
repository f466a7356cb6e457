"""A row of the audit keeps of which program it is, so that all that was done in one can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection, Row, Uuid, column

revision = "0012"
down_revision = "0011"

_OF = column("program_id", Uuid())
_DEED = sa.table("deed", column("id", Uuid()), column("term_id", Uuid()), _OF, column("what"), column("whom"), column("details", sa.JSON()))
_TERM = sa.table("term", column("id", Uuid()), column("program_id", Uuid()))
_PROGRAM = sa.table("program", column("id", Uuid()), column("key"))
_WEBHOOK = sa.table("webhook", column("id", Uuid()), column("program_id", Uuid()))
_CALENDAR = sa.table("calendar", column("id", Uuid()), column("program_id", Uuid()))
_SUBSCRIPTION = sa.table("subscription", column("id", Uuid()), column("calendar_id", Uuid()))


def upgrade() -> None:
    """Makes the column, and fills it where the program is known; of a key that several organisations' programs have it is not."""
    op.add_column("deed", sa.Column("program_id", Uuid(), nullable=True))
    op.create_index("ix_deed_program_id_at", "deed", ["program_id", "at"])
    db = op.get_bind()
    of_term = sa.select(_TERM.c.program_id).where(_TERM.c.id == _DEED.c.term_id).scalar_subquery()
    db.execute(sa.update(_DEED).values(program_id=of_term))
    by_key = _by_key(db)
    _fill(db, _DEED.c.term_id.is_(None), _of_no_term(db, by_key))
    _fill(db, _DEED.c.term_id.is_not(None), _of_gone_terms(db, by_key))


def _of_no_term(db: Connection, by_key: Mapping[str, UUID]) -> Callable[[Row[Any]], UUID | None]:
    """What tells the program of a row that is about one, a webhook, a link, or a role in one."""
    whose = {f"program {key}": program for key, program in by_key.items()}
    whose |= {f"webhook {one}": program for one, program in db.execute(sa.select(_WEBHOOK.c.id, _WEBHOOK.c.program_id)).all()}
    links = sa.select(_SUBSCRIPTION.c.id, _CALENDAR.c.program_id).join(_CALENDAR, _CALENDAR.c.id == _SUBSCRIPTION.c.calendar_id)
    whose |= {f"subscription {one}": program for one, program in db.execute(links).all()}

    def program_of(row: Row[Any]) -> UUID | None:
        return by_key.get(row.details.get("program", "")) if row.what in {"role given", "role taken"} else whose.get(row.whom)

    return program_of


def _of_gone_terms(db: Connection, by_key: Mapping[str, UUID]) -> Callable[[Row[Any]], UUID | None]:
    """What tells the program of a row of a term that was removed, by how the removal is written down."""
    removed = db.execute(sa.select(_DEED.c.term_id, _DEED.c.whom).where(_DEED.c.what == "term removed")).all()
    keys = {term: whom.removeprefix("term ").partition("/")[0] for term, whom in removed}
    return lambda row: by_key.get(keys.get(row.term_id, ""))


def _by_key(db: Connection) -> dict[str, UUID]:
    """The programs by their keys, without those of which there are several."""
    rows = db.execute(sa.select(_PROGRAM.c.key, _PROGRAM.c.id)).all()
    keys = [key for key, _ in rows]
    return {key: program for key, program in rows if keys.count(key) == 1}


def _fill(db: Connection, which: sa.ColumnElement[bool], program_of: Callable[[Row[Any]], UUID | None]) -> None:
    rows = db.execute(sa.select(_DEED).where(which, _DEED.c.program_id.is_(None))).all()
    known = [{"row": row.id, "program": program} for row in rows if (program := program_of(row)) is not None]
    if known:
        db.execute(sa.update(_DEED).where(_DEED.c.id == sa.bindparam("row")).values(program_id=sa.bindparam("program")), known)
