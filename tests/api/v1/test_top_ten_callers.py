"""The risks of the OWASP API Security Top 10 (2023) that callers are, each against the real app: API1 to API6.

Those that lie in the service itself are in `test_top_ten_service`.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, func, select

from api.app import create_app
from api.limits import MOST_BYTES
from api.v1.limits import A_MINUTE, Limits
from api.v1.paging import MOST
from api.v1.putting import MOST_LINES
from data.access import MAY, Reach, Right, Role
from data.audit import Deed
from data.clients import TOKEN_LIVES
from data.database import reading, transaction
from data.mailed import MOST_AN_HOUR
from data.outbox import Message
from data.people import Person
from data.programs import Program
from data.roles import roles_in
from tests.api.v1.browsers import House
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import Asked, caller_in, nothing_stays, operations, things_of
from tests.api.v1.roles import somebody
from tests.sessions import taught_term

TERM = "/v1/terms/ext:spring"
KIM = "kim@example.org"


@pytest.fixture
def platform(database: Engine) -> Platform:
    taught_term(database)
    return Platform(database)


@pytest.fixture(scope="module")
def two(lasting_database: Engine) -> tuple[Platform, Mapping[str, str], Mapping[str, str]]:
    """A platform, and the things of two organisations in it; callers are of the first."""
    return Platform(lasting_database), things_of(lasting_database, "city"), things_of(lasting_database, "town")


def app_of(platform: Platform) -> FastAPI:
    app = create_app(platform.engine, lambda: NOW).app
    assert isinstance(app, FastAPI)
    return app


def asked_of(platform: Platform) -> list[Asked]:
    return operations(app_of(platform).openapi())


def status(caller: Caller, method: str, path: str, json: object = None) -> int:
    return caller.ask(method, path, json).status_code


# API1:2023 broken object level authorization


def test_api1_a_foreign_id_in_any_place_of_any_address_leads_nowhere(two: tuple[Platform, Mapping[str, str], Mapping[str, str]]) -> None:
    platform, own, foreign = two
    caller, wrong, tried = platform.client(), [], 0
    own, foreign = ({**one, "match": str(uuid4())} for one in (own, foreign))  # whose it is does not hang on a program
    with nothing_stays(platform.engine):
        for one in asked_of(platform):
            for name in one.names if one.right is not None else ():
                tried += 1
                got = caller.ask(one.method, one.at({**own, name: foreign[name]}), one.body)
                fine = got.status_code == 404 or (got.status_code == 422 and foreign[name] not in got.text)
                wrong += [] if fine else [f"{one.title} with a foreign {name}: {got.status_code} {got.text[:200]}"]
    assert tried > 100
    assert wrong == []


def test_api1_within_a_program_everybody_reaches_their_own_alone(platform: Platform) -> None:
    mentor, mentee = somebody(platform, Role.MENTOR, "m-2"), somebody(platform, Role.MENTEE, "s-3")
    owner = platform.client()
    session = owner.ask("GET", f"{TERM}/sessions?group=ext:g-1").json()["items"][0]["id"]
    for caller in (mentor, mentee):
        assert status(caller, "GET", "/v1/groups/ext:g-2") == 200
        for path in ("/v1/groups/ext:g-1", f"{TERM}/mentees/ext:s-1", f"{TERM}/mentors/ext:m-1", f"/v1/sessions/{session}"):
            assert status(caller, "GET", path) == 404
    assert status(mentor, "PUT", f"/v1/sessions/{session}/record", {"state": "held"}) in {404, 422}
    assert status(mentor, "POST", f"{TERM}/subscriptions", {"audience": "mentee", "owner": "ext:s-1"}) in {403, 404, 405}


# API2:2023 broken authentication


def test_api2_only_a_whole_token_of_a_client_lets_in_and_only_while_it_holds(database: Engine) -> None:
    taught_term(database)
    house, platform = House(database), Platform(database)
    token = platform.client().token

    def asks(field: str, path: str = "/v1/programs") -> int:
        return house.web.ask(path, {"authorization": field}).status_code

    assert asks(f"Bearer {token}") == 200
    cookie = house.signed_in(KIM).cookies["__Host-dure"]
    for wrong in (token[:-1], token + "x", token.upper(), cookie, "", "null", "' OR '1'='1"):
        assert asks(f"Bearer {wrong}") == 401, wrong
    assert asks(f"Basic {token}") == asks(token) == 401
    for where in (f"?access_token={token}", f"?token={token}"):
        assert house.web.ask(f"/v1/programs{where}").status_code == 401
    house.clock.now += TOKEN_LIVES
    assert asks(f"Bearer {token}") == 401


def test_api2_passwords_codes_and_links_are_not_to_be_guessed(database: Engine) -> None:
    taught_term(database)
    house = House(database)
    house.account(KIM)
    tries = [house.browser().sign_in(KIM, f"wrong wrong wrong {n}").status_code for n in range(7)]
    assert tries == [401] * 5 + [429] * 2
    links = [house.browser().ask("POST", "/v1/auth/links/use", {"token": f"{n:043}"}).status_code for n in range(70)]
    assert links[:50] == [409] * 50
    assert links[-1] == 429
    house = House(database)
    for _ in range(MOST_AN_HOUR + 2):
        house.browser().ask("POST", "/v1/auth/links", {"email": "m-1@example.org"})
    assert len(house.mailed("m-1@example.org")) == MOST_AN_HOUR


# API3:2023 broken object property level authorization


def test_api3_no_body_takes_what_it_does_not_name(platform: Platform) -> None:
    document = app_of(platform).openapi()
    models = document["components"]["schemas"]
    taken = {
        str(content["schema"].get("$ref", "")).rpartition("/")[2]
        for methods in document["paths"].values()
        for told in methods.values()
        for content in told.get("requestBody", {}).get("content", {}).values()
    } - {"", "Body_get_token"}
    assert len(taken) > 30
    assert {name for name in taken if models[name].get("additionalProperties") is not False} == set()
    owned = {"id", "person_id", "organisation_id", "program_id", "account_id", "made_at", "published_at", "left_on", "hash"}
    assert {name: owned & set(models[name]["properties"]) for name in taken if owned & set(models[name].get("properties", ()))} == {}
    owner, mentee = platform.client(), f"{TERM}/mentees/ext:s-1"
    before = owner.ask("GET", mentee).json()
    for forged in ({"id": str(uuid4())}, {"person_id": str(uuid4())}, {"left_on": "2026-03-01"}, {"role": "owner"}):
        assert status(owner, "PATCH", mentee, {"grade": 9, **forged}) == 422
    assert owner.ask("GET", mentee).json() == before


def test_api3_nothing_is_told_to_whom_it_does_not_concern(platform: Platform) -> None:
    mentor, guardian = somebody(platform, Role.MENTOR, "m-2"), somebody(platform, Role.GUARDIAN, "s-2")
    with transaction(platform.engine) as db:
        for person in db.scalars(select(Person)):
            person.email = f"{person.key}@home.example"
    seen = [mentor.ask("GET", f"{TERM}{path}") for path in ("/mentees", "/mentees/ext:s-2", "/groups", "/sessions")]
    assert [answer.status_code for answer in seen] == [200] * 4
    assert "s-2" in seen[0].text
    assert [answer.text for answer in seen if "@home.example" in answer.text] == []
    people = {one["external_id"]: one["email"] for one in mentor.ask("GET", "/v1/people").json()["items"]}
    assert people["m-2"] == "m-2@home.example"
    assert people["s-2"] == ""
    assert mentor.ask("GET", "/v1/people?email=s-2@home.example").json()["items"] == []
    assert guardian.ask("GET", f"{TERM}/mentees/ext:s-2").json()["email"] == "s-2@home.example"
    assert guardian.ask("GET", "/v1/people/ext:s-2").json()["email"] == "s-2@home.example"
    (group,) = [one for one in guardian.ask("GET", f"{TERM}/groups").json()["items"] if one["external_id"] == "g-2"]
    assert [member["mentee"]["external_id"] for member in group["members"]] == ["s-2"]
    models = app_of(platform).openapi()["components"]["schemas"]
    told = {(name, field) for name in models if name.endswith("Out") for field in models[name].get("properties", {})}
    secret = {pair for pair in told if {"secret", "password", "hash", "token"} & set(pair[1].split("_"))}
    once = {("TokenOut", "access_token"), ("TotpOut", "secret"), *((f"New{kind}Out", "secret") for kind in ("Client", "Secret"))}
    assert {pair for pair in secret if pair[1] not in {"has_password", "token_type"}} == once


# API4:2023 unrestricted resource consumption


def test_api4_bodies_pages_and_requests_are_bounded(platform: Platform) -> None:
    caller = platform.client()
    path = f"{TERM}/mentees"
    assert status(caller, "GET", f"{path}?limit={MOST}") == 200
    assert status(caller, "GET", f"{path}?limit={MOST + 1}") == status(caller, "GET", f"{path}?limit=0") == 422
    own = {"authorization": f"Bearer {caller.token}", "content-type": "application/json"}
    assert platform.web.ask(path, own, method="PUT", body=b" " * (MOST_BYTES + 1)).status_code == 413
    assert status(caller, "PUT", path, [1] * (MOST_LINES + 1)) == 422
    assert status(caller, "PATCH", f"{path}/ext:s-1", {"name": "x" * 10_001}) == 422


def test_api4_who_asks_too_often_waits_and_others_do_not(platform: Platform) -> None:
    policy = Platform(platform.engine, limits=Limits()).client().ask("GET", "/v1/me").headers["ratelimit-policy"]
    assert policy == f'"minute";q={A_MINUTE};w=60'
    few = Platform(platform.engine, limits=Limits(8))
    caller = few.client()
    answers = [caller.ask("GET", "/v1/me") for _ in range(20)]
    assert [answer.status_code for answer in answers[:7]] == [200] * 7, "with the one for its token"
    assert answers[-1].status_code == 429
    assert answers[-1].json()["type"] == "/problems/too-many-requests"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert status(few.client(), "GET", "/v1/me") == 200


def test_api4_an_address_that_shows_wrong_secrets_is_made_to_wait_and_others_are_not(platform: Platform) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    wrong = f"grant_type=client_credentials&client_id={uuid4()}&client_secret=no".encode()
    answers = [platform.web.ask("/v1/tokens", form, method="POST", body=wrong).status_code for _ in range(70)]
    assert answers[:60] == [401] * 60
    assert answers[-1] == 429
    assert status(platform.client(), "GET", "/v1/me") == 200


# API5:2023 broken function level authorization


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.MENTOR, Role.MENTEE, Role.GUARDIAN, Role.PARTNER, Role.SUPERVISOR])
def test_api5_whoever_does_not_run_a_program_has_none_of_its_functions(
    two: tuple[Platform, Mapping[str, str], Mapping[str, str]], role: Role
) -> None:
    platform, own, _ = two
    caller, let_in, tried = caller_in(platform, role, own), [], 0
    with nothing_stays(platform.engine):
        for one in asked_of(platform):
            if one.right is None or MAY[one.right][role] is not Reach.NONE:
                continue
            tried += 1
            forged = {"x-http-method-override": "GET", "x-original-url": "/v1/programs", "x-forwarded-for": "127.0.0.1"}
            got = caller.ask(one.method, one.at(own), one.body, forged)
            let_in += [] if got.status_code == 403 else [f"{one.title}: {got.status_code}"]
    assert tried > 40
    assert let_in == []


def test_api5_nobody_gives_more_than_they_have(platform: Platform) -> None:
    manager, reader = platform.client(role=Role.MANAGER), platform.client([Right.ACCESS_READ, Right.ACCESS_WRITE])
    roles, clients = ("/v1/programs/ext:tutoring/roles", "/v1/programs/ext:tutoring/clients")
    assert status(manager, "POST", roles, {"email": KIM, "role": "owner"}) == 403
    assert status(manager, "POST", roles, {"email": KIM, "role": "manager"}) == 403
    assert status(reader, "POST", roles, {"email": KIM, "role": "manager"}) == 403
    assert status(manager, "POST", clients, {"name": "x", "scopes": ["privacy:erase"], "role": "owner"}) == 403
    assert status(reader, "POST", clients, {"name": "x", "scopes": ["people:read"], "role": "manager"}) == 403
    assert status(manager, "POST", roles, {"email": KIM, "role": "reviewer"}) == 201
    with reading(platform.engine) as db:
        assert [grant.role for grant in db.scalars(roles_in(db.scalars(select(Program.id)).one()))] == [Role.REVIEWER]


# API6:2023 unrestricted access to sensitive business flows


def test_api6_what_reaches_many_people_is_for_few_and_done_once(platform: Platform) -> None:
    publishers = {role for role in Role if MAY[Right.ROUNDS_PUBLISH][role]}
    assert publishers == {Role.OWNER, Role.MANAGER}
    flows = {one.path: one.right for one in asked_of(platform) if one.path.endswith(("/publish", "/undo"))}
    assert set(flows.values()) == {Right.ROUNDS_PUBLISH}
    manager = platform.client(role=Role.MANAGER)
    path = "/v1/programs/ext:tutoring/roles"
    for _ in range(MOST_AN_HOUR + 3):
        made = manager.ask("POST", path, {"email": KIM, "role": "reviewer"})
        assert made.status_code == 201
        assert status(manager, "POST", path, {"email": KIM, "role": "reviewer"}) == 409
        assert status(manager, "DELETE", made.headers["location"]) == 204
    with reading(platform.engine) as db:
        assert db.scalar(select(func.count()).select_from(Message).where(Message.address == KIM)) == MOST_AN_HOUR


def test_api6_a_session_that_is_moved_again_and_again_by_a_retry_moves_once(platform: Platform) -> None:
    caller = platform.client()
    one = caller.ask("GET", f"{TERM}/sessions?group=ext:g-2").json()["items"][0]["id"]
    move = {"starts_at": "2026-03-05T15:00:00+09:00"}
    answers = [caller.ask("POST", f"/v1/sessions/{one}/move", move, {"idempotency-key": "once"}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    with reading(platform.engine) as db:
        assert db.scalar(select(func.count()).select_from(Deed).where(Deed.what == "moved")) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None] + ["true"] * 4
