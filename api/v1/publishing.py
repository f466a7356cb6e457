"""Runs are published, whose groups come into everybody's calendar, and taken back; both can be tried first, which changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from pydantic import Field
from sqlalchemy.orm import Session as DbSession

from api.v1.door import Call, Routes, Wire
from api.v1.fields import Day, meetings_out
from api.v1.finding import Key, run_of
from api.v1.runs import shown_run
from data.access import Right
from scheduler.links import without_link
from scheduler.publish import Published, publish
from scheduler.repair import Change, Fate
from scheduler.undo import undo

routes = Routes("runs")

T = TypeVar("T")

TRY = Field(default=False, description="Tell what would change, and change nothing.")


class PublishIn(Wire):
    """From when on a run's groups meet."""

    from_on: Day | None = Field(default=None, description="The term's first day or today where nothing is said; of a repair next Monday.")
    dry_run: bool = TRY


class UndoIn(Wire):
    """Whether it is only tried."""

    dry_run: bool = TRY


class SideOut(Wire):
    """Who teaches a group, and when."""

    mentor_external_id: str
    meetings: list[str]


class GroupFateOut(Wire):
    """What becomes of a group."""

    external_id: str
    subject: str
    fate: Fate
    before: SideOut | None
    after: SideOut | None
    joins: list[str] = Field(description="The mentees who come, by their own keys.")
    leaves: list[str]


class LeftOutOut(Wire):
    """A day on which meetings are left out."""

    on: dt.date
    reason: str
    meetings: int


class PublishedOut(Wire):
    """What was published, or would be."""

    dry_run: bool
    from_on: dt.date
    groups: list[GroupFateOut]
    new_sessions: int
    made_up: int = Field(description="So many of them make up for a day off.")
    left_out: list[LeftOutOut]
    groups_without_link: int


class UndoneOut(Wire):
    """What went, or would go."""

    dry_run: bool
    groups: int
    sessions: int
    changed_sessions: int = Field(description="So many of them were changed since they were planned.")
    groups_back: int = Field(description="So many groups are as they were before.")


@routes.post("/runs/{run}/publish", Right.ROUNDS_PUBLISH, 200)
def publish_run(call: Call, run: Key, body: PublishIn | None = None) -> PublishedOut:
    """Publishes a run: its groups, their sessions and everybody's calendars. The repair of the run that is published takes its place."""
    found, term = run_of(call, run)
    call.refuse_stale(lambda: shown_run(call, found, term))
    wish = body or PublishIn()

    def done(db: DbSession) -> PublishedOut:
        published = publish(db, found, call.now, call.by, from_on=wish.from_on)
        return _published_out(published, without_link(db, term, published.from_on), dry_run=wish.dry_run)

    return _done_or_tried(call, done, dry_run=wish.dry_run)


@routes.post("/runs/{run}/undo", Right.ROUNDS_PUBLISH, 200)
def undo_run(call: Call, run: Key, body: UndoIn | None = None) -> UndoneOut:
    """Takes a published run back, where none of its sessions was held: everything is as it was before, in calendars too."""
    found, term = run_of(call, run)
    call.refuse_stale(lambda: shown_run(call, found, term))
    wish = body or UndoIn()

    def done(db: DbSession) -> UndoneOut:
        gone = undo(db, found, call.now, call.by)
        return UndoneOut(
            dry_run=wish.dry_run, groups=gone.groups, sessions=gone.sessions, changed_sessions=gone.changed, groups_back=gone.back
        )

    return _done_or_tried(call, done, dry_run=wish.dry_run)


def _done_or_tried(call: Call, what: Callable[[DbSession], T], *, dry_run: bool) -> T:
    """Does something, or does it only to see what comes of it: all that it changed is then lost."""
    if not dry_run:
        return what(call.db)
    tried = call.db.begin_nested()
    try:
        return what(call.db)
    finally:
        tried.rollback()


def _published_out(published: Published, lacking: int, *, dry_run: bool) -> PublishedOut:
    produced = published.produced
    days = sorted(Counter((one.on, one.why) for one in produced.left_out).items())
    return PublishedOut(
        dry_run=dry_run,
        from_on=published.from_on,
        groups=[_fate_out(change) for change in published.changes],
        new_sessions=len(produced.sessions),
        made_up=produced.made_up,
        left_out=[LeftOutOut(on=on, reason=why, meetings=count) for (on, why), count in days],
        groups_without_link=lacking,
    )


def _fate_out(change: Change) -> GroupFateOut:
    before, after = (
        SideOut(mentor_external_id=mentor, meetings=meetings_out(meetings)) if mentor else None
        for mentor, meetings in zip(change.mentors, change.meetings, strict=True)
    )
    return GroupFateOut(
        external_id=change.key,
        subject=change.subject,
        fate=change.fate,
        before=before,
        after=after,
        joins=list(change.joins),
        leaves=list(change.leaves),
    )
