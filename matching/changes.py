"""What a result does otherwise than the one before it: each request that changes its mentor or its meetings, and why."""

from __future__ import annotations

from collections.abc import Sequence

from matching.result import Change, Group
from matching.round import Round
from matching.week import write_meetings


def changes(round: Round, previous: Sequence[Group], groups: Sequence[Group]) -> tuple[Change, ...]:
    """The requests of this round whose mentor or meetings differ, in the order of mentee and subject."""
    before, after = _seats(previous), _seats(groups)
    asked = sorted((mentee.key, request.subject) for mentee in round.mentees for request in mentee.requests)
    return tuple(
        Change(
            mentee=mentee,
            subject=subject,
            before=_told(before.get((mentee, subject))),
            after=_told(after.get((mentee, subject))),
            why=_why(round, before.get((mentee, subject)), after.get((mentee, subject))),
        )
        for mentee, subject in asked
        if _place(before.get((mentee, subject))) != _place(after.get((mentee, subject)))
    )


def _seats(groups: Sequence[Group]) -> dict[tuple[str, str], Group]:
    return {(member, group.subject): group for group in groups for member in group.members}


def _place(group: Group | None) -> object:
    return group and (group.mentor, group.meetings)


def _told(group: Group | None) -> str:
    return f"{group.mentor} @ {write_meetings(group.meetings)}" if group else ""


def _why(round: Round, before: Group | None, after: Group | None) -> str:
    """What is known for certain of the cause."""
    if before is None:
        return "was in no group before"
    if before.mentor not in round.mentor_of:
        return f"{before.mentor} is no longer in the round"
    if after is None:
        return "the result as a whole is worth more without this seat"
    return "the result as a whole is worth more with the new seat"
