"""Days on which a term is closed, to everybody or to the mentees of one school: listed, added and taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import Day, Text
from api.v1.finding import Key, is_called, own_key, term_of
from api.v1.meant import only
from api.v1.paging import USUAL, After, Limit, Page, paged
from data.access import Right
from data.programs import Closure, Term
from scheduler.closures import close, move, take_back

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
    external_id: str | None = Field(description="The platform's own key, where it was put under one.")
    term_id: UUID
    first_on: dt.date
    last_on: dt.date
    name: str
    school: str


class ClosureMade(Wire):
    """A closure that is new or changed, and what becomes of sessions by that."""

    closure: ClosureOut
    cancelled: list[UUID]
    restored: list[UUID] = Field(description="Those that are held after all, and new ones.")


@routes.get("/terms/{term}/closures", Right.PROGRAM_READ)
def list_closures(call: Call, term: Key, after: After = None, limit: Limit = USUAL) -> Page[ClosureOut]:
    """The closures of a term, in the order in which they were added."""
    asked = select(Closure).where(Closure.term_id == term_of(call, term).id)
    return paged(call, asked, [Closure.id], lambda rows: [_out(row[0]) for row in rows], after, limit)


@routes.get("/terms/{term}/closures/{closure}", Right.PROGRAM_READ)
def read_closure(call: Call, term: Key, closure: Key) -> ClosureOut:
    """One of them."""
    return _out(only(_called(call, term_of(call, term), closure), "closure", closure))


@routes.post("/terms/{term}/closures", Right.PROGRAM_WRITE)
def add_closure(call: Call, term: Key, body: ClosureIn) -> ClosureMade:
    """Closes a term for some days; what was planned on them is cancelled, and told."""
    return _make(call, term_of(call, term), body, None)


@routes.put("/terms/{term}/closures/{closure}", Right.PROGRAM_WRITE)
def put_closure(call: Call, term: Key, closure: Key, body: ClosureIn) -> ClosureMade:
    """Makes a closure, or makes it what is sent, where it is there already: what was cancelled for days that are open then is held after
    all, and told."""
    found = term_of(call, term)
    there = _called(call, found, closure)
    if not there:
        return _make(call, found, body, own_key(closure, "closure"))
    changed = there[0]
    call.refuse_stale(lambda: _out(changed))
    last_on, why = body.last_on or body.first_on, body.name or "closed"
    gone, back = move(call.db, found, changed, body.first_on, last_on, why=why, school=body.school, by=call.by, now=call.now)
    return ClosureMade(closure=_out(changed), cancelled=sorted(one.id for one in gone), restored=sorted(one.id for one in back))


@routes.delete("/terms/{term}/closures/{closure}", Right.PROGRAM_WRITE)
def remove_closure(call: Call, term: Key, closure: Key) -> None:
    """Takes a closure back; what it cancelled is held after all, but for what is made up already."""
    found = term_of(call, term)
    meant = only(_called(call, found, closure), "closure", closure)
    call.refuse_stale(lambda: _out(meant))
    take_back(call.db, found, [meant], by=call.by, now=call.now)


def _make(call: Call, term: Term, body: ClosureIn, key: str | None) -> ClosureMade:
    last_on, why = body.last_on or body.first_on, body.name or "closed"
    gone = close(call.db, term, body.first_on, last_on, why=why, school=body.school, key=key, by=call.by, now=call.now)
    same = (Closure.first_on == body.first_on, Closure.last_on == last_on, Closure.school == body.school)
    made = call.db.scalars(select(Closure).where(Closure.term_id == term.id, *same)).one()
    call.made(f"/terms/{term.id}/closures/{made.id}")
    return ClosureMade(closure=_out(made), cancelled=sorted(one.id for one in gone), restored=[])


def _called(call: Call, term: Term, key: str) -> Sequence[Closure]:
    return call.db.scalars(select(Closure).where(Closure.term_id == term.id, is_called(Closure, key))).all()


def _out(closure: Closure) -> ClosureOut:
    return ClosureOut(
        id=closure.id,
        external_id=closure.key,
        term_id=closure.term_id,
        first_on=closure.first_on,
        last_on=closure.last_on,
        name=closure.name,
        school=closure.school,
    )
