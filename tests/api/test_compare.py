"""Two results are compared request by request."""

from __future__ import annotations

import pytest

from api.compare import compare, what_changes
from matching.result import Group

MONDAY, TUESDAY = (1_080,), (2_520,)


def group(mentor: str, meetings: tuple[int, ...], *members: str, subject: str = "math") -> Group:
    return Group(key=f"{mentor}-{subject}", mentor=mentor, subject=subject, meetings=meetings, members=members)


def test_requests_are_placed_alike_otherwise_or_in_one_result_only() -> None:
    first = [group("m-1", MONDAY, "s-1", "s-2"), group("m-2", TUESDAY, "s-3"), group("m-2", MONDAY, "s-5", subject="english")]
    second = [group("m-1", MONDAY, "s-1"), group("m-3", TUESDAY, "s-2", "s-4"), group("m-2", MONDAY, "s-3")]
    found = compare(first, second)
    assert found.alike == 1
    assert found.first_only == ((("s-5", "english"), ("m-2", MONDAY)),)
    assert found.second_only == ((("s-4", "math"), ("m-3", TUESDAY)),)
    assert found.changed == (
        (("s-2", "math"), ("m-1", MONDAY), ("m-3", TUESDAY)),
        (("s-3", "math"), ("m-2", TUESDAY), ("m-2", MONDAY)),
    )


@pytest.mark.parametrize(
    ("after", "what"),
    [
        pytest.param(("m-2", MONDAY), "mentor", id="another mentor"),
        pytest.param(("m-1", TUESDAY), "time", id="another time"),
        pytest.param(("m-2", TUESDAY), "mentor and time", id="both"),
    ],
)
def test_it_is_said_what_is_other(after: tuple[str, tuple[int, ...]], what: str) -> None:
    assert what_changes(("m-1", MONDAY), after) == what


def test_a_result_is_like_itself() -> None:
    groups = [group("m-1", MONDAY, "s-1", "s-2")]
    found = compare(groups, groups)
    assert (found.alike, found.first_only, found.second_only, found.changed) == (2, (), (), ())
