"""Terms for tests: the demo round's, entered as an import enters it."""

from __future__ import annotations

import datetime as dt
from functools import cache

from sqlalchemy import Engine

from data.base import new_id
from data.database import transaction
from data.demo import ROUND
from data.entries import enter
from data.programs import Organisation, Program, Term
from matching.round import Round
from matching.tables import read_round


@cache
def demo_round() -> Round:
    """The project's own round: 24 mentors, 70 mentees."""
    return read_round(ROUND)


def demo_term(database: Engine, round: Round | None = None) -> Term:
    """A term with the people of a round, by default the demo's, as it stands in the database after that."""
    given = round or demo_round()
    with transaction(database) as db:
        organisation = Organisation(id=new_id(), key="postech")
        program = Program(id=new_id(), organisation_id=organisation.id, key="rural", name="Rural tutoring")
        of = given.policy.program
        term = Term(id=new_id(), program_id=program.id, key="2026-spring", zone=of.time_zone, first_on=of.term_start)
        for row in (organisation, program, term):
            db.add(row)
            db.flush()
        enter(db, term, None, given, on=dt.date(2026, 3, 1))
    return term
