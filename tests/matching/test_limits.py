"""Limits and progress refuse what cannot be."""

import math

import pytest

from matching.limits import BadLimit, Limits, OutOfTime, Progress


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        pytest.param({"seconds": 0.0}, "seconds: 0.0 cannot be; a number above 0", id="no time at all"),
        pytest.param({"seconds": math.inf}, "seconds: inf cannot be; a number above 0", id="endless time is said by leaving it out"),
        pytest.param({"effort": -1.0}, "effort: -1.0 cannot be; a number above 0", id="negative effort"),
        pytest.param({"effort": math.nan}, "effort: nan cannot be; a number above 0", id="effort that is no number"),
        pytest.param({"explain_seconds": -0.5}, "explain_seconds: -0.5 cannot be; 0 or more seconds", id="negative explaining"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(limits: dict[str, float], told: str) -> None:
    with pytest.raises(BadLimit) as caught:
        Limits(**limits)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        pytest.param(Limits(seconds=60, explain_seconds=0), 0, id="explaining can be left out"),
        pytest.param(Limits(effort=1, explain_seconds=100), 100, id="it may take as long as somebody says"),
        pytest.param(Limits(seconds=60), 15, id="else a quarter of the time"),
        pytest.param(Limits(seconds=600, effort=1), 60, id="at most a minute"),
        pytest.param(Limits(effort=1), 60, id="also where work is limited and not time"),
    ],
)
def test_explaining_has_its_own_time(limits: Limits, seconds: float) -> None:
    assert limits.explaining == seconds


def test_a_bound_below_the_score_is_refused() -> None:
    with pytest.raises(BadLimit, match="bound: 9 cannot be; at least the score, 10"):
        Progress(seconds=1.0, placed=1, score=10, bound=9)


@pytest.mark.parametrize(
    ("seconds", "placed"), [pytest.param(-1.0, 0, id="time before the start"), pytest.param(0.0, -1, id="fewer than none")]
)
def test_progress_starts_at_nothing(seconds: float, placed: int) -> None:
    with pytest.raises(BadLimit):
        Progress(seconds=seconds, placed=placed, score=0, bound=0)


def test_running_out_of_time_says_after_how_long() -> None:
    assert str(OutOfTime(12.34)) == "no result after 12.3 seconds"
