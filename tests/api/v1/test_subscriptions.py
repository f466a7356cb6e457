"""Subscriptions by the API: a link is told once, is read by a calendar, follows changes, and ends; and each role makes its own."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from data.access import Role
from tests.api.v1.callers import Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

LIST = "/v1/programs/ext:tutoring/subscriptions"


def test_a_link_is_told_once_and_shows_its_calendar_until_it_is_revoked(platform: Platform) -> None:
    client = platform.client()
    wish = {"audience": "mentor", "owner": "ext:m-1", "name": "my phone", "language": "en", "alarm_minutes": [60]}
    made = client.ask("POST", LIST, wish)
    assert made.status_code == 201, made.text
    told = made.json()
    token = told["url"].rpartition("/feeds/")[2]
    assert told["webcal_url"].endswith(token)
    assert (told["subscription"]["owner"]["external_id"], told["subscription"]["alarm_minutes"]) == ("m-1", [60])
    feed = platform.web.ask(f"/feeds/{token}")
    assert (feed.status_code, feed.text.count("BEGIN:VEVENT")) == (200, 12)
    one = made.headers["location"]
    listed = client.ask("GET", LIST)
    assert token.removesuffix(".ics") not in listed.text + client.ask("GET", one).text
    changed = client.ask("PATCH", one, {"name": "my watch", "days_back": 10, "alarm_minutes": []})
    assert (changed.json()["name"], changed.json()["days_back"], changed.json()["alarm_minutes"]) == ("my watch", 10, [])
    assert client.ask("DELETE", one).status_code == 204
    assert platform.web.ask(f"/feeds/{token}").status_code == 410
    refused = client.ask("PATCH", one, {"name": "x"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/link-revoked")
    assert client.ask("DELETE", one).status_code == 204
    assert client.ask("GET", LIST).json()["items"][0]["revoked_at"] == "2026-03-02T09:00:00Z"


def test_links_are_made_for_every_audience_and_listed_by_it(platform: Platform) -> None:
    client = platform.client()
    group = client.ask("GET", "/v1/groups/ext:g-1").json()["id"]
    owners = {"mentee": "ext:s-1", "group": group, "school": "ext:north", "program": None}
    for audience, owner in owners.items():
        made = client.ask("POST", LIST, {"audience": audience, "owner": owner})
        assert made.status_code == 201, made.text
        (listed,) = client.ask("GET", f"{LIST}?audience={audience}").json()["items"]
        assert listed == made.json()["subscription"]
    assert [one["owner"]["external_id"] for one in client.ask("GET", LIST).json()["items"]] == ["s-1", "g-1", "north", "tutoring"]


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({"audience": "mentor", "owner": "ext:m-9"}, id="nobody is called so"),
        pytest.param({"audience": "mentor"}, id="it is not said whose"),
        pytest.param({"audience": "program", "owner": "ext:m-1"}, id="a program is no mentor"),
        pytest.param({"audience": "mentor", "owner": "m-1"}, id="a key without its mark"),
        pytest.param({"audience": "mentor", "owner": "ext:m-1", "alarm_minutes": [0]}, id="an alarm that does not ring before"),
        pytest.param({"audience": "mentor", "owner": "ext:m-1", "alarm_minutes": [5, 5]}, id="an alarm twice"),
        pytest.param({"audience": "mentor", "owner": "ext:m-1", "language": "de"}, id="a language that nobody speaks"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(lasting: Platform, wish: dict[str, object]) -> None:
    client = lasting.client()
    assert client.ask("POST", LIST, wish).status_code == 422
    assert client.ask("GET", LIST).json()["items"] == []


@pytest.mark.parametrize(
    ("role", "person", "school", "own"),
    [
        pytest.param(Role.MENTOR, "m-1", "", {"audience": "mentor", "owner": "ext:m-1"}, id="a mentor for themselves"),
        pytest.param(Role.MENTEE, "s-1", "", {"audience": "mentee", "owner": "ext:s-1"}, id="a mentee likewise"),
        pytest.param(Role.GUARDIAN, "s-1", "", {"audience": "mentee", "owner": "ext:s-1"}, id="a guardian for their child"),
        pytest.param(Role.PARTNER, "", "north", {"audience": "school", "owner": "ext:north"}, id="a partner for its school"),
    ],
)
def test_everybody_makes_links_for_their_own(platform: Platform, role: Role, person: str, school: str, own: dict[str, str]) -> None:
    office, caller = platform.client(), somebody(platform, role, person, school)
    foreign = office.ask("POST", LIST, {"audience": "mentor", "owner": "ext:m-2"}).headers["location"]
    made = caller.ask("POST", LIST, own)
    assert made.status_code == 201, made.text
    assert [one["id"] for one in caller.ask("GET", LIST).json()["items"]] == [made.json()["subscription"]["id"]]
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert caller.ask(method, foreign, body).status_code == 404
    assert caller.ask("DELETE", made.headers["location"]).status_code == 204
    others = ({"audience": "mentor", "owner": "ext:m-2"}, {"audience": "school", "owner": "ext:south"}, {"audience": "program"})
    for wish in (*others, {"audience": "mentee", "owner": "ext:s-3"}, {"audience": "group", "owner": "ext:g-1"}):
        assert caller.ask("POST", LIST, wish).status_code == 422
    assert len(office.ask("GET", LIST).json()["items"]) == 2


def test_another_organisations_links_are_not_there(platform: Platform, database: Engine) -> None:
    client = platform.client()
    one = client.ask("POST", LIST, {"audience": "program"}).headers["location"]
    term = taught_term(database, city="town")
    assert client.ask("GET", f"/v1/programs/{term.program_id}/subscriptions").status_code == 404
    assert client.ask("POST", f"/v1/programs/{term.program_id}/subscriptions", {"audience": "program"}).status_code == 404
    stranger = somebody(platform, Role.SUPERVISOR)
    assert stranger.ask("GET", one).status_code == 403


def test_a_link_is_put_under_a_key_of_the_platforms_own_and_stays_with_whose_it_is(platform: Platform) -> None:
    client, one, own = platform.client(), f"{LIST}/ext:phone-1", "/v1/subscriptions/ext:phone-1"
    wish = {"audience": "mentor", "owner": "ext:m-1", "name": "phone", "language": "en"}
    made = client.ask("PUT", one, wish)
    assert (made.status_code, made.json()["subscription"]["external_id"]) == (201, "phone-1")
    path = "/feeds/" + made.json()["url"].rpartition("/feeds/")[2]
    again = client.ask("PUT", one, {**wish, "name": "watch", "days_back": 10})
    assert (again.status_code, again.json()["url"], again.json()["webcal_url"]) == (200, None, None)
    shown = {**made.json()["subscription"], "name": "watch", "days_back": 10}
    assert client.ask("GET", own).json() == again.json()["subscription"] == shown
    assert platform.web.ask(path).status_code == 200
    other = client.ask("PUT", one, {**wish, "owner": "ext:m-2"})
    assert (other.status_code, [flaw["pointer"] for flaw in other.json()["errors"]]) == (422, ["/owner"])
    assert client.ask("DELETE", own).status_code == 204
    assert platform.web.ask(path).status_code == 410
    over = client.ask("PUT", one, wish)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/link-revoked")


def test_two_people_may_call_their_links_alike_and_neither_hears_of_the_other(platform: Platform) -> None:
    first, second = somebody(platform, Role.MENTOR, "m-1"), somebody(platform, Role.MENTOR, "m-2")
    for caller, key in ((first, "m-1"), (second, "m-2")):
        assert caller.ask("PUT", f"{LIST}/ext:phone", {"audience": "mentor", "owner": f"ext:{key}"}).status_code == 201
        assert caller.ask("GET", "/v1/subscriptions/ext:phone").json()["owner"]["external_id"] == key
    several = platform.client().ask("GET", "/v1/subscriptions/ext:phone")
    assert (several.status_code, several.json()["type"]) == (409, "/problems/several")
