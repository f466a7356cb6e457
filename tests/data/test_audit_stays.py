"""Rows of the audit stay as they are: the database refuses to change or remove one."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Delete, Engine, Update, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from data.audit import AuditOpening, Deed, opened_audit, write_down
from data.database import reading, transaction

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture
def written(database: Engine) -> Engine:
    with transaction(database) as db:
        for whom in ("mentee s-1", "mentee s-2"):
            write_down(db, at=NOW, by="kim", what="moved", whom=whom)
    return database


def rows(database: Engine) -> list[tuple[str, str]]:
    with reading(database) as db:
        return [(row.by, row.whom) for row in db.scalars(select(Deed).order_by(Deed.whom))]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(update(Deed).values(by="nobody"), id="changed"),
        pytest.param(update(Deed).where(Deed.whom == "mentee s-1").values(reason="none"), id="one changed"),
        pytest.param(delete(Deed).where(Deed.whom == "mentee s-1"), id="removed"),
    ],
)
def test_a_row_is_neither_changed_nor_removed(written: Engine, statement: Update | Delete) -> None:
    with pytest.raises(IntegrityError, match="deed_stays"), transaction(written) as db:
        db.execute(statement)
    with pytest.raises(IntegrityError, match="deed_stays"), written.begin() as connection:
        connection.execute(text("DELETE FROM deed"))
    assert rows(written) == [("kim", "mentee s-1"), ("kim", "mentee s-2")]


def test_who_opens_the_audit_does_so_for_themselves_and_for_as_long_as_that_lasts(written: Engine) -> None:
    with transaction(written) as db:
        with opened_audit(db):
            db.execute(delete(Deed).where(Deed.whom == "mentee s-1"))
        with reading(written) as other:
            assert other.scalars(select(AuditOpening)).all() == []
    assert rows(written) == [("kim", "mentee s-2")]

    def goes_on(db: DbSession) -> None:
        with opened_audit(db):
            db.execute(update(Deed).values(by="lee"))
        db.execute(delete(Deed))

    with pytest.raises(IntegrityError, match="deed_stays"), transaction(written) as db:
        goes_on(db)
    assert rows(written) == [("kim", "mentee s-2")]
