"""Runs `dure` in this process on the database of a test, as quickly as a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app

Typed = Callable[..., Result]


@pytest.fixture
def typed(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Gives what becomes of a command; `output` holds its lines and those of its faults."""
    monkeypatch.setenv("DURE_DATABASE_URL", database.url.render_as_string(hide_password=False))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run
