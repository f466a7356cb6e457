"""Erases somebody who may still teach or learn: they leave what still runs today, with all that follows from it, and then are erased."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.erasing import erase
from data.erasures import Erasure
from data.people import Mentee, Mentor, Person, Role
from data.programs import Term
from data.terms import day_in
from scheduler.feed_words import given_name
from scheduler.imports import remove_people

SHORTEST = 2
"""A part of a name that is shorter is a word of any sentence."""


def erase_person(db: DbSession, person: Person, *, by: str, now: dt.datetime) -> Erasure:
    """Takes a person out of all terms that still run, and erases them.

    Raises
    ------
    AlreadyErased
        They were.
    """
    role = person.came_as
    table: type[Mentor | Mentee] = Mentor if role is Role.MENTOR else Mentee
    for term, key, left_on in db.execute(select(Term, table.key, table.left_on).join(table).where(table.person_id == person.id)).all():
        today = day_in(term, now)
        if (left_on is None or left_on > today) and (term.last_on is None or term.last_on >= today):
            remove_people(db, term, [key] if role is Role.MENTOR else [], [key] if role is Role.MENTEE else [], by=by, now=now)
    parts = (given_name(person.name), *person.name.split())
    return erase(db, person, near=[part for part in parts if len(part) >= SHORTEST], by=by, now=now)
