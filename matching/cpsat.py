"""Runs CP-SAT so that it ends as soon as the time is over or somebody has asked to stop.

The solver works in a thread of its own, for the main one to be told of Ctrl-C; by itself CP-SAT would take that as a wish to
end only the solving at hand, and nobody else would hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

LOOK_SECONDS = 0.05
"""How often it is asked whether there is time left."""


def status_of(solver: cp_model.CpSolver, model: cp_model.CpModel, left: Callable[[], float]) -> cp_model.CpSolverStatus:
    """What a solving comes to; it is stopped when no seconds are `left`, which changes nothing of what it finds before."""
    solver.parameters.catch_sigint_signal = False
    with ThreadPoolExecutor(1) as thread:
        solving = thread.submit(solver.solve, model)
        try:
            while not solving.done():
                if left() <= 0:
                    solver.stop_search()
                wait([solving], LOOK_SECONDS)
        finally:
            solver.stop_search()
    return solving.result()
