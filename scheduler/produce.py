"""A series becomes dated sessions, which take people's time: days off are left out and told, and made up where the term says so.

Producing again, later or by two at once makes nothing twice: who produces a series holds its row, and each session is known by its
original start. A meeting that is left out and made up is one session, at another time than its original start.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import new_id, rows_of
from data.bookings import Busy, Clash, Diary, Member, Wanted, diary, members_of, named, write_bookings
from data.calendars import parts, touch_groups
from data.groups import Group
from data.outbox import About
from data.people import Mentor
from data.programs import MakeUp, Program, Term as TermRow
from data.roster import policy_of
from data.sessions import Booking, Series, Session, Shift, State
from data.settings import settings_of
from data.telling import NEAR, News, tell
from scheduler.circle import day_of
from scheduler.common_times import CommonTimes
from scheduler.gone import Earlier, Gone, Started
from scheduler.term import DAY, WEEK_DAYS, Dated, LeftOut, Term, made_up
from scheduler.term_days import days_of
from scheduler.weekly import Meeting, Weekly, meetings_of

MAKE_UP_WEEKS = 8
"""A meeting is made up within so many weeks, after it or after the term, or not at all."""
TICKER = "ticker"
AWAY = "mentor away"
"""Why there is no session on a day of the term on which its mentor does not serve."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A meeting without a session: why, and by what day it would have been."""

    series_id: UUID
    group: str
    on: dt.date
    starts_at: dt.datetime
    why: str


@dataclass(frozen=True, slots=True)
class Produced:
    """What came of it: new sessions; meetings left out, with those that are `made_up` among the sessions; how many had `begun` already;
    meetings that could not be for a clash, which are tried again."""

    sessions: tuple[UUID, ...] = ()
    bookings: int = 0
    left_out: tuple[Skipped, ...] = ()
    made_up: int = 0
    begun: int = 0
    clashes: tuple[Busy, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A series with what its production needs to know: it is produced from a day to another, both included, and ends on one, where its
    mentor serves then."""

    row: Series
    key: str
    weekly: Weekly
    mentor_id: UUID
    mentors_person: UUID
    members: Sequence[Member]
    first_on: dt.date
    last_on: dt.date
    ends_on: dt.date
    serves_from: dt.date
    serves_until: dt.date

    def people(self, on: dt.date) -> set[UUID]:
        """The persons who would take part on a day; nobody where no member would."""
        come = {member.person_id for member in self.members if member.is_there(on)}
        return {*come, self.mentors_person} if come else come

    def schools(self, on: dt.date) -> set[str]:
        """The schools of the members on a day."""
        return {member.school for member in self.members if member.is_there(on)}


@dataclass(slots=True)
class _Work:
    """The sessions that come of it, as rows, and who takes part; those that were there before are `again` the same."""

    diary: Diary
    again: Mapping[Started, Earlier]
    rows: list[dict[str, object]] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    clashing: list[tuple[UUID, UUID]] = field(default_factory=list)

    def add(self, line: _Line, meeting: Meeting, at: Dated, now: dt.datetime) -> bool:
        """Adds a session, unless somebody has another one then."""
        people = line.people(at.on)
        busy = [(person, other) for person in people if (other := self.diary.meets(person, at.starts_at, at.ends_at))]
        if busy:
            self.clashing += busy
            return False
        earlier = self.again.get((line.row.id, meeting.original_start))
        session = earlier.id if earlier else new_id()
        for person in people:
            self.diary.enter(person, at.starts_at, at.ends_at, session)
        self.wanted.append(Wanted(session, people, at.starts_at, at.ends_at))
        self.rows.append(
            {
                "id": session,
                "series_id": line.row.id,
                "group_id": line.row.group_id,
                "original_start": meeting.original_start,
                "starts_at": at.starts_at,
                "ends_at": at.ends_at,
                "mentor_id": line.mentor_id,
                "state": State.PLANNED,
                "sequence": earlier.sequence + 2 if earlier else 0,  # that it went was a change, too
                "changed_at": now,
            }
        )
        return True


def produce(db: DbSession, series: Sequence[Series], until: dt.date, now: dt.datetime, *, by: str = TICKER) -> Produced:
    """Makes the sessions of series of one term that begin after `now`, up to a day, which is included, and books all who take part.

    A meeting at which somebody is in another session is not made, but tried again when the series is produced next. The calendars of
    all concerned are told, people by mail too of what is near, and one row of the audit is written where anything is new.

    Raises
    ------
    Clash
        Another process took somebody's time meanwhile; produce again.
    """
    produced = lay_out(db, series, until, now)
    if produced.sessions:
        groups = {one.group_id for one in series}
        touch_groups(db, groups, now)
        term = db.get_one(Group, series[0].group_id).term_id
        details = {"sessions": len(produced.sessions), "left out": len(produced.left_out), "clashes": len(produced.clashes)}
        write_down(db, at=now, by=by, what="produced", whom=f"sessions until {until}", term=term, details=details)
        _tell_what_is_near(db, produced.sessions, now)
    return produced


def _tell_what_is_near(db: DbSession, sessions: Sequence[UUID], now: dt.datetime) -> None:
    """A feed may be read too late for what begins soon."""
    near: dict[Session, list[UUID]] = {}
    for some in parts(sessions):
        asked = select(Session, Booking.person_id).join(Booking, Booking.session_id == Session.id)
        for session, person in db.execute(asked.where(Session.id.in_(some), Session.starts_at <= now + NEAR)):
            near.setdefault(session, []).append(person)
    tell(db, [News(session, people, About.ADDED) for session, people in near.items()], now=now)


def horizon(db: DbSession, term: TermRow, now: dt.datetime) -> dt.date:
    """The day until which a term's sessions are produced: its last, or as many days ahead as its program's settings say."""
    days = settings_of(db.get_one(Program, term.program_id).settings).horizon_days
    return term.last_on or day_of(term, now) + days * DAY


def series_of(db: DbSession, ids: Iterable[UUID]) -> list[Series]:
    """Series by their ids."""
    return [row for some in parts(sorted(ids)) for row in db.scalars(select(Series).where(Series.id.in_(some)))]


def lay_out(
    db: DbSession, series: Iterable[Series], until: dt.date, now: dt.datetime, *, strictly: bool = False, gone: Gone | None = None
) -> Produced:
    """`produce` without telling anybody; where it is done `strictly`, a clash ends it. What is `gone` and comes again is the same.

    Raises
    ------
    Clash
        Somebody would be in two sessions at once, and it is done strictly, or another process was quicker.
    """
    rows = [
        row
        for some in parts(sorted({one.id for one in series}))
        for row in db.scalars(
            select(Series).where(Series.id.in_(some)).order_by(Series.id).with_for_update().execution_options(populate_existing=True)
        )
    ]
    if not rows:
        return Produced()
    term = db.get_one(TermRow, db.get_one(Group, rows[0].group_id).term_id)
    days = days_of(db, term)
    until = until if term.last_on is None else min(until, term.last_on)
    lines = _lines(db, rows, until)
    known = _known(db, lines)
    ahead = now, dt.datetime.combine(until, dt.time(), dt.UTC) + (MAKE_UP_WEEKS * WEEK_DAYS + 2) * DAY
    work = _Work(
        diary(db, {person for line in lines for person in (line.mentors_person, *(one.person_id for one in line.members))}, *ahead),
        gone.sessions if gone else {},
    )

    left_out: list[Skipped] = []
    missed: list[tuple[_Line, Meeting, LeftOut]] = []
    begun = 0
    for line in lines:
        reached = max(until, line.row.produced_until or until)
        for meeting in meetings_of(days, line.weekly, line.first_on, line.last_on, line.schools):
            at = meeting.at
            if (line.row.id, meeting.original_start) in known or not line.people(at.on):
                continue
            if at.starts_at <= now:
                begun += 1
                continue
            if not line.serves_from <= at.on <= line.serves_until:
                left_out.append(Skipped(line.row.id, line.key, at.on, at.starts_at, AWAY))
                reached = min(reached, at.on - DAY)  # the mentor's dates may be others when it is tried again
            elif isinstance(at, LeftOut):
                left_out.append(Skipped(line.row.id, line.key, at.on, at.starts_at, at.why))
                missed.append((line, meeting, at))
            elif not work.add(line, meeting, at, now):
                reached = min(reached, at.on - DAY)
        line.row.produced_until = max(reached, line.row.from_on - DAY)
    made = _make_up(db, term, days, missed, work, now)
    if work.rows:
        db.execute(insert(rows_of(Session)), work.rows)
    clashes = named(db, work.clashing)
    if clashes and strictly:
        raise Clash(clashes)
    write_bookings(db, work.wanted)
    db.flush()
    sessions = tuple(one.session_id for one in work.wanted)
    return Produced(sessions, sum(len(one.people) for one in work.wanted), tuple(left_out), made, begun, clashes)


def _lines(db: DbSession, rows: Sequence[Series], until: dt.date) -> list[_Line]:
    members, weekly = members_of(db, {row.group_id for row in rows}), weeklies_of(db, rows)
    groups: dict[UUID, tuple[Group, Mentor]] = {}
    for some in parts(rows):
        held = select(Group, Mentor).join(Mentor, Mentor.id == Group.mentor_id).where(Group.id.in_({row.group_id for row in some}))
        groups |= {group.id: (group, mentor) for group, mentor in db.execute(held)}
    found = []
    for row in rows:
        group, mentor = groups[row.group_id]
        # Of the last week that was produced a meeting may have been shifted from behind its last day to before it.
        again = row.produced_until - row.produced_until.weekday() * DAY if row.produced_until else row.from_on
        ends = [day - DAY for day in (row.until_on, group.until_on) if day]
        leaves = [day for day in (mentor.available_until, mentor.left_on - DAY if mentor.left_on else None) if day]
        found.append(
            _Line(
                row=row,
                key=group.key,
                weekly=weekly[row.id],
                mentor_id=mentor.id,
                mentors_person=mentor.person_id,
                members=members.get(row.group_id, ()),
                first_on=max(row.from_on, again),
                last_on=min([until, *ends]),
                ends_on=min(ends, default=dt.date.max),
                serves_from=mentor.available_from or dt.date.min,
                serves_until=min(leaves, default=dt.date.max),
            )
        )
    return found


def weeklies_of(db: DbSession, series: Iterable[Series]) -> dict[UUID, Weekly]:
    """The meetings of series with the changes of their times, by the series' ids."""
    rows = list(series)
    shifts: dict[UUID, list[tuple[dt.date, tuple[int, ...]]]] = {}
    for some in parts(rows):
        for shift in db.scalars(select(Shift).where(Shift.series_id.in_([row.id for row in some])).order_by(Shift.from_on)):
            shifts.setdefault(shift.series_id, []).append((shift.from_on, tuple(shift.meetings)))
    return {
        row.id: Weekly(meetings=tuple(row.meetings), session_minutes=row.session_minutes, shifts=tuple(shifts.get(row.id, ())))
        for row in rows
    }


def _known(db: DbSession, lines: Sequence[_Line]) -> set[tuple[UUID, dt.datetime]]:
    """The sessions that are there already, by series and original start."""
    again = [line.row.id for line in lines if line.row.produced_until is not None]
    found: set[tuple[UUID, dt.datetime]] = set()
    for some in parts(again):
        there = select(Session.series_id, Session.original_start).where(Session.series_id.in_(some))
        found.update((series, original_start) for series, original_start in db.execute(there))
    return found


def _make_up(
    db: DbSession, term: TermRow, days: Term, missed: Sequence[tuple[_Line, Meeting, LeftOut]], work: _Work, now: dt.datetime
) -> int:
    """Adds sessions for meetings that were left out, where the term says so and there is a time for them; says how many."""
    if term.make_up is MakeUp.NO or (term.make_up is MakeUp.END and term.last_on is None):
        return 0
    common = CommonTimes.of(db, term, [line.row.group_id for line, _, _ in missed]) if term.make_up is MakeUp.NEXT else None
    buffer = dt.timedelta(minutes=policy_of(term, days.first_on).group.buffer_minutes)
    made = 0
    for line, meeting, at in sorted(missed, key=lambda one: (one[2].starts_at, one[0].row.id)):
        after = term.last_on if common is None and term.last_on else at.on

        def free(one: Dated, line: _Line = line) -> bool:
            people = line.people(one.on)
            if not people or one.starts_at <= now or not line.serves_from <= one.on <= min(line.serves_until, line.ends_on):
                return False
            if work.diary.meets(line.mentors_person, one.starts_at - buffer, one.ends_at + buffer):
                return False
            return not any(work.diary.meets(person, one.starts_at, one.ends_at) for person in people)

        times = common.of_group(line.row.group_id, line.weekly.session_minutes) if common else line.weekly.latest
        one = made_up(
            days,
            times,
            line.weekly.session_minutes,
            after=after,
            last_on=after + MAKE_UP_WEEKS * WEEK_DAYS * DAY,
            free=free,
            schools=line.schools(at.on),
        )
        made += one is not None and work.add(line, meeting, one, now)
    return made
