"""The lines of score and bound: they keep their height until something changes, and stay in their frame."""

from __future__ import annotations

import pytest

from api.curve import BOTTOM, LEFT, RIGHT, TOP, curve, nice


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_a_line_climbs_in_steps() -> None:
    drawn = curve([(0.0, 950, 1050), (5.0, 1000, 1050), (10.0, 1000, 1050)])
    assert drawn
    assert points(drawn.score) == [(LEFT, BOTTOM), (396.0, BOTTOM), (396.0, 121.0), (RIGHT, 121.0)]
    assert {y for _, y in points(drawn.bound)} == {TOP}


def test_what_lies_far_out_is_drawn_on_the_edge() -> None:
    drawn = curve([(0.0, 0, 10**9), (1.0, 1000, 1010)])
    assert drawn
    assert points(drawn.score)[0] == (LEFT, BOTTOM)
    assert points(drawn.bound)[0] == (LEFT, TOP)
    assert all(TOP <= y <= BOTTOM for line in (drawn.score, drawn.bound) for _, y in points(line))


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([], id="nothing"),
        pytest.param([(1.0, 5, 5)], id="one moment"),
        pytest.param([(0.0, 5, 5), (0.0, 5, 5)], id="no time between"),
    ],
)
def test_without_two_moments_there_is_no_line(history: list[tuple[float, int, int]]) -> None:
    assert curve(history) is None


def test_equal_scores_and_bounds_are_drawn_too() -> None:
    drawn = curve([(0.0, 0, 0), (1.0, 0, 0)])
    assert drawn
    assert {y for _, y in points(drawn.score)} == {BOTTOM}


def test_marks_are_round_numbers_within_the_frame() -> None:
    drawn = curve([(0.0, 90_000, 110_000), (8.0, 100_000, 104_000)])
    assert drawn
    assert [value for _, value in drawn.y_marks] == [90_000, 95_000, 100_000, 105_000, 110_000]
    assert [value for _, value in drawn.x_marks] == [0, 4.0, 8.0]


@pytest.mark.parametrize(("step", "whole"), [(0.2, 1), (1.5, 2), (2.0, 2), (3.0, 5), (7.0, 10), (4_900.0, 5_000), (5_100.0, 10_000)])
def test_a_nice_step_is_one_two_or_five(step: float, whole: int) -> None:
    assert nice(step) == whole
