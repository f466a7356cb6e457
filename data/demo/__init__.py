"""A round of the project's own, in the files of ROUND.md beside this module: two rural regions, 24 mentors, 70 mentees.

Its people are invented. Every rule and every kind of point is in play, and some requests cannot be placed, for each of the four reasons.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from matching.round import Round
from matching.tables import read_round

ROUND = Path(__file__).parent
"""The folder of the round."""

WEEKS_GONE = 4
"""Of its term, where it is moved to lie around a day."""


def round_around(today: dt.date) -> Round:
    """The round with its term moved by whole weeks, so that a day lies in its fifth week; all days of its people move with it."""
    round = read_round(ROUND)
    program = round.policy.program
    weeks = ((today - program.term_start).days // 7 - WEEKS_GONE) * dt.timedelta(weeks=1)

    def moved(day: dt.date | None) -> dt.date | None:
        return day and day + weeks

    mentors = tuple(
        replace(mentor, available_from=moved(mentor.available_from), available_until=moved(mentor.available_until))
        for mentor in round.mentors
    )
    moved_program = replace(program, term_start=program.term_start + weeks, term_end=program.term_end + weeks)
    return replace(round, policy=replace(round.policy, program=moved_program), mentors=mentors)
