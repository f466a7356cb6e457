"""Days on which a term is closed, to everybody or to the mentees of one school: listed, added and taken back."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.problems import no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import Day, Text
from api.v1.finding import Key, id_or_external, term_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.programs import Closure, Term
from scheduler.closures import close, reopen

routes = Routes("closures")


class ClosureIn(Wire):
    """Days without sessions, both included."""

    first_on: Day
    last_on: Day | None = Field(default=None, description="The same day where nothing is said.")
    name: Text = Field(default="closed", description="What people are told.", examples=["Exam week"])
    school: Text = Field(default="", description="Only for the mentees of this school.")


class ClosureOut(Wire):
    """Days without sessions, both included."""

    id: UUID
    term_id: UUID
    first_on: dt.date
    last_on: dt.date
    name: str
    school: str


class ClosureMade(Wire):
    """A new closure, and the sessions that it cancels."""

    closure: ClosureOut
    cancelled: list[UUID]


@routes.get("/terms/{term}/closures", Right.PROGRAM_READ)
def list_closures(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[ClosureOut]:
    """The closures of a term, in the order in which they were added."""
    asked = select(Closure).where(Closure.term_id == term_of(call, term).id)
    return paged(call, asked, [Closure.id], lambda rows: [_out(row[0]) for row in rows], after, limit)


@routes.get("/terms/{term}/closures/{closure}", Right.PROGRAM_READ)
def read_closure(call: Call, term: Key, closure: Key) -> ClosureOut:
    """One of them."""
    return _out(_meant(call, term_of(call, term), closure))


@routes.post("/terms/{term}/closures", Right.PROGRAM_WRITE)
def add_closure(call: Call, term: Key, body: ClosureIn) -> ClosureMade:
    """Closes a term for some days; what was planned on them is cancelled, and told."""
    found = term_of(call, term)
    last_on = body.last_on or body.first_on
    gone = close(call.db, found, body.first_on, last_on, why=body.name or "closed", school=body.school, by=call.by, now=call.now)
    same = (Closure.first_on == body.first_on, Closure.last_on == last_on, Closure.school == body.school)
    made = call.db.scalars(select(Closure).where(Closure.term_id == found.id, *same)).one()
    call.made(f"/terms/{found.id}/closures/{made.id}")
    return ClosureMade(closure=_out(made), cancelled=sorted(one.id for one in gone))


@routes.delete("/terms/{term}/closures/{closure}", Right.PROGRAM_WRITE)
def remove_closure(call: Call, term: Key, closure: Key) -> None:
    """Takes a closure back, with any other that begins on its day for the same people; what it cancelled is held after all, but for what
    is made up already."""
    found = term_of(call, term)
    meant = _meant(call, found, closure)
    call.refuse_stale(lambda: _out(meant))
    reopen(call.db, found, meant.first_on, school=meant.school, by=call.by, now=call.now)


def _meant(call: Call, term: Term, key: str) -> Closure:
    given = id_or_external(key)
    found = call.db.get(Closure, given) if isinstance(given, UUID) else None
    if found is None or found.term_id != term.id:
        raise no_such("closure")
    return found


def _out(closure: Closure) -> ClosureOut:
    return ClosureOut(
        id=closure.id,
        term_id=closure.term_id,
        first_on=closure.first_on,
        last_on=closure.last_on,
        name=closure.name,
        school=closure.school,
    )
