"""Runs a command and measures it: how long it takes, and the peak memory of all its processes together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

PAUSE = 0.1
"""Seconds between two looks at the memory, more where a look takes long: at most a tenth of the time goes into looking."""
LAST_WORDS = 2000
LINE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run of a command. `status` is its exit status, `None` where it was killed at the limit.

    `seconds` are wall time, `megabytes` the peak of its processes' proportional set sizes, sampled; `said` are the last words
    it wrote to standard error.
    """

    status: int | None
    seconds: float
    megabytes: float
    said: str

    @property
    def last_line(self) -> str:
        """The last line of what it said, cut to what a table holds."""
        return (self.said.splitlines() or [""])[-1][:LINE]


def measure(command: Sequence[str], most_seconds: float) -> Measured:
    """Runs the command, and kills it with all its processes once it has taken so long."""
    peak = 0
    with TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        pause = PAUSE
        try:
            while process.poll() is None and time.monotonic() - started < most_seconds:
                before = time.monotonic()
                peak = max(peak, tree_bytes(process.pid))
                pause = max(PAUSE, 9 * (time.monotonic() - before))
                _wait(process, min(pause, max(0.0, started + most_seconds - time.monotonic())))
            seconds, status = time.monotonic() - started, process.poll()
        finally:
            _kill_group(process)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - LAST_WORDS))
        said = errors.read().decode(errors="replace")
    return Measured(status=status, seconds=seconds, megabytes=peak / 1e6, said=said.strip())


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends whatever the command left behind: its session is its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def tree_bytes(process: int) -> int:
    """The proportional set sizes of a process and all its descendants, in bytes; 0 for what is gone meanwhile."""
    return sum(_proportional_bytes(one) for one in _tree(process))


def _tree(process: int) -> list[int]:
    found = [process]
    for one in found:
        found += [int(child) for task in _tasks(one) for child in _read(Path(f"/proc/{one}/task/{task}/children")).split()]
    return found


def _tasks(process: int) -> list[str]:
    try:
        return [task.name for task in Path(f"/proc/{process}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _proportional_bytes(process: int) -> int:
    for line in _read(Path(f"/proc/{process}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    """A file of the process table; empty where its process is gone."""
    try:
        return path.read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return ""
