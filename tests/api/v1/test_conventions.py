"""What holds for every operation of the API, whatever it is about, asked of each that its own document has."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from api.app import create_app
from api.v1.asked import PART
from api.v1.document import ACTIONS
from data.access import Role
from tests.api.v1.callers import NOW, Caller, Platform
from tests.api.v1.prepared import OPEN, OWN, Asked, caller_in, nothing_stays, operations, things_of

Json = dict[str, Any]

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
CALLED = {"program": "programs", "term": "terms", "group": "groups", "session": "sessions", "round": "rounds", "run": "runs"}
"""Things with a key of the platform's own, each with the list in which its address is; mentors, mentees and people have one, too."""


WANT_MORE = {
    "/v1/terms/{term}/mentees/{mentee}",
    "/v1/terms/{term}/mentors/{mentor}/timetable",
    "/v1/terms/{term}/links",
    "/v1/sessions/{session}/record",
}
"""What the least body is not enough for: these refuse lost updates in tests of their own."""


def _fields(house: House, one: Asked) -> list[str]:
    """The fields that an operation's body may have."""
    schema = house.told(one)["requestBody"]["content"]["application/json"]["schema"]
    for some in (schema, *schema.get("anyOf", [])):
        if "$ref" in some:
            schema = house.document["components"]["schemas"][some["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))


@dataclass(frozen=True, slots=True)
class House:
    """The app with all its operations, an owner who asks, and one of each thing, by ids and by the platform's own keys."""

    document: Json
    asked: list[Asked]
    caller: Caller
    things: Mapping[str, str]
    called: Mapping[str, str]

    def told(self, one: Asked) -> Json:
        """What the document says of an operation."""
        told: Json = self.document["paths"][one.path][one.method.lower()]
        return told

    def shown(self, one: Asked) -> str:
        """The name of the model of its answer; empty where that is no JSON."""
        content = self.told(one)["responses"].get("200", {}).get("content", {})
        return str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).rpartition("/")[2]

    def read(self) -> Iterator[tuple[Asked, httpx.Response]]:
        """All that is read as JSON, with its answer; each thing is there."""
        for one in self.asked:
            if one.method == "GET" and self.shown(one) and one.right is not None:
                answer = self.ask(one)
                if answer.status_code != 409:  # of a run that has failed there is no result
                    assert answer.status_code == 200, f"{one.title}: {answer.text}"
                    yield one, answer

    def ask(self, one: Asked, headers: Mapping[str, str] | None = None, things: Mapping[str, str] | None = None) -> httpx.Response:
        """One operation."""
        return self.caller.ask(one.method, one.at(things or self.things), one.body, headers)


@pytest.fixture(scope="module")
def house(lasting_database: Engine) -> Iterator[House]:
    things = things_of(lasting_database, "city")
    document = create_app(lasting_database, lambda: NOW).app.openapi()
    asked = [one for one in operations(document) if (one.method, one.path) not in OPEN | OWN]
    caller = caller_in(Platform(lasting_database), Role.OWNER, things)
    called = dict(things)
    paths = {name: f"/v1/{of}/{things[name]}" for name, of in CALLED.items()}
    paths |= {name: f"/v1/terms/{things['term']}/{name}s/{things[name]}" for name in ("mentor", "mentee")}
    paths["person"] = f"/v1/people/{things['person']}"
    for name, path in paths.items():
        called[name] = f"ext:{caller.ask('GET', path).json()['name' if name == 'session' else 'external_id']}"
    with nothing_stays(lasting_database):
        yield House(document, asked, caller, things, called)


def test_whatever_is_read_has_a_tag_by_which_it_is_not_sent_again(house: House) -> None:
    wrong = [
        one.title
        for one, answer in house.read()
        if "etag" not in answer.headers or house.ask(one, {"if-none-match": answer.headers["etag"]}).status_code != 304
    ]
    assert not wrong, "\n".join(wrong)


def test_whatever_is_read_may_be_read_in_part(house: House) -> None:
    wrong = []
    for one, answer in house.read():
        listed = house.shown(one).startswith("Page_")
        (parameter,) = [told for told in house.told(one)["parameters"] if told["name"] == "fields"]
        names = house.document["components"]["schemas"][parameter["schema"]["items"]["$ref"].rpartition("/")[2]]["enum"]
        some = names[:2]
        query = f"{one.at(house.things)}{'&' if one.query else '?'}fields={','.join(some)}"
        part = house.caller.ask("GET", query)
        whole = answer.json()
        if listed:
            wanted: object = {**whole, "items": [{name: item[name] for name in some} for item in whole["items"]]}
        else:
            wanted = {name: whole[name] for name in some}
        told = (part.status_code, part.headers.get("content-type"), part.headers.get("etag"))
        if told != (200, PART, answer.headers["etag"]) or part.json() != wanted:
            wrong.append(f"{one.title}: {told} {part.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_whatever_is_wrong_in_a_body_is_told_with_what_would_be_right(house: House) -> None:
    wrong, seen = [], 0
    for one in house.asked:
        if not isinstance(one.body, dict):
            continue
        values: tuple[object, ...] = (None, [[]], {"x": 1}, 10**9, True, "\x00" * 3000)
        for value in values:
            sent = {**dict.fromkeys(_fields(house, one), value), "no_such_field": 1}
            answer = house.caller.ask(one.method, one.at(house.things), sent)
            errors = answer.json().get("errors", [])
            seen += len(errors)
            bad = [error for error in errors if not (error["detail"] and error["mend"]) or "setting" in error["detail"]]
            if answer.status_code != 422 or "/no_such_field" not in {error["pointer"] for error in errors} or bad:
                wrong.append(f"{one.title}: {value!r:.20}: {answer.status_code} {bad} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert seen > 500


def test_a_field_that_there_is_not_and_what_no_operation_knows_is_refused_with_what_is_nearest(house: House) -> None:
    wrong = []
    for one in house.asked:
        for query, place in (("fields=idd", "query:fields"), ("lmit=1", "query:lmit")):
            if place == "query:fields" and not (one.method == "GET" and house.shown(one)):
                continue
            answer = house.caller.ask(one.method, f"{one.at(house.things)}{'&' if one.query else '?'}{query}", one.body)
            errors = answer.json().get("errors", [])
            if answer.status_code != 422 or [(error["pointer"], bool(error["mend"])) for error in errors] != [(place, True)]:
                wrong.append(f"{one.title}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_what_is_nearest_is_named(house: House) -> None:
    for query, mend in (("fields=external_ids", "write external_id"), ("lmit=1", "write limit")):
        (error,) = house.caller.ask("GET", f"/v1/programs?{query}").json()["errors"]
        assert error["mend"] == mend


def test_a_lost_update_is_refused_by_whatever_changes_a_thing_that_can_be_read(house: House) -> None:
    readable = {one.path: one for one in house.asked if one.method == "GET" and house.shown(one)}
    wrong, unlooked = [], set()
    for one in house.asked:
        if one.method in CHANGES - {"POST"}:
            stale = house.ask(one, {"if-match": '"stale"'}).status_code
            listed = one.path not in readable or house.shown(readable[one.path]).startswith("Page_")
            fresh = 0 if listed else house.ask(one, {"if-match": house.ask(readable[one.path]).headers["etag"]}).status_code
            if (stale, fresh) == (422, 422) or (one.path, stale) == ("/v1/terms/{term}/links", 422):
                unlooked.add(one.path)
            elif stale != 412 or fresh == 412:
                wrong.append(f"{one.title}: {stale} where it is stale, {fresh} where it is not")
    assert not wrong, "\n".join(wrong)
    assert unlooked == WANT_MORE


def test_an_action_on_a_thing_that_can_be_read_is_refused_where_that_is_another_by_now(house: House) -> None:
    """All others that are posted make something, or begin it."""
    readable = {one.path: one for one in house.asked if one.method == "GET" and house.shown(one)}
    wrong, looked, others = [], set(), set()
    for one in house.asked:
        place, _, word = one.path.rpartition("/")
        if one.method != "POST" or place not in readable or house.shown(readable[place]).startswith("Page_"):
            continue
        if word not in ACTIONS:
            others.add(word)
            assert "If-Match" not in {told["name"] for told in house.told(one).get("parameters", [])}
            continue
        looked.add(word)
        assert "If-Match" in {told["name"] for told in house.told(one)["parameters"]}
        read = house.ask(readable[place])
        stale = house.ask(one, {"if-match": '"stale"'}).status_code
        fresh = house.ask(one, {"if-match": read.headers["etag"]}).status_code if read.is_success else 0
        if (stale, read.status_code) != (404, 404) and (stale != 412 or fresh == 412):
            wrong.append(f"{one.title}: {stale} where it is stale, {fresh} where it is not")
    assert not wrong, "\n".join(wrong)
    assert looked == ACTIONS
    assert others == {
        *("clients", "closures", "consents", "erase", "fetch", "imports", "oneroster", "roles", "rounds", "runs", "secrets", "sessions"),
        *("subscriptions", "terms", "webhooks"),
    }


def test_each_change_takes_an_idempotency_key_and_a_reason_and_says_so(house: House) -> None:
    wrong = []
    for one in house.asked:
        takes = {"Idempotency-Key", "Audit-Reason"} & {told["name"] for told in house.told(one).get("parameters", [])}
        if len(takes) != (2 if one.method in CHANGES else 0):
            wrong.append(one.title)
    assert not wrong, "\n".join(wrong)


def test_what_a_body_must_not_hold_is_told_by_a_pointer_with_a_mend(house: House) -> None:
    wrong, looked = [], 0
    for one in house.asked:
        if isinstance(one.body, dict):
            looked += 1
            answer = house.caller.ask(one.method, one.at(house.things), {**one.body, "nonsense": 1})
            told = answer.json()
            place = [error for error in told.get("errors", []) if error["pointer"] == "/nonsense" and error["mend"]]
            if answer.status_code != 422 or not place or told["type"] != "/problems/bad-request":
                wrong.append(f"{one.title}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert looked > 30


def test_a_thing_is_named_by_its_own_key_wherever_it_is_named_by_its_id(house: House) -> None:
    wrong, looked = [], 0
    for one in house.asked:
        if set(one.names) & (CALLED.keys() | {"mentor", "mentee", "person"}):
            looked += 1
            by_id, by_key = house.ask(one), house.ask(one, things=house.called)
            same = by_id.content == by_key.content if one.method == "GET" and "next" not in by_id.text else True
            if by_id.status_code != by_key.status_code or not same:
                wrong.append(f"{one.title}: {by_id.status_code}, but by its key {by_key.status_code} {by_key.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert looked > 80


def test_no_field_of_a_body_and_no_filter_takes_ids_alone(house: House) -> None:
    """After which event others are wanted is said by its id: no platform has a key for it."""
    wrong = []
    for one in house.asked:
        told = house.told(one)
        body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        wrong += [f"{one.title}: {place}" for place in _ids(house.document, body, "")]
        queries = [given for given in told.get("parameters", []) if given["in"] == "query" and given["name"] != "after"]
        wrong += [f"{one.title}: {given['name']}" for given in queries if _is_id(given["schema"])]
    assert not wrong, "\n".join(wrong)


def test_a_list_comes_a_page_at_a_time_and_whole(house: House) -> None:
    wrong, long = [], 0
    for one, answer in house.read():
        if house.shown(one).startswith("Page_") and len(answer.json()["items"]) > 1:
            long += 1
            items, address = [], f"{one.at(house.things)}{'&' if one.query else '?'}limit={max(1, len(answer.json()['items']) // 3)}"
            while address:
                page = house.caller.ask("GET", address)
                items += page.json()["items"]
                following = page.json()["next"]
                if page.headers.get("link") != (f'<{following}>; rel="next"' if following else None):
                    wrong.append(f"{one.title}: {page.headers.get('link')}")
                address = following.removeprefix("http://dure.example") if following else ""
            if items != answer.json()["items"] and one.right != "audit:read":  # what was read is noted there
                wrong.append(f"{one.title}: {len(items)} things in pages, {len(answer.json()['items'])} at once")
    assert not wrong, "\n".join(wrong)
    assert long > 5


def test_ids_are_in_the_order_of_time_and_instants_say_where_they_are(house: House) -> None:
    wrong, ids, instants = [], 0, 0
    for one, answer in house.read():
        schema = house.document["components"]["schemas"][house.shown(one)]
        for name, value, of in _values(house.document, schema, answer.json(), ""):
            if of == "uuid" and name.endswith("id"):
                ids += 1
                wrong += [f"{one.title}: {name} {value}"] if UUID(value).version != 7 else []
            elif of == "date-time":
                instants += 1
                right = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value)
                wrong += [] if right and dt.datetime.fromisoformat(value).tzinfo else [f"{one.title}: {name} {value}"]
    assert not wrong, "\n".join(wrong)
    assert ids > 100
    assert instants > 50


def _resolved(document: Json, schema: Json) -> Json:
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _choices(document: Json, schema: Json) -> list[Json]:
    """What a schema may be, beside null."""
    found = _resolved(document, schema)
    inside = [choice for word in ("anyOf", "oneOf", "allOf") for choice in found.get(word, ())]
    return [one for choice in inside for one in _choices(document, choice)] if inside else [found]


def _is_id(schema: Json) -> bool:
    return any(one.get("format") == "uuid" for one in [schema, *schema.get("anyOf", ())])


def _ids(document: Json, schema: Json, place: str) -> Iterator[str]:
    """Where a body takes an id and nothing else."""
    for one in _choices(document, schema):
        if one.get("format") == "uuid":
            yield place
        for name, inside in one.get("properties", {}).items():
            yield from _ids(document, inside, f"{place}/{name}")
        if "items" in one:
            yield from _ids(document, one["items"], place)


def _values(document: Json, schema: Json, value: Any, name: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401  a value of JSON
    """All texts of an answer that are of a format, with their names."""
    for one in _choices(document, schema):
        if isinstance(value, str) and "format" in one:
            yield name, value, one["format"]
        elif isinstance(value, dict):
            for key, inside in one.get("properties", {}).items():
                if key in value:
                    yield from _values(document, inside, value[key], key)
        elif isinstance(value, list) and "items" in one:
            for inside in value:
                yield from _values(document, one["items"], inside, name)


def test_addresses_are_made_of_keys_with_any_sign(house: House) -> None:
    """A key with a sign that an address has for itself is written as addresses write it."""
    answer = house.caller.ask("GET", f"/v1/programs/{quote('ext:ci/ty?', safe='')}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-thing")


def test_no_query_takes_a_sign_that_no_text_has(house: House) -> None:
    """Whatever may be said after the question mark, the sign of code 0 is told to be wrong, and never gets to the database."""
    told = []
    for one in house.asked:
        for parameter in house.told(one).get("parameters", []):
            if one.method == "GET" and parameter["in"] == "query":
                path = one.at(house.things)
                answer = house.caller.ask("GET", f"{path}{'&' if '?' in path else '?'}{parameter['name']}=a%00b", one.body)
                told.append((one.title, parameter["name"], answer.status_code))
    assert len(told) > 100
    assert [one for one in told if one[2] not in {404, 409, 422}] == []


FORGED = [
    ["0001-01-01T00:00:00+14:00"],
    ["9999-12-31T23:59:59-14:00"],
    ["2026-01-01T00:00:00"],
    ["\ud800"],
    ["a\0b"],
    [str(2**63)],
    ["-" + "9" * 30],
    ["9" * 5000],
    [5],
    [None],
    [{}],
    [str(uuid4())],
    [],
    "text",
]


def test_no_page_is_after_what_is_none(house: House) -> None:
    """A cursor that somebody has made up is told to be wrong, or gives a page, and breaks nothing."""
    paged = [one for one in house.asked if any(name["name"] == "after" for name in house.told(one).get("parameters", []))]
    paged = [one for one in paged if one.method == "GET"]
    assert len(paged) > 20
    wrong = []
    for one in paged:
        for said in FORGED:
            for some in (said, [*said, *said] if isinstance(said, list) else said):
                after = base64.urlsafe_b64encode(json.dumps(some).encode()).decode().rstrip("=")
                path = one.at(house.things)
                answer = house.caller.ask("GET", f"{path}{'&' if '?' in path else '?'}after={after}")
                if answer.status_code not in {200, 409, 422}:
                    wrong.append((one.title, some, answer.status_code))
    assert wrong == []
