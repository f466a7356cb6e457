"""Brute force finds what plainer and slower brute force finds, and its results keep the rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from matching.case import Case, Seated
from matching.check import check
from matching.check_rules import stands_alone, violations
from matching.result import Group
from matching.round import PairRule, Round
from matching.rules import starts_of
from matching.week import patterns
from tests.matching.brute import brute_force
from tests.rounds.random_rounds import earlier_groups, some_groups, tiny_round


def _every_group(round: Round) -> list[Group]:
    """Every group that could stand alone: all sets of mentees are tried with all mentors and subjects, whenever a mentor is free."""
    case, policy = Case.of(round), round.policy.group
    found: list[Group] = []
    for mentor in round.mentors:
        for subject in ("math", "english", "korean"):
            for meetings in patterns(starts_of(mentor, policy), policy.meetings_per_week, policy.same_time):
                for size in range(1, len(round.mentees) + 1):
                    for members in combinations(round.mentees, size):
                        keys = tuple(member.key for member in members)
                        group = Group(key=f"g{len(found)}", mentor=mentor.key, subject=subject, meetings=meetings, members=keys)
                        if stands_alone(case, Seated(group, mentor, members)):
                            found.append(group)
    return found


def _most(round: Round, previous: Sequence[Group], groups: Sequence[Group]) -> int | None:
    """The most points of any set of these groups, every set being judged; what breaks a rule but `require` is not added to."""
    free = replace(round, pairs=tuple(row for row in round.pairs if row.rule is not PairRule.REQUIRE))
    best: int | None = None

    def extend(chosen: tuple[Group, ...], rest: Sequence[Group]) -> None:
        nonlocal best
        score = check(round, chosen, previous).score
        if score is not None and (best is None or score > best):
            best = score
        for n, group in enumerate(rest):
            if not any(violations(Case.of(free, (*chosen, group)))):
                extend((*chosen, group), rest[n + 1 :])

    extend((), groups)
    return best


def test_brute_force_equals_judging_every_set_of_groups() -> None:
    judged = infeasible = 0
    for seed in range(300):
        rng = random.Random(f"naive {seed}")
        round = tiny_round(rng, mentors=rng.randint(2, 3), mentees=rng.randint(3, 4))
        earlier = earlier_groups(rng, round)
        groups = _every_group(round)
        if 1 <= len(groups) <= 20:
            best, found = _most(round, earlier, groups), brute_force(round, earlier)
            assert (found.score if found else None) == best, seed
            judged += 1
            infeasible += best is None
    assert judged > 80
    assert 10 < infeasible < judged / 2


def test_its_result_keeps_the_rules_and_no_random_result_is_better() -> None:
    for seed in range(200):
        rng = random.Random(f"kept {seed}")
        round = tiny_round(rng)
        earlier = earlier_groups(rng, round)
        found = brute_force(round, earlier)
        for groups in (some_groups(rng, round), some_groups(rng, round)):
            score = check(round, groups, earlier).score
            assert score is None or (found is not None and score <= found.score), seed
        if found:
            verdict = check(round, found.groups, earlier)
            assert (verdict.faults, verdict.score) == ((), found.score), seed
