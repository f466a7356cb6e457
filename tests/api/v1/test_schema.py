"""The app answers as its document says, whatever it is asked: no fault of its own, no status, no field and no type of content that is not
in the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import pytest
from sqlalchemy import Engine

from api.access import COOKIE
from api.feeds import KeptFeeds
from api.v1.document import operations_of
from data.access import Role
from tests.api.v1.callers import Platform
from tests.api.v1.fuzzed import app_without_limit, faults_found
from tests.api.v1.prepared import caller_in, cookie_in, things_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::hypothesis.errors.NonInteractiveExampleWarning")

SHORT = {"fuzzing": 1, "stateful": 1}
LONG = {"examples": 1, "coverage": 1, "fuzzing": 10, "stateful": 20}
SOME = {"fuzzing": 2, "stateful": 5}
"""For those who may do less than owners, and for cookies: what is wrong with what is sent is the same whoever sends it."""

LEAVES = {"sign_out", "change_my_password", "end_my_session", "end_my_other_sessions"}
"""What would end that somebody is signed in."""


@dataclass(frozen=True, slots=True)
class House:
    """The app on a database in which there is something."""

    app: KeptFeeds
    platform: Platform
    things: Mapping[str, str]

    @property
    def operations(self) -> int:
        """How many operations there are."""
        return len(list(operations_of(self.app.app.openapi())))

    def shows_token(self, role: Role) -> dict[str, str]:
        """What a client with a role shows."""
        return {"Authorization": f"Bearer {caller_in(self.platform, role, self.things).token}"}

    def shows_cookie(self, role: Role) -> dict[str, str]:
        """What a browser shows in which an account with a role is signed in."""
        return {"Cookie": f"{COOKIE}={cookie_in(self.platform, role, self.things)}", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def house(database: Engine, monkeypatch: pytest.MonkeyPatch) -> House:
    things = things_of(database, "city")
    return House(app_without_limit(database, monkeypatch), Platform(database), things)


def test_each_operation_answers_as_the_document_says(house: House) -> None:
    """Half of them on each database, by a token and by a cookie: `make test-long` asks all on both."""
    sqlite = house.platform.engine.dialect.name == "sqlite"
    shown = house.shows_token(Role.OWNER) if sqlite else house.shows_cookie(Role.OWNER)
    requests, faults = faults_found(
        house.app, shown, house.things, SHORT, lambda name: crc32(name.encode()) % 2 == sqlite and name not in LEAVES
    )
    assert not faults, "\n\n".join(faults)
    assert requests > house.operations / 2


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", Role)
def test_all_operations_answer_as_the_document_says_to_each_role(house: House, role: Role) -> None:
    requests, faults = faults_found(house.app, house.shows_token(role), house.things, LONG if role is Role.OWNER else SOME)
    assert not faults, "\n\n".join(faults)
    assert requests > (20 if role is Role.OWNER else 2) * house.operations


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", [Role.OWNER, Role.MENTEE])
def test_all_operations_answer_so_to_those_who_are_signed_in_too(house: House, role: Role) -> None:
    requests, faults = faults_found(house.app, house.shows_cookie(role), house.things, SOME, lambda name: name not in LEAVES)
    assert not faults, "\n\n".join(faults)
    assert requests > 2 * house.operations
