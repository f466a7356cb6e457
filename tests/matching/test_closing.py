"""A round whose groups can all be listed is closed: a plan that breaks no rule, next to nothing below its bound, and the same again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching import closing, solve
from matching.check import check_result
from matching.limits import Limits
from matching.result import EndedBy, Result
from matching.round import Round
from tests.bench.rounds import make_round
from tests.matching.brute import brute_force
from tests.rounds.hand_made import a_round, mentee, mentor


def solved(round: Round, effort: float, workers: int = 2) -> Result:
    """The result of so much work, without what it says of time."""
    result = solve(round, limits=Limits(effort=effort, explain_seconds=0), workers=workers, clock=lambda: 0.0)
    assert check_result(round, result).faults == ()
    return replace(result, history=())


@pytest.mark.parametrize(("kind", "scale"), [("campus", 0.2), ("rural", 0.1), ("mixed", 1.0)])
def test_a_small_round_is_all_but_proven_and_the_same_again(kind: str, scale: float) -> None:
    round = make_round(kind, 3, scale=scale)
    result = solved(round, 0.3)
    assert 0 < result.bound - result.score <= result.bound / 100 or result.optimal
    assert solved(round, 0.3) == result


def test_a_bound_of_better_results_is_one_of_all_only_down_to_the_best_that_is_known() -> None:
    """In this round no better group could be listed once the awards are made."""
    result = solved(make_round("mixed", 14), 1.0)
    assert (result.score, result.ended_by) == (result.bound, EndedBy.PROOF)


def test_a_round_is_mended_where_its_groups_are_too_many_to_pick_from_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "MOST_EXACT", 0)
    monkeypatch.setattr(closing, "ROUNDS", 1)
    round = make_round("campus", 3, scale=0.2)
    result = solved(round, 0.3)
    assert result.ended_by is EndedBy.EFFORT
    assert result.bound > result.score > 0.98 * result.bound
    assert solved(round, 0.3) == result


STEPS = [
    pytest.param(25, 90, 0, id="sessions longer than three steps, no multiple of them"),
    pytest.param(50, 40, 15, id="steps that do not divide a day, and a buffer"),
    pytest.param(700, 20, 0, id="two starts a day and one before midnight"),
]


@pytest.mark.parametrize(("step", "session", "buffer"), STEPS)
def test_odd_lengths_of_meetings_and_of_the_steps_between_them_are_no_matter(step: int, session: int, buffer: int) -> None:
    both, late = ("math", "english"), "Mon 21:00-24:00; Tue 00:00-01:30"
    round = a_round(
        [
            mentor("m", subjects=both, free=late, max_groups=2),
            mentor("n", subjects=("math",), free=late, max_groups=1, max_size=1),
            *(mentee(f"s{n}", subjects=both[: 2 - n % 2], free=late) for n in range(3)),
        ],
        start_every_minutes=step,
        session_minutes=session,
        buffer_minutes=buffer,
        max_size=2,
    )
    best = brute_force(round)
    assert best is not None
    result = solved(round, 0.3, workers=1)
    assert (result.score, result.bound) == (best.score, best.score)


ODD = [
    pytest.param([], id="nobody"),
    pytest.param([mentor("m")], id="no mentees"),
    pytest.param([mentee("s")], id="no mentors"),
    pytest.param([mentor("m", max_groups=0), mentee("s")], id="a mentor who may have no groups"),
    pytest.param([mentor("m"), mentee("s", max_groups=0)], id="a mentee who may have none"),
    pytest.param([mentor("m", free="Sun 09:00-12:00"), mentee("s")], id="no time in common"),
    pytest.param([mentor("m"), mentee("s", grade=12)], id="a mentor without offers"),
    pytest.param([mentor("m"), mentee("s", mentor_gender="F"), mentee("t", mentor_gender="M")], id="offers, and not one group"),
]


@pytest.mark.parametrize("people", ODD)
def test_where_nobody_can_be_placed_that_is_proven_at_once(people: list[object]) -> None:
    result = solved(a_round(people), 0.3, workers=1)  # type: ignore[arg-type]  # mentors and mentees
    assert (result.score, result.bound, result.ended_by) == (0, 0, EndedBy.PROOF)


def test_a_mentor_who_may_have_more_groups_than_there_are_hours_has_one_for_each() -> None:
    round = a_round([mentor("m", max_groups=9), *(mentee(f"s{n}") for n in range(4))], max_size=1)
    result = solved(round, 0.3, workers=1)
    assert len(result.groups) == 3
    assert result.bound == result.score
