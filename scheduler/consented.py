"""Mentees of whom consents speak: who is there, and the groups that somebody is still in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from data.groups import Group, Membership
from data.people import Mentee
from data.programs import Term
from data.terms import day_in
from scheduler.finding import mentee_named


def present(db: DbSession, term: Term, now: dt.datetime) -> Sequence[Mentee]:
    """The mentees of a term who have not left, by their keys."""
    there = or_(Mentee.left_on.is_(None), Mentee.left_on > day_in(term, now))
    return sorted(db.scalars(select(Mentee).where(Mentee.term_id == term.id, there)), key=lambda mentee: mentee.key)


def still_in(db: DbSession, term: Term, key: str, now: dt.datetime) -> Sequence[str]:
    """The keys of the groups that a mentee is in today or later."""
    today, mentee = day_in(term, now), mentee_named(db, term, key)
    lasts = or_(Membership.until_on.is_(None), Membership.until_on > today), or_(Group.until_on.is_(None), Group.until_on > today)
    asked = select(Group.key).join(Membership).where(Membership.mentee_id == mentee.id, *lasts)
    return sorted(set(db.scalars(asked)))
