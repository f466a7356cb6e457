"""Rounds of a term: opened, closed, which freezes what they ask, and listed."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import Day, Ref
from api.v1.finding import Key, round_of, term_of
from api.v1.noting import note_reading
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.consents import of_unknown_age
from data.programs import Term
from data.rounds import Round, RoundState
from data.runs import close_round, left_out_of, open_round
from data.terms import day_in

routes = Routes("rounds")


class RoundOut(Wire):
    """One matching exercise of a term."""

    id: UUID
    external_id: str = Field(description="TERM:ROUND, such as 2027-spring:1.")
    term_id: UUID
    number: int
    state: RoundState
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    left_out: int = Field(description="So many mentees are not in it for want of a guardian's consent.")


class LeftOut(Wire):
    """A mentee who is in no run of a round, and why."""

    mentee: Ref
    reason: Literal["no-consent"]


class LeftOutOfRound(Wire):
    """All of them, by their own keys."""

    left_out: list[LeftOut]
    unknown_age: int = Field(
        description="So many mentees of the term may be under the age of consent today, and are asked for none, since nobody knows when "
        "they were born and the program's `consent_grade` is below their grade."
    )


class CloseIn(Wire):
    """When the groups of a round meet first."""

    from_on: Day | None = Field(default=None, description="As soon as may be where nothing is said.")


@routes.get("/terms/{term}/rounds", Right.ROUNDS_READ)
def list_rounds(call: Call, term: Key, state: RoundState | None = None, after: After = None, limit: Limit = USUAL) -> Page[RoundOut]:
    """The rounds of a term."""
    found = term_of(call, term)
    asked = select(Round).where(Round.term_id == found.id)
    if state is not None:
        asked = asked.where(Round.state == state)
    return paged(call, asked, [Round.number], lambda rows: [round_out(row[0], found) for row in rows], after, limit)


@routes.post("/terms/{term}/rounds", Right.ROUNDS_WRITE)
def open_next_round(call: Call, term: Key) -> RoundOut:
    """Opens the next round of a term; the one before is to be closed."""
    found = term_of(call, term)
    round = open_round(call.db, found, by=call.by, now=call.now)
    call.made(f"/rounds/{round.id}")
    return round_out(round, found)


@routes.get("/rounds/{round}", Right.ROUNDS_READ)
def read_round(call: Call, round: Key) -> RoundOut:
    """One of them."""
    return round_out(*round_of(call, round))


@routes.get("/rounds/{round}/left-out", Right.ROUNDS_READ, noted=True)
def read_left_out(call: Call, round: Key) -> LeftOutOfRound:
    """The mentees whom a round left out when it was closed, besides those whom its runs leave unplaced."""
    found, term = round_of(call, round)
    mentees = left_out_of(call.db, found)
    note_reading(call, term, [mentee.key for mentee in mentees], "left out read")
    left_out = [LeftOut(mentee=Ref(id=one.id, external_id=one.key), reason="no-consent") for one in mentees]
    return LeftOutOfRound(left_out=left_out, unknown_age=of_unknown_age(call.db, term, day_in(term, call.now)))


@routes.post("/rounds/{round}/close", Right.ROUNDS_WRITE, 200)
def close_open_round(call: Call, round: Key, body: CloseIn | None = None) -> RoundOut:
    """Closes a round: its runs solve what the term's people and policy are now, whatever becomes of them later. Who leaves by its first
    day is not in it, nor who needs a guardian's consent that is not in force."""
    found, term = round_of(call, round)
    call.refuse_stale(lambda: round_out(found, term))
    close_round(call.db, term, by=call.by, now=call.now, from_on=body.from_on if body else None, only=found.id)
    return round_out(found, term)


def round_out(round: Round, term: Term) -> RoundOut:
    """What is told of a round."""
    return RoundOut(
        id=round.id,
        external_id=f"{term.key}:{round.number}",
        term_id=term.id,
        number=round.number,
        state=round.state,
        opened_at=round.opened_at,
        closed_at=round.closed_at,
        left_out=len(round.left_out or ()),
    )
