"""Tokens of API clients: how one is asked for, and what it may at most."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import Engine, select

from data.access import Right, Role
from data.clients import make_client
from data.database import transaction
from data.programs import Organisation
from tests.api.v1.callers import NOW, Caller, Platform
from tests.sessions import taught_term

GRANT = "client_credentials"


@pytest.fixture
def platform(database: Engine) -> Platform:
    taught_term(database)
    return Platform(database)


def client(platform: Platform, *scopes: Right) -> tuple[str, str]:
    """A new client's id and secret."""
    with transaction(platform.engine) as db:
        organisation = db.scalars(select(Organisation)).one()
        made, secret = make_client(db, organisation, "x", scopes, programs=[], role=Role.OWNER, by="test", now=NOW)
        return str(made.id), secret


def ask(platform: Platform, **form: str) -> httpx.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return platform.web.ask("/v1/tokens", headers, method="POST", body=urlencode(form).encode())


def test_there_is_one_grant_and_a_client_shows_its_secret_for_it(platform: Platform) -> None:
    name, secret = client(platform, Right.PROGRAM_READ)
    shown = {"client_id": name, "client_secret": secret}
    for grant in ("password", "authorization_code", "implicit", "refresh_token", ""):
        refused = ask(platform, grant_type=grant, **shown, username="a", code="c")
        error = "unsupported_grant_type" if grant else "invalid_request"
        assert (refused.status_code, refused.json()["error"]) == (400, error), grant
    assert ask(platform, **shown).json()["error"] == "invalid_request"
    own, form = {"content-type": "application/x-www-form-urlencoded"}, urlencode({**shown, "grant_type": GRANT}).encode()
    there = platform.web.ask(f"/v1/tokens?client_secret={secret}", own, method="POST", body=form)
    assert (there.status_code, there.json()["error"]) == (400, "invalid_request"), "addresses are written into logs"
    assert ask(platform, grant_type=GRANT, **shown, resource="unknown").status_code == 200, "RFC 6749 3.2: ignored"
    for wrong in ({}, {"client_id": name}, {**shown, "client_secret": secret[:-1]}, {**shown, "client_id": "x"}):
        refused = ask(platform, grant_type="client_credentials", **wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    given = ask(platform, grant_type="client_credentials", **shown)
    assert (given.json()["token_type"], given.json()["expires_in"], given.headers["cache-control"]) == ("Bearer", 3600, "no-store")
    assert set(given.json()) == {"access_token", "token_type", "expires_in", "scope"}
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    headers = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Basic {basic}"}
    assert platform.web.ask("/v1/tokens", headers, method="POST", body=b"grant_type=client_credentials").status_code == 200


def test_a_token_has_no_scope_that_its_client_has_not(platform: Platform) -> None:
    name, secret = client(platform, Right.PROGRAM_READ, Right.PEOPLE_READ)
    shown = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    assert ask(platform, **shown).json()["scope"].split() == ["program:read", "people:read"]
    given = ask(platform, **shown, scope="program:read audit:read").json()
    assert given["scope"] == "program:read"
    caller = Caller(platform.web, given["access_token"])
    assert caller.ask("GET", "/v1/programs").status_code == 200
    assert caller.ask("GET", "/v1/terms/ext:spring/mentees").status_code == 403
    none = ask(platform, **shown, scope="audit:read")
    assert (none.status_code, none.json()["error"]) == (400, "invalid_scope")
    unknown = ask(platform, **shown, scope="everything")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_scope")
