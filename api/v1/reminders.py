"""When people are reminded of their sessions, and in which language, where they wish it otherwise than their program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import null, or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import Ref
from api.v1.finding import Key
from api.v1.meant import mentee_meant, mentor_meant, term_meant
from api.v1.noting import note_told
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.feeds import MOST_ALARMS
from data.own import mentees_themselves, mentors_seen
from data.people import Mentee, Mentor, Person
from data.settings import Language
from data.wishes import wish_language, wish_reminders

routes = Routes("reminders")

READ = "reminders read"

Minutes = Annotated[list[Annotated[int, Field(ge=1, le=40_320)]], Field(max_length=MOST_ALARMS)]


class RemindersOut(Wire):
    """What somebody wishes, in all their terms."""

    role: Literal["mentor", "mentee"]
    who: Ref = Field(description="The mentor or the mentee.")
    reminder_minutes: list[int] | None = Field(description="So long before a session; empty for never, null for as the program says.")
    language: str = Field(description="Empty for the program's first.")
    has_address: bool = Field(description="Whether there is an address to write to.")


class RemindersPatch(Wire):
    """What is to be otherwise; what is left out stays."""

    reminder_minutes: Minutes | None = Field(None, description="Empty for never, null for as the program says.")
    language: Language | None = None


@routes.get("/terms/{term}/reminders", Right.FEEDS_READ)
def list_reminders(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[RemindersOut]:
    """Those of a term who wish to be reminded, or spoken to, otherwise than their program does; a page may be short."""
    found = term_meant(call, term)
    sight = call.sight(found.program_id)
    mentors = select(Mentor.person_id).where(Mentor.term_id == found.id, mentors_seen(sight))
    mentees = select(Mentee.person_id).where(Mentee.term_id == found.id, mentees_themselves(sight))
    wishes = or_(Person.reminders.is_not(null()), Person.language != "")
    asked = select(Person).where(wishes, or_(Person.id.in_(mentors), Person.id.in_(mentees)))
    return paged(call, asked, [Person.id], lambda rows: _wishes(call, found.id, [row[0] for row in rows]), after, limit)


@routes.get("/terms/{term}/mentors/{mentor}/reminders", Right.FEEDS_READ)
def read_reminders_of_mentor(call: Call, term: Key, mentor: Key) -> RemindersOut:
    """What a mentor wishes."""
    return _wish(call, mentor_meant(call, mentor, term))


@routes.patch("/terms/{term}/mentors/{mentor}/reminders", Right.FEEDS_WRITE)
def change_reminders_of_mentor(call: Call, term: Key, mentor: Key, body: RemindersPatch) -> RemindersOut:
    """Changes what a mentor wishes."""
    return _changed(call, mentor_meant(call, mentor, term), body)


@routes.get("/terms/{term}/mentees/{mentee}/reminders", Right.FEEDS_READ)
def read_reminders_of_mentee(call: Call, term: Key, mentee: Key) -> RemindersOut:
    """What a mentee wishes."""
    found = mentee_meant(call, mentee, term, mentees_themselves)
    note_told(call, found.term_id, [found.key], READ)
    return _wish(call, found)


@routes.patch("/terms/{term}/mentees/{mentee}/reminders", Right.FEEDS_WRITE)
def change_reminders_of_mentee(call: Call, term: Key, mentee: Key, body: RemindersPatch) -> RemindersOut:
    """Changes what a mentee wishes."""
    return _changed(call, mentee_meant(call, mentee, term, mentees_themselves), body)


def _changed(call: Call, who: Mentor | Mentee, body: RemindersPatch) -> RemindersOut:
    call.db.get_one(Person, who.person_id, with_for_update=True)
    call.refuse_stale(lambda: _wish(call, who))
    if "reminder_minutes" in body.model_fields_set:
        wish_reminders(call.db, who, body.reminder_minutes, by=call.by, now=call.now)
    if body.language:
        wish_language(call.db, who, body.language, by=call.by, now=call.now)
    return _wish(call, who)


def _wish(call: Call, who: Mentor | Mentee) -> RemindersOut:
    return _out(who, call.db.get_one(Person, who.person_id))


def _wishes(call: Call, term: UUID, people: Sequence[Person]) -> list[RemindersOut]:
    by_id = {person.id: person for person in people}
    who: list[Mentor | Mentee] = list(call.db.scalars(select(Mentor).where(Mentor.term_id == term, Mentor.person_id.in_(by_id))))
    who += call.db.scalars(select(Mentee).where(Mentee.term_id == term, Mentee.person_id.in_(by_id)))
    shown = [_out(one, by_id[one.person_id]) for one in sorted(who, key=lambda one: one.person_id)]
    found = [one for one in shown if one.reminder_minutes is not None or one.language]
    note_told(call, term, (one.who.external_id for one in found if one.role == "mentee"), READ)
    return found


def _out(who: Mentor | Mentee, person: Person) -> RemindersOut:
    return RemindersOut(
        role="mentor" if isinstance(who, Mentor) else "mentee",
        who=Ref(id=who.id, external_id=who.key),
        reminder_minutes=person.reminders,
        language=person.language,
        has_address=bool(person.email),
    )
