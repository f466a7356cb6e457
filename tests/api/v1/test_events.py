"""Platforms follow what happens: in order, a page at a time, of their own programs."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Engine

from data.access import Role
from tests.api.v1.callers import Platform
from tests.sessions import taught_term

OF = "types=program.made,program.renamed"


def test_what_a_platform_does_it_reads_as_events_page_by_page(platform: Platform) -> None:
    client = platform.client()
    (made,) = client.ask("GET", "/v1/events").json()["items"]
    for name in ("first", "second", "third"):
        assert client.ask("PATCH", "/v1/programs/ext:tutoring", {"name": name}).status_code == 200
    page = client.ask("GET", f"/v1/events?after={made['id']}&limit=2").json()
    assert [one["type"] for one in page["items"]] == ["program.renamed"] * 2
    assert page["items"][0]["data"]["program"] == page["items"][0]["program_id"]
    rest = client.ask("GET", page["next"]).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    last = rest["items"][-1]["id"]
    assert client.ask("GET", f"/v1/events?after={last}").json()["items"] == []
    assert client.ask("PATCH", "/v1/programs/ext:tutoring", {"settings": {"cancelled_days": 7}}).status_code == 200
    found = client.ask("GET", f"/v1/events?after={last}&types=program.changed,session.moved").json()["items"]
    assert [one["type"] for one in found] == ["program.changed"]
    assert client.ask("GET", f"/v1/events?after={last}&types=session.moved").json()["items"] == []


def test_a_platform_of_several_programs_follows_one(platform: Platform) -> None:
    client = platform.client()
    assert client.ask("POST", "/v1/programs", {"external_id": "second", "name": "Second"}).status_code == 201
    assert client.ask("PATCH", "/v1/programs/ext:tutoring", {"name": "first"}).status_code == 200
    assert client.ask("PATCH", "/v1/programs/ext:second", {"name": "other"}).status_code == 200
    every = client.ask("GET", f"/v1/events?{OF}").json()["items"]
    (own,) = client.ask("GET", f"/v1/events?program=ext:tutoring&{OF}").json()["items"]
    page = client.ask("GET", f"/v1/events?program=ext:second&limit=1&{OF}").json()
    rest = client.ask("GET", page["next"]).json()
    assert [own, *page["items"], *rest["items"]] == sorted(every, key=lambda one: one["program_id"] != own["program_id"])
    assert client.ask("GET", f"/v1/events?program={own['program_id']}&{OF}").json()["items"] == [own]
    after = page["items"][0]["id"]
    assert client.ask("GET", f"/v1/events?program=ext:tutoring&after={after}&{OF}").json()["items"] == [own], "of another"
    assert client.ask("GET", "/v1/events?program=ext:third").status_code == 404
    assert client.ask("GET", f"/v1/events?program={uuid4()}").status_code == 404


def test_what_is_not_kept_or_no_type_is_said(platform: Platform) -> None:
    client = platform.client()
    assert client.ask("GET", f"/v1/events?after={uuid4()}").status_code == 404
    assert client.ask("GET", "/v1/events?types=session.danced").status_code == 422


def test_others_read_no_events(platform: Platform, database: Engine) -> None:
    taught_term(database, city="town")
    client = platform.client()
    client.ask("PATCH", "/v1/programs/ext:tutoring", {"name": "first"})
    assert [one["type"] for one in client.ask("GET", "/v1/events").json()["items"]] == ["client.made", "program.renamed"]
    assert platform.client(role=Role.MENTOR).ask("GET", "/v1/events").status_code == 403


def test_what_is_done_to_an_api_client_is_an_event_of_each_program_that_it_is_for(platform: Platform) -> None:
    client = platform.client()
    assert client.ask("POST", "/v1/programs", {"external_id": "second"}).status_code == 201
    one = client.ask("POST", "/v1/programs/ext:second/clients", {"name": "reader", "scopes": ["program:read"]}).headers["location"]
    assert client.ask("POST", f"{one}/secrets", {}).status_code == 201
    first = client.ask("GET", one).json()["secrets"][0]["id"]
    assert client.ask("DELETE", f"{one}/secrets/{first}").status_code == 204
    assert client.ask("DELETE", one).status_code == 204
    types = "types=client.made,client.secret_added,client.secret_taken,client.closed"
    told = client.ask("GET", f"/v1/events?program=ext:second&{types}").json()["items"]
    assert [event["type"].removeprefix("client.") for event in told] == ["made", "secret_added", "secret_taken", "closed"]
    assert {event["data"]["client"] for event in told} == {one.rpartition("/")[2]}
    assert [event["type"] for event in client.ask("GET", f"/v1/events?program=ext:tutoring&{types}").json()["items"]] == ["client.made"]
