"""Accounts go with whom they were of, also where their role was taken away before; and not where they have another role by then."""

from __future__ import annotations

import datetime as dt
from threading import Thread

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.database import reading, transaction
from data.grants import Account, Grant
from data.people import Person
from data.programs import Program
from data.retention import ACCOUNTS_KEPT
from data.roles import Given, give_role, take_role
from scheduler.erasure import erase_person
from scheduler.retention import forget_accounts
from tests.sessions import taught_term

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = NOW + ACCOUNTS_KEPT + dt.timedelta(days=1)


@pytest.fixture
def taught(database: Engine) -> Engine:
    taught_term(database)
    return database


def addresses(engine: Engine) -> set[str]:
    with reading(engine) as db:
        return set(db.scalars(select(Account.email)))


def gave(engine: Engine, email: str, role: Role, key: str = "") -> str:
    """Gives a role, and tells its id."""
    with transaction(engine) as db:
        person = db.scalars(select(Person).where(Person.key == key)).one() if key else None
        return str(give_role(db, None, db.scalars(select(Program)).one(), email, Given(role, person), by="test", now=NOW).id)


def took(engine: Engine, role: str) -> None:
    with transaction(engine) as db:
        take_role(db, None, db.scalars(select(Program)).one(), role, by="test", now=NOW)


def test_an_account_whose_role_was_taken_before_goes_with_whom_it_was_of(taught: Engine) -> None:
    gave(taught, "office@example.org", Role.OWNER)
    took(taught, gave(taught, "child@example.org", Role.MENTEE, "s-1"))
    took(taught, gave(taught, "mother@example.org", Role.GUARDIAN, "s-1"))
    took(taught, gave(taught, "aunt@example.org", Role.GUARDIAN, "s-2"))
    took(taught, gave(taught, "father@example.org", Role.GUARDIAN, "s-1"))
    gave(taught, "father@example.org", Role.GUARDIAN, "s-3")
    with transaction(taught) as db:
        erase_person(db, db.scalars(select(Person).where(Person.key == "s-1")).one(), by="test", now=NOW)
    assert addresses(taught) == {"office@example.org", "aunt@example.org", "father@example.org"}


def test_an_account_that_is_given_a_role_while_idle_ones_are_forgotten_stays(taught: Engine) -> None:
    """Who gives it is quicker, and is waited for."""
    gave(taught, "office@example.org", Role.OWNER)
    took(taught, gave(taught, "idle@example.org", Role.REVIEWER))
    forgetting = Thread(target=forget_accounts, args=(taught, lambda: LATER))
    with transaction(taught) as db:
        give_role(db, None, db.scalars(select(Program)).one(), "idle@example.org", Given(Role.SUPERVISOR), by="test", now=NOW)
        db.flush()
        forgetting.start()
        forgetting.join(0.5)
        assert forgetting.is_alive(), "it waits"
    forgetting.join(30)
    assert addresses(taught) == {"office@example.org", "idle@example.org"}
    with reading(taught) as db:
        assert set(db.scalars(select(Grant.role).where(Grant.account_id.is_not(None)))) == {Role.OWNER, Role.SUPERVISOR}
