"""Callers of the API who are somebody in a program: a mentor, a mentee, a guardian, a partner."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from data.access import Role
from data.database import transaction
from data.grants import Grant
from data.people import Person
from tests.api.v1.callers import Caller, Platform


def somebody(platform: Platform, role: Role, person: str = "", school: str = "", *, programs: Collection[str] = ()) -> Caller:
    """A caller with a role, who is, or is there for, the person of a key, or for the mentees of a school."""
    caller = platform.client(role=role, programs=programs)
    with transaction(platform.engine) as db:
        grant = db.scalars(select(Grant).where(Grant.role == role).order_by(Grant.id.desc())).first()
        assert grant is not None
        whose = select(Person.id).where(Person.key == person, Person.organisation_id == grant.organisation_id)
        grant.person_id = db.scalars(whose).one() if person else None
        grant.school = school
    return caller
