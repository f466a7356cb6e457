"""A chance that a result leaves unused is found, whatever the size of the new group, and nothing else is taken for one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from matching.case import Case
from matching.check import check, check_result
from matching.check_reasons import People, true_reason
from matching.result import EndedBy, Group, Result, Unplaced
from matching.round import Round
from matching.rules import starts_of
from matching.week import patterns
from tests.rounds.random_rounds import earlier_groups, some_groups, tiny_round


def _chances_by_trying(round: Round, groups: Sequence[Group], earlier: Sequence[Group]) -> set[tuple[str, str]]:
    """Unplaced requests that can be added to a group, or open one with other unplaced ones, so that a judged result has more points."""
    now = check(round, groups, earlier).score
    assert now is not None
    placed = {(mentee, group.subject) for group in groups for mentee in group.members}
    waiting = {(mentee.key, request.subject) for mentee in round.mentees for request in mentee.requests} - placed
    found: set[tuple[str, str]] = set()

    def better(changed: Sequence[Group]) -> bool:
        return (check(round, changed, earlier).score or now) > now

    for key, subject in waiting:
        for n, group in enumerate(groups):
            if group.subject == subject:
                joined = replace(group, members=(*group.members, key))
                if better([*groups[:n], joined, *groups[n + 1 :]]):
                    found.add((key, subject))
    policy = round.policy.group
    for mentor in round.mentors:
        for meetings in patterns(starts_of(mentor, policy), policy.meetings_per_week, policy.same_time):
            for subject in {subject for _, subject in waiting}:
                asking = sorted(mentee for mentee, asked in waiting if asked == subject)
                for size in range(policy.min_size, policy.max_size + 1):
                    for members in combinations(asking, size):
                        opened = Group(key="new", mentor=mentor.key, subject=subject, meetings=meetings, members=members)
                        if better([*groups, opened]):
                            found |= {(member, subject) for member in members}
    return found


def test_every_chance_left_and_no_other_is_found() -> None:
    chances = 0
    for seed in range(60):
        rng = random.Random(f"chances {seed}")
        round = tiny_round(rng, requires=0)
        earlier, groups = earlier_groups(rng, round), some_groups(rng, round, tries=rng.choice((0, 3, 60)))
        people = People(Case.of(round, groups, earlier))
        placed = {(mentee, group.subject) for group in groups for mentee in group.members}
        rows = [
            Unplaced(mentee=mentee.key, subject=request.subject, reason=true_reason(people, mentee, request.subject), detail="as found")
            for mentee in round.mentees
            for request in mentee.requests
            if (mentee.key, request.subject) not in placed
        ]
        score = check(round, groups, earlier).score
        assert score is not None
        requests = sum(len(mentee.requests) for mentee in round.mentees)
        ended_by = EndedBy.EFFORT
        result = Result(
            groups=groups, unplaced=tuple(rows), score=score, bound=score, requests=requests, seed=0, seconds=0.0, ended_by=ended_by
        )
        faults = check_result(round, result, earlier).faults
        expected = {f"{mentee} {subject}" for mentee, subject in _chances_by_trying(round, groups, earlier)}
        assert {fault.place for fault in faults} == expected, (seed, faults)
        assert all("a chance is left" in fault.sentence for fault in faults)
        chances += len(expected)
    assert chances > 30
