"""A Seoul-sized result is judged in seconds, so that every result can be judged before it is written."""

from __future__ import annotations

from time import process_time

import pytest

from matching.case import Case
from matching.check import check, check_result
from matching.check_reasons import People, true_reason
from matching.result import EndedBy, Result, Unplaced
from tests.bench import greedy
from tests.bench.outcome import Limits
from tests.bench.rounds import make_round


@pytest.mark.long
def test_a_seoul_sized_result_is_judged_in_seconds() -> None:
    round = make_round("seoul", 1)
    limits = Limits(left=lambda: 60.0, spent=lambda: 0.0, built=lambda _: None, keep=lambda _: None)
    groups = greedy.solve(round, limits).groups
    assert len(groups) > 1000

    began = process_time()
    score = check(round, groups).score
    assert process_time() - began < 3
    assert score is not None

    people = People(Case.of(round, groups))
    placed = {(mentee, group.subject) for group in groups for mentee in group.members}
    asked = {(mentee.key, request.subject): mentee for mentee in round.mentees for request in mentee.requests}
    rows = tuple(
        Unplaced(mentee=key, subject=subject, reason=true_reason(people, mentee, subject), detail="as found")
        for (key, subject), mentee in sorted(asked.items(), key=lambda item: item[0])
        if (key, subject) not in placed
    )
    result = Result(
        groups=groups, unplaced=rows, score=score, bound=score, requests=len(asked), seed=0, seconds=0.0, ended_by=EndedBy.EFFORT
    )
    began = process_time()
    faults = check_result(round, result).faults
    assert process_time() - began < 10
    assert all("a chance is left" in fault.sentence for fault in faults)
