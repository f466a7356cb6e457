"""Runs `dure` as somebody does at a terminal, and says what became of it and what it cost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("dure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended. `seconds` are by the clock on the wall, `cpu_seconds` those of all its processes and threads."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float


def dure(*words: str | Path, hash_seed: int = 0, most_seconds: float = 120) -> Ended:
    """Runs the command in a process of its own, which orders sets of text by `hash_seed`."""
    return _ended([COMMAND, *words], hash_seed, most_seconds)


def run_python(code: str) -> Ended:
    """Runs a few lines of Python in a process of their own."""
    return _ended([sys.executable, "-c", code], 0, 120)


def _ended(command: list[str | Path], hash_seed: int, most_seconds: float) -> Ended:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONIOENCODING": "utf-8"}
    before, began = _children_cpu(), time.monotonic()
    ended = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", env=environment, timeout=most_seconds)
    return Ended(
        status=ended.returncode,
        stdout=ended.stdout,
        stderr=ended.stderr,
        seconds=time.monotonic() - began,
        cpu_seconds=_children_cpu() - before,
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
