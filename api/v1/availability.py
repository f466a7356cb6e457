"""When somebody can meet, as a resource of its own, for mentors and mentees say it themselves; and what a mentee asks for."""

from __future__ import annotations

from pydantic import Field

from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key
from api.v1.meant import mentee_meant, mentor_meant, term_meant
from api.v1.mentees import MENTEE
from api.v1.mentors import MENTOR
from api.v1.noting import note_reading
from api.v1.people_fields import RequestIn, Times
from api.v1.putting import change_one
from data.access import NotAllowed, Right
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import requests_of
from data.timetables import Timetable, free_time
from matching.kinds import STRETCHES

routes = Routes("availability")


class AvailabilityIn(Wire):
    """When somebody can meet, and when they like to."""

    availability: Times
    preferred: Times = ""


class AvailabilityOut(AvailabilityIn):
    """The same, and what is left of it."""

    free: str = Field(description="What is left where the timetable that a mentor handed in is taken out.")


class RequestsIn(Wire):
    """What a mentee asks for, in their order."""

    requests: list[RequestIn] = Field(min_length=1, max_length=2000)


class RequestsOut(Wire):
    """The same."""

    requests: list[RequestIn]


@routes.get("/terms/{term}/mentors/{mentor}/availability", Right.PEOPLE_READ)
def read_mentor_availability(call: Call, term: Key, mentor: Key) -> AvailabilityOut:
    """When a mentor can meet."""
    return _availability(call, mentor_meant(call, mentor, term))


@routes.put("/terms/{term}/mentors/{mentor}/availability", Right.AVAILABILITY_WRITE)
def put_mentor_availability(call: Call, term: Key, mentor: Key, body: AvailabilityIn) -> AvailabilityOut:
    """Says when a mentor can meet; what is planned already stays."""
    found = mentor_meant(call, mentor, term)
    _refuse_others(call, found)
    change_one(call, MENTOR, term_meant(call, term), found, dict(body), _availability)
    return _availability(call, found)


@routes.get("/terms/{term}/mentees/{mentee}/availability", Right.PEOPLE_READ)
def read_mentee_availability(call: Call, term: Key, mentee: Key) -> AvailabilityOut:
    """When a mentee can meet."""
    found = mentee_meant(call, mentee, term)
    note_reading(call, call.db.get_one(Term, found.term_id), [found.key], "availability read")
    return _availability(call, found)


@routes.put("/terms/{term}/mentees/{mentee}/availability", Right.AVAILABILITY_WRITE)
def put_mentee_availability(call: Call, term: Key, mentee: Key, body: AvailabilityIn) -> AvailabilityOut:
    """Says when a mentee can meet; what is planned already stays."""
    found = mentee_meant(call, mentee, term)
    _refuse_others(call, found)
    change_one(call, MENTEE, term_meant(call, term), found, dict(body), _availability)
    return _availability(call, found)


@routes.get("/terms/{term}/mentees/{mentee}/requests", Right.PEOPLE_READ)
def read_requests(call: Call, term: Key, mentee: Key) -> RequestsOut:
    """What a mentee asks for."""
    found = mentee_meant(call, mentee, term)
    note_reading(call, call.db.get_one(Term, found.term_id), [found.key], "requests read")
    return _requests(call, found)


@routes.put("/terms/{term}/mentees/{mentee}/requests", Right.PEOPLE_WRITE)
def put_requests(call: Call, term: Key, mentee: Key, body: RequestsIn) -> RequestsOut:
    """Says what a mentee asks for; groups that they are in stay."""
    found = mentee_meant(call, mentee, term)
    change_one(call, MENTEE, term_meant(call, term), found, dict(body), _requests)
    return _requests(call, found)


def _refuse_others(call: Call, who: Mentor | Mentee) -> None:
    """Does nothing where the caller says when somebody can meet: of all, or of themselves and whom they are there for."""
    sight = call.sight(call.db.get_one(Term, who.term_id).program_id)
    if not sight.all and who.person_id not in sight.people:
        raise NotAllowed(call.right)


def _availability(call: Call, who: Mentor | Mentee) -> AvailabilityOut:
    timetable = call.db.get(Timetable, who.id) if isinstance(who, Mentor) else None
    free = STRETCHES.write(free_time(who.availability, timetable.weekly)) if timetable else who.availability
    return AvailabilityOut(availability=who.availability, preferred=who.preferred, free=free)


def _requests(call: Call, mentee: Mentee) -> RequestsOut:
    asked = requests_of(call.db, [mentee.id]).get(mentee.id, ())
    return RequestsOut(requests=[RequestIn(subject=one.subject, priority=one.priority) for one in asked])
