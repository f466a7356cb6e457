"""A real Dask cluster on this machine: a scheduler and worker processes of one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}
SECONDS_TO_START = 30


@dataclass(frozen=True, slots=True)
class Machines:
    """The scheduler's address, and the processes; workers are named by their place."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def machines(folder: Path, workers: int, settings: Mapping[str, str] | None = None) -> Iterator[Machines]:
    """A cluster that keeps its files in a folder and is ended afterwards; a worker that is killed stays away.

    `settings` are added to the environment of all its processes.
    """
    told = folder / "scheduler.json"
    dask, where = [sys.executable, "-m", "dask"], ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(told)]
    alone = ["--no-nanny", "--nthreads", "1", "--local-directory", str(folder)]
    with ExitStack() as running:
        scheduler = running.enter_context(_process([*dask, "scheduler", "--port", "0", *where], folder / "scheduler.log", settings or {}))
        each = tuple(
            running.enter_context(
                _process([*dask, "worker", *where, *alone, "--name", f"worker-{n}"], folder / f"worker-{n}.log", settings or {})
            )
            for n in range(workers)
        )
        yield Machines(_address(told, scheduler), scheduler, each)


@contextmanager
def _process(command: list[str], log: Path, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as written,
        subprocess.Popen(command, stdout=written, stderr=written, env={**ENVIRONMENT, **settings}, cwd=log.parent) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _address(told: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """Waits until the scheduler has written where it is."""
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and scheduler.poll() is None:
        if told.exists():
            address: str = json.loads(told.read_bytes())["address"]
            return address
        time.sleep(0.05)
    raise TimeoutError(f"no scheduler after {SECONDS_TO_START} seconds")
