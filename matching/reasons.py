"""Why a request is unplaced, in one word and in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from matching.case import Case
from matching.check_reasons import People, true_reason
from matching.result import Group, Reason, Unplaced
from matching.round import Round


def unplaced(round: Round, groups: Sequence[Group]) -> tuple[Unplaced, ...]:
    """The requests in no group, in the order of mentee and subject, each with the first reason that holds."""
    people = People(Case.of(round, groups))
    placed = {(member, group.subject) for group in groups for member in group.members}
    found = []
    for mentee in round.mentees:
        for request in mentee.requests:
            if (mentee.key, request.subject) not in placed:
                reason = true_reason(people, mentee, request.subject)
                found.append(Unplaced(mentee=mentee.key, subject=request.subject, reason=reason, detail=_sentence(reason)))
    return tuple(sorted(found, key=lambda one: (one.mentee, one.subject)))


def _sentence(reason: Reason) -> str:
    match reason:
        case Reason.NO_MENTOR:
            return "no mentor may have this mentee for this subject"
        case Reason.NO_TIME:
            return "no mentor who may have this mentee shares a time"
        case Reason.NO_GROUP:
            return "no group with this mentee could stand"
        case Reason.NO_SEAT:
            return "all suitable groups are full or worth less with this mentee"
