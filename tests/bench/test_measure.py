"""Measuring: time, memory of all processes together, and an end to what takes too long."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.bench.measure import measure, tree_bytes

HOLDS = "import time; held = bytearray({megabytes} * 10**6); time.sleep({seconds})"


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", source)


def test_a_commands_status_time_and_last_words_are_told() -> None:
    measured = measure(python("import sys; print('first\\nlast', file=sys.stderr); sys.exit(3)"), 20.0)
    assert (measured.status, measured.last_line) == (3, "last")
    assert 0 < measured.seconds < 10


def test_the_memory_of_child_processes_counts() -> None:
    child = HOLDS.format(megabytes=120, seconds=1.5)
    alone = measure(python(HOLDS.format(megabytes=60, seconds=0.8)), 20.0)
    together = measure(python(f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"), 20.0)
    assert 60 < alone.megabytes < 110
    assert 120 < together.megabytes < 180


def test_what_takes_too_long_is_killed_with_all_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    child = "import time; time.sleep(60)"
    start = f"p = subprocess.Popen([sys.executable, '-S', '-c', {child!r}]); open({str(note)!r}, 'w').write(str(p.pid))"
    started = time.monotonic()
    measured = measure(python(f"import subprocess, sys, time; {start}; time.sleep(60)"), 1.5)
    assert measured.status is None
    assert 1.4 < measured.seconds < 10
    assert time.monotonic() - started < 10
    left = Path(f"/proc/{note.read_text()}/stat")
    # A killed process is gone when the kernel comes to it, not at once.
    while _lives(left) and time.monotonic() - started < 20:
        time.sleep(0.05)
    assert not _lives(left)


def _lives(stat: Path) -> bool:
    try:
        return stat.read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_is_gone_takes_no_memory() -> None:
    gone = measure(python("pass"), 20.0)
    assert gone.status == 0
    assert tree_bytes(2**22 + 1) == 0
    assert tree_bytes(os.getpid()) > 1_000_000
