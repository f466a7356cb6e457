"""The document of the API is whole: whatever an operation is, it is told there, in words and with examples that hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine

from api.app import create_app
from api.v1.document import operations_of
from tests.api.v1.callers import NOW

Json = dict[str, Any]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = create_app(create_engine("sqlite://"), lambda: NOW).app
    assert isinstance(made, FastAPI)
    return made


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Json:
    return app.openapi()


def test_it_says_what_the_api_is_and_where(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Dure"
    assert document["info"]["version"] == "1"
    assert document["servers"] == [{"url": "/"}]


def test_each_tag_says_what_it_is_about(document: Json) -> None:
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert {tag for _, _, one in operations_of(document) for tag in one["tags"]} == set(told)
    assert [name for name, text in told.items() if len(text) < 20] == []


def test_each_operation_has_an_id_of_its_own_and_says_what_it_does(document: Json) -> None:
    ids = [one["operationId"] for _, _, one in operations_of(document)]
    assert len(ids) == len(set(ids))
    assert [one["operationId"] for _, _, one in operations_of(document) if not one.get("description", "").rstrip().endswith(".")] == []


def test_each_operation_tells_problems_as_problems(document: Json) -> None:
    wrong = [
        f"{one['operationId']}: {status}"
        for _, _, one in operations_of(document)
        for status, answer in one["responses"].items()
        if status[0] in "45" and one["tags"] != ["tokens"] and list(answer.get("content", {})) != ["application/problem+json"]
    ]
    assert wrong == []


def test_an_answer_that_shows_a_thing_links_to_what_can_be_done_with_it(document: Json) -> None:
    links = document["paths"]["/v1/terms/{term}/groups"]["get"]["responses"]["200"]["links"]
    assert links["read_group"] == {"operationId": "read_group", "parameters": {"group": "$response.body#/items/0/id"}}
    ids = {one["operationId"] for _, _, one in operations_of(document)}
    assert all(set(answer.get("links", {})) <= ids for _, _, one in operations_of(document) for answer in one["responses"].values())


IDS = (Path(__file__).parent / "operation_ids.txt").read_text(encoding="utf-8").split()
VERBS = set(
    re.findall(
        r"\w+",
        """
    add ask begin cancel change close compare confirm drop end erase export fetch follow forget get give import join leave list make
    move note open patch plan publish put read remove replay reset restore revoke rotate send sign start stay stop substitute take test
    undo use write
""",
    )
)


def test_each_operation_is_called_by_what_it_does_to_what(document: Json) -> None:
    ids = [one["operationId"] for _, _, one in operations_of(document)]
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or name.partition("_")[0] not in VERBS] == []


def test_no_operation_that_clients_call_by_its_name_has_another_now(document: Json) -> None:
    """Whoever renames one breaks the clients that were made of the document."""
    assert set(IDS) - {one["operationId"] for _, _, one in operations_of(document)} == set()


def test_no_two_models_have_one_name(document: Json) -> None:
    """Else the framework puts their modules before them, and clients cannot be made."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


UUID, TEXT, INSTANT, DATE, NUMBER = "string uuid", "string", "string date-time", "string date", "number"
KINDS = [
    (r"(.+_)?external_ids?", TEXT),
    (r"(.+_)?ids?", UUID),
    (r".+_at", INSTANT),
    (r".+_on", DATE),
    (r".+_(minutes|seconds|days)", NUMBER),
]
OTHERWISE = {
    **dict.fromkeys(("cancelled", "new", "restored"), ""),  # of what a change does to sessions, by their ids or otherwise
    "challenge": UUID,  # by which it is known
    "client_id": TEXT,  # as OAuth calls it; what stands there may be anything
    **dict.fromkeys(("at", "since", "kept_until", "original_start"), INSTANT),
    **dict.fromkeys(("on", "worked", "available_from", "available_until", "term_start", "term_end"), DATE),
}
SAID_OTHERWISE = {"made_at": "created_at", "begins_at": "starts_at", "mail": "email", "start_on": "first_on"}


def test_a_name_says_what_kind_of_thing_it_is_everywhere(document: Json) -> None:
    """Ids are UUIDs, keys of the platform's own are external ids, instants end in `_at` and days in `_on`; and nothing else is so named."""
    named = {(name, kind) for _, schema in _objects(document) for name, field in schema["properties"].items() for kind in _kinds(field)}
    assert len(named) > 100
    wrong = [(name, kind) for name, kind in sorted(named) if kind != _kind_of(name, kind)]
    assert wrong == []
    assert {name: SAID_OTHERWISE[name] for name, _ in named if name in SAID_OTHERWISE} == {}


def _kind_of(name: str, kind: str) -> str:
    """What kind of thing a name is of; any where it does not say, but no instant, day or UUID."""
    if name in OTHERWISE:
        return OTHERWISE[name] or kind
    says = next((kind for pattern, kind in KINDS if re.fullmatch(pattern, name)), "")
    return says or (kind if kind not in {UUID, INSTANT, DATE} else "of another name")


def _kinds(field: Json) -> set[str]:
    """Of what kinds a field is, or what is in its list; null is none, and what refers to a model is of no such kind."""
    if "anyOf" in field:
        return {kind for one in field["anyOf"] for kind in _kinds(one)}
    if field.get("type") == "array":
        return _kinds(field["items"])
    kind = str(field.get("type", "")).replace("integer", "number").replace("null", "")
    return {f"{kind} {field['format']}" if "format" in field else kind} - {""}


def _objects(document: Json) -> Iterator[tuple[str, Json]]:
    return ((name, schema) for name, schema in document["components"]["schemas"].items() if "properties" in schema)


def test_each_example_fits_what_it_is_an_example_of(document: Json) -> None:
    wrong = [
        f"{place}: {example!r}"
        for place, schema, shown in _shown(document, "")
        for example in shown
        if not jsonschema_rs.validator_for({**schema, "components": document["components"]}).is_valid(example)
    ]
    assert wrong == []


def _shown(value: Any, place: str) -> Iterator[tuple[str, Json, list[Any]]]:  # noqa: ANN401  a value of JSON
    """All that has examples in a document: its place, its schema, and they."""
    if isinstance(value, dict):
        if isinstance(value.get("examples"), list) and place.rpartition("/")[2] != "properties":
            yield place, value, value["examples"]
        if "schema" in value and "example" in value:
            yield place, value["schema"], [value["example"]]
        for name, inside in value.items():
            if name != "example":
                yield from _shown(inside, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _shown(inside, f"{place}/{number}")
