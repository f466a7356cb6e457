"""Which groups of a repair are those that meet already, so that their sessions stay in everybody's calendar. Pure.

The rule: a group of a repair goes on with one that meets already where both are of one subject and meet equally often in a week, and

1. the mentor is the same, and so are the meetings or at least one member; or else
2. at least half of its members, of those who were in it and of those who are to be, are the same: another mentor takes it over.

The first kind goes before the second. Where there is a choice, more shared members go first, then the same meetings, then names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from matching.result import Group as Placed
from matching.week import Meetings


@dataclass(frozen=True, slots=True, kw_only=True)
class Meets:
    """A group that meets already, with the keys of its people."""

    id: UUID
    key: str
    mentor: str
    subject: str
    meetings: Meetings
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A group as it is and as it is to be: None where it is not yet, or no more."""

    old: Meets | None
    new: Placed | None


def same_groups(old: Sequence[Meets], new: Sequence[Placed]) -> list[Pair]:
    """All groups, old and new, those that go on as one: by the old ones' names, then the new ones'."""
    found: list[tuple[tuple[int, int, bool, str, str], Meets, Placed]] = []
    by_subject: dict[str, list[Meets]] = {}
    for one in old:
        by_subject.setdefault(one.subject, []).append(one)
    for placed in new:
        for meets in by_subject.get(placed.subject, ()):
            if (kind := _kind(meets, placed)) is not None:
                shared = len(meets.members.intersection(placed.members))
                found.append(((kind, -shared, meets.meetings != placed.meetings, meets.key, placed.key), meets, placed))
    chosen: dict[UUID, Placed] = {}
    taken: set[str] = set()
    for _, meets, placed in sorted(found, key=lambda one: one[0]):
        if meets.id not in chosen and placed.key not in taken:
            chosen[meets.id] = placed
            taken.add(placed.key)
    stay_or_end = [Pair(one, chosen.get(one.id)) for one in sorted(old, key=lambda one: one.key)]
    return stay_or_end + [Pair(None, one) for one in sorted(new, key=lambda one: one.key) if one.key not in taken]


def _kind(old: Meets, new: Placed) -> int | None:
    """By which of the two kinds a group may go on as another; None where by neither."""
    if len(old.meetings) != len(new.meetings):
        return None
    shared = len(old.members.intersection(new.members))
    if old.mentor == new.mentor and (shared or old.meetings == new.meetings):
        return 1
    return 2 if shared and 2 * shared >= max(len(old.members), len(new.members)) else None
