"""What came out of a run or a match, a page at a time, and its files.

People are known by their own keys in it, as the round's files say them. What would change that a request has no place stands in the
sentence beside its reason; advice says which additions have been tried, and what they gain.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from fastapi import Response
from pydantic import Field

from api.compare import Asked, Comparison, compare, what_changes
from api.v1.door import Call, Wire
from api.v1.fields import meetings_out
from api.v1.paging import Page, cut
from data.archive import unpack
from matching.result import Advice, Change, EndedBy, Group, Reason, Result, Unplaced
from matching.resultfiles import read_result
from matching.rules import Stay

T = TypeVar("T")

ZIP: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"description": "The files.", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
}
"""How an operation is documented that answers with files."""


class PlacedGroupOut(Wire):
    """Mentees who are to meet one mentor for one subject."""

    external_id: str
    mentor_external_id: str
    subject: str
    meetings: list[str] = Field(examples=[["Tue 19:00", "Thu 19:00"]])
    mentee_external_ids: list[str]


class UnplacedOut(Wire):
    """A request without a place."""

    mentee_external_id: str
    subject: str
    reason: Reason
    detail: str = Field(description="Why, and what would change it, in one sentence.")


class AdviceOut(Wire):
    """One addition to what the round asks that would place more requests."""

    sentence: str
    file: str = Field(description="Where it would be written.")
    key: str = Field(description="Whose row it is; empty where a row is to be added.")
    change: str
    gain: int = Field(description="So much the score would grow: confirmed by solving again.")
    placed: int = Field(description="So many more requests would have a place.")


class ChangeOut(Wire):
    """A request that a repair treats otherwise than before."""

    mentee_external_id: str
    subject: str
    before: str = Field(description="MENTOR @ MEETINGS, or empty.")
    after: str
    reason: str


class PlaceOut(Wire):
    """Whom a mentee meets, and when."""

    mentor_external_id: str
    meetings: list[str]


class DifferenceOut(Wire):
    """A request that one of two runs treats otherwise than the other; null where it has no place there."""

    mentee_external_id: str
    subject: str
    first: PlaceOut | None
    second: PlaceOut | None
    other: str = Field(description="What is other: mentor, time, mentor and time, or placed.")


class SummaryOut(Wire):
    """How good a result is."""

    requests: int
    placed: int
    groups: int
    score: int
    bound: int
    gap: float
    seed: int
    seconds: float
    ended_by: EndedBy


class ComparisonOut(Wire):
    """Two runs beside each other, and a page of the requests that they treat otherwise."""

    first: SummaryOut
    second: SummaryOut
    alike: int
    changed: int
    first_only: int
    second_only: int
    items: list[DifferenceOut]
    next: str | None = Field(description="The address of the next page; null on the last.")


class Kept:
    """Results that were read of late, so that a result is not read anew for each of its pages: a few, each known by what its ZIP holds."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._found: OrderedDict[bytes, Result] = OrderedDict()
        self._alone = threading.Lock()

    def read(self, held: bytes) -> Result:
        """What a ZIP says."""
        known = hashlib.sha256(held).digest()
        with self._alone:
            found = self._found.pop(known, None)
        result = found or read(held)
        with self._alone:
            self._found[known] = result
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return result


def read(held: bytes) -> Result:
    """What the ZIP of a result's folder says."""
    with TemporaryDirectory(prefix="dure-") as folder:
        return read_result(unpack(held, Path(folder)))


def groups_page(call: Call, result: Result, after: str | None, limit: int) -> Page[PlacedGroupOut]:
    """A page of the groups."""

    def shown(group: Group) -> PlacedGroupOut:
        return PlacedGroupOut(
            external_id=group.key,
            mentor_external_id=group.mentor,
            subject=group.subject,
            meetings=meetings_out(group.meetings),
            mentee_external_ids=list(group.members),
        )

    return _page(call, result.groups, shown, after, limit)


def unplaced_page(call: Call, result: Result, after: str | None, limit: int) -> Page[UnplacedOut]:
    """A page of the requests without a place."""

    def shown(one: Unplaced) -> UnplacedOut:
        return UnplacedOut(mentee_external_id=one.mentee, subject=one.subject, reason=one.reason, detail=one.detail)

    return _page(call, result.unplaced, shown, after, limit)


def advice_page(call: Call, result: Result, after: str | None, limit: int) -> Page[AdviceOut]:
    """A page of the advice."""

    def shown(one: Advice) -> AdviceOut:
        return AdviceOut(sentence=one.sentence, file=one.file, key=one.key, change=one.change, gain=one.gain, placed=one.placed)

    return _page(call, result.advice, shown, after, limit)


def changes_page(call: Call, result: Result, after: str | None, limit: int) -> Page[ChangeOut]:
    """A page of what a repair changes."""

    def shown(one: Change) -> ChangeOut:
        return ChangeOut(mentee_external_id=one.mentee, subject=one.subject, before=one.before, after=one.after, reason=one.why)

    return _page(call, result.changes, shown, after, limit)


def comparison_page(call: Call, first: Result, second: Result, after: str | None, limit: int) -> ComparisonOut:
    """Two results, and a page of what is other in the second than in the first."""
    found = compare(first.groups, second.groups)
    here, following = cut(call, _differences(found), after, limit)
    return ComparisonOut(
        first=_summary(first),
        second=_summary(second),
        alike=found.alike,
        changed=len(found.changed),
        first_only=len(found.first_only),
        second_only=len(found.second_only),
        items=list(here),
        next=following,
    )


def files_of(held: bytes, name: str) -> Response:
    """The folder itself."""
    return Response(held, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}.zip"'})


def _page(call: Call, found: Sequence[T], shown: Callable[[T], Any], after: str | None, limit: int) -> Page[Any]:
    here, following = cut(call, found, after, limit)
    return Page(items=[shown(one) for one in here], next=following)


def _place(where: Stay) -> PlaceOut:
    mentor, meetings = where
    return PlaceOut(mentor_external_id=mentor, meetings=meetings_out(meetings))


def _differences(found: Comparison) -> list[DifferenceOut]:
    """All of them, in the order of mentee and subject."""
    rows: list[tuple[Asked, PlaceOut | None, PlaceOut | None, str]]
    rows = [(asked, _place(before), _place(after), what_changes(before, after)) for asked, before, after in found.changed]
    rows += [(asked, _place(where), None, "placed") for asked, where in found.first_only]
    rows += [(asked, None, _place(where), "placed") for asked, where in found.second_only]
    return [
        DifferenceOut(mentee_external_id=mentee, subject=subject, first=first, second=second, other=other)
        for (mentee, subject), first, second, other in sorted(rows, key=lambda row: row[0])
    ]


def _summary(result: Result) -> SummaryOut:
    return SummaryOut(
        requests=result.requests,
        placed=result.placed,
        groups=len(result.groups),
        score=result.score,
        bound=result.bound,
        gap=result.gap,
        seed=result.seed,
        seconds=result.seconds,
        ended_by=result.ended_by,
    )
