"""A term gets other days, another country or another way of making up while it runs: what is planned follows, as by an import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.groups import Group
from data.programs import Term
from data.sessions import Session, State
from data.term_settings import set_term
from data.terms import NewTerm
from scheduler.closures import follow_days, follow_holidays
from scheduler.term_days import days_of

CANCELLED, RESTORED, NEW = "cancelled", "restored", "new"
"""What becomes of sessions."""


def change_term(db: DbSession, term: Term, new: NewTerm, *, by: str, now: dt.datetime) -> Mapping[str, set[UUID]]:
    """Makes a term what is given, and gives the sessions that this cancels, restores and makes anew.

    Raises
    ------
    TermProblem
        It is that already, or cannot be, or its groups are dated in another zone.
    TermError
        Nobody knows the holidays of its country.
    Clash
        Somebody has another session at the time of one that is held after all.
    """
    was, had = days_of(db, term), (term.country, term.make_up)
    before = _states(db, term)
    set_term(db, term, new, by=by, now=now)
    follow_days(db, term, was, by=by, now=now)
    if (term.country, term.make_up) != had:
        follow_holidays(db, term, was, by=by, now=now)
    after = _states(db, term)
    return {
        CANCELLED: {one for one, state in after.items() if state == State.CANCELLED and before.get(one) == State.PLANNED},
        RESTORED: {one for one, state in after.items() if state == State.PLANNED and before.get(one) == State.CANCELLED},
        NEW: after.keys() - before.keys(),
    }


def _states(db: DbSession, term: Term) -> dict[UUID, State]:
    db.flush()
    of_term = select(Session.id, Session.state).join(Group, Session.group_id == Group.id).where(Group.term_id == term.id)
    return dict(db.execute(of_term).all())
