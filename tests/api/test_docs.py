"""The pages of the API's documentation say all that there is to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine

from api.app import create_app
from api.docs import docs_page
from api.problem_kinds import KINDS_OF_THE_API, kinds
from api.v1.document import operations_of
from data.access import MAY, Right
from tests.api.page import read_page
from tests.api.v1.callers import NOW
from tests.api.web import Web

API = Path(__file__).parents[2] / "api"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = create_app(create_engine("sqlite://"), lambda: NOW).app
    assert isinstance(made, FastAPI)
    return made


def test_every_operation_and_every_model_is_on_the_page(app: FastAPI) -> None:
    html = docs_page(app.openapi())
    ids = {part.attributes["id"] for part in read_page(html).all("details")}
    models = {f"model-{name}" for name in app.openapi()["components"]["schemas"]}
    assert ids == {one["operationId"] for _, _, one in operations_of(app.openapi())} | models


def test_the_page_shows_who_may_do_what_as_the_table_in_the_code_says_it(app: FastAPI) -> None:
    html = docs_page(app.openapi())
    for right in Right:
        row = re.search(rf'<th scope="row"><code>{right}</code></th>(.*?)</tr>', html)
        assert row is not None
        assert re.findall(r"<td>(.*?)</td>", row[1]) == [["–", "own", "all"][reach] for reach in MAY[right].values()]


def test_every_kind_of_problem_that_the_api_names_is_told(app: FastAPI) -> None:
    said = {
        name
        for path in API.rglob("*.py")
        for name in re.findall(r"(?:Problem|_refused)\(\s*(?:\d{3}|HTTPStatus\.\w+), \"([a-z-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert "no-such-thing" in said
    assert said - {"invalid_client"} <= set(KINDS_OF_THE_API), "add them to api.problem_kinds.KINDS_OF_THE_API"
    assert [name for name, kind in kinds().items() if not kind.meaning.endswith(".")] == []
    web = Web(app)
    for name, kind in kinds().items():
        page = web.ask(f"/problems/{name}")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert kind.type in page.text


def test_a_kind_that_there_is_not_has_no_page(app: FastAPI) -> None:
    answer = Web(app).ask("/problems/nonsense")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-thing")
