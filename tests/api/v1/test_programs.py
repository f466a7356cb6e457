"""Programs made by the API, in the caller's own organisation alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from data.access import Right, Role
from data.base import new_id
from data.database import reading, transaction
from data.events import Event
from data.programs import Organisation, Program
from tests.api.v1.browsers import House
from tests.api.v1.callers import Platform
from tests.terms import demo_term


@pytest.fixture
def platform(database: Engine) -> Platform:
    demo_term(database)
    return Platform(database)


def test_a_client_of_an_organisation_makes_programs_in_it_and_sees_to_them_at_once(platform: Platform) -> None:
    client = platform.client()
    made = client.ask("POST", "/v1/programs", {"external_id": "city", "name": "City", "settings": {"horizon_days": 30}})
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["external_id"], told["name"], told["settings"]["horizon_days"]) == ("city", "City", 30)
    assert told["organisation"]["external_id"] == "postech"
    assert made.headers["location"] == f"/v1/programs/{told['id']}"
    assert client.ask("GET", "/v1/programs/ext:city").json() == told
    term = client.ask("POST", "/v1/programs/ext:city/terms", {"external_id": "a", "zone": "Asia/Seoul", "first_on": "2026-09-01"})
    assert term.status_code == 201, term.text
    with reading(platform.engine) as db:
        events = db.scalars(select(Event.type).where(Event.program_id == db.scalars(select(Program.id).where(Program.key == "city")).one()))
        assert "program.made" in events.all()


def test_the_first_program_of_an_organisation_is_made_so_too(empty: Platform) -> None:
    client = empty.client()
    assert client.ask("GET", "/v1/programs").json()["items"] == []
    assert client.ask("POST", "/v1/programs", {"external_id": "first"}).status_code == 201
    assert [one["external_id"] for one in client.ask("GET", "/v1/programs").json()["items"]] == ["first"]


@pytest.fixture
def empty(database: Engine) -> Platform:
    """An organisation that has no program."""
    with transaction(database) as db:
        db.add(Organisation(id=new_id(), key="postech"))
    return Platform(database)


def test_one_is_put_by_its_key_whether_it_is_there_or_not_and_is_what_was_sent(platform: Platform) -> None:
    client, path = platform.client(), "/v1/programs/ext:city"
    whole = {"name": "City", "settings": {"horizon_days": 30, "languages": ["ko"]}}
    made = client.ask("PUT", path, whole)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/programs/{made.json()['id']}")
    again = client.ask("PUT", path, whole)
    assert (again.status_code, again.json()) == (200, made.json())
    usual = client.ask("GET", "/v1/programs/ext:rural").json()["settings"]
    less = client.ask("PUT", path, {"settings": {"languages": ["ko"]}}).json()
    assert (less["name"], less["settings"]) == ("", {**usual, "languages": ["ko"]})
    stale = client.ask("PUT", path, whole, {"if-match": made.headers["etag"]})
    assert stale.status_code == 412
    assert client.ask("PUT", f"/v1/programs/{made.json()['id']}", whole).status_code == 200


def test_what_cannot_be_put_is_refused_and_changes_nothing(platform: Platform) -> None:
    with transaction(platform.engine) as db:
        db.add(Organisation(id=new_id(), key="other"))
    client, path = platform.client(), "/v1/programs/ext:rural"
    before = client.ask("GET", path).json()
    wrong = [{"name": "x", "settings": {"colour": "red"}}, {"name": "x", "settings": {"horizon_days": -1}}, {"organisation": "ext:other"}]
    for sent in wrong:
        assert client.ask("PUT", path, sent).status_code == 422, sent
    assert client.ask("PUT", f"/v1/programs/{new_id()}", {}).status_code == 404
    assert client.ask("GET", path).json() == before
    manager = platform.client(role=Role.MANAGER)
    assert manager.ask("PUT", path, {"name": "mine"}).status_code == 200
    assert manager.ask("PUT", "/v1/programs/ext:city", {"name": "mine"}).json()["type"] == "/problems/not-allowed"
    assert platform.client(role=Role.REVIEWER).ask("PUT", path, {"name": "mine"}).status_code == 403


def test_who_owns_a_program_makes_another_and_owns_it(database: Engine) -> None:
    demo_term(database)
    browser = House(database).signed_in("owner@school.example")
    assert browser.ask("POST", "/v1/programs", {"external_id": "city"}).status_code == 201
    standings = browser.ask("GET", "/v1/me").json()["standings"]
    assert [(one["program"]["external_id"], one["role"]) for one in standings] == [("city", "owner"), ("rural", "owner")]
    assert browser.ask("PATCH", "/v1/programs/ext:city", {"name": "City"}).status_code == 200


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_else_makes_any(database: Engine, role: Role) -> None:
    demo_term(database)
    refused = Platform(database).client(role=role).ask("POST", "/v1/programs", {"external_id": "city"})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")


def test_neither_does_a_client_that_is_for_some_programs_or_lacks_the_scope(platform: Platform) -> None:
    for client in (platform.client(programs=["rural"]), platform.client([Right.PROGRAM_WRITE])):
        refused = client.ask("POST", "/v1/programs", {"external_id": "city"})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        pytest.param({"external_id": "rural"}, 409, "program-is-there", id="it is there"),
        pytest.param({"external_id": "a/b"}, 422, "bad-program-key", id="nothing is called so"),
        pytest.param({"external_id": "city", "settings": {"horizon_days": -1}}, 422, "bad-settings", id="a setting is wrong"),
        pytest.param({"external_id": "city", "organisation": "ext:other"}, 422, "bad-request", id="another organisation"),
    ],
)
def test_what_cannot_be_is_refused_and_makes_nothing(platform: Platform, sent: object, status: int, kind: str) -> None:
    with transaction(platform.engine) as db:
        db.add(Organisation(id=new_id(), key="other"))
    refused = platform.client().ask("POST", "/v1/programs", sent)
    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}")
    with reading(platform.engine) as db:
        assert db.scalars(select(Program.key)).all() == ["rural"]


def test_programs_are_found_by_their_organisation_and_by_a_part_of_their_names(platform: Platform) -> None:
    client = platform.client()
    client.ask("POST", "/v1/programs", {"external_id": "city", "name": "City of 100%"})
    found = {
        query: [one["external_id"] for one in client.ask("GET", f"/v1/programs?{query}").json()["items"]]
        for query in ("name=RURAL", "name=100%25", "name=%25z", "organisation=ext:postech", "organisation=ext:other")
    }
    assert found == {
        "name=RURAL": ["rural"],
        "name=100%25": ["city"],
        "name=%25z": [],
        "organisation=ext:postech": ["rural", "city"],
        "organisation=ext:other": [],
    }
