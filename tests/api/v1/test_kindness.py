"""What is sent almost right is told what would be right; and what every answer says besides."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from data.wording import RIGHT
from tests.api.v1.callers import Caller, Platform
from tests.terms import demo_term

MENTEES = "/v1/terms/ext:2026-spring/mentees"


@pytest.fixture
def client(database: Engine) -> Caller:
    demo_term(database)
    return Platform(database).client()


def mends(client: Caller, method: str, path: str, body: object = None) -> dict[str, str]:
    refused = client.ask(method, path, body)
    assert refused.status_code == 422, refused.text
    return {one["pointer"]: one["mend"] for one in refused.json()["errors"]}


def test_of_a_field_that_is_not_known_the_nearest_is_told(client: Caller) -> None:
    assert mends(client, "PATCH", "/v1/programs/ext:rural", {"nmae": "one"}) == {"/nmae": "write name"}
    inside = {"grade": 7, "availability": "Mon 18:00-21:00", "requests": [{"subject": "math", "priorty": 1}]}
    assert mends(client, "PUT", f"{MENTEES}/ext:s-new", inside)["/requests/0/priorty"] == "write priority"
    line = {**inside, "external_id": "s-new", "requests": [{"subject": "math", "priority": 1}], "shcool": "A"}
    lines = client.ask("PUT", MENTEES, [line])
    assert lines.json()["items"][0]["errors"] == [{"pointer": "/shcool", "detail": "is not known here", "mend": "write school"}]


def test_a_plus_in_an_address_is_a_space_and_that_is_told(client: Caller) -> None:
    told = mends(client, "GET", "/v1/audit?since=2027-03-02T19:00:00+09:00")
    assert told == {"query:since": "in an address write %2B for the plus, such as 2027-03-02T19:00:00%2B09:00"}
    assert client.ask("GET", "/v1/audit?since=2027-03-02T19:00:00%2B09:00").status_code == 200


def test_no_mend_is_a_regular_expression(client: Caller) -> None:
    told = mends(client, "PUT", f"{MENTEES}/ext:s-new", {"grade": 7, "availability": "", "requests": [{"subject": "a:b", "priority": 1}]})
    assert told["/requests/0/subject"] == "write one subject, without colon, semicolon or the sign U+0000"
    document = client.ask("GET", "/openapi.json").json()
    assert {one for one in patterns(document) if "uuid" not in one} <= set(RIGHT)


def patterns(part: object) -> set[str]:
    if isinstance(part, dict):
        own = {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
        return own.union(*(patterns(one) for one in part.values()))
    return set[str]().union(*(patterns(one) for one in part)) if isinstance(part, list) else set()


def test_who_forgets_ext_is_told(client: Caller) -> None:
    told = client.ask("GET", "/v1/programs/rural")
    assert (told.status_code, "ext:" in told.json()["mend"]) == (404, True)


def test_head_is_answered_as_get_is_without_what_follows(client: Caller) -> None:
    whole, head = client.ask("GET", "/v1/programs/ext:rural"), client.ask("HEAD", "/v1/programs/ext:rural")
    assert (head.status_code, head.content) == (200, b"")
    assert {head.headers[name] for name in ("etag", "content-length")} == {whole.headers[name] for name in ("etag", "content-length")}
    assert client.ask("HEAD", "/v1/programs/ext:nowhere").status_code == 404
    refused = client.ask("HEAD", "/v1/tokens")
    assert (refused.status_code, refused.content) == (405, b"")
    assert client.ask("POST", "/v1/programs/ext:rural").headers["allow"] == "GET, HEAD, PATCH, PUT"


def test_a_request_that_is_refused_is_told_how_many_are_left(client: Caller) -> None:
    for method, path, status in (("GET", "/v1/programs/ext:nowhere", 404), ("PATCH", "/v1/programs/ext:rural", 422)):
        told = client.ask(method, path, {"nmae": 1} if method == "PATCH" else None)
        assert (told.status_code, "ratelimit" in told.headers, "ratelimit-policy" in told.headers) == (status, True, True)
