"""What is answered where the database refuses what is written: others may have written the same, or the fault is ours."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from api.problems import add_problems
from data.base import new_id
from data.database import transaction
from data.programs import Organisation, Program
from tests.api.web import Web

ONE = {"id": new_id(), "key": "city", "name": "City"}


@pytest.fixture
def web(database: Engine) -> Web:
    app = FastAPI()
    add_problems(app)

    @app.post("/same-key-twice")
    def same_key_twice() -> None:
        with transaction(database) as db:
            db.execute(insert(Organisation), [ONE, ONE | {"id": new_id()}])

    @app.post("/of-what-is-gone")
    def of_what_is_gone() -> None:
        with transaction(database) as db:
            db.execute(insert(Program), [{"id": new_id(), "organisation_id": new_id(), "key": "p", "name": "P", "settings": {}}])

    @app.post("/without-a-name")
    def without_a_name() -> None:
        with transaction(database) as db:
            db.execute(text("INSERT INTO organisation (id, key) VALUES (:id, 'city')"), {"id": new_id().hex})

    return Web(app)


@pytest.mark.parametrize("path", ["/same-key-twice", "/of-what-is-gone"])
def test_what_others_may_have_written_at_that_moment_is_to_be_tried_again(web: Web, path: str) -> None:
    answer = web.ask(path, method="POST")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/written-at-once")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_value_that_is_lacking_is_a_fault_of_ours(web: Web) -> None:
    with pytest.raises(IntegrityError):  # a server answers 500, and its log tells of it
        web.ask("/without-a-name", method="POST")
