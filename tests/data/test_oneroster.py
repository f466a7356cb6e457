"""Whoever is in a term goes out in a OneRoster archive as the specification has it, and comes in as the same, whatever they are called."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession

from data.amending import put_people
from data.base import new_id
from data.entries import enter
from data.oneroster import read_roster
from data.oneroster_export import export_roster
from data.oneroster_people import Defaults, users_of
from data.programs import Organisation, Program, Term
from data.roster import farthest, round_of
from data.rounds import Round as RoundRow, Run
from matching.round import Round
from tests.matching.made import rounds
from tests.oneroster import wrongs_of

FIRST_ON = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


@given(drawn=rounds())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_people_go_out_and_come_in_the_same(database: Engine, drawn: Round) -> None:
    mentors, mentees = ({one.key: one for one in map(_plain, some)} for some in (drawn.mentors, drawn.mentees))
    asked = replace(drawn, pairs=(), peers=(), mentors=tuple(mentors.values()), mentees=tuple(mentees.values()))
    assume(all(len({part.subject for part in one.teaches}) == len(one.teaches) for one in asked.mentors))
    assume(all(len({part.subject for part in one.requests}) == len(one.requests) for one in asked.mentees))
    with DbSession(database) as db:  # nothing of it is kept
        organisation = Organisation(id=new_id(), key="city")
        program = Program(id=new_id(), organisation_id=organisation.id, key="tutoring")
        terms = [Term(id=new_id(), program_id=program.id, key=key, zone="Asia/Seoul", first_on=FIRST_ON) for key in ("spring", "fresh")]
        for row in (organisation, program, *terms):
            db.add(row)
            db.flush()
        term, fresh = terms
        enter(db, term, None, asked, on=FIRST_ON)
        term.zone, term.first_on, term.last_on = "Asia/Seoul", FIRST_ON, FIRST_ON + dt.timedelta(days=90)
        made = export_roster(db, term, _published(db, term), complete=True, now=NOW)
        assert wrongs_of(made.body) == []
        if asked.mentors or asked.mentees:
            users = users_of(db, fresh, read_roster(made.body), Defaults(), now=NOW)
            put_people(db, fresh, users.mentors, users.mentees, by="kim", now=NOW)
        before, after = (round_of(db, one, farthest(one), on=FIRST_ON) for one in (term, fresh))
        assert (set(after.mentors), set(after.mentees)) == (set(before.mentors), set(before.mentees))


def _published(db: DbSession, term: Term) -> RoundRow:
    round = RoundRow(id=new_id(), term_id=term.id, number=1, opened_at=NOW)
    db.add(round)
    db.flush()
    db.add(Run(id=new_id(), round_id=round.id, number=1, queued_at=NOW, published_at=NOW))
    db.flush()
    return round


def _plain(value: Any) -> Any:  # noqa: ANN401  a value of whatever kind
    """The same with all text on one line, and one space between words, as OneRoster wants it."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _plain(getattr(value, field.name)) for field in fields(value)})
    return value
