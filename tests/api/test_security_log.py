"""What is told of security: who is not let in and what is refused has a line, which names nobody and holds nothing of what was sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine, select

from api.limits import Receive, Scope, Send
from api.security_log import LOG
from api.serve import behind_proxies
from data.access import Right, Role
from data.database import reading
from data.grants import Account
from tests.api.v1.browsers import House
from tests.api.v1.callers import Platform
from tests.serving import serving
from tests.sessions import taught_term

KIM = "kim@example.org"


@pytest.fixture
def house(database: Engine, caplog: pytest.LogCaptureFixture) -> House:
    taught_term(database)
    caplog.set_level("INFO", LOG.name)
    return House(database)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == LOG.name]


def test_who_is_not_let_in_has_a_line_by_key_and_without_what_was_typed(house: House, caplog: pytest.LogCaptureFixture) -> None:
    account = house.account(KIM)
    browser = house.browser()
    for email in (KIM, "nobody@example.org", *[KIM] * 5):
        browser.sign_in(email, "wrong wrong wrong")
    browser.ask("POST", "/v1/auth/links/use", {"token": "a link that never was"})
    told = lines(caplog)
    assert [(one["event"], one["who"]) for one in told] == [
        ("/problems/sign-in-failed", f"account {account.id}"),
        ("/problems/sign-in-failed", ""),
        *[("/problems/sign-in-failed", f"account {account.id}")] * 3,
        *[("/problems/too-many-attempts", "")] * 2,
        ("/problems/link-is-over", ""),
    ]
    assert {one["source"] for one in told} == {"127.0.0.1"}
    assert all(dt.datetime.fromisoformat(str(one["at"])).utcoffset() == dt.timedelta() for one in told)
    assert not [word for word in (KIM, "nobody", "wrong wrong", "never was") if word in caplog.text]


def test_what_somebody_may_not_do_has_a_line_with_who_and_where(house: House, caplog: pytest.LogCaptureFixture) -> None:
    client = Platform(house.engine).client([Right.PROGRAM_READ], role=Role.REVIEWER)
    caplog.clear()
    assert client.ask("GET", "/v1/terms/ext:spring/mentees").status_code == 403
    assert client.ask("GET", "/v1/programs?limit=0").status_code == 422
    assert client.ask("GET", "/v1/programs").status_code == 200
    house.browser().ask("DELETE", "/v1/me/sessions", headers={"sec-fetch-site": "cross-site"})
    refused, odd, foreign = lines(caplog)
    assert str(refused["who"]).startswith("client ")
    assert (refused["path"], refused["method"], refused["status"]) == ("/v1/terms/{term}/mentees", "GET", 403)
    assert (odd["event"], odd["who"]) == ("/problems/bad-request", refused["who"])
    assert foreign["event"] == "/problems/other-site"


def test_tokens_have_a_line_given_or_not(house: House, caplog: pytest.LogCaptureFixture) -> None:
    client = Platform(house.engine).client()
    form = {"content-type": "application/x-www-form-urlencoded"}
    wrong = f"grant_type=client_credentials&client_id={uuid4()}&client_secret=dure_secret_x".encode()
    house.web.ask("/v1/tokens", form, method="POST", body=wrong)
    given, refused = lines(caplog)
    assert (given["event"], refused["event"]) == ("token given", "token refused")
    assert client.token not in caplog.text
    assert "dure_secret" not in caplog.text


def test_no_sign_of_a_request_begins_a_line_of_its_own(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.web.ask("/v1/terms/x%0A%7B%22event%22%3A%22forged%22%7D/mentees", {"authorization": 'Bearer x"y'})
    (line,) = [record.getMessage() for record in caplog.records if record.name == LOG.name]
    assert "forged" not in line
    assert len(line.splitlines()) == 1


def test_who_asks_through_a_proxy_is_told_by_it_and_by_nobody_else(house: House) -> None:
    seen = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["client"][0])

    async def ask(environment: dict[str, str], peer: str, said: bytes) -> None:
        asked = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": [(b"x-forwarded-for", said)]}
        await behind_proxies(app, environment)(asked, _never, _never)

    named = {"DURE_PROXIES": "10.0.0.1, 10.1.0.0/16"}
    for environment, peer, said in (
        ({}, "10.0.0.1", b"6.6.6.6"),
        (named, "9.9.9.9", b"6.6.6.6"),
        (named, "10.0.0.1", b"6.6.6.6, 8.8.8.8"),
        (named, "10.1.2.3", b"8.8.8.8, 10.0.0.1"),
    ):
        asyncio.run(ask(environment, peer, said))
    assert seen == ["10.0.0.1", "9.9.9.9", "8.8.8.8", "8.8.8.8"]
    assert house.web.ask("/v1/programs", {"x-forwarded-for": "6.6.6.6"}).status_code == 401


async def _never(*_: object) -> Any:  # noqa: ANN401  both of what a server gives an app
    """Nothing is received or sent."""


def test_a_server_writes_the_lines_to_standard_error(database: Engine, tmp_path: Path) -> None:
    with serving(database, tmp_path, "--http-only") as server:
        assert httpx.get(f"{server.url}/v1/programs", headers={"authorization": "Bearer nonsense"}).status_code == 401
        said = [line for line in server.said.read_text().splitlines() if line.startswith("{")]
    assert [json.loads(line)["event"] for line in said] == ["/problems/not-signed-in"]


def test_browsers_keep_nothing_of_what_they_were_told_and_forget_all_on_signing_out(house: House) -> None:
    browser = house.signed_in(KIM)
    assert browser.ask("GET", "/v1/me").headers["cache-control"] == "no-store"
    assert Platform(house.engine).client().ask("GET", "/v1/me").headers["cache-control"] == "private, no-cache"
    assert browser.ask("POST", "/v1/auth/sign-out").headers["clear-site-data"] == '"cache", "storage"'


def test_at_an_address_with_tls_browsers_are_to_use_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "strict-transport-security" not in house.web.ask("/v1/programs").headers
    monkeypatch.setenv("DURE_URL", "https://dure.example")
    fields = House(house.engine).web.ask("/v1/programs").headers
    assert fields["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    with reading(house.engine) as db:
        assert db.scalars(select(Account)).all() == []
