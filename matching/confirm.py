"""Confirms in whole numbers that nothing in a program is worth more: HiGHS, which is quicker, reckons in floating point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.sat import sat_parameters_pb2

from matching.ask import answer, limit_of, model_of
from matching.board import MILLI
from matching.program import Program

WORK = 60.0
"""Of CP-SAT at most, in its deterministic seconds."""


def nothing_better(program: Program, than: int, left: Callable[[], float]) -> bool:
    """Whether CP-SAT proves that no choice is worth more than that (thousandths, whole points), within its work and the seconds left.

    All its numbers are whole, which MathOpt gives it as they are. That it looks for the best, which is not needed, tells it by how
    much a group is too dear: it is ten times as quick, or more.
    """
    model = model_of(program, whole=True)
    add_row(model, program, than // MILLI + 1)
    counted = sat_parameters_pb2.SatParameters(
        num_workers=1,
        linearization_level=2,
        max_deterministic_time=WORK,
        presolve_inclusion_work_limit=0,  # CP-SAT 9.15 is wrong about some linear models otherwise (or-tools issue 5293)
    )
    parameters = mathopt.SolveParameters(time_limit=limit_of(left()), cp_sat=counted)
    found = answer(model, mathopt.SolverType.CP_SAT, parameters, left)
    return found is not None and found.termination.reason == mathopt.TerminationReason.INFEASIBLE


def add_row(model: model_pb2.ModelProto, program: Program, least: int) -> None:
    """Asks for a choice worth so many points at least."""
    row, worth = len(program.high), program.worth // MILLI
    held = np.flatnonzero(worth)
    model.linear_constraints.ids.append(row)
    model.linear_constraints.lower_bounds.append(least)
    model.linear_constraints.upper_bounds.append(np.inf)
    model.linear_constraint_matrix.row_ids.extend([row] * len(held))
    model.linear_constraint_matrix.column_ids.extend(held.tolist())
    model.linear_constraint_matrix.coefficients.extend(worth[held].astype(float).tolist())
