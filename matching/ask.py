"""Asks the solvers of OR-Tools, through MathOpt, so that nobody waits for them longer than there is time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from threading import Thread

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import errors, mathopt

from matching.board import MILLI
from matching.program import Program

HIGHS = mathopt.SolverType.HIGHS

PATIENCE = 1.0
"""Seconds after the last in which a program may still answer by itself."""

LOOK_SECONDS = 0.05
"""How often it is asked whether there is time left."""


def answer(
    model: model_pb2.ModelProto, solver: mathopt.SolverType, parameters: mathopt.SolveParameters, left: Callable[[], float]
) -> mathopt.SolveResult | None:
    """What a solver says of a model, or None where it comes to no answer.

    HiGHS looks at the clock too seldom, and cannot be stopped from outside: where no seconds are `left` a solver is left to itself,
    in a thread that holds nobody up.
    """
    answers: list[mathopt.SolveResult | None] = []

    def solve() -> None:
        try:
            answers.append(mathopt.solve(mathopt.Model.from_model_proto(model), solver, params=parameters))
        except (AttributeError, errors.InternalMathOptError):
            answers.append(None)  # HiGHS came to no answer, and MathOpt 9.15 stumbles over its own error when it says so

    thread, patience = Thread(target=solve, daemon=True), PATIENCE
    thread.start()
    while thread.is_alive() and patience > 0:
        thread.join(LOOK_SECONDS)
        if left() <= 0:
            patience -= LOOK_SECONDS
    if not answers and not thread.is_alive():
        raise RuntimeError("a solver failed; its thread has told how")
    return answers[0] if answers else None


def limit_of(seconds: float) -> dt.timedelta | None:
    """A time limit, none where there are seconds without end."""
    return None if seconds == float("inf") else dt.timedelta(seconds=max(seconds, 0.01))


def model_of(program: Program, *, whole: bool) -> model_pb2.ModelProto:
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
