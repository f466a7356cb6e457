"""Guardians' consents by the API: noted by the office or by a guardian, withdrawn, and asked for when a round closes."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, select

from data.access import Role
from data.audit import Deed
from data.database import reading, transaction
from tests.api.v1.callers import Caller, Platform
from tests.api.v1.roles import somebody
from tests.sessions import taught_term
from tests.solved import SOLVED_AT, demo_result, done_run
from tests.terms import demo_round, demo_term

MENTEE = "/v1/terms/ext:spring/mentees/ext:s-1"
BORN = {"born_on": "2014-05-05"}


@pytest.fixture
def platform(database: Engine) -> Platform:
    taught_term(database)
    return Platform(database)


def lacking(office: Caller) -> list[str]:
    listed = office.ask("GET", "/v1/terms/ext:spring/consents?needed=true").json()["items"]
    return [one["mentee"]["external_id"] for one in listed if one["lacks"]]


def test_a_guardian_consents_and_withdraws_and_the_groups_that_stay_are_told(platform: Platform) -> None:
    office, mother = platform.client(), somebody(platform, Role.GUARDIAN, "s-1")
    assert office.ask("PUT", f"{MENTEE}/birth-day", BORN).json() == BORN
    assert lacking(office) == ["s-1"]
    given = mother.ask("POST", f"{MENTEE}/consents", {"act": "given", "method": "platform", "guardian": "mother"})
    assert (given.status_code, given.json()["version"], given.json()["still_in"]) == (201, "1", [])
    assert lacking(office) == []
    withdrawn = mother.ask("POST", f"{MENTEE}/consents", {"act": "withdrawn", "method": "platform"})
    assert (withdrawn.status_code, withdrawn.json()["still_in"]) == (201, ["g-1"])
    assert lacking(office) == ["s-1"]
    again = mother.ask("POST", f"{MENTEE}/consents", {"act": "withdrawn", "method": "platform"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-withdraw")
    told = mother.ask("GET", f"{MENTEE}/consents").json()
    assert (told["needed"], told["in_force"], told["born_on"]) == (True, False, "2014-05-05")
    assert [(act["act"], act["guardian"]) for act in told["acts"]] == [("given", "mother"), ("withdrawn", "")]


def test_a_guardian_sees_and_does_nothing_for_other_mentees(platform: Platform) -> None:
    mother, other = somebody(platform, Role.GUARDIAN, "s-1"), MENTEE.replace("s-1", "s-2")
    assert mother.ask("GET", f"{other}/consents").status_code == 404
    assert mother.ask("POST", f"{other}/consents", {"act": "given", "method": "platform"}).status_code == 404
    assert mother.ask("PUT", f"{MENTEE}/birth-day", BORN).status_code == 403, "nobody gets around a consent by another birthday"
    listed = mother.ask("GET", "/v1/terms/ext:spring/consents").json()["items"]
    assert [one["mentee"]["external_id"] for one in listed] == ["s-1"]


def test_a_guardian_says_for_themselves_here_and_now(platform: Platform) -> None:
    office, mother = platform.client(), somebody(platform, Role.GUARDIAN, "s-1")
    for more, pointer in (({"method": "paper"}, "/method"), ({"method": "platform", "at": "2020-01-01T00:00:00Z"}, "/at")):
        wrong = mother.ask("POST", f"{MENTEE}/consents", {"act": "given", **more})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, pointer)
    assert office.ask("GET", f"{MENTEE}/consents").json()["acts"] == []
    given = mother.ask("POST", f"{MENTEE}/consents", {"act": "given", "method": "platform"}).json()
    assert given["noted_by"].startswith("client ")
    assert given["at"] == given["noted_at"]


def test_whose_consent_is_in_force_no_more_is_in_no_run_and_in_no_group_of_one_nor_joins_another(database: Engine) -> None:
    with transaction(database) as db:
        done_run(db, db.merge(demo_term(database)))
    office = Platform(database, SOLVED_AT).client()
    term, round, placed = "/v1/terms/ext:2026-spring", "/v1/rounds/ext:2026-spring:1", demo_result().groups[0].members[0]
    withdrawn = f"{term}/mentees/ext:{placed}"
    assert office.ask("PUT", f"{withdrawn}/birth-day", {"born_on": "2014-05-05"}).status_code == 200
    queued = office.ask("POST", f"{round}/runs", {})
    assert (queued.status_code, queued.json()["type"], placed in queued.json()["detail"]) == (409, "/problems/consent-gone", True)
    published = office.ask("POST", "/v1/runs/ext:2026-spring:1.1/publish")
    assert (published.status_code, published.json()["type"]) == (409, "/problems/does-not-fit")
    assert f"no guardian's consent is in force for mentee {placed}" in published.text
    assert office.ask("POST", f"{withdrawn}/consents", {"act": "given", "method": "paper"}).status_code == 201
    assert office.ask("POST", "/v1/runs/ext:2026-spring:1.1/publish").status_code == 200
    assert office.ask("POST", f"{withdrawn}/consents", {"act": "withdrawn", "method": "paper"}).status_code == 201
    other = next(one["id"] for one in office.ask("GET", f"{term}/groups?limit=100").json()["items"] if placed not in json.dumps(one))
    joined = office.ask("POST", f"/v1/groups/{other}/join", {"mentee": f"ext:{placed}", "from_on": "2027-04-05"})
    assert (joined.status_code, joined.json()["type"]) == (409, "/problems/not-there"), joined.text


def test_many_consents_are_noted_at_once_or_none(platform: Platform) -> None:
    office = platform.client()
    lines = [{"mentee": f"ext:s-{n}", **BORN, "act": "given", "method": "paper"} for n in (1, 2, 3)]
    wrong = office.ask("POST", "/v1/terms/ext:spring/consents", {"consents": [*lines, {**lines[0], "mentee": "ext:nobody"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/consents/3/mentee")
    assert office.ask("GET", f"{MENTEE}/consents").json()["acts"] == []
    assert office.ask("POST", "/v1/terms/ext:spring/consents", {"consents": lines}).json() == {"noted": 3}
    assert len(office.ask("GET", "/v1/terms/ext:spring/consents?needed=true").json()["items"]) == 3
    assert lacking(office) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"born_on": "1850-01-01"}, id="long ago"),
        pytest.param({"born_on": "2030-01-01"}, id="to come"),
    ],
)
def test_nobody_was_born_then(platform: Platform, body: object) -> None:
    assert platform.client().ask("PUT", f"{MENTEE}/birth-day", body).status_code == 422


def test_a_round_says_whom_it_left_out_and_that_is_noted_where_it_is_read(database: Engine) -> None:
    demo_term(database)
    office = Platform(database).client()
    term, round = "/v1/terms/ext:2026-spring", "/v1/rounds/ext:2026-spring:1"
    assert office.ask("PUT", f"{term}/mentees/ext:s-01/birth-day", {"born_on": "2013-05-05"}).status_code == 200
    office.ask("POST", f"{term}/rounds")
    closed = office.ask("POST", f"{round}/close")
    assert (closed.status_code, closed.json()["left_out"]) == (200, 1), closed.text
    told = office.ask("GET", f"{round}/left-out").json()
    assert told["unknown_age"] == sum(one.grade <= 8 for one in demo_round().mentees if one.key != "s-01")
    left = told["left_out"]
    assert [(one["mentee"]["external_id"], one["reason"]) for one in left] == [("s-01", "no-consent")]
    with reading(database) as db:
        read = db.scalars(select(Deed).where(Deed.what == "left out read")).one()
        assert (read.whom, read.details) == ("mentee s-01", {"mentees": ["s-01"], "path": f"{round}/left-out"})
