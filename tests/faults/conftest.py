"""Counts of the faults that the tests here make: each tells its own, and all stand together at the end of a run of the tests."""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter

from tests.faults.told import TOLD, Told


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Told:
    """Where a test tells its counts."""
    return request.config.stash.setdefault(TOLD, Told())


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Prints what was told."""
    told = config.stash.get(TOLD, None)
    if told is not None and told.lines:
        terminalreporter.section("faults")
        for line in told.lines:
            terminalreporter.line(line)
        if told.kills:
            terminalreporter.line(f"{told.kills} kills in all")
