"""Counts of the faults that tests make: each tells its own, and all stand together at the end of a run of the tests.

`tests/conftest.py` has this, which even a process knows that only lets others run tests.
"""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter

from tests.faults.told import told_in, too_few_kills


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Lets a run of the tests fail that has made other than the kills asked for."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, TerminalReporter) and session.exitstatus == pytest.ExitCode.OK and list(too_few_kills(reporter.getreports(""))):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Prints what was told."""
    lines, kills = told_in(terminalreporter.getreports(""))
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.line(line)
        if kills:
            terminalreporter.line(f"{kills} kills in all")
        for line in too_few_kills(terminalreporter.getreports("")):
            terminalreporter.line(line, red=True)
