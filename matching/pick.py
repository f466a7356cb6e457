"""Picks groups out of a list: the integer program over whole groups, exact for what is in the list.

A variable for each group; a row for each request, for each mentee's limit and time, for each mentor's number of groups and
time. Mentors' first groups and mentees' first seats have variables of their own where they are worth anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

import numpy as np
import numpy.typing as npt
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from matching.ask import HIGHS, answer, limit_of, model_of
from matching.board import MILLI
from matching.price import Floats
from matching.program import Program

A_PROGRAM, ENTRY, PIVOT = 2_000, 7, 9
"""Work that a program of whole groups takes: itself, each entry of its rows, and each simplex iteration: so much less than the entries to
the power of 3/4. Measured on 547 programs of rural, campus and mixed rounds, of up to 109,404 entries and 39,430 iterations."""

INTERIOR = 5
"""So many entries are a unit in each interior-point iteration of a linear program."""


@dataclass(slots=True)
class Meter:
    """Counts the work `spent` on programs: the same for the same programs, and about a microsecond a unit."""

    spent: int = 0


def solve(
    program: Program, meter: Meter, *, nodes: int, left: Callable[[], float], at_least: int, within: float = 0.5
) -> tuple[npt.NDArray[np.bool_] | None, bool]:
    """The groups of the best choice worth more than `at_least`, or None, and whether nothing is better by more than `within` (to a
    floating-point solver).

    Counted in nodes of the search tree, so the same again; the seconds that are `left` only cap it.
    """
    n = len(program.worth)
    parameters = mathopt.SolveParameters(
        time_limit=limit_of(left()),
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=within / MILLI,
    )
    parameters.highs = highs_pb2.HighsOptionsProto(
        int_options={"mip_max_nodes": nodes}, double_options={"objective_bound": 0.5 / MILLI - at_least / MILLI}
    )
    result = answer(model_of(program, whole=True), HIGHS, parameters, left)
    if result is None:
        return None, False
    meter.spent += A_PROGRAM + ENTRY * len(program.row_column) + pivots(program, result.solve_stats.simplex_iterations)
    reason = result.termination.reason
    proven = reason in (mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.INFEASIBLE)
    if not result.has_primal_feasible_solution():
        return None, proven
    values = result.variable_values()
    return np.fromiter((value > 0.5 for value in values.values()), bool, n)[: program.groups], proven


def pivots(program: Program, iterations: int) -> int:
    """Work that simplex iterations take."""
    entries = len(program.row_column)
    return iterations * isqrt(entries * isqrt(entries)) // PIVOT


def relaxed(program: Program, meter: Meter, left: Callable[[], float]) -> tuple[Floats, Floats] | None:
    """How much of each variable is held when parts may be, and the price of each row in points; None where there is no
    answer while seconds are `left`.

    By interior points without crossover: prices from the middle of all that are as good change little from one program to the next.
    """
    model = model_of(program, whole=False)
    for options in ({"solver": "ipm", "run_crossover": "off"}, {"solver": "simplex"}):
        parameters = mathopt.SolveParameters(time_limit=limit_of(left()))
        parameters.highs = highs_pb2.HighsOptionsProto(string_options=options)
        result = answer(model, HIGHS, parameters, left)
        if result is None:
            continue
        done = result.solve_stats
        meter.spent += len(program.row_column) * done.barrier_iterations // INTERIOR + pivots(program, done.simplex_iterations)
        best = result.solutions[0] if result.termination.reason == mathopt.TerminationReason.OPTIMAL else None
        if best is not None and best.primal_solution is not None and best.dual_solution is not None:
            x, dual = best.primal_solution.variable_values, best.dual_solution.dual_values
            return np.fromiter(x.values(), float, len(x)), np.maximum(0.0, -np.fromiter(dual.values(), float, len(dual)))
    return None
