"""What may happen to a group from a day on: other times, an end, members who come or go; and people who leave the term.

Such a change holds from a day of the term's zone on, on and after which none of the group's sessions has begun. Sessions that were
cancelled stay as they are, unless they wait for their days (`scheduler.waiting`), and so do those that have a record. A session that was
moved singly, or makes up another, keeps the time that was agreed on when the group's times change; it is cancelled with the others where
the group ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session as DbSession

from data.bookings import take
from data.consents import standing
from data.groups import Group, Membership
from data.people import Mentee
from data.programs import Term as TermRow
from data.sessions import Series, Session, Shift, State
from data.texts import bounded
from matching.week import DAY_MINUTES, Meetings, write_meetings
from scheduler.circle import Circle, Look, circle_of, hold, looks_of, sessions_of, tutoring_of
from scheduler.consequences import Altered, Deed, altered, carry_out
from scheduler.produce import lay_out, weeklies_of
from scheduler.refusals import AlreadySo, BadMeetings, InThePast, NotThere, OutsideTheTerm
from scheduler.term import DAY, Term
from scheduler.term_days import days_of, last_day
from scheduler.waiting import NOBODY_IS_LEFT, waiting_in, why_not
from scheduler.weekly import Weekly, wall


def change_times(
    db: DbSession, group: Group, meetings: Sequence[int], from_on: dt.date, *, by: str, now: dt.datetime, reason: str = ""
) -> list[Session]:
    """Changes the weekly times of a group from a day on, to as many others; gives the sessions that were cancelled since there can be
    none on their new day: it is off, or the group has ended or has no members any more.

    Times that an earlier change set for this day or a later one hold no more. Sessions keep their UIDs and original starts.

    Raises
    ------
    Refused
        There are more or fewer times, or they overlap, or are those of now; or the day is past, or the group does not meet then; or a
        session would be where it had begun already.
    Clash
        Somebody has another session at one of the new times.
    """
    circle = hold(db, group.id)
    series = tutoring_of(db, group)
    if series is None:
        raise NotThere(group.key, "has no weekly meetings")
    refuse_day(db, circle, from_on, now)
    new = _as_good(series, meetings)
    held = weeklies_of(db, [series])[series.id]
    kept = tuple(shift for shift in held.shifts if shift[0] < from_on)
    if kept == held.shifts and new == held.latest:
        raise AlreadySo(group.key, f"meets {write_meetings(new)}")
    db.execute(delete(Shift).where(Shift.series_id == series.id, Shift.from_on >= from_on))
    db.add(Shift(series_id=series.id, from_on=from_on, meetings=list(new)))
    waiting = waiting_in(db, circle.term, days_of(db, circle.term))
    coming = [one for one in sessions_of(db, group) if one.starts_at > now]
    sessions = [one for one in coming if one.state == State.PLANNED or waiting.has(one)]
    before = looks_of(db, circle, sessions)
    off = shift(
        circle, waiting.days, [one for one in sessions if one.series_id == series.id], held, replace(held, shifts=(*kept, (from_on, new)))
    )
    for session in sessions:
        if session.starts_at <= now:
            raise InThePast(circle.name(session))
    changes = altered(db, circle, before, sessions)
    take(db, [one.session.id for one in changes])
    changes += altered(db, circle, {}, produce_again(db, series, from_on, now))
    details = {"from_on": from_on.isoformat(), "meetings": write_meetings(new)}
    deed = Deed(what="times changed", whom=f"group {group.key}", ids={"group": group.id}, by=by, now=now, reason=reason, details=details)
    carry_out(db, circle.term, deed, changes, groups=[group.id])
    return off


def shift(circle: Circle, days: Term, sessions: Iterable[Session], held: Weekly, new: Weekly) -> list[Session]:
    """Moves the sessions that are where their series had them to where it has them now; gives those that were to be and cannot be there.

    What waited for its old day is held on its new one, where it can be.
    """
    off = []
    for session in sessions:
        found = _place(held, days, session.original_start)
        if found is None or held.on(*found) == new.on(*found) or session.starts_at != wall(days.zone, *held.on(*found)):
            continue
        on, minutes = new.on(*found)
        lasts = session.ends_at - session.starts_at
        session.starts_at = wall(days.zone, on, minutes)
        session.ends_at = session.starts_at + lasts
        why = why_not(circle, days, on)
        if why and session.state == State.PLANNED:
            off.append(session)
        session.state, session.cancelled_why = (State.CANCELLED, why) if why else (State.PLANNED, "")
    return off


def produce_again(db: DbSession, series: Series, from_on: dt.date, now: dt.datetime) -> Sequence[Session]:
    """New sessions of meetings that were left out on their old day, and are not on their new one."""
    until = series.produced_until
    if until is None or until < from_on:
        return ()
    series.produced_until = from_on - DAY
    db.flush()
    return db.scalars(select(Session).where(Session.id.in_(lay_out(db, [series], until, now).sessions))).all()


def end(db: DbSession, group: Group, from_on: dt.date, *, by: str, now: dt.datetime, reason: str) -> None:
    """Ends a group: it meets no more from a day on. What is planned from then is cancelled.

    Memberships stay as they are, so that its members' calendars show what is cancelled.

    Raises
    ------
    Refused
        A session of that day or a later one has begun, or the group has ended by then.
    BadText
        The reason cannot be kept.
    """
    circle = hold(db, group.id)
    refuse_day(db, circle, from_on, now)
    before, sessions = looks_from(db, circle, from_on)
    end_rows(db, group, from_on)
    for session in sessions:
        if session.state == State.PLANNED:
            session.state, session.cancelled_why = State.CANCELLED, bounded(reason, "the reason")
    deed = Deed(
        what="ended",
        whom=f"group {group.key}",
        ids={"group": group.id},
        by=by,
        now=now,
        reason=reason,
        details={"from_on": from_on.isoformat()},
    )
    carry_out(db, circle.term, deed, altered(db, circle, before, sessions), groups=[group.id])


def join(db: DbSession, group: Group, mentee: Mentee, from_on: dt.date, *, by: str, now: dt.datetime, reason: str = "") -> None:
    """Takes a mentee of the term into a group from a day on, for as long as it meets.

    Raises
    ------
    Refused
        The mentee is of another term, has left, lacks a guardian's consent, or is or will be a member; or the group has begun a session
        or ended by then.
    Clash
        The mentee has another session at one of its times.
    """
    circle = hold(db, group.id)
    refuse_day(db, circle, from_on, now)
    if mentee.term_id != group.term_id:
        raise NotThere(mentee.key, "is of another term")
    if mentee.left_on is not None:
        raise NotThere(mentee.key, f"has left on {mentee.left_on}")
    if standing(db, db.get_one(TermRow, group.term_id), [mentee], from_on)[0].lacks:
        raise NotThere(mentee.key, "needs a guardian's consent, and none is in force; note one first")
    if _memberships(db, group, mentee, from_on):
        raise AlreadySo(mentee.key, f"is a member of {group.key}")
    before, sessions = looks_from(db, circle, from_on)
    db.add(Membership(group_id=group.id, mentee_id=mentee.id, from_on=from_on, until_on=group.until_on))
    db.flush()
    after = circle_of(db, group)
    details = {"mentee": mentee.key, "from_on": from_on.isoformat()}
    deed = Deed(what="joined", whom=f"group {group.key}", ids={"group": group.id}, by=by, now=now, reason=reason, details=details)
    carry_out(db, circle.term, deed, altered(db, after, before, sessions), groups=[group.id], people=[mentee.person_id])


def leave(db: DbSession, group: Group, mentee: Mentee, from_on: dt.date, *, by: str, now: dt.datetime, reason: str = "") -> None:
    """Takes a mentee out of a group from a day on; sessions at which nobody is left are cancelled, and a group without members ends.

    Raises
    ------
    Refused
        The mentee is no member then, or a session of that day or a later one has begun.
    """
    circle = hold(db, group.id)
    refuse_day(db, circle, from_on, now)
    changes = take_out(db, circle, mentee, from_on)
    details = {"mentee": mentee.key, "from_on": from_on.isoformat()}
    deed = Deed(what="left", whom=f"group {group.key}", ids={"group": group.id}, by=by, now=now, reason=reason, details=details)
    carry_out(db, circle.term, deed, changes, groups=[group.id], people=[mentee.person_id])


def take_out(db: DbSession, circle: Circle, mentee: Mentee, from_on: dt.date) -> list[Altered]:
    """Ends a mentee's memberships in a group on a day, and gives the sessions that this changes.

    Raises
    ------
    NotThere
        The mentee is no member then.
    """
    theirs = _memberships(db, circle.group, mentee, from_on)
    if not theirs:
        raise NotThere(mentee.key, f"is no member of {circle.group.key} on {from_on}")
    before, sessions = looks_from(db, circle, from_on)
    for row in theirs:
        if row.from_on >= from_on:  # what would only begin then has never been
            db.delete(row)
        else:
            row.until_on = from_on
    db.flush()
    after = circle_of(db, circle.group)
    for session in sessions:
        if session.state == State.PLANNED and before[session.id].members and not after.members(after.day(session.starts_at)):
            session.state, session.cancelled_why = State.CANCELLED, NOBODY_IS_LEFT
    if all(one.until_on is not None and one.until_on <= from_on for one in after.everybody):
        end_rows(db, circle.group, from_on)
    return altered(db, after, before, sessions)


def refuse_day(db: DbSession, circle: Circle, from_on: dt.date, now: dt.datetime) -> None:
    """Does nothing where a change of the group may hold from a day on.

    Raises
    ------
    InThePast
        The day is past, or a session of that day or a later one has begun.
    NotThere
        The group has ended by then.
    OutsideTheTerm
        It lies after the term's last day, and nothing of the group is made up from then on.
    """
    group, last_on = circle.group, last_day(circle.term, now)
    if group.until_on is not None and from_on >= group.until_on:
        raise NotThere(group.key, f"has ended on {group.until_on}")
    if from_on < circle.day(now):
        raise InThePast(str(from_on))
    sessions = [one for one in sessions_of(db, group) if circle.day(one.starts_at) >= from_on]
    if from_on > last_on and not sessions:
        raise OutsideTheTerm(from_on, max(circle.day(now), circle.term.first_on), last_on)
    for session in sessions:
        if session.state != State.CANCELLED and session.starts_at <= now:
            raise InThePast(circle.name(session))


def _place(weekly: Weekly, days: Term, original_start: dt.datetime) -> tuple[dt.date, int] | None:
    """The Monday of the week of a session's original start, and its place in the week; None where that is no meeting's.

    It is looked for among the instants of the meetings: one in the hour that a change of clocks leaves out is at another wall time.
    """
    on = original_start.astimezone(ZoneInfo(days.zone)).date()
    monday, first = on - on.weekday() * DAY, replace(weekly, shifts=())
    return next(
        ((monday, place) for place in range(len(weekly.meetings)) if wall(days.zone, *first.on(monday, place)) == original_start), None
    )


def _memberships(db: DbSession, group: Group, mentee: Mentee, from_on: dt.date) -> list[Membership]:
    """A mentee's memberships in a group that last beyond a day, or begin later."""
    theirs = select(Membership).where(Membership.group_id == group.id, Membership.mentee_id == mentee.id)
    return list(db.scalars(theirs.where(or_(Membership.until_on.is_(None), Membership.until_on > from_on))))


def _as_good(series: Series, meetings: Sequence[int]) -> Meetings:
    """New weekly times in week order.

    Raises
    ------
    BadMeetings
        They are more or fewer than before, or overlap, or one runs past midnight.
    """
    new = tuple(sorted(meetings))
    if len(new) != len(series.meetings):
        raise BadMeetings(f"there are {len(series.meetings)} in a week, not {len(new)}")
    if any(start % DAY_MINUTES + series.session_minutes > DAY_MINUTES for start in new):
        raise BadMeetings("one runs past midnight")
    if any(later - earlier < series.session_minutes for earlier, later in pairwise(new)):
        raise BadMeetings("two overlap")
    return new


def end_rows(db: DbSession, group: Group, from_on: dt.date) -> None:
    """Ends a group and its series on a day, where they do not end before it."""
    rows: list[Group | Series] = [group, *db.scalars(select(Series).where(Series.group_id == group.id))]
    for row in rows:
        if row.until_on is None or row.until_on > from_on:
            row.until_on = max(from_on, row.from_on)


def looks_from(db: DbSession, circle: Circle, from_on: dt.date) -> tuple[dict[UUID, Look], list[Session]]:
    """The group's sessions of a day and later ones, cancelled ones too, which calendars show as well; and how they look."""
    sessions = [one for one in sessions_of(db, circle.group) if circle.day(one.starts_at) >= from_on]
    return looks_of(db, circle, sessions), sessions
