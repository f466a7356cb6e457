"""Lists of the API in parts: each filter leaves out what it says, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.database import transaction
from data.people import Person
from data.programs import Term
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import things_of
from tests.api.v1.roles import somebody


@pytest.fixture
def platform(database: Engine) -> Platform:
    things_of(database, "city")
    return Platform(database)


def found(caller: Caller, path: str) -> list[str]:
    """What some of a list is called."""
    answer = caller.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return [str(one.get("external_id") or one.get("name") or one["id"]) for one in answer.json()["items"]]


def test_sessions_that_changed_since_an_instant_are_those_that_did(platform: Platform) -> None:
    client = platform.client()
    with transaction(platform.engine) as db:
        (term,) = db.scalars(select(Term.key)).all()
    path = f"/v1/terms/ext:{term}/sessions"
    every = client.ask("GET", path).json()["items"]
    later = NOW.isoformat().replace("+", "%2B")
    assert found(client, f"{path}?changed_since={later}") == []
    planned = next(one for one in every if one["state"] == "planned" and one["starts_at"] > NOW.isoformat())
    assert client.ask("POST", f"/v1/sessions/{planned['id']}/cancel", {"reason": "ill"}).status_code == 200
    assert found(client, f"{path}?changed_since={later}&fields=id") == [planned["id"]]


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        pytest.param("/v1/terms/{term}/rounds", "state=closed", "state=open", id="rounds"),
        pytest.param("/v1/rounds/{round}/runs", "state=done", "state=failed", id="runs"),
        pytest.param("/v1/programs/{program}/subscriptions", "revoked=true", "revoked=false", id="subscriptions"),
        pytest.param("/v1/programs/{program}/roles", "role=owner", "role=reviewer", id="roles"),
        pytest.param("/v1/programs/{program}/roles", "email=a%40b.example", "email=Reviewer%40city.example", id="addresses"),
        pytest.param("/v1/people", "role=mentee&name=nobody", "role=mentee", id="people"),
        pytest.param("/v1/people", "came_as=mentor&role=mentee", "came_as=mentor&role=mentor", id="what people are"),
        pytest.param("/v1/people", "program={program}&email=a", "program={program}", id="people of a program"),
    ],
)
def test_a_filter_leaves_out_what_it_does_not_name(database: Engine, path: str, wrong: str, right: str) -> None:
    things = things_of(database, "city")
    client = Platform(database).client()
    place = path.format(**things)
    assert found(client, f"{place}?{wrong.format(**things)}") == []
    some = found(client, f"{place}?{right.format(**things)}")
    assert some
    assert set(some) <= set(found(client, place))


def test_a_person_is_shown_with_what_they_are_in_the_terms_that_the_caller_sees(platform: Platform) -> None:
    owner = platform.client()
    (told,) = [one for one in owner.ask("GET", "/v1/people?role=mentee").json()["items"] if one["external_id"] == "s-1"]
    assert told["came_as"] == "mentee"
    (part,) = told["parts"]
    assert (part["role"], part["external_id"], part["left_on"]) == ("mentee", "s-1", None)
    assert owner.ask("GET", "/v1/people/ext:s-1").json() == told
    assert owner.ask("GET", f"/v1/people/{told['id']}").json() == told


def test_it_is_noted_whose_data_was_read(platform: Platform) -> None:
    owner = platform.client()
    owner.ask("GET", "/v1/people/ext:s-1")
    owner.ask("GET", "/v1/people/ext:m-1")
    read = [one for one in owner.ask("GET", "/v1/audit").json()["items"] if one["what"] == "mentees read"]
    assert [(one["whom"], one["details"]["mentees"]) for one in read] == [("mentee s-1", ["s-1"])]


def test_a_mentee_sees_nobody_else_and_a_mentor_those_whom_they_teach(platform: Platform) -> None:
    mentee = somebody(platform, Role.MENTEE, "s-1")
    assert found(mentee, "/v1/people") == ["s-1"]
    assert mentee.ask("GET", "/v1/people/ext:s-2").status_code == 404
    mentor = somebody(platform, Role.MENTOR, "m-1")
    seen = found(mentor, "/v1/people")
    assert "m-1" in seen
    assert "s-1" in seen
    assert set(seen) < set(found(platform.client(), "/v1/people"))


def test_of_two_with_the_same_key_it_is_to_be_said_which(platform: Platform) -> None:
    with transaction(platform.engine) as db:
        db.scalars(select(Person).where(Person.key == "m-1")).one().key = "s-1"
    owner = platform.client()
    both = owner.ask("GET", "/v1/people/ext:s-1")
    assert (both.status_code, both.json()["type"]) == (409, "/problems/several")
    assert owner.ask("GET", "/v1/people/ext:s-1?came_as=mentor").json()["came_as"] == "mentor"
