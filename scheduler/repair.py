"""A repair takes the place of what is published, from a day on: groups go on, at other times or with other people, end, or begin.

Which groups go on is the rule of `scheduler.same_groups`. The sessions of a group that goes on stay the same ones: those before the day
are untouched, and those from it on are moved to the new times, and keep their UIDs. A session that was moved singly keeps the time that
was agreed on, one of a substitute its substitute; sessions that were cancelled or held stay as they are, but what waits for its day
(`scheduler.waiting`) goes along. A group that had ended since nobody was left in it goes on, too, with the sessions that were cancelled
for that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.bookings import take
from data.calendars import parts, touch_groups
from data.groups import Group, Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.rounds import Run
from data.sessions import Kind, Series, Session, Shift, State
from matching.result import Group as Placed
from matching.week import Meetings
from scheduler.circle import circle_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.gone import gone_from
from scheduler.group_changes import end_rows, looks_from, shift
from scheduler.new_groups import add_groups
from scheduler.produce import AWAY, Produced, horizon, lay_out, series_of, weeklies_of
from scheduler.results import Plan, short_name
from scheduler.same_groups import Meets, Pair, same_groups
from scheduler.snapshots import snapshot_of
from scheduler.term import DAY
from scheduler.term_days import days_of
from scheduler.waiting import NOBODY_IS_LEFT, Waiting, waiting_in, why_not

NO_LONGER = "the group was dissolved"
"""Why its sessions are cancelled."""


class Fate(StrEnum):
    """What becomes of a group."""

    STAYS = "stays"
    CHANGES = "changes"  # its people, not its times
    MOVES = "moves"
    CANCELLED = "cancelled"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A group before and after a repair; what is not there on one side is empty. Members who `join` and `leave` are in order of keys."""

    fate: Fate
    key: str
    subject: str
    mentors: tuple[str, str]
    meetings: tuple[Meetings, Meetings]
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did: what became of each group, those it made, the ones it touched, and how they were before."""

    changes: tuple[Change, ...]
    made: tuple[UUID, ...]
    touched: tuple[UUID, ...]
    before: Document
    produced: Produced


def pairs_of(db: DbSession, term: Term, plan: Plan, from_on: dt.date) -> list[Pair]:
    """The groups of a term that runs brought and that meet on a day or later, or have no members left by then, beside those of a plan."""
    emptied = _emptied(db, term, from_on)
    pairs = same_groups(_meeting(db, term, from_on, emptied), plan.groups)
    return [pair for pair in pairs if pair.new or (pair.old and pair.old.id not in emptied)]


def change_of(pair: Pair) -> Change:
    """What becomes of a group, in words of people."""
    old, new = pair.old, pair.new
    before = old.members if old else frozenset[str]()
    after = frozenset(new.members) if new else frozenset[str]()
    mentors = (old.mentor if old else "", new.mentor if new else "")
    meetings = (old.meetings if old else (), new.meetings if new else ())
    if old is None:
        fate = Fate.ADDED
    elif new is None:
        fate = Fate.CANCELLED
    elif meetings[0] != meetings[1]:
        fate = Fate.MOVES
    else:
        fate = Fate.STAYS if before == after and mentors[0] == mentors[1] else Fate.CHANGES
    one = old or new
    return Change(
        fate=fate,
        key=one.key if one else "",
        subject=one.subject if one else "",
        mentors=mentors,
        meetings=meetings,
        joins=tuple(sorted(after - before)),
        leaves=tuple(sorted(before - after)),
    )


def repair(db: DbSession, term: Term, run: Run, plan: Plan, *, from_on: dt.date, now: dt.datetime, by: str) -> Repaired:
    """Makes the groups of a term those of a plan, from a day on.

    Raises
    ------
    Clash
        Somebody would be in two sessions at once.
    """
    pairs = pairs_of(db, term, plan, from_on)
    changes = tuple(change_of(pair) for pair in pairs)
    going = [(pair.old, pair.new) for pair, change in zip(pairs, changes, strict=True) if pair.old and change.fate is not Fate.STAYS]
    touched = tuple(old.id for old, _ in going)
    lay_out(db, _tutoring(db, touched), from_on - DAY, now)  # what comes before that day is as it was
    days = days_of(db, term)
    before, waiting = snapshot_of(db, touched, from_on, days), waiting_in(db, term, days)
    altered_ones = [one for old, new in going for one in _alter(db, db.get_one(Group, old.id), new, plan, from_on, waiting)]
    gone = gone_from(db, term)
    made = add_groups(db, term, run, plan, [pair.new for pair in pairs if pair.new and not pair.old], from_on, gone=gone)
    # All give back their time before anybody takes another.
    take(db, [UUID(session["id"]) for session in before["session"]])
    details = {"from_on": from_on.isoformat(), **_counts(changes)}
    deed = Deed(what="published", whom=short_name(db, run), by=by, now=now, ids={"run": run.id}, details=details)
    carry_out(db, term, deed, altered_ones, groups=touched)
    again = _tutoring(db, touched)
    for series in again:  # a meeting that was left out on its old day may not be on its new one
        if series.produced_until is not None and series.produced_until >= from_on:
            series.produced_until = from_on - DAY
    produced = lay_out(db, [*again, *series_of(db, made.values())], horizon(db, term, now), now, strictly=True, gone=gone)
    touch_groups(db, [*touched, *made], now)
    return Repaired(changes, tuple(made), touched, before, produced)


def _emptied(db: DbSession, term: Term, from_on: dt.date) -> set[UUID]:
    """The groups that runs brought and that have ended by a day since nobody was left: of others that ended, somebody is a member still."""
    left = exists().where(Membership.group_id == Group.id, or_(Membership.until_on.is_(None), Membership.until_on > Group.until_on))
    ended = select(Group.id).where(Group.term_id == term.id, Group.run_id.is_not(None), Group.until_on <= from_on)
    return set(db.scalars(ended.where(~left)))


def _meeting(db: DbSession, term: Term, from_on: dt.date, emptied: Collection[UUID]) -> list[Meets]:
    """The groups that runs brought and that meet on a day or later, or are `emptied`, with all who are members then."""
    brought = (Group.term_id == term.id, Group.run_id.is_not(None))
    every = db.execute(select(Group, Mentor.key).join(Mentor, Mentor.id == Group.mentor_id).where(*brought))
    groups = [(group, key) for group, key in every if group.until_on is None or group.until_on > from_on or group.id in emptied]
    members: dict[UUID, set[str]] = {}
    for some in parts([group.id for group, _ in groups]):
        still = or_(Membership.until_on.is_(None), Membership.until_on > from_on)
        rows = select(Membership.group_id, Mentee.key).join(Mentee, Mentee.id == Membership.mentee_id)
        for group, key in db.execute(rows.where(Membership.group_id.in_(some), still)):
            members.setdefault(group, set()).add(key)
    tutoring = _tutoring(db, [group.id for group, _ in groups])
    weeklies = weeklies_of(db, tutoring)
    weekly = {series.group_id: weeklies[series.id].latest for series in tutoring}
    return [
        Meets(
            id=group.id,
            key=group.key,
            mentor=mentor,
            subject=group.subject,
            meetings=weekly.get(group.id, ()),
            members=frozenset(members.get(group.id, ())),
        )
        for group, mentor in groups
    ]


def _tutoring(db: DbSession, groups: Iterable[UUID]) -> list[Series]:
    """The series of groups' weekly meetings."""
    rows = [row for some in parts(groups) for row in db.scalars(select(Series).where(Series.group_id.in_(some)))]
    return [row for row in rows if row.kind is Kind.TUTORING and row.meetings]


def _alter(db: DbSession, group: Group, new: Placed | None, plan: Plan, from_on: dt.date, waiting: Waiting) -> list[Altered]:
    """Makes a group what it is to be from a day on, or ends it, and gives the sessions that look other than before."""
    circle = circle_of(db, group)
    before, sessions = looks_from(db, circle, from_on)
    if new is None:
        end_rows(db, group, from_on)
        for one in sessions:
            if one.state == State.PLANNED:
                one.state, one.cancelled_why = State.CANCELLED, NO_LONGER
        return altered(db, circle, before, sessions)
    _take_members(db, group, {plan.mentees[key].id: plan.mentees[key].left_on for key in new.members}, from_on)
    _fill_again(db, group, sessions, from_on, waiting)
    mentor, was = plan.mentors[new.mentor], group.mentor_id
    group.mentor_id = mentor.id
    following = [one for one in sessions if one.state == State.PLANNED or waiting.has(one)]
    theirs = [one for one in following if one.mentor_id == was]
    for one in theirs:
        one.mentor_id = mentor.id
    db.flush()
    after = circle_of(db, group)
    for series in _tutoring(db, [group.id]):
        held = weeklies_of(db, [series])[series.id]
        if held.latest != new.meetings:
            kept = tuple(one for one in held.shifts if one[0] < from_on)
            db.execute(delete(Shift).where(Shift.series_id == series.id, Shift.from_on >= from_on))
            db.add(Shift(series_id=series.id, from_on=from_on, meetings=list(new.meetings)))
            mine = [one for one in following if one.series_id == series.id]
            shift(after, waiting.days, mine, held, replace(held, shifts=(*kept, (from_on, new.meetings))))
    for one in theirs:
        if one.state == State.PLANNED and not _serves(mentor, after.day(one.starts_at)):
            one.state, one.cancelled_why = State.CANCELLED, AWAY
    return altered(db, after, before, sessions)


def _fill_again(db: DbSession, group: Group, sessions: Iterable[Session], from_on: dt.date, waiting: Waiting) -> None:
    """Has a group that had ended go on, and plans its sessions again that were cancelled since nobody was left, where somebody is now."""
    if group.until_on is not None and group.until_on <= from_on:
        group.until_on = None
        for series in _tutoring(db, [group.id]):
            series.until_on = None
    circle = circle_of(db, group)
    for one in sessions:
        if one.state == State.CANCELLED and one.cancelled_why == NOBODY_IS_LEFT and one.id not in waiting.made_up:
            why = why_not(circle, waiting.days, circle.day(one.starts_at))
            one.state, one.cancelled_why = (State.CANCELLED, why) if why else (State.PLANNED, "")


def _take_members(db: DbSession, group: Group, members: Mapping[UUID, dt.date | None], from_on: dt.date) -> None:
    """Makes these mentees the members of a group from a day on, until they leave."""
    open_ended = or_(Membership.until_on.is_(None), Membership.until_on > from_on)
    rows = db.scalars(select(Membership).where(Membership.group_id == group.id, open_ended)).all()
    for row in rows:
        if row.mentee_id in members:
            row.until_on = members[row.mentee_id]
        elif row.from_on >= from_on:
            db.delete(row)
        else:
            row.until_on = from_on
    there = {row.mentee_id for row in rows}
    db.add_all(
        Membership(group_id=group.id, mentee_id=mentee, from_on=from_on, until_on=until_on)
        for mentee, until_on in members.items()
        if mentee not in there
    )
    db.flush()


def _serves(mentor: Mentor, on: dt.date) -> bool:
    return (mentor.available_from or on) <= on <= (mentor.available_until or on)


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    """How many groups have which fate."""
    found = dict.fromkeys((fate.value for fate in Fate), 0)
    for change in changes:
        found[change.fate] += 1
    return found
