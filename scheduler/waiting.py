"""Sessions that wait for their days: cancelled because there can be none on their day, and held after all when there can be.

What waits was cancelled for a closure, for a holiday or for the days of the term itself, and is not made up elsewhere. It goes where its
group goes, to other times or to another mentor, so that it is held at last as whatever holds then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.groups import Group
from data.programs import Term as TermRow
from data.sessions import Session, State
from scheduler.circle import Circle
from scheduler.term import Term

OUTSIDE = "not a day of the term"
HAS_ENDED = "the group has ended"
NOBODY_IS_LEFT = "nobody is left in the group"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How sessions that wait are told from others, in a term of these days: by why they were cancelled, and by what is made up."""

    days: Term
    reasons: frozenset[str]
    made_up: frozenset[UUID]

    def has(self, session: Session) -> bool:
        """Whether a session waits."""
        return session.state == State.CANCELLED and session.cancelled_why in self.reasons and session.id not in self.made_up


def waiting_in(db: DbSession, term: TermRow, days: Term) -> Waiting:
    """How those of a term are told, whose days are or were these."""
    reasons = {OUTSIDE, *(one.name for one in days.closures), *days.holidays.values()}
    made_up = select(Session.makes_up_id).join(Group, Session.group_id == Group.id).where(Group.term_id == term.id)
    return Waiting(days, frozenset(reasons), frozenset(found for found in db.scalars(made_up) if found is not None))


def why_not(circle: Circle, days: Term, on: dt.date) -> str:
    """Why a group does not meet on a day, empty where it does: the day is off, or the group has ended or has no members by then."""
    members, until_on = circle.members(on), circle.group.until_on
    if until_on is not None and on >= until_on:
        return HAS_ENDED
    return days.off(on, {member.school for member in members}) if members else NOBODY_IS_LEFT
