"""Sessions: found by term, group, people, days and state; read with all about one; and changed one by one."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from sqlalchemy import Select, and_, false, or_, select

from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, AKey, Day, FilterKey, Instant, InTerm, Moment, Reason, SomeText, flawed
from api.v1.finding import Key
from api.v1.meant import group_meant, mentee_meant, mentor_meant, named_in, session_meant, term_meant
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.shown_sessions import SHOWN, SessionOut, rows_out, session_out
from data.access import Right
from data.groups import Group
from data.own import day_begins, sessions_seen, sessions_with
from data.people import Mentee, Mentor
from data.programs import Program, Term
from data.sessions import Kind, Session, State
from data.settings import settings_of
from scheduler.changes import cancel, make_up, move, restore, substitute, unfit
from scheduler.free_times import next_free
from scheduler.single_sessions import MOST_MINUTES, plan_for_group, plan_for_people

routes = Routes("sessions")

DAY = dt.timedelta(days=1)
Lacking = Literal["record", "answer", "mentor"]
LACKING = (
    "`record`: over, not cancelled, without a record; `answer`: likewise, and its mentor was asked for it as often as the program says; "
    "`mentor`: to come, and its mentor has left by then."
)


class MoveIn(Wire):
    """Another time for a session, which lasts as long as before."""

    starts_at: Moment
    on_day_off: bool = Field(False, description="Also on a holiday or in a closure.")
    reason: Reason = ""


class CancelIn(Wire):
    """Why a session is cancelled."""

    reason: SomeText = Field(description="What people are told.")


class RestoreIn(Wire):
    """Why a cancellation is taken back."""

    reason: Reason = ""


class MakeUpIn(Wire):
    """When a cancelled session is made up."""

    starts_at: Moment | None = Field(None, description="Null for the next time at which all are free.")
    on_day_off: bool = Field(False, description="Also on a holiday or in a closure.")
    reason: Reason = ""


class SubstituteIn(Wire):
    """Who holds a session this once."""

    mentor: AKey
    reason: Reason = ""


class Substituted(Wire):
    """A session that another mentor holds; a warning where they would not be matched with its members for its subject."""

    session: SessionOut
    warning: str | None


class PlanIn(Wire):
    """A session that is no tutoring."""

    kind: Literal[Kind.COUNSELLING, Kind.ORIENTATION]
    starts_at: Moment
    session_minutes: int = Field(60, ge=1, le=MOST_MINUTES)
    on_day_off: bool = Field(False, description="Also on a holiday or in a closure.")


class PlanForPeopleIn(Wire):
    """A session of a mentor with some mentees that is no tutoring."""

    kind: Literal[Kind.COUNSELLING, Kind.ORIENTATION]
    starts_at: Moment
    session_minutes: int = Field(60, ge=1, le=MOST_MINUTES)
    mentor: AKey
    mentees: list[AKey] = Field(min_length=1, max_length=500)


@routes.get("/terms/{term}/sessions", Right.GROUPS_READ)
def list_sessions(  # noqa: PLR0913  each is a filter
    call: Call,
    term: Key,
    *,
    group: FilterKey = None,
    mentor: Annotated[str | None, Query(description="Held by this mentor: an id, or `ext:...`.", max_length=200, pattern=PLAIN)] = None,
    mentee: Annotated[
        str | None, Query(description="With this mentee on its day: an id, or `ext:...`.", max_length=200, pattern=PLAIN)
    ] = None,
    from_on: Annotated[Day | None, Query(description="From this day of the term's zone on.")] = None,
    to_on: Annotated[Day | None, Query(description="Up to this day, which is included.")] = None,
    state: State | None = None,
    changed_since: Annotated[Instant | None, Query(description="Only what has changed from this instant on.")] = None,
    lacks: Annotated[Lacking | None, Query(description=LACKING)] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[SessionOut]:
    """The sessions of a term in order of time."""
    found = term_meant(call, term)
    if from_on and to_on and to_on < from_on:
        raise flawed("query:to_on", "lies before from_on", "write the days in order")
    asked = _of_term(call, found)
    if group is not None:
        asked = asked.where(Session.group_id == group_meant(call, group, term).id)
    if mentor is not None:
        asked = asked.where(Session.mentor_id == mentor_meant(call, mentor, term).id)
    if mentee is not None:
        who = mentee_meant(call, mentee, term)
        asked = asked.where(sessions_with(call.db, Mentee.id == who.id, found.program_id))
    if from_on is not None:
        asked = asked.where(Session.starts_at >= day_begins(found.zone, from_on))
    if to_on is not None:
        asked = asked.where(Session.starts_at < day_begins(found.zone, to_on + DAY))
    if state is not None:
        asked = asked.where(Session.state == state)
    if changed_since is not None:
        asked = asked.where(Session.changed_at >= changed_since)
    if lacks is not None:
        asked = _lacking(call, found, asked, lacks)
    keys = [Session.starts_at, Session.id]
    return paged(call, asked, keys, partial(rows_out, call), after, limit)


@routes.get("/sessions/{session}", Right.GROUPS_READ)
def read_session(call: Call, session: Key, term: InTerm = None) -> SessionOut:
    """One session."""
    return session_out(call, session_meant(call, session, term))


@routes.post("/sessions/{session}/move", Right.GROUPS_WRITE, 200)
def move_session(call: Call, session: Key, body: MoveIn, term: InTerm = None) -> SessionOut:
    """Moves a planned session to another time."""
    found = _held(call, session, term)
    move(call.db, found, body.starts_at, by=call.by, now=call.now, reason=body.reason, on_day_off=body.on_day_off)
    return _after(call, found)


@routes.post("/sessions/{session}/cancel", Right.GROUPS_WRITE, 200)
def cancel_session(call: Call, session: Key, body: CancelIn, term: InTerm = None) -> SessionOut:
    """Cancels a planned session."""
    found = _held(call, session, term)
    cancel(call.db, found, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.post("/sessions/{session}/restore", Right.GROUPS_WRITE, 200)
def restore_session(call: Call, session: Key, body: RestoreIn, term: InTerm = None) -> SessionOut:
    """Takes the cancellation of a session back."""
    found = _held(call, session, term)
    restore(call.db, found, by=call.by, now=call.now, reason=body.reason)
    return _after(call, found)


@routes.post("/sessions/{session}/make-up", Right.GROUPS_WRITE)
def make_session_up(call: Call, session: Key, body: MakeUpIn, term: InTerm = None) -> SessionOut:
    """Makes a cancelled session up: gives the new one."""
    found = _held(call, session, term)
    at = body.starts_at or next_free(call.db, found, call.now)
    return _made(call, make_up(call.db, found, at, by=call.by, now=call.now, reason=body.reason, on_day_off=body.on_day_off))


@routes.post("/sessions/{session}/substitute", Right.GROUPS_WRITE, 200)
def substitute_mentor(call: Call, session: Key, body: SubstituteIn, term: InTerm = None) -> Substituted:
    """Has a session held by another mentor, this once."""
    found = _held(call, session, term)
    of = call.db.get_one(Term, call.db.get_one(Group, found.group_id).term_id)
    mentor = named_in(call, Mentor, of, body.mentor, "/mentor")
    substitute(call.db, found, mentor, by=call.by, now=call.now, reason=body.reason)
    return Substituted(session=_after(call, found), warning=unfit(call.db, found, mentor) or None)


@routes.post("/groups/{group}/sessions", Right.GROUPS_WRITE)
def plan_session_for_group(call: Call, group: Key, body: PlanIn, term: InTerm = None) -> SessionOut:
    """Plans a session of a group with its mentor that is no tutoring."""
    found = group_meant(call, group, term)
    at, minutes = body.starts_at, body.session_minutes
    return _made(call, plan_for_group(call.db, found, Kind(body.kind), at, minutes, by=call.by, now=call.now, on_day_off=body.on_day_off))


@routes.post("/terms/{term}/sessions", Right.GROUPS_WRITE)
def plan_session_for_people(call: Call, term: Key, body: PlanForPeopleIn) -> SessionOut:
    """Plans a session of a mentor with some mentees that is no tutoring; they are a group from then on."""
    found = term_meant(call, term)
    mentor = named_in(call, Mentor, found, body.mentor, "/mentor")
    some = {named_in(call, Mentee, found, key, f"/mentees/{place}") for place, key in enumerate(body.mentees)}
    mentees = sorted(some, key=lambda mentee: mentee.key)
    kind, at, minutes = Kind(body.kind), body.starts_at, body.session_minutes
    return _made(call, plan_for_people(call.db, mentor, mentees, kind, at, minutes, by=call.by, now=call.now))


def _of_term(call: Call, term: Term) -> Select[Any]:
    seen = sessions_seen(call.db, call.sight(term.program_id), term.program_id)
    return SHOWN.where(Group.term_id == term.id, seen)


def _lacking(call: Call, term: Term, asked: Select[Any], lacks: Lacking) -> Select[Any]:
    planned = asked.where(Session.state == State.PLANNED)
    if lacks != "mentor":
        hours = settings_of(call.db.get_one(Program, term.program_id).settings).ask_after_hours if lacks == "answer" else ()
        before = call.now - dt.timedelta(hours=max(hours, default=0))
        return planned.where(Session.starts_at <= before, Session.ends_at <= before)  # the first lets an index be used
    left = call.db.execute(select(Mentor.id, Mentor.left_on).where(Mentor.term_id == term.id, Mentor.left_on.is_not(None)))
    gone = [and_(Session.mentor_id == mentor, Session.starts_at >= day_begins(term.zone, on)) for mentor, on in left if on]
    return planned.where(Session.starts_at > call.now, or_(false(), *gone))


def _held(call: Call, key: str, term: str | None) -> Session:
    """The session that is to be changed, as the caller knows it."""
    found = session_meant(call, key, term)
    call.refuse_stale(lambda: session_out(call, found))
    return found


def _after(call: Call, session: Session) -> SessionOut:
    call.db.flush()
    return session_out(call, session)


def _made(call: Call, session: Session) -> SessionOut:
    call.made(f"/sessions/{session.id}")
    return _after(call, session)
