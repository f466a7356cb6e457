"""People who leave a term before its end, or stay after all. Sessions that need another mentor since are among those that lack one."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import Day, Reason, Ref
from api.v1.finding import Key
from api.v1.meant import mentee_meant, mentor_meant
from api.v1.mentees import MENTEE
from api.v1.mentors import MENTOR
from api.v1.people_queries import person_of
from api.v1.shown_sessions import SessionOut, sessions_out
from data.access import Right
from data.calendars import parts
from data.people import Mentee, Mentor
from data.sessions import Session
from scheduler.leavers import leave_mentee, leave_mentor
from scheduler.returns import stay_mentee, stay_mentor

routes = Routes("leavers")


class LeaveIn(Wire):
    """From which day on somebody is not there."""

    from_on: Day
    reason: Reason = ""


class StayIn(Wire):
    """Why somebody stays."""

    reason: Reason = ""


class MentorLeft(Wire):
    """A mentor who leaves."""

    mentor: Ref
    left_on: dt.date
    sessions: list[SessionOut] = Field(description="Those that need another mentor.")


class MenteeLeft(Wire):
    """A mentee who leaves."""

    mentee: Ref
    left_on: dt.date
    not_back: list[str] = Field(description="Where they leave later than was said before: what could not be as it was, a line each.")


class Stays(Wire):
    """Somebody who stays after all."""

    who: Ref = Field(description="The mentor or the mentee.")
    sessions: list[SessionOut] = Field(description="Those that are held again.")
    not_back: list[str] = Field(description="What could not be as it was, a line each.")


@routes.post("/terms/{term}/mentors/{mentor}/leave", Right.PEOPLE_WRITE, 200)
def leave_as_mentor(call: Call, term: Key, mentor: Key, body: LeaveIn) -> MentorLeft:
    """Lets a mentor leave from a day on; their sessions are neither cancelled nor given to anybody by that."""
    who = mentor_meant(call, mentor, term)
    call.refuse_stale(lambda: MENTOR.shown(call, [(who, person_of(call, who))])[0])
    left = leave_mentor(call.db, who, body.from_on, by=call.by, now=call.now, reason=body.reason)
    return MentorLeft(mentor=_ref(who), left_on=body.from_on, sessions=sessions_out(call, left))


@routes.post("/terms/{term}/mentees/{mentee}/leave", Right.PEOPLE_WRITE, 200)
def leave_as_mentee(call: Call, term: Key, mentee: Key, body: LeaveIn) -> MenteeLeft:
    """Lets a mentee leave all groups from a day on."""
    who = mentee_meant(call, mentee, term)
    call.refuse_stale(lambda: MENTEE.shown(call, [(who, person_of(call, who))])[0])
    lost = leave_mentee(call.db, who, body.from_on, by=call.by, now=call.now, reason=body.reason)
    return MenteeLeft(mentee=_ref(who), left_on=body.from_on, not_back=lost)


@routes.post("/terms/{term}/mentors/{mentor}/stay", Right.PEOPLE_WRITE, 200)
def stay_as_mentor(call: Call, term: Key, mentor: Key, body: StayIn) -> Stays:
    """Takes back that a mentor leaves who is still there."""
    who = mentor_meant(call, mentor, term)
    call.refuse_stale(lambda: MENTOR.shown(call, [(who, person_of(call, who))])[0])
    back = stay_mentor(call.db, who, by=call.by, now=call.now, reason=body.reason)
    return Stays(who=_ref(who), sessions=_sessions(call, back.sessions), not_back=list(back.lost))


@routes.post("/terms/{term}/mentees/{mentee}/stay", Right.PEOPLE_WRITE, 200)
def stay_as_mentee(call: Call, term: Key, mentee: Key, body: StayIn) -> Stays:
    """Takes back that a mentee leaves who is still there, in the groups that they were in."""
    who = mentee_meant(call, mentee, term)
    call.refuse_stale(lambda: MENTEE.shown(call, [(who, person_of(call, who))])[0])
    back = stay_mentee(call.db, who, by=call.by, now=call.now, reason=body.reason)
    return Stays(who=_ref(who), sessions=_sessions(call, back.sessions), not_back=list(back.lost))


def _sessions(call: Call, ids: tuple[UUID, ...]) -> list[SessionOut]:
    found: list[Session] = []
    for some in parts(ids):
        found += call.db.scalars(select(Session).where(Session.id.in_(some)))
    return sessions_out(call, sorted(found, key=lambda one: (one.starts_at, one.id)))


def _ref(who: Mentor | Mentee) -> Ref:
    return Ref(id=who.id, external_id=who.key)
