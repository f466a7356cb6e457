"""Machines that have next to nothing, for tests of scripts that see to what is missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

TOOLS = ("sh", "grep", "dirname", "cmp", "cp", "rm")


def run_where_there_is(script: Path, programs: Mapping[str, str], folder: Path, *, user: int = 0) -> tuple[int, str, str]:
    """What becomes of a script on a machine that has these programs, given as shell scripts, and next to nothing else: its status, what
    it says, and what it complains of."""
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for name, lines in {"id": f"echo {user}", **programs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    ended = subprocess.run(
        [folder / "sh", script], capture_output=True, check=False, encoding="utf-8", env={"PATH": str(folder)}, timeout=30
    )
    return ended.returncode, ended.stdout, ended.stderr
