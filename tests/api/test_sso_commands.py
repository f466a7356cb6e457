"""`dure sso`: an organisation's identity provider, set, shown and taken away."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading
from data.identities import IdentityProvider
from data.sealing import unseal
from tests.api.typed import Typed, typed
from tests.terms import demo_term

__all__ = ["typed"]


def test_a_provider_is_set_with_a_secret_out_of_a_file_shown_without_it_and_taken_away(
    database: Engine, typed: Typed, tmp_path: Path
) -> None:
    demo_term(database)
    (tmp_path / "secret").write_text("client secret\n", encoding="utf-8")
    told = typed("sso", "set", "rural", "https://login.example.org", "dure", tmp_path / "secret", "--domains", "Campus.example")
    assert told.exit_code == 0, told.output
    assert "back to http://127.0.0.1:8000/v1/auth/sso/return" in told.output
    with reading(database) as db:
        kept = db.scalars(select(IdentityProvider)).one()
        assert (unseal(db, kept.secret), kept.domains) == ("client secret", "campus.example")
    shown = typed("sso", "show", "rural").output
    assert "https://login.example.org, as dure, for campus.example" in shown
    assert "secret" not in shown
    assert "two factors" not in shown
    again = typed(
        "sso", "set", "rural", "https://login.example.org", "dure", tmp_path / "secret", "--domains", "campus.example", "--two-factors"
    )
    assert again.exit_code == 0, again.output
    assert "asks everybody for two factors" in typed("sso", "show", "rural").output
    assert typed("sso", "remove", "rural").exit_code == 0
    gone = typed("sso", "show", "rural")
    assert (gone.exit_code, "has no single sign-on" in gone.output) == (2, True)
    with reading(database) as db:
        done = db.scalars(select(Deed.what).order_by(Deed.id)).all()
    assert done[-3:] == ["identity provider set", "identity provider set", "identity provider removed"]


def test_a_provider_without_encryption_or_domains_is_refused(database: Engine, typed: Typed, tmp_path: Path) -> None:
    demo_term(database)
    (tmp_path / "secret").write_text("client secret\n", encoding="utf-8")
    for issuer, domains, said in (
        ("http://login.example.org", "campus.example", "does not begin with https://"),
        ("webcal://login.example.org", "campus.example", "is no issuer"),
        ("https://login.example.org", "@", "is no domain"),
    ):
        told = typed("sso", "set", "rural", issuer, "dure", tmp_path / "secret", "--domains", domains)
        assert (told.exit_code, said in told.output) == (2, True), told.output
