"""The project's judge and the contract's say the same of random results, good and bad."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from matching.case import Case
from matching.check import check, check_result
from matching.check_reasons import People, true_reason
from matching.result import EndedBy, Group, Reason, Result, Unplaced
from matching.round import Round
from tests.matching.contract import ReferenceJudge, needs_the_contract
from tests.matching.mutations import spoil
from tests.rounds.random_rounds import earlier_groups, some_groups, tiny_round, with_required

pytestmark = needs_the_contract

FEW = [pytest.param(range(n, n + 100), id=f"seeds {n} to {n + 99}") for n in range(0, 300, 100)]
MANY = [pytest.param(range(n, n + 500), id=f"seeds {n} to {n + 499}", marks=pytest.mark.long) for n in range(1000, 6000, 500)]


def _round_and_results(seed: int) -> tuple[Round, tuple[Group, ...], list[tuple[Group, ...]]]:
    rng = random.Random(seed)
    round = tiny_round(rng, requires=0, mentees=rng.choice((None, 12)), mentors=rng.choice((None, 5)))
    groups = some_groups(rng, round, clashes=rng.choice((0.0, 0.0, 0.1)))
    if rng.random() < 0.3:
        round = with_required(rng, round, groups)
    earlier = tuple(group for group in (*groups, *earlier_groups(rng, round)) if rng.random() < 0.5)
    spoilt = [spoil(rng, round, groups) for _ in range(8)]
    return round, earlier, [groups, *spoilt, spoil(rng, round, spoilt[-1])]


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_both_judges_find_the_same_results_fine_and_give_them_the_same_points(seeds: Sequence[int], tmp_path: Path) -> None:
    fine = spoilt = 0
    for seed in seeds:
        round, earlier, results = _round_and_results(seed)
        reference = ReferenceJudge(round, tmp_path, earlier)
        for groups in results:
            verdict, faults = check(round, groups, earlier), reference.violations(groups)
            assert verdict.fine == (not faults), (seed, groups, verdict.faults, faults)
            if verdict.fine:
                assert {kind: points for kind, points in verdict.parts.items() if points} == reference.parts(groups), (seed, groups)
                assert verdict.score == sum(verdict.parts.values())
                fine += 1
            else:
                assert verdict.score is None
                spoilt += 1
    assert fine > len(seeds), "too few good results to say anything"
    assert spoilt > len(seeds), "too few bad results to say anything"


def _told(rng: random.Random, round: Round, groups: Sequence[Group]) -> list[Unplaced]:
    """Rows for unplaced.csv, mostly true, some with another reason, no detail, missing, twice or of a placed request."""
    people = People(Case.of(round, groups))
    placed = {(mentee, group.subject) for group in groups for mentee in group.members}
    rows = []
    for mentee in round.mentees:
        for request in mentee.requests:
            if (mentee.key, request.subject) not in placed or rng.random() < 0.01:
                reason = rng.choice(list(Reason)) if rng.random() < 0.1 else true_reason(people, mentee, request.subject)
                detail = "" if rng.random() < 0.03 else "as found"
                row = Unplaced(mentee=mentee.key, subject=request.subject, reason=reason, detail=detail)
                rows += [row] * rng.choices((0, 1, 2), (2, 96, 2))[0]
    return rows


@pytest.mark.parametrize("seeds", FEW + MANY)
def test_both_judges_find_the_same_reasons_wrong_and_the_same_chances_left(seeds: Sequence[int], tmp_path: Path) -> None:
    wrong = chances = 0
    for seed in seeds:
        round, earlier, results = _round_and_results(seed)
        reference = ReferenceJudge(round, tmp_path, earlier)
        rng = random.Random(seed)
        for groups in [groups for groups in results if check(round, groups, earlier).fine][:3]:
            rows = _told(rng, round, groups)
            requests = sum(len(mentee.requests) for mentee in round.mentees)
            score = check(round, groups, earlier).score or 0
            result = Result(
                groups=groups,
                unplaced=tuple(rows),
                score=score,
                bound=score,
                requests=requests,
                seed=0,
                seconds=0.0,
                ended_by=EndedBy.PROOF,
            )
            found = check_result(round, result, earlier).faults
            told = reference.wrong_rows(groups, rows)
            ours = {fault.place for fault in found if "a chance is left" in fault.sentence}
            theirs = {" ".join(text.split(":")[0].split()[1:]) for text in told if "a chance is left" in text}
            assert theirs <= ours, (seed, groups, found, told)  # the contract's judge looks at new groups of one or two members only
            # what else is wrong is told row by row by both
            other = {str(fault) for fault in found if "a chance is left" not in fault.sentence}
            assert len(other) == len({text for text in told if "a chance is left" not in text}), (seed, groups, found, told)
            wrong += len(other)
            chances += len(theirs)
    assert wrong > len(seeds) / 2, "too few wrong reasons to say anything"
    assert chances > len(seeds) / 2, "too few chances left to say anything"
