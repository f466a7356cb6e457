"""Additions to a round that a manager could make: what each would write into which file, and how it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from matching.columns import MENTORS
from matching.round import Mentee, Mentor, Policy
from matching.rules import mentor_max_groups
from matching.sentences import Sentence, in_turn
from matching.week import DAY_MINUTES, Stretch, merge

HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMentor:
    """One more row in mentors.csv; the mentor teaches one subject."""

    mentor: Mentor
    file = "mentors.csv"

    @property
    def key(self) -> str:
        """The new row's mentor_id."""
        return self.mentor.key

    @property
    def change(self) -> str:
        """The new row's cells."""
        return " | ".join(f"{column.name}={text}" for column in MENTORS.columns if (text := column.written(self.mentor)))

    @property
    def sentence(self) -> Sentence:
        """What is added."""
        taught, regions = self.mentor.teaches[0], self.mentor.regions
        mentor = Sentence(
            "one more mentor for %(subject)s, grades %(lowest)s to %(highest)s, free %(times)s",
            subject=taught.subject,
            lowest=taught.lowest,
            highest=taught.highest,
            times=in_turn(self.mentor.availability),
        )
        return Sentence("%(what)s, serving %(region)s", what=mentor, region=regions[0]) if regions else mentor


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMoreGroup:
    """A mentor has one more group."""

    mentor: Mentor
    """As they would be."""
    before: int
    file = "mentors.csv"

    @property
    def key(self) -> str:
        """The row's mentor_id."""
        return self.mentor.key

    @property
    def change(self) -> str:
        """The row's new cells."""
        minutes = self.mentor.max_weekly_minutes
        return f"max_groups={self.mentor.max_groups}" + (f" | max_weekly_minutes={minutes}" if minutes is not None else "")

    @property
    def sentence(self) -> Sentence:
        """What is added."""
        return Sentence(
            "one more group for %(mentor)s, %(now)s instead of %(before)s", mentor=self.key, now=self.before + 1, before=self.before
        )


def one_more_group(mentor: Mentor, policy: Policy, now: int) -> OneMoreGroup:
    """A mentor who may have `now` groups may have one more, by number and by weekly minutes."""
    need = (now + 1) * policy.group.meetings_per_week * policy.group.session_minutes
    minutes = mentor.max_weekly_minutes
    more = replace(
        mentor,
        max_groups=max(now + 1, mentor_max_groups(mentor, policy)),
        max_weekly_minutes=None if minutes is None else max(need, minutes),
    )
    return OneMoreGroup(mentor=more, before=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMoreHour:
    """A mentee is free for one more hour, before or after a time that they gave."""

    mentee: Mentee
    """As they would be."""
    hour: Stretch
    file = "mentees.csv"

    @property
    def key(self) -> str:
        """The row's mentee_id."""
        return self.mentee.key

    @property
    def change(self) -> str:
        """The row's new cell."""
        return f"availability={_times(self.mentee.availability)}"

    @property
    def sentence(self) -> Sentence:
        """What is added."""
        return Sentence("one more hour of %(mentee)s, %(hour)s", mentee=self.key, hour=self.hour)


def more_hours(mentee: Mentee) -> list[OneMoreHour]:
    """An hour more before or after each time that the mentee gave, where the day has it."""
    found = []
    for stretch in mentee.availability:
        for start in (stretch.end, stretch.start - HOUR):
            if start // DAY_MINUTES == (start + HOUR - 1) // DAY_MINUTES == stretch.start // DAY_MINUTES:
                hour = Stretch(start, start + HOUR)
                found.append(OneMoreHour(mentee=replace(mentee, availability=merge((*mentee.availability, hour))), hour=hour))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallerGroups:
    """Groups may be smaller by one."""

    min_size: int
    file = "policy.toml"
    key = "group.min_size"

    @property
    def change(self) -> str:
        """The key's new value."""
        return f"min_size={self.min_size}"

    @property
    def sentence(self) -> Sentence:
        """What is changed."""
        return Sentence("groups of %(size)s instead of at least %(before)s", size=self.min_size, before=self.min_size + 1)


Addition = NewMentor | OneMoreGroup | OneMoreHour | SmallerGroups


def _times(stretches: Iterable[Stretch]) -> str:
    return "; ".join(map(str, stretches))
