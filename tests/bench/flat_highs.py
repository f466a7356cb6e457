"""A peer: the flat model as a mixed integer program in HiGHS."""

from __future__ import annotations

import math

import highspy
import numpy as np

from matching.round import Round
from tests.bench.flat import NO_LIMIT, Flat
from tests.bench.flat_rows import flat
from tests.bench.outcome import Limits, Outcome, Step

ROUNDING = 1e-4
"""HiGHS counts in floating point; a bound is rounded down to whole points after adding so much."""


def solve(round: Round, limits: Limits) -> Outcome | None:
    """The best groups found in time, with the bound that HiGHS claims."""
    model = flat(round)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", limits.workers)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 0.999)  # points are whole
    _pass(highs, model)
    limits.built(f"{len(model.points):,} variables, {len(model.rows.lower):,} rows")
    history: list[Step] = []

    def improved(event: highspy.highs.HighsCallbackEvent) -> None:
        found = event.data_out
        bound = _bound(found.mip_dual_bound)
        history.append((limits.spent(), int(np.rint(found.objective_function_value)), bound))
        taken = np.array(found.mip_solution) > 0.5
        limits.keep(Outcome(groups=model.groups(taken), bound=bound, history=tuple(history)))

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.setOptionValue("time_limit", max(limits.left(), 0.1))
    highs.run()
    if highs.getModelStatus() == highspy.HighsModelStatus.kModelEmpty:
        return Outcome(groups=(), bound=0)
    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    taken = np.array(highs.getSolution().col_value) > 0.5
    bound = _bound(info.mip_dual_bound)
    history.append((limits.spent(), int(np.rint(info.objective_function_value)), bound))
    return Outcome(groups=model.groups(taken), bound=bound, history=tuple(history))


def _bound(claimed: float) -> int | None:
    return math.floor(claimed + ROUNDING) if math.isfinite(claimed) else None


def _pass(highs: highspy.Highs, model: Flat) -> None:
    """Hands the whole model over at once, by rows."""
    rows, size = model.rows, len(model.points)
    lower, upper = (np.where(np.abs(end) == NO_LIMIT, np.copysign(highspy.kHighsInf, end), end) for end in (rows.lower, rows.upper))
    status = highs.passModel(
        size,
        len(rows.lower),
        len(rows.column),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,
        model.points.astype(np.float64),
        np.zeros(size),
        np.ones(size),
        lower,
        upper,
        rows.start[:-1].astype(np.int32),
        rows.column.astype(np.int32),
        rows.factor.astype(np.float64),
        np.full(size, int(highspy.HighsVarType.kInteger), dtype=np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise MemoryError("HiGHS refused the model")
