"""What `make install` compiles is all that a solve needs, whatever earlier runs have left in the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TELL = """
import json, sys
from numba.core.dispatcher import Dispatcher
kernels = {(each.__module__, each.__name__): each for module in list(sys.modules) if module.startswith("matching.")
           for each in vars(sys.modules[module]).values() if isinstance(each, Dispatcher)}
print(json.dumps([[*name, [str(one) for one in each.signatures]] for name, each in sorted(kernels.items())]))
"""
INSTALL = "from matching.compiled import main; main()" + TELL
SOLVE = (
    """
import time
from dataclasses import replace
from matching import solve
from matching.limits import Limits
from tests.bench.rounds import make_round

for kind, scale, effort in (("tiny", 1.0, 0.2), ("campus", 0.3, 0.2), ("seoul", 0.42, 0.02)):
    whole = make_round(kind, 1, scale)
    first = solve(whole, limits=Limits(effort=effort, explain_seconds=3), clock=time.monotonic)
    fewer = replace(whole, mentors=whole.mentors[1:], pairs=(), peers=())
    solve(fewer, previous=first.groups, limits=Limits(effort=effort, explain_seconds=3), clock=time.monotonic)
"""
    + TELL
)


def compiled_by(code: str) -> dict[tuple[str, str], set[str]]:
    """The kernels, each with the kinds of arguments that it was compiled for or found in the cache for."""
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=290, capture_output=True, text=True)
    return {(module, name): set(kinds) for module, name, kinds in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.long
def test_what_make_install_compiles_is_all_that_a_solve_needs() -> None:
    installed, needed = compiled_by(INSTALL), compiled_by(SOLVE)
    assert sum(map(bool, needed.values())) > 20
    assert {name: kinds for name, kinds in needed.items() if kinds - installed.get(name, set())} == {}


KEPT = """
from matching.kernels import kernel

@kernel
def one_more(x):
    return x + 1

@kernel
def twice_one_more(x):
    return 2 * one_more(x)
"""


def test_a_kernel_from_the_cache_is_taken_into_one_that_is_compiled_later(tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text(KEPT, encoding="utf-8")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": f"{Path.cwd()}:{tmp_path}"}

    def told(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120, capture_output=True, text=True).stdout

    assert told("import kept; print(kept.one_more(3))") == "4\n"
    tell = "import kept; print(kept.twice_one_more(3), len(kept.one_more.stats.cache_hits), len(kept.twice_one_more.stats.cache_hits))"
    assert [told(tell), told(tell)] == ["8 1 0\n", "8 0 1\n"]
