"""Erases somebody who may still teach or learn: they leave what still runs today, with all that follows from it, and then are erased."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session as DbSession

from data.erasing import erase
from data.erasures import Erasure
from data.holdings import rows_of
from data.people import Mentee, Person
from data.programs import Term
from data.terms import day_in
from scheduler.feed_words import given_name
from scheduler.leavers import take_out_of_all
from scheduler.term import DAY

ERASED = "erased"
SHORTEST = 2
"""A part of a name that is shorter is a word of any sentence."""


def erase_person(db: DbSession, person: Person, *, by: str, now: dt.datetime) -> Erasure:
    """Takes a person out of all terms that still run, and erases them: a mentee out of their groups, from tomorrow on where a session of
    today has begun; a mentor's sessions to come lack one.

    Raises
    ------
    AlreadyErased
        They were.
    """
    for row in rows_of(db, person):
        term = db.get_one(Term, row.term_id)
        today = day_in(term, now)
        if (row.left_on is None or row.left_on > today) and (term.last_on is None or term.last_on >= today):
            stays = isinstance(row, Mentee) and take_out_of_all(db, term, [row.key], by=by, now=now, reason=ERASED)
            row.left_on = today + DAY if stays else today
    parts = (given_name(person.name), *person.name.split())
    return erase(db, person, near=[part for part in parts if len(part) >= SHORTEST], by=by, now=now)
