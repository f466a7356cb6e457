"""The platform that most tests ask: its program has a term that is taught. A test of something else brings its own."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.api.v1.callers import Platform
from tests.sessions import taught_term


@pytest.fixture
def platform(database: Engine) -> Platform:
    taught_term(database)
    return Platform(database)


@pytest.fixture(scope="module")
def lasting(lasting_database: Engine) -> Platform:
    """The same, in which nothing changes."""
    taught_term(lasting_database)
    return Platform(lasting_database)
