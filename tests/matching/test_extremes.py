"""Rounds with one thing out of all proportion are solved like any other."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic, process_time

import pytest

from matching import solve
from matching.check import check_result
from matching.limits import Limits
from matching.result import Result
from matching.round import Mentee, Mentor, Pair, PairRule, PeerRule, Peers, Round
from tests.rounds.hand_made import a_round, mentee, mentor, require


def solved(round: Round) -> Result:
    """The result, which breaks no rule."""
    result = solve(round, limits=Limits(effort=0.2, explain_seconds=0), clock=monotonic)
    assert check_result(round, result).faults == ()
    return result


def promised(mentee: str, worth: int) -> Pair:
    """What the only mentor is worth to a mentee."""
    return Pair(mentor="m", mentee=mentee, rule=PairRule.POINTS, points=worth)


@pytest.mark.parametrize("worth", [1_000, 1_000_000, 1_000_000_000])
def test_what_is_required_is_held_whatever_is_promised_elsewhere(worth: int) -> None:
    people: list[Mentor | Mentee] = [mentor("m", max_groups=1, max_size=1), mentee("s1"), mentee("s2")]
    for other in (promised("s2", worth), promised("s1", -worth)):
        result = solved(a_round(people, [require("m", "s1"), other], min_size=1))
        assert [group.members for group in result.groups] == [("s1",)]
        assert result.optimal


@pytest.mark.parametrize("worth", [1_000_000, 1_000_000_000])
def test_what_is_required_is_held_whatever_peers_are_promised(worth: int) -> None:
    people: list[Mentor | Mentee] = [mentor("m", max_groups=1, max_size=2), *(mentee(f"s{n}") for n in range(3))]
    peers = Peers(mentee="s1", other="s2", rule=PeerRule.POINTS, points=worth)
    result = solved(a_round(people, [require("m", "s0"), peers], min_size=1))
    assert "s0" in result.groups[0].members
    assert result.optimal


def test_a_mentor_who_would_hold_a_billion_groups_takes_no_room_for_them() -> None:
    round = a_round([mentor("m", max_groups=1_000_000_000), *(mentee(f"s{n}") for n in range(4))], [], min_size=1)
    result = solved(round)
    assert result.optimal
    fewer = replace(round, mentors=(replace(round.mentors[0], max_groups=20),))
    assert result.score == solved(fewer).score


def test_advice_comes_soon_where_all_mentees_are_alike() -> None:
    people: list[Mentor | Mentee] = [*(mentor(f"m{n}") for n in range(10)), *(mentee(f"s{n}") for n in range(200))]
    began = process_time()
    result = solve(a_round(people, min_size=1), limits=Limits(effort=0.05), clock=monotonic)
    assert result.advice
    assert process_time() - began < 20
