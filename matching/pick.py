"""Picks groups out of a list: the integer program over whole groups, exact for what is in the list.

A variable for each group; a row for each request, for each mentee's limit and time, for each mentor's number of groups and
time. Mentors' first groups and mentees' first seats have variables of their own where they are worth anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import numpy as np
import numpy.typing as npt
from ortools.math_opt import model_pb2
from ortools.math_opt.python import errors, mathopt
from ortools.math_opt.solvers import highs_pb2

from matching.board import MILLI
from matching.price import Floats
from matching.program import Program

ENTRY, ITERATION = 12, 1_000
"""Work that a program of whole groups takes: for each entry of its rows, and for each simplex iteration."""

INTERIOR, PIVOT = 5, 50
"""The same for a linear program: so many entries a unit in each interior-point iteration, and so much for each simplex iteration."""

PATIENCE = 1.0
"""Seconds after the last in which a program may still answer by itself."""

LOOK_SECONDS = 0.05
"""How often it is asked whether there is time left."""


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
        time_limit=_limit(left()),
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=within / MILLI,
    )
    parameters.highs = highs_pb2.HighsOptionsProto(
        int_options={"mip_max_nodes": nodes}, double_options={"objective_bound": 0.5 / MILLI - at_least / MILLI}
    )
    result = _answer(_model(program, whole=True), parameters, left)
    if result is None:
        return None, False
    meter.spent += ENTRY * len(program.row_column) + ITERATION * result.solve_stats.simplex_iterations
    reason = result.termination.reason
    proven = reason in (mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.INFEASIBLE)
    if not result.has_primal_feasible_solution():
        return None, proven
    values = result.variable_values()
    return np.fromiter((value > 0.5 for value in values.values()), bool, n)[: program.groups], proven


def relaxed(program: Program, meter: Meter, left: Callable[[], float]) -> tuple[Floats, Floats] | None:
    """How much of each variable is held when parts may be, and the price of each row in points; None where there is no
    answer while seconds are `left`.

    By interior points without crossover: prices from the middle of all that are as good change little from one program to the next.
    """
    model = _model(program, whole=False)
    for options in ({"solver": "ipm", "run_crossover": "off"}, {"solver": "simplex"}):
        parameters = mathopt.SolveParameters(time_limit=_limit(left()))
        parameters.highs = highs_pb2.HighsOptionsProto(string_options=options)
        result = _answer(model, parameters, left)
        if result is None:
            continue
        done = result.solve_stats
        meter.spent += len(program.row_column) * done.barrier_iterations // INTERIOR + PIVOT * done.simplex_iterations
        best = result.solutions[0] if result.termination.reason == mathopt.TerminationReason.OPTIMAL else None
        if best is not None and best.primal_solution is not None and best.dual_solution is not None:
            x, dual = best.primal_solution.variable_values, best.dual_solution.dual_values
            return np.fromiter(x.values(), float, len(x)), np.maximum(0.0, -np.fromiter(dual.values(), float, len(dual)))
    return None


def _answer(model: model_pb2.ModelProto, parameters: mathopt.SolveParameters, left: Callable[[], float]) -> mathopt.SolveResult | None:
    """What HiGHS says of a model, or None where it comes to no answer.

    It looks at the clock too seldom, and cannot be stopped from outside: where no seconds are `left` it is left to itself, in a
    thread that holds nobody up.
    """
    answers: list[mathopt.SolveResult] = []

    def solve() -> None:
        try:
            answers.append(mathopt.solve(mathopt.Model.from_model_proto(model), mathopt.SolverType.HIGHS, params=parameters))
        except (AttributeError, errors.InternalMathOptError):
            return  # HiGHS came to no answer, and MathOpt 9.15 stumbles over its own error when it says so

    thread, patience = Thread(target=solve, daemon=True), PATIENCE
    thread.start()
    while thread.is_alive() and patience > 0:
        thread.join(LOOK_SECONDS)
        if left() <= 0:
            patience -= LOOK_SECONDS
    return answers[0] if answers else None


def _limit(seconds: float) -> dt.timedelta | None:
    return None if seconds == float("inf") else dt.timedelta(seconds=max(seconds, 0.01))


def _model(program: Program, *, whole: bool) -> model_pb2.ModelProto:
    """The program for MathOpt."""
    model = model_pb2.ModelProto()
    n = len(program.worth)
    most = np.ones(n)
    if not whole:  # the rows say so
        most[: program.groups] = np.inf
    model.variables.ids.extend(range(n))
    model.variables.lower_bounds.extend([0.0] * n)
    model.variables.upper_bounds.extend(most.tolist())
    model.variables.integers.extend([whole] * n)
    # HiGHS takes a cutoff only where it minimises.
    model.objective.maximize = False
    model.objective.linear_coefficients.ids.extend(range(n))
    model.objective.linear_coefficients.values.extend((-program.worth / MILLI).tolist())
    rows = len(program.high)
    model.linear_constraints.ids.extend(range(rows))
    model.linear_constraints.lower_bounds.extend([-np.inf] * rows)
    model.linear_constraints.upper_bounds.extend(program.high.astype(float).tolist())
    by_row = np.repeat(np.arange(rows), np.diff(program.row_ptr))
    order = np.lexsort((program.row_column, by_row))
    model.linear_constraint_matrix.row_ids.extend(by_row[order].tolist())
    model.linear_constraint_matrix.column_ids.extend(program.row_column[order].tolist())
    model.linear_constraint_matrix.coefficients.extend(program.row_factor[order].astype(float).tolist())
    return model
