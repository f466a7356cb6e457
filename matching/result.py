"""What a round comes to: groups, the requests left over, and how good it is (ROUND.md, Out). Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from matching.week import Meetings


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Mentees who meet one mentor for one subject; `members` are mentee keys in ascending order."""

    key: str
    mentor: str
    subject: str
    meetings: Meetings
    members: tuple[str, ...]


class Reason(StrEnum):
    """Why a request is unplaced: the first of these that holds."""

    NO_MENTOR = "no_mentor"
    NO_TIME = "no_time"
    NO_GROUP = "no_group"
    NO_SEAT = "no_seat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A request in no group; `detail` is one sentence for a person."""

    mentee: str
    subject: str
    reason: Reason
    detail: str


class EndedBy(StrEnum):
    """What ended a run."""

    PROOF = "proof"
    EFFORT = "effort"
    TIME = "time"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One addition to the round's files that would place more; `gain` is confirmed by solving again.

    `file`, `key` and `change` say which row to add or edit; `sentence` says it to a person.
    """

    sentence: str
    file: str
    key: str
    change: str
    gain: int
    placed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A request that a repair treats otherwise than the previous result did; `before` and `after` are
    `mentor @ meetings` or empty."""

    mentee: str
    subject: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A whole result. `bound` is a proven upper limit of any result's score; it is optimal where both are equal."""

    groups: tuple[Group, ...]
    unplaced: tuple[Unplaced, ...]
    score: int
    bound: int
    requests: int
    seed: int
    seconds: float
    ended_by: EndedBy
    history: tuple[tuple[float, int, int], ...] = ()
    advice: tuple[Advice, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def optimal(self) -> bool:
        """Whether nothing better exists."""
        return self.score == self.bound

    @property
    def gap(self) -> float:
        """(bound - score) / |bound|, 0 where the bound is 0."""
        return (self.bound - self.score) / max(abs(self.bound), 1)

    @property
    def placed(self) -> int:
        """How many requests are in a group."""
        return sum(len(group.members) for group in self.groups)

    @property
    def mentees(self) -> frozenset[str]:
        """The keys of all of whom it tells."""
        placed = (mentee for group in self.groups for mentee in group.members)
        return frozenset((*placed, *(one.mentee for one in self.unplaced), *(one.mentee for one in self.changes)))
