"""The risks of the OWASP API Security Top 10 (2023) that lie in the service itself, each against the real app: API7 to API10.

Those that callers are lie in `test_top_ten_callers`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import socket

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, func, select
from starlette.routing import Route

from api.app import create_app
from data.database import reading
from data.people import Mentee
from data.timetables import Timetable
from data.webhooks import Delivery
from scheduler.deliveries import deliver_hooks
from scheduler.hooks import Signer
from scheduler.outside import NotOutside, pinned
from scheduler.timetables import look_again
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import OPEN, OWN, operations
from tests.scheduler.served import Page
from tests.sessions import taught_term

SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
TERM = "/v1/terms/ext:spring"


@pytest.fixture
def platform(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("DURE_WEBHOOK_SECRET", SECRET)
    taught_term(database)
    return Platform(database)


def status(caller: Caller, method: str, path: str, json: object = None) -> int:
    return caller.ask(method, path, json).status_code


# API7:2023 server side request forgery

INSIDE = (
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),  # noqa: S104
    *("[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "2130706433", "0x7f.1"),
)


@pytest.mark.parametrize("host", INSIDE)
def test_api7_no_writing_of_an_inner_address_is_gone_to(host: str) -> None:
    with pytest.raises(NotOutside):
        pinned("GET", httpx.URL(f"https://{host}/latest/meta-data"), headers={})


def test_api7_what_callers_name_is_asked_only_where_it_is_public(platform: Platform) -> None:
    caller, page = platform.client(), Page(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    with page.up() as address:
        made = caller.ask("POST", "/v1/programs/ext:tutoring/webhooks", {"url": address, "types": []})
        assert status(caller, "POST", f"{made.headers['location']}/test") == 202
        deliver_hooks(platform.engine, lambda: NOW, Signer(SECRET))
        timetable = caller.ask("PUT", f"{TERM}/mentors/ext:m-1/timetable", {"address": address.replace("http://", "https://")})
        assert timetable.status_code == 200, timetable.text
        look_again(platform.engine, lambda: NOW + dt.timedelta(minutes=1))
    assert page.asked == []
    with reading(platform.engine) as db:
        assert "not on the public internet" in db.scalars(select(Timetable.fault)).one()
        assert {one.problem for one in db.scalars(select(Delivery))} >= {"127.0.0.1 is not on the public internet"}
    for scheme in ("file:///etc/passwd", "gopher://a.example/", "ftp://a.example/"):
        assert status(caller, "PUT", f"{TERM}/mentors/ext:m-1/timetable", {"address": scheme}) == 422
        assert status(caller, "POST", "/v1/programs/ext:tutoring/webhooks", {"url": scheme, "types": []}) == 422


def test_api7_a_name_that_changes_its_address_is_gone_to_where_was_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])

    def rebinding(*_: object, **__: object) -> list[tuple[object, object, object, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    request = pinned("GET", httpx.URL("https://rebinding.example/x"), headers={})
    assert (request.url.host, request.headers["host"]) == ("93.184.216.34", "rebinding.example")
    assert request.extensions["sni_hostname"] == "rebinding.example"
    assert next(answers) == "127.0.0.1"  # nobody has asked twice
    with pytest.raises(NotOutside):
        pinned("GET", httpx.URL("https://rebinding.example/x"), headers={})


# API8:2023 security misconfiguration


def test_api8_every_answer_keeps_to_itself(platform: Platform) -> None:
    caller = platform.client()
    foreign = {"origin": "https://evil.example", "access-control-request-method": "DELETE"}
    asked = (("GET", path) for path in ("/v1/programs", "/v1/nothing", "/docs", "/healthz", "/openapi.json"))
    for method, path in (*asked, ("OPTIONS", "/v1/programs")):
        answer = caller.ask(method, path, headers=foreign)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert [name for name in answer.headers if name.startswith("access-control") or name in {"server", "x-powered-by"}] == []
    assert [status(caller, method, "/v1/programs") for method in ("TRACE", "CONNECT", "OPTIONS", "PROPFIND")] == [405] * 4
    assert [status(caller, "GET", path) for path in ("/.git/config", "/.env", "/../README.md", "/v1/", "/static/")] == [404] * 5


def test_api8_a_fault_that_nobody_foresaw_says_nothing_of_the_inside(database: Engine) -> None:
    def broken() -> dt.datetime:
        raise RuntimeError("/srv/dure: password=secret")

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(database, broken), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://dure.example") as client:
            return await client.get("/v1/me", headers={"authorization": "Bearer x"})

    answer = asyncio.run(asked())
    assert answer.status_code == 500
    assert not [word for word in ("secret", "Traceback", "RuntimeError", ".py", "/srv") if word in answer.text]


# API9:2023 improper inventory management


def test_api9_every_address_that_answers_is_told_and_there_is_one_version(platform: Platform) -> None:
    app = create_app(platform.engine, lambda: NOW).app
    assert isinstance(app, FastAPI)
    document = app.openapi()
    told = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    routes = [route for route in app.routes if isinstance(route, Route)]
    there = {(re.sub(r":\w+}", "}", route.path), method) for route in routes for method in (route.methods or ()) if method != "HEAD"}
    besides = {"/feeds/{token}.ics", "/robots.txt", "/healthz", "/readyz", "/docs", "/docs.css", "/problems/{kind}", "/openapi.json"}
    assert {pair for pair in there - told if pair[0] not in besides} == set()
    assert {pair for pair in told - there if pair[0].startswith("/v1")} == set()
    assert {path.split("/")[1] for path, _ in told} == {"v1"}
    assert [one.title for one in operations(document) if one.right is None and (one.method, one.path) not in OPEN | OWN] == []
    assert [told for methods in document["paths"].values() for told in methods.values() if told.get("deprecated")] == []


# API10:2023 unsafe consumption of APIs

HOSTILE = {
    "is no calendar": Page(b"<script>alert(1)</script>"),
    "answered with more than 2 MB": Page(b"BEGIN:VCALENDAR\r\n" + b" " * 2_000_001),
    "169.254.169.254 is not on the public internet": Page(status=302, headers={"location": "https://169.254.169.254/latest/meta-data"}),
    "leads on to an address that does not begin with https://": Page(status=302, headers={"location": "file:///etc/passwd"}),
    "answered with packed bytes": Page(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    "it repeats more often than each day": Page(
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_api10_what_others_answer_is_bounded_and_looked_at_before_it_counts(
    platform: Platform, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURE_TIMETABLE_HOSTS", "127.0.0.1")
    caller, page = platform.client(), HOSTILE[fault]
    place = f"{TERM}/mentors/ext:m-1"
    before = caller.ask("GET", f"{place}/availability").json()
    with page.up() as address:
        put = caller.ask("PUT", f"{place}/timetable", {"address": address})
        assert put.status_code == 200, put.text
        began = dt.datetime.now(dt.UTC)
        look_again(platform.engine, lambda: NOW + dt.timedelta(minutes=1), frozenset({"127.0.0.1"}))
        assert dt.datetime.now(dt.UTC) - began < dt.timedelta(seconds=25)
    told = caller.ask("GET", f"{place}/timetable").json()
    assert fault in told["fault"]
    assert "secret" not in told["fault"] + caller.ask("GET", f"{place}/timetable").text
    assert caller.ask("GET", f"{place}/availability").json() == before
    with reading(platform.engine) as db:
        assert db.scalar(select(func.count()).select_from(Mentee)) == 5
