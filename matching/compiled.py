"""Compiles the solver's kernels and leaves them beside their modules, so that nobody waits for them later.

`make install` runs it: `python -m matching.compiled`. It solves a small round in which every step has something to do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from matching import solve
from matching.alone import stands
from matching.board import Board
from matching.closing import close
from matching.convene import best_to_convene, convene
from matching.cuts import triples
from matching.eligible import table_of
from matching.limits import Limits
from matching.named import plan_of
from matching.plan import Plan, take_back
from matching.polish import desk
from matching.price import Pricer
from matching.restore import before_of, cost_of_undoing, room_to_undo
from matching.round import GroupPolicy, Mentee, Mentor, Policy, Program, Request, Round, Teaching
from matching.run import Run
from matching.scratch import scratch
from matching.steps import award_all, polish, price, searched, take_steps, use_what_is_left
from matching.ways import best_way, cost_of_leaving, go, no_way, standing_of
from matching.week import read_stretch


def small_round(min_size: int = 1) -> Round:
    """Two mentors and six mentees, too many for the seats."""
    evenings = tuple(read_stretch(text) for text in ("Mon 18:00-21:00", "Wed 18:00-21:00"))
    math = Teaching("math", 7, 9)
    return Round(
        policy=Policy(
            program=Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19)),
            group=GroupPolicy(min_size=min_size, max_size=2),
        ),
        mentors=tuple(
            Mentor(key=f"m-{n}", teaches=(math,), availability=evenings, home_region="Seoul/Mapo", max_groups=1) for n in range(2)
        ),
        mentees=tuple(
            Mentee(
                key=f"s-{n}", grade=7 + n % 3, requests=(Request("math"), Request("english")), availability=evenings, region="Seoul/Mapo"
            )
            for n in range(6)
        ),
    )


def _no_clock() -> float:
    return 0.0


def _explain(board: Board, plan: Plan) -> None:
    """Every step that is called by itself where something is said of a plan."""
    room, s, way = desk(board, plan, 0), scratch(board), no_way()
    members, dirty = np.zeros(int(board.size.max()) + 2, np.int64), np.zeros(len(plan.offer) + 1, np.int64)
    waiting = int(np.flatnonzero((plan.at < 0) & (np.diff(board.entry_ptr) > 0))[0])
    placed = int(np.flatnonzero(plan.at >= 0)[0])
    stands(board, room, waiting, members)
    offer, _ = best_to_convene(board, plan, room, s, waiting, 1, members, dirty)
    convene(board, plan, room, s, waiting, offer, members, dirty)
    take_back(board, plan)
    cost_of_leaving(board, plan, placed)
    before = before_of(board)
    cost_of_undoing(board, plan, before, room, placed, room_to_undo(board, before))
    best_way(board, plan, room, standing_of(board, plan), waiting, way)
    go(board, plan, room, waiting, way)


def _find_cuts() -> None:
    """Three halves of groups that want each other's members: what a larger round's linear program may hold."""
    some, one = np.zeros(1, np.int64), np.ones(1)
    triples(np.zeros(2, np.int64), some, one, np.zeros(2, np.int64), some, one, 0.5, np.zeros((1, 3), np.int64), one)


def main() -> None:
    """Takes every step of a run, whether it is needed or not."""
    table = table_of(small_round())
    run = Run(table, plan_of(table, ()), 0, Limits(effort=0.1), 2, _no_clock, lambda _: None, lambda: False)
    take_steps(run)
    pricer = Pricer(run.board, run.seed)
    price(run, pricer)
    award_all(run, 1)
    close(run, pricer)
    polish(run)
    searched(run, run.best, 2, 2.0, 1.0)
    use_what_is_left(run)
    _find_cuts()
    _explain(run.board, run.best)
    for min_size in (1, 2):
        result = solve(small_round(min_size), limits=Limits(effort=0.1), clock=_no_clock)
        moved = [replace(group, meetings=(group.meetings[0] + 30,)) for group in result.groups]
        solve(small_round(min_size), previous=moved, limits=Limits(effort=0.1), clock=_no_clock)


if __name__ == "__main__":
    main()
