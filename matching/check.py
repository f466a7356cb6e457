"""The judge: every rule and the score of a result, written from the rules alone (ROUND.md).

It knows no solver: delete that, and this still judges any result. `check` judges groups, `check_result` a whole result with
its unplaced requests, their reasons, its counts and its bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from matching.case import Case, Violation
from matching.check_chances import chances
from matching.check_points import parts
from matching.check_reasons import People, true_reason
from matching.check_rules import violations
from matching.result import Group, Reason, Result
from matching.round import Round

STEPS = 200_000
"""Work spent on looking for new groups among unplaced requests: a few seconds at most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says: every fault, and the points where no rule is broken.

    `score` is `None` and `parts` empty where groups break rules; `parts` are the points by kind, which sum to the score.
    """

    faults: tuple[Violation, ...]
    score: int | None
    parts: Mapping[str, int]

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check(round: Round, groups: Sequence[Group], previous: Sequence[Group] = ()) -> Verdict:
    """Judges groups by all rules, and counts their points; `previous` are the groups of an earlier result, for `stay`."""
    return _verdict(Case.of(round, groups, previous))


def check_result(
    round: Round, result: Result, previous: Sequence[Group] = (), *, reasons: int | None = None, steps: int = STEPS
) -> Verdict:
    """Judges a whole result. Where its groups break rules, nothing else is looked at.

    The reasons of the first `reasons` rows are looked at, of all where it is `None`; `steps` bound the search for chances
    left unused by new groups.
    """
    case = Case.of(round, result.groups, previous)
    verdict = _verdict(case)
    if verdict.score is None:
        return verdict
    faults = (*unplaced_are_told(case, result), *reasons_hold(case, result, reasons, steps), *sums_are_true(case, result, verdict.score))
    return replace(verdict, faults=faults)


def _verdict(case: Case) -> Verdict:
    faults = tuple(violations(case))
    points = {} if faults else parts(case)
    return Verdict(faults=faults, score=None if faults else sum(points.values()), parts=points)


def _waiting(case: Case) -> set[tuple[str, str]]:
    """The requests in no group, by (mentee, subject)."""
    return set(case.priority) - {(mentee, group.subject) for group in case.groups for mentee in group.members}


def _row(mentee: str, subject: str, sentence: str) -> Violation:
    return Violation(source="unplaced.csv", place=f"{mentee} {subject}", sentence=sentence)


def unplaced_are_told(case: Case, result: Result) -> Iterator[Violation]:
    """Each request that is in no group is told once, and nothing else is (ROUND.md, Out: unplaced.csv)."""
    waiting = _waiting(case)
    told = Counter((row.mentee, row.subject) for row in result.unplaced)
    for mentee, subject in sorted(waiting - set(told)):
        yield _row(mentee, subject, "is in no group and has no row")
    for mentee, subject in sorted(set(told) - waiting):
        yield _row(mentee, subject, "has a row, but is placed or not asked for")
    for (mentee, subject), times in told.items():
        if times > 1:
            yield _row(mentee, subject, f"has {times} rows")


def reasons_hold(case: Case, result: Result, most: int | None = None, steps: int = STEPS) -> Iterator[Violation]:
    """Each reason is the first that holds, a detail goes with it, and `no_seat` leaves no chance unused (ROUND.md, Out: `reason`)."""
    waiting = _waiting(case)
    rows = [row for row in result.unplaced[:most] if (row.mentee, row.subject) in waiting]
    if not rows:
        return
    people = People(case)
    mentees = case.round.mentee_of
    truth = {(row.mentee, row.subject): true_reason(people, mentees[row.mentee], row.subject) for row in rows}
    for row in rows:
        true = truth[row.mentee, row.subject]
        if row.reason is not true:
            yield _row(row.mentee, row.subject, f"{row.reason}, but it is {true}")
        if not row.detail.strip():
            yield _row(row.mentee, row.subject, "has no detail")
    without_seat = {key for key, reason in truth.items() if reason is Reason.NO_SEAT}
    found = chances(people, [(mentees[mentee], subject) for mentee, subject in sorted(waiting)], without_seat, steps)
    for (mentee, subject), way in sorted(found.items()):
        yield _row(mentee, subject, f"a chance is left unused: {way}")


def sums_are_true(case: Case, result: Result, score: int) -> Iterator[Violation]:
    """The objective is the score, the bound is not below it, and the requests are all counted (ROUND.md, Out: summary.json)."""
    if result.score != score:
        yield Violation(source="summary.json", place="objective", sentence=f"{result.score}, but it scores {score}")
    if result.bound < score:
        yield Violation(source="summary.json", place="bound", sentence=f"{result.bound} is below the score {score}")
    if result.requests != len(case.priority):
        yield Violation(source="summary.json", place="requests", sentence=f"{result.requests}, but there are {len(case.priority)}")
