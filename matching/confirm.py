"""Confirms in whole numbers that nothing in a program is worth more: HiGHS, which is quicker, reckons in floating point."""

from __future__ import annotations

from collections.abc import Callable

from matching.board import MILLI
from matching.cpsat import status_of
from matching.program import Program

WORK = 60.0
"""Of CP-SAT at most, in its deterministic seconds."""


def nothing_better(program: Program, than: int, left: Callable[[], float]) -> bool:
    """Whether CP-SAT proves that no choice is worth more than that (thousandths, whole points), within its work and the seconds left."""
    # Only few rounds need it, and those that do not shall not wait for it.
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    held = [model.new_bool_var("") for _ in range(len(program.worth))]
    for row, high in enumerate(program.high.tolist()):
        entries = slice(program.row_ptr[row], program.row_ptr[row + 1])
        of = [held[column] for column in program.row_column[entries].tolist()]
        factors = program.row_factor[entries].tolist()
        if high == 1 and all(factor == 1 for factor in factors):
            model.add_at_most_one(of)
        else:
            model.add(cp_model.LinearExpr.weighted_sum(of, factors) <= high)
    points = (program.worth // MILLI).tolist()
    worth = cp_model.LinearExpr.weighted_sum(held, points)
    model.add(worth > than // MILLI)
    model.maximize(worth)  # not needed, but so it sees by how much a group is too dear: ten times as quick, or more
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = WORK
    solver.parameters.presolve_inclusion_work_limit = 0  # CP-SAT 9.15 is wrong about some linear models otherwise
    return bool(status_of(solver, model, left) == cp_model.INFEASIBLE)
