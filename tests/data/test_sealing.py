"""What is sealed is opened by the service's keys alone, and a key that was made is never lost to another."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from alembic import command
from alembic.config import Config
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import URL, make_url

from data.accounts import account_for
from data.audit import Deed
from data.base import new_id
from data.database import MIGRATIONS, migrate, open_database, reading, transaction
from data.factors import Totp, begin_totp, confirm_totp
from data.identities import IdentityProvider
from data.programs import Organisation
from data.resealing import reseal
from data.sealing import VARIABLE, BadKey, NoKey, OtherKey, keys, seal, unseal
from data.single_sign_on import NewProvider, set_provider
from tests.api.v1.callers import NOW
from tests.sessions import taught_term

OLD, NEW = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=", "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE="
POSTGRESQL = make_url("postgresql+psycopg://dure@127.0.0.1/dure")


def test_the_first_key_seals_and_all_open() -> None:
    sealed = keys(POSTGRESQL, {VARIABLE: OLD}).encrypt(b"secret")
    both = keys(POSTGRESQL, {VARIABLE: f"{NEW}, {OLD}"})
    assert both.decrypt(sealed) == b"secret"
    assert Fernet(NEW).decrypt(both.encrypt(b"later")) == b"later"


@pytest.mark.parametrize(
    "given",
    [pytest.param("short", id="short"), pytest.param(",", id="none at all"), pytest.param(f"{NEW},word", id="the second is none")],
)
def test_what_is_no_key_is_refused_with_a_mend(given: str) -> None:
    with pytest.raises(BadKey, match=r"DURE_KEY holds what is no key; write 32 random bytes"):
        keys(POSTGRESQL, {VARIABLE: given})


def test_postgresql_without_a_key_seals_nothing() -> None:
    with pytest.raises(NoKey, match="DURE_KEY is not set"):
        keys(POSTGRESQL, {})


def test_beside_an_sqlite_file_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    url = URL.create("sqlite", database=str(tmp_path / "dure.db"))
    sealed = keys(url, {}).encrypt(b"secret")
    made = tmp_path / "dure.db.key"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    kept = made.read_bytes()
    assert keys(url, {}).decrypt(sealed) == b"secret"
    assert (made.read_bytes(), [*tmp_path.iterdir()]) == (kept, [made])


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "dure.db.key").write_text("mine\n", encoding="ascii")
    with pytest.raises(BadKey, match=r"dure\.db\.key"):
        keys(URL.create("sqlite", database=str(tmp_path / "dure.db")), {})
    assert (tmp_path / "dure.db.key").read_text(encoding="ascii") == "mine\n"


def test_of_processes_that_begin_at_once_all_have_the_same_key(tmp_path: Path) -> None:
    asked = "import sys; from sqlalchemy.engine import URL; from data.sealing import keys; "
    asked += "sys.stdin.read(); sys.stdout.buffer.write(keys(URL.create('sqlite', database=sys.argv[1]), {}).encrypt(b'secret'))"
    line = [sys.executable, "-c", asked, str(tmp_path / "dure.db")]
    started = [subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        sealed = [out for out, _ in pool.map(lambda one: one.communicate(), started)]
    opened = keys(URL.create("sqlite", database=str(tmp_path / "dure.db")), {})
    assert [opened.decrypt(one) for one in sealed] == [b"secret"] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["dure.db.key"]


def test_the_secret_of_a_device_is_nowhere_in_the_database_and_of_no_use_with_another_key(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(database) as db:
        account = account_for(db, "kim@example.org", by="test", now=NOW)
        secret, _ = begin_totp(db, account)
    with reading(database) as db:
        kept = db.get_one(Totp, account.id).secret
        assert (secret in kept, unseal(db, kept)) == (False, secret)
    monkeypatch.setenv(VARIABLE, NEW)
    with transaction(database) as db, pytest.raises(OtherKey, match="add that to DURE_KEY"):
        confirm_totp(db, account, pyotp.TOTP(secret).at(NOW), by="test", now=NOW)
    with reading(database) as db:
        assert unseal(db, seal(db, "an address 주소")) == "an address 주소"


def test_the_secrets_of_devices_that_are_known_are_sealed_where_they_are(empty_database: Engine) -> None:
    account, secret = new_id(), pyotp.random_base32()
    with empty_database.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        key = account.hex
        connection.execute(
            text("INSERT INTO account (id, email, password, made_at) VALUES (:id, 'kim@example.org', '', '2026-03-01 00:00:00')"),
            {"id": key},
        )
        connection.execute(text("INSERT INTO totp (account_id, secret, last_step) VALUES (:id, :of, 0)"), {"id": key, "of": secret})
    engine = open_database(empty_database.url)
    migrate(engine)
    with reading(engine) as db:
        kept = db.get_one(Totp, account).secret
        assert (kept == secret, unseal(db, kept)) == (False, secret)
    engine.dispose()


def test_all_that_is_sealed_is_sealed_anew_with_a_new_key_after_which_the_old_one_may_go(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, OLD)
    taught_term(database)
    with transaction(database) as db:
        account = account_for(db, "kim@example.org", by="test", now=NOW)
        secret, _ = begin_totp(db, account)
        of = db.scalars(select(Organisation.id)).one()
        set_provider(db, of, NewProvider("https://login.example.org", "dure", "client secret", "campus.example"), by="test", now=NOW)
    monkeypatch.setenv(VARIABLE, NEW)
    with transaction(database) as db, pytest.raises(OtherKey):
        reseal(db, by="test", now=NOW)
    monkeypatch.setenv(VARIABLE, f"{NEW},{OLD}")
    with transaction(database) as db:
        assert reseal(db, by="test", now=NOW) == 2
    monkeypatch.setenv(VARIABLE, NEW)
    with reading(database) as db:
        kept = [db.get_one(Totp, account.id).secret, db.scalars(select(IdentityProvider)).one().secret]
        assert [unseal(db, one) for one in kept] == [secret, "client secret"]
        assert db.scalars(select(Deed.details).order_by(Deed.id.desc())).first() == {"secrets": 2}
