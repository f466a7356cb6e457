"""Once the kernels are compiled, no command compiles any."""

from __future__ import annotations

import subprocess
import sys

COMPILE = "from matching.compiled import main; main()"
SOLVE = """
import sys, time
from dataclasses import replace
from numba.core.dispatcher import Dispatcher
from matching import solve
from matching.limits import Limits
from tests.bench.rounds import make_round

for kind in ("tiny", "campus"):
    whole = make_round(kind, 1, 1.0 if kind == "tiny" else 0.3)
    first = solve(whole, limits=Limits(effort=0.2), clock=time.monotonic)
    fewer = replace(whole, mentors=whole.mentors[1:], pairs=(), peers=())
    solve(fewer, previous=first.groups, limits=Limits(effort=0.2), clock=time.monotonic)
kernels = [each for name, module in sorted(sys.modules.items()) if name.startswith("matching.") for each in vars(module).values()]
print(*sorted({each.__name__ for each in kernels if isinstance(each, Dispatcher) and sum(each.stats.cache_misses.values())}))
"""


def test_what_make_install_compiles_is_all_that_a_solve_needs() -> None:
    subprocess.run([sys.executable, "-c", COMPILE], check=True, timeout=280)
    done = subprocess.run([sys.executable, "-c", SOLVE], check=True, timeout=100, capture_output=True, text=True)
    assert done.stdout.split() == []
