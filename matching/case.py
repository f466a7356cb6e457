"""A round and a result laid before the judge, with everything the rules look up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.result import Group
from matching.round import Mentee, Mentor, Policy, Round
from matching.rules import Said, Stay, stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach of the contract: `source` names the rule, `place` the group, person or row, `sentence` says what is wrong."""

    source: str
    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence} ({self.source})"


@dataclass(frozen=True, slots=True)
class Seated:
    """A group with its people in place of their keys; members that the round does not know are left out."""

    group: Group
    mentor: Mentor
    members: tuple[Mentee, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A round with the groups of a result.

    `seated` leaves out groups whose mentor is unknown; `priority` is keyed by (mentee, subject) of every request;
    `taught` and `attended` hold the groups of each mentor and mentee, by key; `before` is where requests were earlier.
    """

    round: Round
    said: Said
    groups: tuple[Group, ...]
    seated: tuple[Seated, ...]
    priority: Mapping[tuple[str, str], int]
    taught: Mapping[str, tuple[Seated, ...]]
    attended: Mapping[str, tuple[Seated, ...]]
    before: Mapping[tuple[str, str], Stay]

    @classmethod
    def of(cls, round: Round, groups: Sequence[Group] = (), previous: Sequence[Group] = ()) -> Case:
        """Looks up the people of every group; `previous` are the groups of an earlier result, for `stay`."""
        mentors, mentees = round.mentor_of, round.mentee_of
        seated = tuple(
            Seated(group, mentors[group.mentor], tuple(mentees[key] for key in group.members if key in mentees))
            for group in groups
            if group.mentor in mentors
        )
        taught: dict[str, list[Seated]] = defaultdict(list)
        attended: dict[str, list[Seated]] = defaultdict(list)
        for one in seated:
            taught[one.mentor.key].append(one)
            for mentee in dict.fromkeys(member.key for member in one.members):
                attended[mentee].append(one)
        return cls(
            round=round,
            said=Said.of(round),
            groups=tuple(groups),
            seated=seated,
            priority={(mentee.key, request.subject): request.priority for mentee in round.mentees for request in mentee.requests},
            taught={key: tuple(found) for key, found in taught.items()},
            attended={key: tuple(found) for key, found in attended.items()},
            before=stays(previous),
        )

    @property
    def policy(self) -> Policy:
        """The rules' numbers."""
        return self.round.policy
