"""Timetables that mentors hand in: when they are busy elsewhere, which is taken out of the availability that they gave.

What somebody gave stays as it is; rounds are made of what is left of it. Of a timetable only its times are kept, and the address where it
comes from, where it has one: that is a secret.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, or_, select
from sqlalchemy.orm import Mapped, Session as DbSession, mapped_column

from data.base import Base
from data.people import Mentor
from data.programs import Term
from matching.kinds import STRETCHES
from matching.round import Round
from matching.week import Stretch


class Timetable(Base):
    """A mentor's timetable in a term, of a file or, with an `address`, of what was last found there.

    `busy` are the times, in minutes since 1970 in UTC, half-open; `weekly` is what they take out of the week, as an availability is
    written. `read_at` is when it was last read well; `due_at` when it is looked at next; `fault` why it could not be read since.
    """

    __tablename__ = "timetable"

    mentor_id: Mapped[UUID] = mapped_column(ForeignKey(Mentor.id), primary_key=True)
    address: Mapped[str] = mapped_column(default="")
    busy: Mapped[list[Any]] = mapped_column(JSON, default=list)
    weekly: Mapped[str] = mapped_column(default="")
    read_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    fault: Mapped[str] = mapped_column(default="")


def timetables_of(db: DbSession, term: UUID, on: dt.date) -> Sequence[tuple[Mentor, Timetable]]:
    """The timetables of a term's mentors, without those who have left by a day, by their keys."""
    asked = select(Mentor, Timetable).join(Timetable, Timetable.mentor_id == Mentor.id)
    rows = db.execute(asked.where(Mentor.term_id == term, or_(Mentor.left_on.is_(None), Mentor.left_on > on)))
    return sorted(((mentor, one) for mentor, one in rows), key=lambda row: row[0].key)


def left_of(available: Iterable[Stretch], busy: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The time of an availability that is not busy, in week order."""
    left = list(available)
    for taken in busy:
        parts = [((one.start, min(one.end, taken.start)), (max(one.start, taken.end), one.end)) for one in left]
        left = [Stretch(start, end) for both in parts for start, end in both if start < end]
    return tuple(left)


def free_time(available: str, weekly: str) -> tuple[Stretch, ...]:
    """What is left of a cell of availability of which another is taken out, which may be empty."""
    return left_of(STRETCHES.read(available), STRETCHES.read(weekly) if weekly else ())


def without_busy(db: DbSession, term: Term, round: Round, *, on: dt.date) -> Round:
    """The round of a term's people of a day as they are free: mentors' busy times are taken out of their availability.

    Mentors of whose availability nothing is left are not in it, nor what is said of pairs with them.
    """
    busy = {mentor.key: STRETCHES.read(one.weekly) for mentor, one in timetables_of(db, term.id, on) if one.weekly}
    if not busy:
        return round
    mentors = [replace(mentor, availability=left_of(mentor.availability, busy.get(mentor.key, ()))) for mentor in round.mentors]
    free = tuple(mentor for mentor in mentors if mentor.availability)
    keys = {mentor.key for mentor in free}
    return replace(round, mentors=free, pairs=tuple(pair for pair in round.pairs if pair.mentor in keys))
