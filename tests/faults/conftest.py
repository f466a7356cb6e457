"""What tests of faults ask for by name."""

from __future__ import annotations

import pytest

from tests.faults.told import Told


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Told:
    """Where a test tells its counts."""
    return Told(request.node)
