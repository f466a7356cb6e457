"""Whatever is done to sessions and groups in whatever order: bookings, feeds, calendars and the audit stay right."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed
from data.bookings import Clash
from data.feeds import Calendar, Subscription
from data.groups import Membership
from data.people import Mentee, Mentor
from data.programs import Term
from data.records import Record, RecordError, members_of, record
from data.sessions import Booking, Kind, Presence, Session, State
from scheduler.calendars import HasLeft, shown
from scheduler.changes import cancel, make_up, move, restore, substitute
from scheduler.feed import Entry
from scheduler.finding import group_named, mentee_named, mentor_named
from scheduler.free_times import next_free
from scheduler.group_changes import change_times, end, join, leave
from scheduler.leavers import leave_mentee, leave_mentor
from scheduler.links import change_link
from scheduler.refusals import Refused
from scheduler.returns import stay_mentee, stay_mentor
from scheduler.single_sessions import plan_for_group
from tests.sessions import FIRST_ON, GROUPS, at, make_term

ZONE = "Asia/Seoul"
CLOSED = (dt.date(2026, 3, 12), dt.date(2026, 3, 18))
CHANGES = (
    "move", "cancel", "restore", "make up", "make up next", "substitute", "record", "plan",
    "times", "end", "join", "leave", "link", "mentor leaves", "mentee leaves",
    "mentor stays", "mentee stays",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change, made some hours after the one before, to what these numbers choose."""

    what: str
    hours: int
    one: int
    other: int
    day: int
    slot: int

    def start(self, now: dt.datetime) -> dt.datetime:
        """A time in the next three weeks."""
        on = now.astimezone(ZoneInfo(ZONE)).date() + dt.timedelta(days=self.day)
        return at(f"{on} {17 + self.slot // 2}:{30 * (self.slot % 2):02d}")


STEPS = st.builds(
    Step,
    what=st.sampled_from(CHANGES),
    hours=st.integers(0, 60),
    one=st.integers(0, 15),
    other=st.integers(0, 15),
    day=st.integers(0, 20),
    slot=st.integers(0, 9),
)


def take_step(db: DbSession, term: Term, step: Step, now: dt.datetime) -> None:  # noqa: C901, PLR0912  one case for each change
    sessions = db.scalars(select(Session).order_by(Session.original_start, Session.id)).all()
    groups = [group_named(db, term, key) for key in GROUPS]
    session, group = sessions[step.one % len(sessions)], groups[step.one % len(groups)]
    mentor, mentee = mentor_named(db, term, f"m-{step.other % 3 + 1}"), mentee_named(db, term, f"s-{step.other % 5 + 1}")
    on = step.start(now).astimezone(ZoneInfo(ZONE)).date()
    match step.what:
        case "move":
            move(db, session, step.start(now), by="x", now=now)
        case "cancel":
            cancel(db, session, by="x", now=now, reason="ill")
        case "restore":
            restore(db, session, by="x", now=now)
        case "make up":
            make_up(db, session, step.start(now), by="x", now=now)
        case "make up next":
            make_up(db, session, next_free(db, session, now), by="x", now=now)
        case "substitute":
            substitute(db, session, mentor, by="x", now=now)
        case "record":
            said = dict.fromkeys(members_of(db, session), Presence.PRESENT)
            record(db, session, Record(attendance=said, minutes=50, note=str(now)), by="x", now=now)
        case "plan":
            plan_for_group(db, group, Kind.COUNSELLING, step.start(now), 30, by="x", now=now)
        case "times":
            first = step.slot * 30 + 17 * 60
            change_times(
                db, group, [first + (step.other + 2 * n) % 7 * 1440 for n in range(2 if group.key == "g-1" else 1)], on, by="x", now=now
            )
        case "end":
            end(db, group, on, by="x", now=now, reason="done")
        case "join":
            join(db, group, mentee, on, by="x", now=now)
        case "leave":
            leave(db, group, mentee, on, by="x", now=now)
        case "link":
            change_link(db, group, f"https://meet.example/{step.other}", by="x", now=now)
        case "mentor leaves":
            leave_mentor(db, mentor, on, by="x", now=now, reason="ill")
        case "mentee leaves":
            leave_mentee(db, mentee, on, by="x", now=now, reason="moved")
        case "mentor stays":
            stay_mentor(db, mentor, by="x", now=now, reason="")
        case "mentee stays":
            stay_mentee(db, mentee, by="x", now=now, reason="")


Seen = dict[UUID, tuple[int, dict[str, Entry]]]
"""Of each calendar: its version, and what it shows by UID."""


def seen(db: DbSession, now: dt.datetime) -> Seen:
    found: Seen = {}
    reader = Subscription(language="en", alarms=[], days_back=366)
    for calendar in db.scalars(select(Calendar)):
        try:
            entries = shown(db, reader, calendar, now).feed.entries
        except HasLeft:
            entries = ()
        found[calendar.id] = (calendar.version, {entry.uid: entry for entry in entries})
    return found


def rows(db: DbSession) -> dict[UUID, tuple[dt.datetime, int, dt.datetime]]:
    return {one.id: (one.original_start, one.sequence, one.changed_at) for one in db.scalars(select(Session))}


def check_feeds(before: Seen, after: Seen) -> None:
    """What shows something else has a new version, and what looks other a new time of change and a higher sequence."""
    for calendar, (version, entries) in after.items():
        old_version, old_entries = before[calendar]
        if entries != old_entries:
            assert version > old_version
        for uid in entries.keys() & old_entries.keys():
            new, old = entries[uid], old_entries[uid]
            if replace(new, sequence=0, changed_at=old.changed_at) != replace(old, sequence=0):
                assert new.sequence > old.sequence
                assert new.changed_at > old.changed_at


def check_bookings(db: DbSession) -> None:
    """Everybody's time is taken by the sessions they take part in, and by no others, and by one at a time."""
    wanted: set[tuple[UUID, UUID, dt.datetime, dt.datetime]] = set()
    for session, mentor in db.execute(select(Session, Mentor.person_id).join(Mentor, Mentor.id == Session.mentor_id)):
        if session.state == State.CANCELLED:
            continue
        on = session.starts_at.astimezone(ZoneInfo(ZONE)).date()
        members = select(Mentee.person_id, Membership.from_on, Membership.until_on).join(Membership, Membership.mentee_id == Mentee.id)
        there = {
            person
            for person, from_on, until_on in db.execute(members.where(Membership.group_id == session.group_id))
            if from_on <= on and (until_on is None or on < until_on)
        }
        assert there, "a session that is not cancelled has somebody to teach"
        wanted |= {(session.id, person, session.starts_at, session.ends_at) for person in (mentor, *there)}
    booked = db.execute(select(Booking.session_id, Booking.person_id, Booking.starts_at, Booking.ends_at)).all()
    assert {tuple(one) for one in booked} == wanted
    of_person = defaultdict(list)
    for _, person, starts_at, ends_at in booked:
        of_person[person].append((starts_at, ends_at))
    for times in of_person.values():
        times.sort()
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(times))


PATIENT: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}
"""What is found is not made smaller: that takes longer than looking at it."""


@settings(**PATIENT, max_examples=12, derandomize=True)
@given(steps=st.lists(STEPS, min_size=3, max_size=10))
def test_after_any_changes_in_any_order_all_is_right(database: Engine, steps: list[Step]) -> None:
    follow(database, steps)


@pytest.mark.long
@settings(**PATIENT, max_examples=300)
@given(steps=st.lists(STEPS, min_size=3, max_size=20))
def test_after_many_changes_in_any_order_all_is_right(database: Engine, steps: list[Step]) -> None:
    follow(database, steps)


def follow(database: Engine, steps: list[Step]) -> None:
    """Takes the steps, one after another, and checks after each; the database is as before in the end."""
    now = at("2026-03-05 09:00")
    with DbSession(database) as db:
        term = make_term(db, zone=ZONE, first_on=FIRST_ON, closed=CLOSED, groups=GROUPS)
        for step in steps:
            now += dt.timedelta(hours=step.hours, minutes=1)
            before, were, done = seen(db, now), rows(db), db.scalar(select(func.count(Deed.id))) or 0
            try:
                with db.begin_nested():
                    take_step(db, term, step, now)
            except (Refused, Clash, RecordError):
                assert (seen(db, now), rows(db), db.scalar(select(func.count(Deed.id)))) == (before, were, done)
                continue
            db.expire_all()
            assert db.scalar(select(func.count(Deed.id))) == done + 1
            check_feeds(before, seen(db, now))
            check_bookings(db)
            for key, (original_start, sequence, changed_at) in rows(db).items():
                if key in were:
                    assert original_start == were[key][0]
                    assert sequence >= were[key][1]
                    assert changed_at >= were[key][2]
