"""Platforms make webhooks, change over their secrets, and see what became of each delivery."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from tests.api.v1.callers import Caller, Platform
from tests.sessions import taught_term

LIST = "/v1/programs/ext:tutoring/webhooks"
WISH = {"url": "https://example.org/dure", "types": ["session.moved"]}


@pytest.fixture
def platform(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("DURE_WEBHOOK_SECRET", "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0")
    taught_term(database)
    return Platform(database)


def test_a_webhook_is_made_changed_tried_out_and_closed_and_its_secret_told_once(platform: Platform) -> None:
    client = platform.client()
    made = client.ask("POST", LIST, WISH)
    assert made.status_code == 201, made.text
    secret, place = made.json()["secret"], made.headers["location"]
    assert secret.startswith("whsec_")
    assert secret not in client.ask("GET", LIST).text + client.ask("GET", place).text
    tried = client.ask("POST", f"{place}/test")
    assert (tried.status_code, tried.json()["type"], tried.json()["state"]) == (202, "webhook.tested", "waiting")
    (delivery,) = client.ask("GET", f"{place}/deliveries").json()["items"]
    assert client.ask("POST", f"{place}/deliveries/{delivery['id']}/replay").status_code == 202
    assert client.ask("POST", f"{place}/replay?after={delivery['event_id']}").status_code == 202
    changed = client.ask("PATCH", place, {"enabled": False, "types": []})
    assert (changed.json()["enabled"], changed.json()["types"], changed.json()["secrets"][0].keys()) == (False, [], {"id", "created_at"})
    assert client.ask("PATCH", place, {"enabled": True}).json()["disabled_at"] is None
    assert client.ask("DELETE", place).status_code == 204
    assert client.ask("GET", place).status_code == 404


def test_one_that_is_disabled_or_closed_is_not_tried_out(platform: Platform) -> None:
    client = platform.client()
    place = client.ask("POST", LIST, WISH).headers["location"]
    client.ask("PATCH", place, {"enabled": False})
    refused = client.ask("POST", f"{place}/test")
    assert (refused.status_code, refused.json()["mend"]) == (409, "change it with enabled=true first")
    assert client.ask("GET", f"{place}/deliveries").json()["items"] == []
    client.ask("PATCH", place, {"enabled": True})
    assert client.ask("POST", f"{place}/test").status_code == 202
    client.ask("DELETE", place)
    assert client.ask("POST", f"{place}/test").status_code == 404


def test_a_change_that_changes_nothing_is_no_event(platform: Platform) -> None:
    client = platform.client()
    place = client.ask("POST", LIST, WISH).headers["location"]
    for same in ({}, {"enabled": True}, WISH, {"types": ["session.moved"] * 2}):
        assert client.ask("PATCH", place, same).status_code == 200
    assert changes(client) == []
    others: list[dict[str, object]] = [{"types": []}, {"enabled": False}, {"enabled": False, "url": "https://example.org/other"}]
    for other in others:
        assert client.ask("PATCH", place, other).status_code == 200
    assert changes(client) == ["webhook.changed"] * 3


def changes(client: Caller) -> list[str]:
    """The events of changed webhooks."""
    return [one["type"] for one in client.ask("GET", "/v1/events?types=webhook.changed").json()["items"]]


def test_each_test_has_its_own_event(platform: Platform) -> None:
    client = platform.client()
    places = [client.ask("POST", LIST, WISH).headers["location"] for _ in range(2)]
    tried = [client.ask("POST", f"{place}/test").json()["event_id"] for place in places]
    events = client.ask("GET", "/v1/events?types=webhook.tested").json()["items"]
    assert [(one["id"], one["data"]["webhook"]) for one in events] == [
        (event, place.rpartition("/")[2]) for event, place in zip(tried, places, strict=True)
    ]


def test_two_secrets_live_at_once_and_the_last_stays(platform: Platform) -> None:
    client = platform.client()
    place = client.ask("POST", LIST, WISH).headers["location"]
    (first,) = client.ask("GET", place).json()["secrets"]
    assert client.ask("DELETE", f"{place}/secrets/{first['id']}").status_code == 409
    assert client.ask("POST", f"{place}/secrets").status_code == 201
    assert client.ask("POST", f"{place}/secrets").status_code == 409
    assert client.ask("DELETE", f"{place}/secrets/{first['id']}").status_code == 204
    assert client.ask("DELETE", f"{place}/secrets/{first['id']}").status_code == 404


@pytest.mark.parametrize("wish", [{"url": "ftp://example.org"}, {"url": "https://a@b.example/"}, {**WISH, "types": ["session.danced"]}])
def test_what_cannot_be_told_is_refused(platform: Platform, wish: dict[str, object]) -> None:
    client = platform.client()
    assert client.ask("POST", LIST, wish).status_code == 422
    assert client.ask("GET", LIST).json()["items"] == []


def test_a_webhook_is_put_under_a_key_of_the_platforms_own(platform: Platform) -> None:
    client, own = platform.client(), "/v1/webhooks/ext:main"
    made = client.ask("PUT", f"{LIST}/ext:main", WISH)
    assert (made.status_code, made.json()["webhook"]["external_id"]) == (201, "main")
    assert made.json()["secret"].startswith("whsec_")
    shown = client.ask("GET", own)
    assert shown.json() == made.json()["webhook"]
    again = client.ask("PUT", f"{LIST}/ext:main", {**WISH, "types": []}, {"if-match": shown.headers["etag"]})
    assert (again.status_code, again.json()["secret"], again.json()["webhook"]["types"]) == (200, None, [])
    assert again.json()["webhook"]["secrets"] == made.json()["webhook"]["secrets"]
    assert client.ask("PUT", f"{LIST}/ext:main", WISH, {"if-match": shown.headers["etag"]}).status_code == 412
    assert client.ask("POST", f"{own}/test").status_code == 202
    assert client.ask("PUT", f"{LIST}/019c0c6e-7c1a-7d31-8000-000000000000", WISH).status_code == 404
    assert client.ask("DELETE", own).status_code == 204
    assert client.ask("PUT", f"{LIST}/ext:main", WISH).status_code == 201


def test_a_key_is_the_same_however_a_keyboard_writes_it(platform: Platform) -> None:
    client, apart = platform.client(), quote(unicodedata.normalize("NFD", "알림"))
    answers = [client.ask("PUT", f"{LIST}/ext:{key}", WISH) for key in (apart, apart, quote("알림"))]
    assert [one.status_code for one in answers] == [201, 200, 200]
    assert len({one.json()["webhook"]["id"] for one in answers}) == 1
    assert client.ask("GET", f"/v1/webhooks/ext:{apart}").json()["external_id"] == "알림"
