"""The app answers as its document says, whatever it is asked: no fault of its own, no status, no field and no type of content that is not
in the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from api.v1.document import operations_of
from data.access import Role
from tests.api.v1.callers import Platform
from tests.api.v1.fuzzed import app_without_limit, faults_found
from tests.api.v1.prepared import caller_in, things_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::hypothesis.errors.NonInteractiveExampleWarning")

SHORT = {"fuzzing": 1, "stateful": 1}
LONG = {"examples": 1, "coverage": 1, "fuzzing": 30, "stateful": 30}


@dataclass(frozen=True, slots=True)
class House:
    """The app on a database in which there is something."""

    app: FastAPI
    platform: Platform
    things: Mapping[str, str]

    def headers(self, role: Role) -> dict[str, str]:
        """What somebody with a role shows."""
        return {"Authorization": f"Bearer {caller_in(self.platform, role, self.things).token}"}


@pytest.fixture
def house(database: Engine) -> House:
    things = things_of(database, "city")
    return House(app_without_limit(database), Platform(database), things)


def test_each_operation_answers_as_the_document_says(house: House) -> None:
    """Half of them on each database: `make test-long` asks all on both."""
    half = int(house.platform.engine.dialect.name == "sqlite")
    requests, faults = faults_found(
        house.app, house.headers(Role.OWNER), house.things, SHORT, lambda name: crc32(name.encode()) % 2 == half
    )
    assert not faults, "\n\n".join(faults)
    assert requests > len(list(operations_of(house.app.openapi()))) / 2


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", Role)
def test_all_operations_answer_as_the_document_says_to_each_role(house: House, role: Role) -> None:
    requests, faults = faults_found(house.app, house.headers(role), house.things, LONG)
    assert not faults, "\n\n".join(faults)
    assert requests > 30 * len(list(operations_of(house.app.openapi())))
