"""Guardians' consents: given, withdrawn and read, by the office of a program or by a guardian for their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import AKey, Day, Instant, Ref, Text, flawed
from api.v1.finding import Key
from api.v1.meant import mentee_meant, named_in, term_meant
from api.v1.noting import note_reading
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.consents import Act, Consent, Method, Said, Standing, acts_of, note, set_birth_day, standing
from data.own import mentees_seen
from data.people import Mentee
from data.programs import Term
from data.terms import day_in
from scheduler.consented import still_in

routes = Routes("consents")

Version = Annotated[str, Field(max_length=60, pattern=r"^\S*$", description="Of the text; the one in force where nothing is said.")]
GUARDIAN = "Who it was, in as few words as the program needs."


class ConsentIn(Wire):
    """What a guardian has done."""

    act: Annotated[Act, Field(examples=["given"])]
    method: Annotated[Method, Field(description="How they said so.", examples=["paper"])]
    guardian: Annotated[Text, Field(description=GUARDIAN, examples=["mother"])] = ""
    version: Version = ""
    at: Annotated[Instant | None, Field(description="When they did; now where nothing is said.")] = None


class ConsentLine(ConsentIn):
    """The same of one of many mentees, with the day on which they were born where that is known."""

    mentee: AKey
    born_on: Day | None = None


class ConsentLines(Wire):
    """Up to a thousand, all of which are noted or none."""

    consents: list[ConsentLine] = Field(min_length=1, max_length=1000)


class ConsentsNoted(Wire):
    """How many were."""

    noted: int


class ConsentOut(Wire):
    """One act of a guardian, which stays as it is."""

    id: UUID
    act: Act
    method: Method
    guardian: str
    version: str
    at: dt.datetime
    noted_at: dt.datetime
    noted_by: str = Field(description="Whose account or client it was, as the audit calls them.")
    still_in: list[str] = Field(description="After a withdrawal, the groups that the mentee is in until somebody takes them out.")


class ConsentStandingOut(Wire):
    """How it stands with a mentee today; one who lacks a consent is in no round."""

    mentee: Ref
    born_on: dt.date | None
    needed: bool
    in_force: bool
    lacks: bool


class ConsentsOut(ConsentStandingOut):
    """The same, with all that guardians have done, the first first."""

    acts: list[ConsentOut]


class BirthDay(Wire):
    """When somebody was born; null where nobody knows."""

    born_on: Annotated[Day | None, Field(examples=["2014-05-05"])]


@routes.get("/terms/{term}/consents", Right.CONSENTS_READ)
def list_consents(
    call: Call,
    term: Key,
    *,
    needed: Annotated[bool, Query(description="Only who needs a consent today.")] = False,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[ConsentStandingOut]:
    """How it stands with the mentees of a term who have not left, by their own keys."""
    found = term_meant(call, term)
    today = day_in(found, call.now)
    asked = select(Mentee).where(Mentee.term_id == found.id, mentees_seen(call.sight(found.program_id)))
    asked = asked.where(or_(Mentee.left_on.is_(None), Mentee.left_on > today))

    def shown(rows: Sequence[tuple[Mentee]]) -> list[ConsentStandingOut]:
        some = [one for one in standing(call.db, found, [row[0] for row in rows], today) if one.needed or not needed]
        note_reading(call, found, [one.mentee.key for one in some], "consents read")
        return [_told(one) for one in some]

    return paged(call, asked, [Mentee.key], shown, after, limit)


@routes.post("/terms/{term}/consents", Right.CONSENTS_WRITE)
def note_consents(call: Call, term: Key, body: ConsentLines) -> ConsentsNoted:
    """Notes what guardians of many have done, for whoever may do so for all of a term."""
    found = term_meant(call, term)
    sight = call.sight(found.program_id)
    for place, line in enumerate(body.consents):
        pointer = f"/consents/{place}/mentee"
        mentee = named_in(call, Mentee, found, line.mentee, pointer) if sight.all else mentee_meant(call, line.mentee, term)
        if line.born_on is not None and sight.all:
            set_birth_day(call.db, mentee, line.born_on, by=call.by, now=call.now)
        note(call.db, mentee, _said(call, line, mentee, f"/consents/{place}"), by=call.by, now=call.now)
    return ConsentsNoted(noted=len(body.consents))


@routes.get("/terms/{term}/mentees/{mentee}/consents", Right.CONSENTS_READ)
def read_consents(call: Call, term: Key, mentee: Key) -> ConsentsOut:
    """What guardians of a mentee have done, and what holds today."""
    found = mentee_meant(call, mentee, term)
    of = call.db.get_one(Term, found.term_id)
    note_reading(call, of, [found.key], "consents read")
    (stands,) = standing(call.db, of, [found], day_in(of, call.now))
    acts = [_act(call, found, one) for one in acts_of(call.db, of.program_id, found.person_id)]
    return ConsentsOut(**dict(_told(stands)), acts=acts)


@routes.post("/terms/{term}/mentees/{mentee}/consents", Right.CONSENTS_WRITE)
def note_consent(call: Call, term: Key, mentee: Key, body: ConsentIn) -> ConsentOut:
    """Notes that a guardian has consented, or has withdrawn that: then the mentee is in no round that is closed from now on, and stays in
    groups until somebody takes them out."""
    found = mentee_meant(call, mentee, term)
    made = note(call.db, found, _said(call, body, found), by=call.by, now=call.now)
    call.made(f"/terms/{found.term_id}/mentees/{found.id}/consents")
    return _act(call, found, made, follows=made.act is Act.WITHDRAWN)


@routes.put("/terms/{term}/mentees/{mentee}/birth-day", Right.PEOPLE_WRITE)
def put_birth_day(call: Call, term: Key, mentee: Key, body: BirthDay) -> BirthDay:
    """Says when a mentee was born."""
    set_birth_day(call.db, mentee_meant(call, mentee, term), body.born_on, by=call.by, now=call.now)
    return body


def _said(call: Call, body: ConsentIn, mentee: Mentee, pointer: str = "") -> Said:
    """What is noted of it; a guardian says for themselves, here and now.

    Raises
    ------
    Problem
        They say that they have said so elsewhere, or before: 422.
    """
    if not call.sight(call.db.get_one(Term, mentee.term_id).program_id).all:
        if body.method is not Method.PLATFORM:
            raise flawed(f"{pointer}/method", "is for the office to note", "write platform")
        if body.at is not None:
            raise flawed(f"{pointer}/at", "is for the office to say", "leave it out: it is now")
    return Said(act=body.act, method=body.method, guardian=body.guardian, version=body.version, at=body.at)


def _told(one: Standing) -> ConsentStandingOut:
    ref = Ref(id=one.mentee.id, external_id=one.mentee.key)
    return ConsentStandingOut(mentee=ref, born_on=one.born_on, needed=one.needed, in_force=one.in_force, lacks=one.lacks)


def _act(call: Call, mentee: Mentee, one: Consent, *, follows: bool = False) -> ConsentOut:
    of = call.db.get_one(Term, mentee.term_id)
    return ConsentOut(
        id=one.id,
        act=one.act,
        method=one.method,
        guardian=one.guardian,
        version=one.version,
        at=one.at,
        noted_at=one.noted_at,
        noted_by=one.noted_by,
        still_in=list(still_in(call.db, of, mentee.key, call.now)) if follows else [],
    )
