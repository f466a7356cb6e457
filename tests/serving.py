"""`dure serve` as a process of its own, on a real port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from tests.command import COMMAND


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its process, its address, and the file that all it says goes to."""

    process: subprocess.Popen[bytes]
    url: str
    said: Path

    def ended(self, by: signal.Signals) -> int:
        """The status with which it ends when it is sent a signal."""
        self.process.send_signal(by)
        return self.process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@contextmanager
def serving(database: Engine, folder: Path, *words: str) -> Iterator[Server]:
    """A server of a database, once it answers."""
    port, said = free_port(), folder / "said"
    environment = {**os.environ, "DURE_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    with said.open("wb") as out:
        process = subprocess.Popen([COMMAND, "serve", "--port", str(port), *words], stdout=out, stderr=subprocess.STDOUT, env=environment)
    try:
        until = time.monotonic() + 60
        while "Serving" not in said.read_text() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert process.poll() is None, said.read_text()
        yield Server(process, f"http://127.0.0.1:{port}", said)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
