"""A result seen from above: shares, loads and the week, as plain numbers that `dure show` prints and `dure report` draws.

Nothing here is made for one screen or one language. Where a result has no roster, people are known by their keys alone, and
what hangs on more than that is left out.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from matching.faults import BadResult, Fault, short
from matching.result import Group, Reason, Result, Unplaced
from matching.resultfiles import read_result
from matching.roster import FILE, MEND, MenteeEntry, Roster, read_roster
from matching.sentences import FILE as SENTENCES, read_sentences, with_sentences
from matching.week import DAY_MINUTES, DAYS

MOST_REGIONS = 24
"""With more regions than so many, shares are counted by the regions' first part."""


class Share(NamedTuple):
    """How many of the requests of one kind are placed; an empty label stands for people who gave none."""

    label: str
    placed: int
    requests: int

    @property
    def part(self) -> float:
        """Placed of all, in [0, 1]."""
        return self.placed / self.requests


class Load(NamedTuple):
    """What one mentor does in a week; `most_groups` is `None` where it is not known."""

    key: str
    name: str
    region: str
    groups: int
    most_groups: int | None
    members: int
    minutes: int | None


class Seat(NamedTuple):
    """A mentee as shown; `grade` is `None` where it is not known."""

    key: str
    name: str
    grade: int | None


class Heat(NamedTuple):
    """Groups at work in each hour of the week: `rows[i][day]` counts those that meet on `day` within `[hours[i], hours[i] + 1)` o'clock."""

    hours: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]

    @property
    def most(self) -> int:
        """The fullest hour's count; 0 for no groups."""
        return max((count for row in self.rows for count in row), default=0)


@dataclass(frozen=True)
class Overview:
    """A result together with the people it is about.

    Raises
    ------
    BadResult
        Somebody of the result is not in the roster.
    """

    result: Result
    roster: Roster | None = None

    def __post_init__(self) -> None:
        if self.roster:
            shown = self.mentors_used | self.mentees_asking
            known = {one.key for one in self.roster.mentors} | {one.key for one in self.roster.mentees}
            if shown - known:
                raise BadResult((Fault(FILE, 0, "", f"lacks {short(min(shown - known))}, who is in the result", MEND),))

    @cached_property
    def mentees(self) -> Mapping[str, MenteeEntry]:
        """Mentees of the roster by key."""
        return {one.key: one for one in self.roster.mentees} if self.roster else {}

    @cached_property
    def mentor_names(self) -> Mapping[str, str]:
        """What each mentor is called, by key: the name, or the key of one without."""
        return {one.key: one.name or one.key for one in self.roster.mentors} if self.roster else {}

    def mentor(self, key: str) -> str:
        """What this mentor is called."""
        return self.mentor_names.get(key, key)

    def mentee(self, key: str) -> Seat:
        """What this mentee is called, and the grade."""
        if not self.roster:
            return Seat(key, key, None)
        return Seat(key, self.mentees[key].name or key, self.mentees[key].grade)

    def seats(self, group: Group) -> tuple[Seat, ...]:
        """The members of a group, in its order."""
        return tuple(self.mentee(key) for key in group.members)

    @cached_property
    def mentees_seated(self) -> frozenset[str]:
        """The mentees who have at least one group."""
        return frozenset(mentee for group in self.result.groups for mentee in group.members)

    @cached_property
    def mentees_asking(self) -> frozenset[str]:
        """The mentees who asked for something."""
        return self.mentees_seated | {row.mentee for row in self.result.unplaced}

    @cached_property
    def mentors_used(self) -> frozenset[str]:
        """The mentors who have at least one group."""
        return frozenset(group.mentor for group in self.result.groups)

    @cached_property
    def by_subject(self) -> tuple[Share, ...]:
        """Shares by subject, most asked for first."""
        return _most_asked_first(self._shares(lambda _, subject: subject))

    @cached_property
    def by_grade(self) -> tuple[Share, ...]:
        """Shares by grade, in order; empty without a roster."""
        return tuple(sorted(self._shares_of_people(lambda one: str(one.grade)), key=lambda share: int(share.label)))

    @cached_property
    def by_region(self) -> tuple[Share, ...]:
        """Shares by region, in order of their paths; empty without a roster."""
        whole = self._shares_of_people(lambda one: one.region)
        if len(whole) > MOST_REGIONS:
            whole = self._shares_of_people(lambda one: one.region.split("/", 1)[0])
        return tuple(sorted(whole, key=lambda share: (not share.label, share.label)))

    @cached_property
    def by_gender(self) -> tuple[Share, ...]:
        """Shares by gender, most requests first; empty without a roster."""
        return _most_asked_first(self._shares_of_people(lambda one: one.gender))

    @cached_property
    def heat(self) -> Heat:
        """The week by hours, from the first in which a group meets to the last.

        Without a roster the length of a meeting is not known, and each counts in the hour of its start only.
        """
        minutes = self.roster.session_minutes if self.roster else 1
        counts: Counter[tuple[int, int]] = Counter()
        for group in self.result.groups:
            for start in group.meetings:
                day, clock = divmod(start, DAY_MINUTES)
                counts.update((hour, day) for hour in range(clock // 60, (clock + minutes - 1) // 60 + 1))
        if not counts:
            return Heat((), ())
        hours = range(min(hour for hour, _ in counts), max(hour for hour, _ in counts) + 1)
        return Heat(tuple(hours), tuple(tuple(counts[hour, day] for day in range(len(DAYS))) for hour in hours))

    @cached_property
    def loads(self) -> tuple[Load, ...]:
        """What each mentor does, busiest first; mentors without a group are there only with a roster."""
        minutes = self.roster.session_minutes if self.roster else None
        taught: dict[str, list[Group]] = defaultdict(list)
        for group in self.result.groups:
            taught[group.mentor].append(group)
        entries = {one.key: one for one in self.roster.mentors} if self.roster else {}
        found = [
            Load(
                key=key,
                name=self.mentor(key),
                region=entries[key].region if key in entries else "",
                groups=len(taught[key]),
                most_groups=entries[key].most_groups if key in entries else None,
                members=sum(len(group.members) for group in taught[key]),
                minutes=minutes and minutes * sum(len(group.meetings) for group in taught[key]),
            )
            for key in {**entries, **taught}
        ]
        return tuple(sorted(found, key=lambda load: (-load.groups, -load.members, load.key)))

    @property
    def groups_held(self) -> dict[int, int]:
        """How many mentors have so many groups, fewest groups first."""
        return dict(sorted(Counter(load.groups for load in self.loads).items()))

    @property
    def sizes(self) -> dict[int, int]:
        """How many groups have so many members, smallest first."""
        return dict(sorted(Counter(len(group.members) for group in self.result.groups).items()))

    @property
    def reasons(self) -> dict[Reason, int]:
        """How many requests are unplaced for each reason, in the order of the reasons."""
        counts = Counter(row.reason for row in self.result.unplaced)
        return {reason: counts[reason] for reason in Reason}

    def unplaced_by(self, reason: Reason) -> tuple[Unplaced, ...]:
        """The requests that are unplaced for this reason."""
        return tuple(row for row in self.result.unplaced if row.reason is reason)

    def _shares_of_people(self, label: Callable[[MenteeEntry], str]) -> list[Share]:
        return self._shares(lambda mentee, _: label(self.mentees[mentee])) if self.roster else []

    def _shares(self, label: Callable[[str, str], str]) -> list[Share]:
        """Shares by what `label` says of a mentee's key and a subject."""
        placed = Counter(label(mentee, group.subject) for group in self.result.groups for mentee in group.members)
        waiting = Counter(label(row.mentee, row.subject) for row in self.result.unplaced)
        return [Share(one, placed[one], placed[one] + waiting[one]) for one in placed | waiting]


def read_overview(folder: Path) -> Overview:
    """Reads a result folder to be shown; its roster and its sentences may be missing.

    Raises
    ------
    BadResult
        With every fault of its files.
    """
    result = read_result(folder)
    if os.path.lexists(folder / SENTENCES):
        result = with_sentences(result, read_sentences(_text(folder / SENTENCES)))
    return Overview(result, read_roster(_text(folder / FILE)) if os.path.lexists(folder / FILE) else None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadResult((Fault(path.name, 0, "", f"cannot be read ({error.strerror})", MEND),)) from None
    except UnicodeDecodeError:
        raise BadResult((Fault(path.name, 0, "", "is not UTF-8", MEND),)) from None


def _most_asked_first(shares: Iterable[Share]) -> tuple[Share, ...]:
    return tuple(sorted(shares, key=lambda share: (not share.label, -share.requests, share.label)))
