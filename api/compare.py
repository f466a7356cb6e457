"""What is other in one result than in another: who is placed in one of them only, and who meets another mentor or at another time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.result import Group
from matching.rules import Stay, stays

Asked = tuple[str, str]
"""A request: the mentee's key and the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Requests in the order of mentee and subject, each with its mentor and meetings in the result that places it, or in both."""

    first_only: tuple[tuple[Asked, Stay], ...]
    second_only: tuple[tuple[Asked, Stay], ...]
    changed: tuple[tuple[Asked, Stay, Stay], ...]
    alike: int


def compare(first: Sequence[Group], second: Sequence[Group]) -> Comparison:
    """Compares the groups of two results."""
    one, other = stays(first), stays(second)
    both = sorted(one.keys() & other.keys())
    return Comparison(
        first_only=tuple((asked, one[asked]) for asked in sorted(one.keys() - other.keys())),
        second_only=tuple((asked, other[asked]) for asked in sorted(other.keys() - one.keys())),
        changed=tuple((asked, one[asked], other[asked]) for asked in both if one[asked] != other[asked]),
        alike=sum(one[asked] == other[asked] for asked in both),
    )


def what_changes(before: Stay, after: Stay) -> str:
    """Whether it is the mentor, the time, or both."""
    return " and ".join(name for name, old, new in zip(("mentor", "time"), before, after, strict=True) if old != new)
