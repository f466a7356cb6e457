"""Compiles the solver's kernels and leaves them beside their modules, so that nobody waits for them later.

`make install` runs it: `python -m matching.compiled`. It solves a small round in which every step has something to do.
"""

from __future__ import annotations

import datetime as dt

from matching import solve
from matching.eligible import table_of
from matching.limits import Limits
from matching.round import GroupPolicy, Mentee, Mentor, Policy, Program, Request, Round, Teaching
from matching.run import Run
from matching.solver import plan_of
from matching.week import read_stretch


def small_round() -> Round:
    """Two mentors and six mentees, too many for the seats."""
    evenings = tuple(read_stretch(text) for text in ("Mon 18:00-21:00", "Wed 18:00-21:00"))
    math = Teaching("math", 7, 9)
    return Round(
        policy=Policy(
            program=Program(time_zone="Asia/Seoul", term_start=dt.date(2026, 3, 2), term_end=dt.date(2026, 6, 19)),
            group=GroupPolicy(max_size=2),
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


def main() -> None:
    """Takes every step of a run, whether it is needed or not."""
    table = table_of(small_round())
    run = Run(table, plan_of(table, ()), 0, Limits(effort=0.1), 2, _no_clock, lambda _: None, lambda: False)
    run.go()
    for step in (run.price, run.warm, run.close, run.polish, run.finish):
        step()
    solve(small_round(), limits=Limits(effort=0.1, explain_seconds=0), clock=_no_clock)


if __name__ == "__main__":
    main()
