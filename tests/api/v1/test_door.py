"""How operations of the API are done, whatever they do: who may, once for each key, and with what is answered."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import Engine, select

from data.access import Right
from data.audit import Deed
from data.database import reading
from data.programs import Program
from tests.api.v1.callers import Platform
from tests.terms import demo_term


@pytest.fixture
def platform(database: Engine) -> Platform:
    demo_term(database)
    return Platform(database)


def test_a_client_with_a_token_reads_and_changes_its_program(platform: Platform) -> None:
    client = platform.client()
    listed = client.ask("GET", "/v1/programs")
    assert listed.status_code == 200, listed.text
    (program,) = listed.json()["items"]
    assert program["external_id"] == "rural"
    changed = client.ask("PATCH", "/v1/programs/ext:rural", {"name": "농촌 멘토링", "settings": {"horizon_days": 30}})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["settings"]["horizon_days"]) == ("농촌 멘토링", 30)
    assert client.ask("GET", f"/v1/programs/{program['id']}").json() == changed.json()


def test_who_shows_no_token_is_not_let_in_whatever_they_send(platform: Platform) -> None:
    stranger = platform.client()
    for token in ("", "dure_token_wrong"):
        caller = type(stranger)(stranger.web, token)
        for method, path, body in (("GET", "/v1/programs", None), ("PATCH", "/v1/programs/ext:rural", {"nonsense": 1})):
            answer = caller.ask(method, path, body)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")


def test_a_client_without_the_scope_is_told_which_one_it_lacks(platform: Platform) -> None:
    reader = platform.client([Right.PROGRAM_READ])
    refused = reader.ask("PATCH", "/v1/programs/ext:rural", {"name": "mine"})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    assert "program:write" in refused.json()["detail"]


def test_what_is_sent_wrong_is_told_with_its_place_and_what_would_be_right(platform: Platform) -> None:
    refused = platform.client().ask("PATCH", "/v1/programs/ext:rural", {"nonsense": 1})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/nonsense"]


def test_what_is_sent_where_nothing_is_taken_is_refused_and_not_forgotten(platform: Platform) -> None:
    client = platform.client()
    made = client.ask("POST", "/v1/terms/ext:2026-spring/rounds", {"note": "mine"})
    assert (made.status_code, made.json()["errors"]) == (422, [{"pointer": "", "detail": "this takes no body", "mend": "send none"}])
    stranger = type(client)(client.web, "dure_token_wrong")
    assert stranger.ask("POST", "/v1/terms/ext:2026-spring/rounds", {"note": "mine"}).status_code == 401
    assert client.ask("POST", "/v1/terms/ext:2026-spring/rounds", {}).status_code == 201, "that says nothing"


def test_an_empty_key_for_retries_is_refused_and_not_taken_for_none(platform: Platform) -> None:
    refused = platform.client().ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, {"idempotency-key": ""})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["header:Idempotency-Key"])


def test_the_next_page_is_at_the_services_own_address_whatever_the_request_calls_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, named = platform.client(), {"host": "evil.example"}
    monkeypatch.setenv("DURE_URL", "https://dure.example.org")
    for path in ("/v1/terms/ext:2026-spring/mentees?limit=1", "/v1/audit?limit=1", "/v1/events?limit=1"):
        client.ask("PATCH", "/v1/programs/ext:rural", {"name": path})
        page = client.ask("GET", path, headers=named)
        following = page.json()["next"]
        assert following.startswith(f"https://dure.example.org{path}&after="), following
        assert page.headers["link"] == f'<{following}>; rel="next"'
        assert client.ask("GET", following.removeprefix("https://dure.example.org")).status_code == 200


def test_an_address_with_a_slash_too_many_is_of_nothing(platform: Platform) -> None:
    assert platform.client().ask("GET", "/v1/programs/").status_code == 404


def test_a_body_says_of_what_type_it_is(platform: Platform) -> None:
    client, people = platform.client(), "/v1/terms/ext:2026-spring/mentees"
    for method, path, media in (
        ("PATCH", "/v1/programs/ext:rural", "text/plain"),
        ("PATCH", "/v1/programs/ext:rural", ""),
        ("PUT", people, "text/csv"),
    ):
        refused = client.ask(method, path, {"name": "one"}, {"content-type": media})
        assert (refused.status_code, refused.json()["type"]) == (415, "/problems/media-type")
        assert refused.json()["mend"].startswith("send application/json")
    stranger = type(client)(client.web, "dure_token_wrong")
    assert stranger.ask("PATCH", "/v1/programs/ext:rural", {}, {"content-type": "text/plain"}).status_code == 401


def test_a_retry_with_the_same_key_gets_the_first_answer_and_has_no_second_effect(platform: Platform) -> None:
    client, key = platform.client(), {"idempotency-key": "once"}
    first = client.ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, key)
    again = client.ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    with reading(platform.engine) as db:
        assert len(db.scalars(select(Deed).where(Deed.what.contains("renamed"))).all()) == 1
    other = client.ask("PATCH", "/v1/programs/ext:rural", {"name": "two"}, key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-taken")


def test_if_match_may_name_as_many_states_as_somebody_knows_and_the_document_says_so(platform: Platform) -> None:
    client = platform.client()
    others = ", ".join(f'"{number:032}"' for number in range(20))
    long = f"{others}, {client.ask('GET', '/v1/programs/ext:rural').headers['etag']}"
    assert client.ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, {"if-match": others}).status_code == 412
    assert client.ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, {"if-match": long}).status_code == 200
    told = client.ask("GET", "/openapi.json").json()["paths"]["/v1/programs/{program}"]["patch"]["parameters"]
    assert [one["schema"] for one in told if one["name"] == "If-Match"] == [{"type": "string"}]


def test_a_lost_update_is_refused(platform: Platform) -> None:
    client = platform.client()
    tag = client.ask("GET", "/v1/programs/ext:rural").headers["etag"]
    assert client.ask("PATCH", "/v1/programs/ext:rural", {"name": "one"}, {"if-match": tag}).status_code == 200
    late = client.ask("PATCH", "/v1/programs/ext:rural", {"name": "two"}, {"if-match": tag})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/changed-since")
    with reading(platform.engine) as db:
        assert db.scalars(select(Program.name)).one() == "one"


def test_what_has_not_changed_is_answered_shortly(platform: Platform) -> None:
    client = platform.client()
    tag = client.ask("GET", "/v1/programs").headers["etag"]
    again = client.ask("GET", "/v1/programs", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_audit_says_who_changed_it_and_from_where(platform: Platform) -> None:
    platform.client().ask("PATCH", "/v1/programs/ext:rural", {"name": "one"})
    with reading(platform.engine) as db:
        (deed,) = db.scalars(select(Deed).where(Deed.what.contains("renamed"))).all()
    assert deed.by.startswith("client ")
    assert deed.source == "127.0.0.1"


def test_why_something_is_changed_is_written_down_in_any_language(platform: Platform) -> None:
    client, path = platform.client(), "/v1/programs/ext:rural"
    asked = client.ask("PATCH", path, {"name": "anew"}, {"audit-reason": quote("학기 이름이 바뀜")})
    assert asked.status_code == 200, asked.text
    client.ask("PATCH", path, {"name": "again"})
    for wrong in ("%00", "a\tb", "x" * 1001):
        refused = client.ask("PATCH", path, {"name": "never"}, {"audit-reason": wrong})
        assert refused.status_code == 422, refused.text
    with reading(platform.engine) as db:
        assert db.scalars(select(Deed.reason).where(Deed.what == "renamed").order_by(Deed.id)).all() == ["학기 이름이 바뀜", ""]
