"""The document of the API is whole: whatever an operation is, it is told there, in words and with examples that hold."""

from __future__ import annotations

from collections.abc import Iterator
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


def test_each_example_fits_what_it_is_an_example_of(document: Json) -> None:
    wrong = [
        f"{place}: {example!r}"
        for place, schema in _schemas(document, "")
        for example in schema.get("examples", ())
        if not jsonschema_rs.validator_for({**schema, "components": document["components"]}).is_valid(example)
    ]
    assert wrong == []


def _schemas(value: Any, place: str) -> Iterator[tuple[str, Json]]:  # noqa: ANN401  a value of JSON
    """All that has examples in a document, with its place."""
    if isinstance(value, dict):
        if isinstance(value.get("examples"), list) and place.rpartition("/")[2] != "properties":
            yield place, value
        for name, inside in value.items():
            yield from _schemas(inside, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _schemas(inside, f"{place}/{number}")
