"""Picks groups out of a list: the integer program over whole groups, exact for what is in the list.

A variable for each group; a row for each request, for each mentee's limit and time, for each mentor's number of groups and
time. Mentors' first groups and mentees' first seats have variables of their own where they are worth anything.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from matching.candidates import Groups
from matching.eligible import MILLI, Board, Ints

DAY = 1440


@dataclass(frozen=True, slots=True)
class Program:
    """max worth @ x, low <= rows <= high, x binary; rows as CSR. The first columns are the groups'."""

    worth: Ints
    row_ptr: Ints
    row_column: Ints
    row_factor: Ints
    high: Ints  # rows are at most this
    groups: int


def _pairs_to_rows(keys: Ints, columns: Ints) -> tuple[Ints, list[Ints]]:
    """Columns gathered by key: distinct keys, and the columns of each."""
    order = np.lexsort((columns, keys))
    keys, columns = keys[order], columns[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.int64)
    return keys[starts], np.split(columns, starts[1:]) if len(starts) else []


def program_of(board: Board, groups: Groups, attends: Ints) -> Program:
    """The integer program of a list of groups, where mentees are in `attends` [I] groups already."""
    n = len(groups.mentor)
    column = np.arange(n)
    held = np.arange(groups.members.shape[1]) < groups.size[:, None]
    member_column = np.broadcast_to(column[:, None], held.shape)[held]
    member = groups.members[held]
    mentee = board.mentee[member]
    requests_of = np.diff(board.mentee_ptr)
    several = requests_of[mentee] > 1
    worth = list(groups.worth)
    rows: list[tuple[Ints, Ints, int]] = []  # columns, factors, at most

    def at_most(columns: Ints, limit: int) -> None:
        if len(columns) > limit:
            rows.append((columns, np.ones(len(columns), np.int64), limit))

    for _, columns in zip(*_pairs_to_rows(member, member_column), strict=True):
        at_most(columns, 1)
    # A mentee's limit, first seat and time, where they have several requests.
    for i, columns in zip(*_pairs_to_rows(mentee[several], member_column[several]), strict=True):
        at_most(columns, int(board.mentee_cap[i] - attends[i]))
        if board.first_seat and not attends[i]:
            _indicator(rows, worth, columns, board.first_seat)
    meets = board.pattern_starts[board.slot_pattern[board.offer_slot[groups.offer]]]
    spread = meets[member_column[several]]
    for _, columns in zip(*_cells(mentee[several], member_column[several], spread, board.session_minutes), strict=True):
        at_most(columns, 1)
    # A mentor's number of groups and time.
    for m, columns in zip(*_pairs_to_rows(groups.mentor, column), strict=True):
        at_most(columns, int(board.cap[m]))
        if board.first_group:
            _indicator(rows, worth, columns, board.first_group)
    busy = board.cap[groups.mentor] > 1
    for _, columns in zip(
        *_cells(groups.mentor[busy], column[busy], meets[busy], board.session_minutes + board.buffer_minutes), strict=True
    ):
        at_most(columns, 1)
    ptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(columns) for columns, _, _ in rows], out=ptr[1:])
    empty = [np.zeros(0, np.int64)]
    return Program(
        np.array(worth, np.int64),
        ptr,
        np.concatenate([c for c, _, _ in rows] or empty),
        np.concatenate([f for _, f, _ in rows] or empty),
        np.array([h for _, _, h in rows], np.int64),
        n,
    )


def _indicator(rows: list[tuple[Ints, Ints, int]], worth: list[int], columns: Ints, points: int) -> None:
    """A column worth `points` that is held exactly if any of `columns` is: at most so where they gain, at least where they cost."""
    new = len(worth)
    worth.append(points)
    if points > 0:
        rows.append((np.r_[columns, new], np.r_[np.full(len(columns), -1), 1], 0))
    else:
        rows.extend((np.array([one, new]), np.array([1, -1]), 0) for one in columns)


def _cells(owner: Ints, column: Ints, meets: npt.NDArray[np.int64], minutes: int) -> tuple[Ints, list[Ints]]:
    """Columns that take an owner's time at one start: of two that overlap, the later one's start lies in the earlier one."""
    if not len(owner):
        return np.zeros(0, np.int64), []
    starts = np.unique(meets)
    keys, columns = [], []
    for k in range(meets.shape[1]):
        first = np.searchsorted(starts, meets[:, k])
        last = np.searchsorted(starts, np.minimum(meets[:, k] + minutes, (meets[:, k] // DAY + 1) * DAY))
        reach = last - first
        flat = np.repeat(first, reach) + np.arange(reach.sum()) - np.repeat(np.cumsum(reach) - reach, reach)
        keys.append(np.repeat(owner, reach) * len(starts) + flat)
        columns.append(np.repeat(column, reach))
    return _pairs_to_rows(np.concatenate(keys), np.concatenate(columns))


def solve(program: Program, *, nodes: int, seconds: float | None, at_least: int) -> tuple[npt.NDArray[np.bool_] | None, bool]:
    """The groups of the best choice worth more than `at_least`, or None, and whether nothing is better (to a floating-point solver).

    Counted in nodes of the search tree, so the same again; `seconds` only cap it.
    """
    model = model_pb2.ModelProto()
    n = len(program.worth)
    model.variables.ids.extend(range(n))
    model.variables.lower_bounds.extend([0.0] * n)
    model.variables.upper_bounds.extend([1.0] * n)
    model.variables.integers.extend([True] * n)
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
    parameters = mathopt.SolveParameters(
        time_limit=None if seconds is None else dt.timedelta(seconds=max(seconds, 0.01)),
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=0.5 / MILLI,
    )
    parameters.highs = highs_pb2.HighsOptionsProto(
        int_options={"mip_max_nodes": nodes}, double_options={"objective_bound": 0.5 / MILLI - at_least / MILLI}
    )
    result = mathopt.solve(mathopt.Model.from_model_proto(model), mathopt.SolverType.HIGHS, params=parameters)
    reason = result.termination.reason
    proven = reason in (mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.INFEASIBLE)
    if not result.has_primal_feasible_solution():
        return None, proven
    values = result.variable_values()
    return np.fromiter((value > 0.5 for value in values.values()), bool, n)[: program.groups], proven
