"""What the document shows as an example of a body is sent to the app and taken, or it is said here why not."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import pytest
from sqlalchemy import Engine, create_engine, select

from api.app import create_app
from api.v1.document import operations_of
from api.v1.example_bodies import ADDRESS, BODIES
from api.v1.examples import SENT, add_examples
from data.access import Role
from data.database import transaction
from data.people import Mentee, Request
from matching import solve
from matching.limits import Limits
from scheduler.hooks import SECRET
from tests.api.v1.browsers import Browser, House
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.little import little_round
from tests.api.v1.prepared import caller_in, nothing_stays, things_of
from tests.solved import done_run
from tests.terms import demo_term

FORM = "application/x-www-form-urlencoded"
OF_NOBODY = "a secret, a link or a signature that is told to one alone cannot stand in a document"

REFUSED: Mapping[str, tuple[int, str]] = {
    "get_token": (401, OF_NOBODY),
    "reset_password": (409, OF_NOBODY),
    "use_link": (409, OF_NOBODY),
    "sign_in_by_passkey": (409, OF_NOBODY),
    "add_my_passkey": (409, OF_NOBODY),
    "confirm_my_totp": (409, OF_NOBODY),
    "begin_single_sign_on": (404, "with whom an organisation's people sign in is said by the command line"),
}
"""What is not taken as it stands, with the status that the document tells, and why."""

FIRST = {"restore_session": "cancel_session", "make_session_up": "cancel_session", "start_run": "close_open_round"} | {
    f"stay_as_{who}": f"leave_as_{who}" for who in ("mentor", "mentee")
}
"""What happens before what."""

OF_OTHERS = {"write_record", "publish_run", "undo_run"}
"""Those that other tests than the long one send."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation with the body that the document shows."""

    method: str
    path: str
    media: str
    body: Any
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visitors:
    """Who sends the examples: a client, and somebody who is signed in where it is about them; and about which things."""

    client: Caller
    somebody: Browser
    things: Mapping[str, str]

    def send(self, one: Shown) -> httpx.Response:
        """Sends one."""
        path = one.path.format(**self.things)
        if one.media == FORM:
            return self.client.web.ask(path, {"content-type": FORM}, method=one.method, body=urlencode(one.body).encode())
        if path.startswith(("/v1/me/", "/v1/auth/")):
            return Browser(self.somebody.web, dict(self.somebody.cookies)).ask(one.method, path, one.body)
        return self.client.ask(one.method, path, one.body)


@pytest.fixture(scope="module")
def document() -> Any:  # noqa: ANN401  a value of JSON
    return create_app(create_engine("sqlite://"), lambda: NOW).app.openapi()


@pytest.fixture(scope="module")
def shown(document: Any) -> Mapping[str, Shown]:  # noqa: ANN401
    """By operation."""
    return {
        one["operationId"]: Shown(method.upper(), path, media, content.get("example"), one)
        for method, path, one in operations_of(document)
        for media, content in one.get("requestBody", {}).get("content", {}).items()
        if media in SENT
    }


def visitors(engine: Engine, now: dt.datetime = NOW) -> Visitors:
    """They come to a database with one of each thing."""
    things = things_of(engine, "city")
    with transaction(engine) as db:
        asks_nothing = select(Mentee.id).where(Mentee.id.not_in(select(Request.mentee_id)))
        db.add_all(Request(mentee_id=mentee, subject="math") for mentee in db.scalars(asks_nothing))
    house = House(engine)
    house.clock.now = now
    return Visitors(caller_in(Platform(engine, now), Role.OWNER, things), house.signed_in(ADDRESS), things)


def test_each_operation_that_takes_a_body_shows_one_that_fits(shown: Mapping[str, Shown], document: Any) -> None:  # noqa: ANN401
    assert [name for name, one in shown.items() if one.body is None] == []
    assert set(BODIES) <= set(shown)
    contents = {name: one.told["requestBody"]["content"][one.media]["schema"] for name, one in shown.items()}
    wrong = [
        name
        for name, schema in contents.items()
        if not jsonschema_rs.validator_for({**schema, "components": document["components"]}).is_valid(shown[name].body)
    ]
    assert wrong == []


def test_each_example_is_taken(database: Engine, shown: Mapping[str, Shown], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0")
    guests = visitors(database)
    wrong = []
    for name in sorted(set(shown) - OF_OTHERS, key=lambda name: name in FIRST):
        before = guests.send(shown[FIRST[name]]) if name in FIRST else None
        if before is not None and before.status_code not in {200, 409}:
            wrong.append(f"before {name}: {before.text[:400]}")
        with nothing_stays(database):
            answer = guests.send(shown[name])
        wrong += _faults(name, shown[name], answer)
    assert not wrong, "\n".join(wrong)


def test_what_was_held_is_recorded(database: Engine, shown: Mapping[str, Shown]) -> None:
    guests = visitors(database, NOW + dt.timedelta(days=2))
    assert _faults("write_record", shown["write_record"], guests.send(shown["write_record"])) == []


def test_a_run_is_published_and_taken_back(database: Engine, shown: Mapping[str, Shown]) -> None:
    term = demo_term(database, little_round())
    result = solve(little_round(), limits=Limits(effort=0.1), workers=1, clock=time.monotonic)
    with transaction(database) as db:
        run = done_run(db, term, result, round=little_round())
        path = f"/v1/runs/{run.id}"
    client = Platform(database).client()
    for name in ("publish_run", "undo_run"):
        assert _faults(name, shown[name], client.ask("POST", f"{path}/{name.partition('_')[0]}", shown[name].body)) == []
        assert client.ask("POST", f"{path}/publish").status_code == (200 if name == "publish_run" else 409)


def _faults(name: str, one: Shown, answer: httpx.Response) -> list[str]:
    status, _ = REFUSED.get(name, (0, ""))
    fine = answer.status_code == status if status else answer.is_success
    return [] if fine and str(answer.status_code) in one.told["responses"] else [f"{name}: {answer.status_code} {answer.text[:300]}"]


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        pytest.param({"type": "object", "properties": {"a": {"examples": [1]}, "b": {"type": "string"}}}, {"a": 1}, id="what says itself"),
        pytest.param(
            {"properties": {"a": {"$ref": "#/components/schemas/A"}, "b": {"enum": [2, 3]}}, "required": ["a", "b"]},
            {"a": "x", "b": 2},
            id="what must be there",
        ),
        pytest.param({"type": "array", "items": {"anyOf": [{"type": "null"}, {"examples": ["y"]}]}}, ["y"], id="a list of one"),
        pytest.param({"properties": {"a": {"type": "string"}}, "required": ["a"]}, None, id="none where nobody says what"),
    ],
)
def test_an_example_is_made_of_those_of_the_fields(schema: dict[str, Any], made: object) -> None:
    content: dict[str, Any] = {"schema": schema}
    operation = {"operationId": "new_one", "requestBody": {"content": {"application/json": content}}}
    add_examples([operation], {"A": {"type": "string", "examples": ["x"]}})
    assert content.get("example") == made
