"""The tables of a round are taken into a term that may run already, and what is planned follows: who is gone is taken out of their
groups, and sessions on days that are none of the term any more are cancelled.

A mentee who is gone was there today where a session of theirs has begun, and has left tomorrow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session as DbSession

from data.entries import NOT_IN_THE_IMPORT
from data.intake import Changes, take_in
from data.people import Mentee
from data.programs import Term
from matching.round import Round
from scheduler.circle import day_of
from scheduler.closures import follow_days
from scheduler.leavers import take_out_of_all
from scheduler.term import DAY
from scheduler.term_days import days_of


def import_round(
    db: DbSession, term: Term, given: Round, *, allow_removals: bool, allow_returns: bool = False, by: str, now: dt.datetime
) -> Changes:
    """Makes a term's people, policy and days those of a round, and tells what has changed.

    Raises
    ------
    TooManyGone, WouldReturn, ZoneIsFixed
        As `data.intake.take_in` does.
    Clash
        Somebody has another session at the time of one that is held after all, since its day is one of the term again.
    """
    stay: list[Mentee] = []

    def leaving(keys: Sequence[str]) -> None:
        stay.extend(take_out_of_all(db, term, keys, by=by, now=now, reason=NOT_IN_THE_IMPORT))

    was = days_of(db, term)
    changes = take_in(db, term, given, allow_removals=allow_removals, allow_returns=allow_returns, by=by, now=now, leaving=leaving)
    for mentee in stay:  # of today's session a record is to be written
        db.refresh(mentee)
        mentee.left_on = day_of(term, now) + DAY
    db.flush()
    follow_days(db, term, was, by=by, now=now)
    return changes
