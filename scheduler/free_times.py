"""When a cancelled session could be made up: the next weekly time that all of its group have in common, and at which all are free."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session as DbSession

from data.bookings import diary
from data.groups import Group
from data.people import Mentor
from data.roster import policy_of
from data.sessions import Session
from scheduler.changes import refuse_making_up
from scheduler.circle import circle_of
from scheduler.common_times import CommonTimes
from scheduler.produce import MAKE_UP_WEEKS
from scheduler.refusals import NoFreeTime
from scheduler.term import DAY, WEEK_DAYS, Dated, made_up
from scheduler.term_days import days_of

MIDNIGHT = dt.time()


def next_free(db: DbSession, session: Session, now: dt.datetime) -> dt.datetime:
    """The start of the first such time after the session's day and after today, on no day off, with the policy's pause for the mentor.

    Raises
    ------
    WrongState, AlreadySo
        The session is not cancelled, or is made up already.
    NoFreeTime
        There is none within eight weeks, or while the group meets and its mentor is there.
    """
    group = db.get_one(Group, session.group_id)
    circle, mentor = circle_of(db, group), db.get_one(Mentor, group.mentor_id)
    refuse_making_up(db, circle, session)
    days, minutes = days_of(db, circle.term), (session.ends_at - session.starts_at) // dt.timedelta(minutes=1)
    after = max(circle.day(session.starts_at), circle.day(now))
    ends = [day - DAY for day in (group.until_on, mentor.left_on) if day] + [day for day in (mentor.available_until,) if day]
    last_on = min([after + MAKE_UP_WEEKS * WEEK_DAYS * DAY, *ends])
    pause = dt.timedelta(minutes=policy_of(circle.term, days.first_on).group.buffer_minutes)
    booked = diary(
        db,
        {mentor.person_id, *(member.person_id for member in circle.everybody)},
        dt.datetime.combine(after, MIDNIGHT, dt.UTC),
        dt.datetime.combine(last_on + 2 * DAY, MIDNIGHT, dt.UTC),
    )

    def free(one: Dated) -> bool:
        members = circle.members(one.on)
        if not members or booked.meets(mentor.person_id, one.starts_at - pause, one.ends_at + pause):
            return False
        return not any(booked.meets(member.person, one.starts_at, one.ends_at) for member in members)

    times = CommonTimes.of(db, circle.term, [group.id]).of_group(group.id, minutes)
    schools = {member.school for member in circle.members(after)}
    found = made_up(days, times, minutes, after=after, last_on=last_on, free=free, schools=schools)
    if found is None:
        raise NoFreeTime(circle.name(session), last_on)
    return found.starts_at
