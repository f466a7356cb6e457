"""A database that an older program has filled becomes one of this program, and loses nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, column, insert, select, table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.base import new_id
from data.database import _free_to_rebuild, migrate, reading, refuse_other_version, transaction
from data.events import Event, Happening, events_after, happened
from data.feeds import Subscription
from data.programs import Program, Term
from data.sessions import Booking, Session, State
from data.tables import METADATA
from data.webhooks import Webhook, derived, webhook_secrets
from tests.older import upgrade

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
Rows = dict[str, list[dict[str, Any]]]


def rows_of(database: Engine) -> Rows:
    """What every table holds, as the database itself tells it."""
    there = MetaData()
    there.reflect(database)
    with database.connect() as connection:
        return {
            table.name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=repr) for table in there.sorted_tables
        }


def test_the_upgraded_schema_is_that_of_the_tables(old_database: Engine) -> None:
    migrate(old_database)
    refuse_other_version(old_database)
    with old_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
def test_what_is_made_anew_is_pointed_to_as_before_and_looked_at_again(old_database: Engine) -> None:
    migrate(old_database)
    with old_database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_double_booking_is_refused_after_it_as_before(old_database: Engine) -> None:
    migrate(old_database)

    def book_again() -> None:
        with transaction(old_database) as db:
            booked = db.scalars(select(Booking).limit(1)).one()
            other = db.scalars(select(Session.id).where(Session.id != booked.session_id, Session.state == State.CANCELLED)).first()
            db.add(Booking(session_id=other, person_id=booked.person_id, starts_at=booked.starts_at, ends_at=booked.ends_at))

    with pytest.raises(IntegrityError, match="booking_no_two_at_once"):
        book_again()


def test_every_row_is_as_it_was_and_what_is_cancelled_knows_since_when(old_database: Engine) -> None:
    before = rows_of(old_database)
    assert all(before.values()), "there is a row in every table"
    migrate(old_database)
    after = rows_of(old_database)
    for kept in before.keys() - {"alembic_version"}:
        names = before[kept][0].keys()
        assert sorted(({name: row[name] for name in names} for row in after[kept]), key=repr) == before[kept]
    with reading(old_database) as db:
        since = {(session.cancelled_why, session.cancelled_at) for session in cancelled(db)}
        assert since == {(session.cancelled_why, session.changed_at) for session in cancelled(db)}
        assert len(since) == 3
        rest = db.scalars(select(Session).where(Session.state != State.CANCELLED)).all()
        assert {session.cancelled_at for session in rest} == {None}
        assert {State.PLANNED, State.HELD} == {session.state for session in rest}
        assert {booking.session_id for booking in db.scalars(select(Booking))} == {session.id for session in rest}


def cancelled(db: DbSession) -> list[Session]:
    return list(db.scalars(select(Session).where(Session.state == State.CANCELLED)))


def test_events_that_came_from_another_server_are_seen_and_what_is_written_comes_after_them(old_database: Engine) -> None:
    writer = 10**12 if old_database.dialect.name == "postgresql" else 0
    with old_database.connect() as connection, _free_to_rebuild(connection), connection.begin():
        upgrade(connection, "0012")
        program = connection.execute(select(Program.id)).scalars().first()
        assert program is not None
        row = {"id": new_id(), "writer": writer, "program_id": program, "type": "old", "data": {}, "at": NOW}
        connection.execute(insert(Event).values(row))
    migrate(old_database)
    with transaction(old_database) as db:
        happened(db, [Happening(program, "new", {})], now=NOW)
    with reading(old_database) as db:
        assert [one.type for one in events_after(db, [program], None, (), most=1000)] == ["old", "new"]


def test_an_upgrade_once_more_changes_nothing(old_database: Engine) -> None:
    migrate(old_database)
    before = rows_of(old_database)
    migrate(old_database)
    assert rows_of(old_database) == before


def test_a_row_of_the_audit_is_of_its_program_however_it_says_that(old_database: Engine) -> None:
    gone, hook = uuid4(), uuid4()
    with old_database.connect() as connection, _free_to_rebuild(connection), connection.begin():
        upgrade(connection, "0011")
        there = MetaData()
        there.reflect(connection)
        deed = there.tables["deed"]
        assert "program_id" not in deed.columns
        program, key = connection.execute(select(Program.id, Program.key)).one()
        term, link = (connection.execute(select(one).limit(1)).scalar_one() for one in (Term.id, Subscription.id))
        told = {"url": "https://a.example", "types": [], "made_at": NOW, "disabled_why": "", "writer": 0, "number": 0, "failures": 0}
        connection.execute(insert(Webhook).values(id=hook, program_id=program, **told))
        rows: tuple[tuple[str, UUID | None, str, str, dict[str, str]], ...] = (
            ("of a term", term, "moved", "session x", {}),
            ("about it", None, "setting changed", f"program {key}", {}),
            ("a role", None, "role given", "account x", {"program": key, "role": "owner"}),
            ("a link", None, "feed revoke", f"subscription {link}", {}),
            ("a webhook", None, "webhook made", f"webhook {hook}", {}),
            ("of a gone term", gone, "tables imported", f"term {key}/gone", {}),
            ("its removal", gone, "term removed", f"term {key}/gone", {}),
            ("nobody's", None, "client made", "client x", {}),
            ("another's", None, "role given", "account x", {"program": "other", "role": "owner"}),
            ("of a gone link", None, "feed revoke", f"subscription {gone}", {}),
        )
        then = table("deed", *(column(one.name, Deed.__table__.c[one.name].type) for one in deed.columns))
        for reason, of, what, whom, details in rows:
            held = {"id": uuid4(), "term_id": of, "at": NOW, "by": "upgraded", "what": what, "whom": whom, "reason": reason}
            connection.execute(insert(then).values(**held, details=details, source=""))
    migrate(old_database)
    with reading(old_database) as db:
        found = dict(db.execute(select(Deed.reason, Deed.program_id).where(Deed.by == "upgraded")).all())
    of_none = {"nobody's", "another's", "of a gone link"}
    assert found == {reason: None if reason in of_none else program for reason, *_ in rows}


def test_the_addresses_that_were_a_setting_are_webhooks_and_signed_as_before(old_database: Engine) -> None:
    own = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
    with old_database.begin() as connection:
        connection.execute(text('UPDATE program SET settings = \'{"webhooks": ["https://a.example/b"], "cancelled_days": 7}\''))
    migrate(old_database)
    with reading(old_database) as db:
        assert [program.settings for program in db.scalars(select(Program))] == [{"cancelled_days": 7}]
        (webhook,) = db.scalars(select(Webhook))
        assert (webhook.url, webhook.types) == ("https://a.example/b", ["session.changed", "run.published", "run.withdrawn"])
        assert [derived(own, secret) for secret in webhook_secrets(db, [webhook.id])] == [own]
