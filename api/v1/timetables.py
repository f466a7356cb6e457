"""Mentors' own calendars, and what they take out of their availability; their addresses are secrets, and told to nobody."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Literal, Self

import httpx
from pydantic import Field, model_validator
from sqlalchemy import or_, select

from api.problems import no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import Ref
from api.v1.finding import Key
from api.v1.meant import mentor_meant, term_meant
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.shown_sessions import SHOWN, SessionOut, rows_out
from data.access import Right
from data.own import mentors_seen, sessions_seen
from data.people import Mentor
from data.programs import Term
from data.sessions import Session
from data.timetables import Timetable, free_time
from matching.kinds import STRETCHES
from scheduler.circle import day_of
from scheduler.fetch import LONGEST, near_hosts
from scheduler.ics import MOST_BYTES
from scheduler.timetables import clashes, follow, hasten, put, read, take_away

routes = Routes("timetables")


class TimetableOut(Wire):
    """A mentor's timetable."""

    mentor: Ref
    source: Literal["file", "address"]
    host: str | None = Field(description="The machine of the address; nothing else of it is told.")
    busy: str = Field(description="What it takes out of the week.", examples=["Mon 09:00-12:00"])
    free: str = Field(description="What is left of the mentor's availability.")
    read_at: dt.datetime
    due_at: dt.datetime = Field(description="When it is looked at next.")
    fault: str = Field(description="Why it could not be read since; empty where it could.")


class TimetableIn(Wire):
    """A calendar, as an iCalendar text or by its address: one of them."""

    calendar: str | None = Field(None, max_length=MOST_BYTES, examples=["BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"])
    address: str | None = Field(
        None,
        max_length=LONGEST,
        pattern=r"^[^\x00]*$",
        description="`https://...` or `webcal://...`; it is read within some minutes, and then each day.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.calendar is None) == (self.address is None):
            raise ValueError("is none or both of calendar and address; write one of them")
        return self


@routes.get("/terms/{term}/timetables", Right.PEOPLE_READ)
def list_timetables(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[TimetableOut]:
    """The timetables of a term's mentors, without those who have left."""
    found = term_meant(call, term)
    asked = select(Mentor, Timetable).join(Timetable, Timetable.mentor_id == Mentor.id).where(Mentor.term_id == found.id)
    still = or_(Mentor.left_on.is_(None), Mentor.left_on > day_of(found, call.now))
    asked = asked.where(still, mentors_seen(call.sight(found.program_id)))
    return paged(call, asked, [Mentor.key], lambda rows: [_out(mentor, one) for mentor, one in rows], after, limit)


@routes.get("/terms/{term}/timetables/clashes", Right.GROUPS_READ)
def list_clashes(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[SessionOut]:
    """The sessions to come at which a timetable says that whoever holds them is busy."""
    found = term_meant(call, term)
    seen = sessions_seen(call.db, call.sight(found.program_id), found.program_id)
    asked = SHOWN.where(Session.id.in_(clashes(call.db, found, call.now)), seen)
    return paged(call, asked, [Session.starts_at, Session.id], partial(rows_out, call), after, limit)


@routes.get("/terms/{term}/mentors/{mentor}/timetable", Right.PEOPLE_READ)
def read_timetable(call: Call, term: Key, mentor: Key) -> TimetableOut:
    """A mentor's timetable."""
    return _of(call, mentor_meant(call, mentor, term))


@routes.put("/terms/{term}/mentors/{mentor}/timetable", Right.AVAILABILITY_WRITE)
def put_timetable(call: Call, term: Key, mentor: Key, body: TimetableIn) -> TimetableOut:
    """Takes a mentor's calendar in, in the place of an earlier one."""
    who = mentor_meant(call, mentor, term)
    if kept := call.db.get(Timetable, who.id, with_for_update=True):
        call.refuse_stale(lambda: _out(who, kept))
    if body.address is not None:
        follow(call.db, who, body.address, near_hosts(), by=call.by, now=call.now)
    else:
        found = read(call.db.get_one(Term, who.term_id), (body.calendar or "").encode(), call.now)
        put(call.db, who, found, address="", by=call.by, now=call.now)
    return _of(call, who)


@routes.post("/terms/{term}/mentors/{mentor}/timetable/fetch", Right.AVAILABILITY_WRITE, 202)
def fetch_timetable(call: Call, term: Key, mentor: Key) -> TimetableOut:
    """Has a timetable looked at within some minutes, and not when the day comes round."""
    who = mentor_meant(call, mentor, term)
    _of(call, who)
    hasten(call.db, who, call.now)
    return _of(call, who)


@routes.delete("/terms/{term}/mentors/{mentor}/timetable", Right.AVAILABILITY_WRITE)
def remove_timetable(call: Call, term: Key, mentor: Key) -> None:
    """Forgets a mentor's timetable and its address; their availability is what they gave."""
    who = mentor_meant(call, mentor, term)
    kept = _of(call, who)
    call.refuse_stale(lambda: kept)
    take_away(call.db, who, by=call.by, now=call.now)


def _of(call: Call, mentor: Mentor) -> TimetableOut:
    kept = call.db.get(Timetable, mentor.id)
    if kept is None:
        raise no_such("timetable")
    return _out(mentor, kept)


def _out(mentor: Mentor, one: Timetable) -> TimetableOut:
    return TimetableOut(
        mentor=Ref(id=mentor.id, external_id=mentor.key),
        source="address" if one.address else "file",
        host=httpx.URL(one.address).host if one.address else None,
        busy=one.weekly,
        free=STRETCHES.write(free_time(mentor.availability, one.weekly)),
        read_at=one.read_at,
        due_at=one.due_at,
        fault=one.fault,
    )
