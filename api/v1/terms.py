"""Terms: listed, made, changed while they run, and removed as long as they have no groups; and the days on which they are closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import or_, select

from api.problems import Flaw, Problem, no_such
from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, Day, Text
from api.v1.finding import Key, id_or_external, program_of, term_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.people_queries import made
from data.access import Right
from data.amending import set_policy
from data.programs import MakeUp, Organisation, Program, Term
from data.roster import policy_document, policy_of
from data.term_settings import as_it_is, remove_term
from data.terms import NewTerm, make_term
from matching.faults import Faults
from matching.policy import PARTS, read_policy_rows
from scheduler.term_changes import CANCELLED, NEW, RESTORED, change_term
from scheduler.term_days import days_of, holidays_within, last_day, working_days

routes = Routes("terms")

TermKey = Annotated[str, Field(pattern=r"^\w[\w.-]{0,59}$", description="The platform's own key.", examples=["2027-spring"])]
PolicyIn = dict[str, dict[str, int | bool | str]]
"""By part (group, mentor, points) and key, as a policy.toml says it."""


class TermIn(Wire):
    """What a term is; without a last day it is open-ended."""

    zone: Text = Field(description="Its IANA time zone.", examples=["Asia/Seoul"])
    first_on: Day
    last_on: Day | None = None
    name: Text = ""
    country: Text = Field(default="", description="Whose public holidays are left out, as a code of two letters.", examples=["KR"])
    make_up: MakeUp = Field(default=MakeUp.NO, description="When meetings of days off are made up.")
    policy: PolicyIn = Field(default={}, description="What is said of its rounds; what is left out is as it usually is.")


class NewTermIn(TermIn):
    """A new term."""

    external_id: TermKey


class TermPatch(Wire):
    """What of a term is to be otherwise; what is left out stays. Of the policy each key is for itself."""

    zone: Text = ""
    first_on: Day | None = None
    last_on: Day | None = Field(default=None, description="Null makes it open-ended.")
    name: Text = ""
    country: Text = ""
    make_up: MakeUp = MakeUp.NO
    policy: PolicyIn = Field(default={})


class TermOut(TermIn):
    """A term."""

    id: UUID
    program_id: UUID
    external_id: str


class TermChanged(Wire):
    """A term after a change, and what became of its sessions."""

    term: TermOut
    cancelled: list[UUID]
    restored: list[UUID]
    new: list[UUID]


class DayOff(Wire):
    """A day on which there is no lesson anywhere in the country."""

    on: dt.date
    name: str


class DaysOffOut(Wire):
    """What a term's country says of its days, for a year where it is open-ended."""

    holidays: list[DayOff]
    worked: list[dt.date] = Field(description="Days of weekends that are worked for a bridge day.")


@routes.get("/terms", Right.PROGRAM_READ)
def list_terms(
    call: Call,
    *,
    program: Annotated[
        str | None, Query(max_length=200, pattern=PLAIN, description="Only those of this program: an id, or `ext:...`.")
    ] = None,
    on: Annotated[Day | None, Query(description="Only those that have this day.")] = None,
    after: After = None,
    limit: Limit = USUAL,
) -> Page[TermOut]:
    """The terms of the programs in which the caller has a part."""
    asked = select(Term).where(Term.program_id.in_(call.actor.programs(call.right)))
    if program is not None:
        asked = asked.where(Term.program_id == program_of(call, program).id)
    if on is not None:
        asked = asked.where(Term.first_on <= on, or_(Term.last_on.is_(None), Term.last_on >= on))
    return paged(call, asked, [Term.id], lambda rows: [term_out(row[0]) for row in rows], after, limit)


@routes.get("/terms/{term}", Right.PROGRAM_READ)
def read_term(call: Call, term: Key) -> TermOut:
    """One of them."""
    return term_out(term_of(call, term))


@routes.get("/terms/{term}/days-off", Right.PROGRAM_READ)
def read_days_off(call: Call, term: Key) -> DaysOffOut:
    """The public holidays of a term."""
    found = term_of(call, term)
    holidays = holidays_within(found, days_of(call.db, found))
    return DaysOffOut(holidays=[DayOff(on=on, name=name) for on, name in holidays.items()], worked=working_days(found))


@routes.post("/programs/{program}/terms", Right.PROGRAM_WRITE)
def add_term(call: Call, program: Key, body: NewTermIn) -> TermOut:
    """Makes a term of a program."""
    return _make(call, program_of(call, program), body.external_id, body)


@routes.put("/programs/{program}/terms/{term}", Right.PROGRAM_WRITE, **made(TermOut))
def put_term(call: Call, program: Key, term: Key, body: TermIn) -> TermOut:
    """Makes a term, or makes it what is sent, where it is there already."""
    of = program_of(call, program)
    given = id_or_external(term)
    is_it = Term.id == given if isinstance(given, UUID) else Term.key == given
    found = call.db.scalars(select(Term).where(Term.program_id == of.id, is_it)).first() if given and "\0" not in term else None
    if found is None:
        if not isinstance(given, str):
            raise no_such("term")
        return _make(call, of, given, body)
    call.refuse_stale(lambda: term_out(found))
    _change(call, found, _new(body), body.policy)
    return term_out(found)


@routes.patch("/terms/{term}", Right.PROGRAM_WRITE)
def change_a_term(call: Call, term: Key, body: TermPatch) -> TermChanged:
    """Changes a term, also while it runs. What was planned on days that are none of it any more, or are off, is cancelled; on new days
    there are sessions."""
    found = term_of(call, term)
    call.refuse_stale(lambda: term_out(found))
    was = {name: getattr(as_it_is(found), name) for name in NewTerm.__dataclass_fields__}
    sent = {name: getattr(body, name) for name in body.model_fields_set if name != "policy"}
    if body.first_on is None:
        sent.pop("first_on", None)
    policy = {part: {**keys, **body.policy.get(part, {})} for part, keys in _policy(found).items()}
    policy |= {part: keys for part, keys in body.policy.items() if part not in policy}
    changed = _change(call, found, NewTerm(**{**was, **sent}), policy if "policy" in body.model_fields_set else None)
    sessions = {what: sorted(changed.get(what, ())) for what in (CANCELLED, RESTORED, NEW)}
    return TermChanged(term=term_out(found), cancelled=sessions[CANCELLED], restored=sessions[RESTORED], new=sessions[NEW])


@routes.delete("/terms/{term}", Right.PROGRAM_WRITE)
def remove_a_term(call: Call, term: Key) -> None:
    """Removes a term that has no groups, with its people and rounds."""
    found = term_of(call, term)
    call.refuse_stale(lambda: term_out(found))
    remove_term(call.db, found, by=call.by, now=call.now)


def term_out(term: Term) -> TermOut:
    """What is told of a term."""
    return TermOut(
        id=term.id,
        program_id=term.program_id,
        external_id=term.key,
        zone=term.zone,
        first_on=term.first_on,
        last_on=term.last_on,
        name=term.name,
        country=term.country,
        make_up=term.make_up,
        policy=_policy(term),
    )


def _policy(term: Term) -> PolicyIn:
    return policy_document(policy_of(term, term.first_on))


def _new(body: TermIn) -> NewTerm:
    return NewTerm(**{name: getattr(body, name) for name in NewTerm.__dataclass_fields__})


def _make(call: Call, program: Program, key: str, body: TermIn) -> TermOut:
    home = call.db.get_one(Organisation, program.organisation_id).key
    term = make_term(call.db, f"{home}/{program.key}/{key}", _new(body), by=call.by, now=call.now)
    days_of(call.db, term)  # refuses a country that nobody knows
    if body.policy:
        _set_policy(call, term, body.policy)
    call.made(f"/terms/{term.id}")
    return term_out(term)


def _change(call: Call, term: Term, new: NewTerm, policy: PolicyIn | None) -> Mapping[str, set[UUID]]:
    """Makes a term what is sent; what is as it was is changed no more."""
    changed = change_term(call.db, term, new, by=call.by, now=call.now) if new != as_it_is(term) else {}
    if policy is not None:
        _set_policy(call, term, policy)
    return changed


def _set_policy(call: Call, term: Term, sent: PolicyIn) -> None:
    """Makes the policy of a term what is sent, of which the same is asked as of a file.

    Raises
    ------
    Problem
        Something of it cannot be: 422, with each place.
    """
    of = policy_of(term, last_day(term, call.now)).program
    program = {"time_zone": of.time_zone, "term_start": of.term_start, "term_end": of.term_end}
    parts: dict[str, Mapping[str, Any]] = {**sent, "program": program}
    rows = [(part, key, value) for part, keys in parts.items() for key, value in keys.items()]
    faults = Faults()
    policy = read_policy_rows("policy", iter([(0, ("part", "key", "value")), *enumerate(rows, start=1)]), faults)
    unknown = sorted(sent.keys() - (PARTS.keys() - {"program"}))
    flaws = [Flaw(pointer=f"/policy/{part}", detail="is no part of it", mend="leave it out") for part in unknown]
    flaws += [Flaw(pointer=f"/policy/{fault.column.replace('.', '/')}", detail=fault.problem, mend=fault.mend) for fault in faults.found]
    if flaws or policy is None:
        raise Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=flaws)
    set_policy(call.db, term, policy, by=call.by, now=call.now)
