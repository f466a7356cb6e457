"""A peer: the flat model in CP-SAT."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from matching.round import Round
from tests.bench.flat import NO_LIMIT, Flat
from tests.bench.flat_rows import flat
from tests.bench.outcome import Limits, Outcome, Step


def solve(round: Round, limits: Limits) -> Outcome | None:
    """The best groups found in time, with the proven bound."""
    model = flat(round)
    written = _write(model)
    limits.built(f"{len(model.points):,} variables, {len(model.rows.lower):,} rows")
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(limits.left(), 0.1)
    solver.parameters.num_workers = limits.workers
    solver.parameters.presolve_inclusion_work_limit = 0  # or-tools issue 5293: without it, optimality may be claimed in error
    watch = _Watch(limits)
    solver.best_bound_callback = watch.bounded
    status = solver.solve(written, watch)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    taken = np.array(solver.response_proto.solution, dtype=np.int64) > 0
    bound = -solver.response_proto.inner_objective_lower_bound
    watch.bounded(bound)
    return Outcome(groups=model.groups(taken), bound=bound, history=tuple(watch.history))


class _Watch(cp_model.CpSolverSolutionCallback):
    """Notes each better score and bound with its time."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.history: list[Step] = []

    def on_solution_callback(self) -> None:
        """Called by the solver for each better solution."""
        self.history.append((self.limits.spent(), round(self.objective_value), round(self.best_objective_bound)))

    def bounded(self, bound: float) -> None:
        """Called by the solver for each better bound."""
        if self.history:
            self.history.append((self.limits.spent(), self.history[-1][1], round(bound)))


def _write(model: Flat) -> cp_model.CpModel:
    """The model in CP-SAT's own terms, written straight into its message: one call for each row would take far longer."""
    written = cp_model.CpModel()
    proto = written.proto
    _binaries(written, len(model.points))
    valued = np.flatnonzero(model.points)
    proto.objective.vars.extend(valued.tolist())
    proto.objective.coeffs.extend((-model.points[valued]).tolist())
    proto.objective.scaling_factor = -1.0
    rows = model.rows
    plain = np.ones(len(rows.lower), dtype=np.bool_)
    plain[np.repeat(np.arange(len(rows.lower)), np.diff(rows.start))[rows.factor != 1]] = False
    clique = plain & (rows.upper == 1) & (rows.lower == -NO_LIMIT)
    start, lower, upper = rows.start.tolist(), rows.lower.tolist(), rows.upper.tolist()
    for row, is_clique in enumerate(clique.tolist()):
        here = slice(start[row], start[row + 1])
        if is_clique:
            proto.constraints.add().at_most_one.literals.extend(rows.column[here].tolist())
            continue
        linear = proto.constraints.add().linear
        linear.vars.extend(rows.column[here].tolist())
        linear.coeffs.extend(rows.factor[here].tolist())
        linear.domain.extend((lower[row], upper[row]))
    _seats_need_their_offer(written, model)
    return written


def _binaries(written: cp_model.CpModel, count: int) -> None:
    """Adds so many variables from 0 to 1, by doubling."""
    piece = cp_model.CpModel().proto
    piece.variables.add().domain.extend((0, 1))
    while count:
        if count & 1:
            written.proto.merge_from(piece)
        count >>= 1
        twin = cp_model.CpModel().proto
        twin.copy_from(piece)
        piece.merge_from(twin)


def _seats_need_their_offer(written: cp_model.CpModel, model: Flat) -> None:
    """No offer, no seat: one implication for each offer."""
    given = model.offers
    first = np.searchsorted(given.seat_offer, np.arange(len(given.mentor) + 1)).tolist()
    nobody = (-1 - np.arange(len(given.seat_offer))).tolist()
    for offer in range(len(given.mentor)):
        row = written.proto.constraints.add()
        row.enforcement_literal.append(-1 - (len(nobody) + offer))
        row.bool_and.literals.extend(nobody[first[offer] : first[offer + 1]])
