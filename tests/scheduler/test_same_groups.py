"""Which groups of a repair are those that were there before."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from matching.result import Group as Placed
from scheduler.same_groups import Meets, same_groups
from tests.scheduler.repairs import placed


def meets(key: str, mentor: str, members: str, meetings: str = "Tue 19:00", subject: str = "math") -> Meets:
    one = placed(key, mentor, members, meetings, subject)
    return Meets(id=UUID(int=int(key[2:])), key=key, mentor=mentor, subject=subject, meetings=one.meetings, members=frozenset(one.members))


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        pytest.param(
            [meets("g-1", "m-1", "a b")], [placed("x", "m-1", "a c", "Wed 19:00")], ["g-1 x"], id="one mentor and one member are the same"
        ),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-1", "c d", "Tue 19:00")], ["g-1 x"], id="the mentor and the time are"),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-1", "c d", "Wed 19:00")], ["g-1", "x"], id="only the mentor is"),
        pytest.param([meets("g-1", "m-1", "a b")], [placed("x", "m-2", "a c", "Wed 19:00")], ["g-1 x"], id="half of the members are"),
        pytest.param([meets("g-1", "m-1", "a b c")], [placed("x", "m-2", "a d", "Tue 19:00")], ["g-1", "x"], id="less than half are"),
        pytest.param(
            [meets("g-1", "m-1", "a b", subject="art")], [placed("x", "m-1", "a b", "Tue 19:00")], ["g-1", "x"], id="the subject differs"
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b")], [placed("x", "m-1", "a b", "Tue 19:00; Wed 19:00")], ["g-1", "x"], id="it meets more often"
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b"), meets("g-2", "m-2", "c d")],
            [placed("x", "m-2", "a b c", "Tue 19:00"), placed("y", "m-1", "c d", "Wed 19:00")],
            ["g-1", "g-2 x", "y"],
            id="a mentor's own group goes before one that is taken over",
        ),
        pytest.param(
            [meets("g-1", "m-1", "a b"), meets("g-2", "m-1", "c d", "Wed 19:00")],
            [placed("x", "m-1", "a c d", "Tue 19:00"), placed("y", "m-1", "b", "Wed 19:00")],
            ["g-1 y", "g-2 x"],
            id="more shared members go before the same time",
        ),
    ],
)
def test_which_groups_go_on(old: list[Meets], new: list[Placed], wanted: list[str]) -> None:
    assert [" ".join(one.key for one in (pair.old, pair.new) if one) for pair in same_groups(old, new)] == wanted


def test_a_repair_holds_whatever_order_groups_come_in() -> None:
    old = [meets(f"g-{number}", f"m-{number % 3}", f"s{number} s{number + 1}") for number in range(1, 9)]
    new = [replace(placed(f"x{number}", f"m-{number % 4}", f"s{number} s{number + 2}", "Tue 19:00")) for number in range(9)]
    assert same_groups(old, new) == same_groups(old[::-1], new[::-1])
