"""A new program of an organisation: made by itself, or with the first of its terms."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.access import Role
from data.audit import write_down
from data.base import new_id
from data.grants import Grant
from data.program_settings import ProgramProblem
from data.programs import Organisation, Program
from data.settings import read_settings
from data.texts import bounded

KEY = re.compile(r"\w[\w.-]{0,59}")
"""What organisations, programs and terms are called by."""


@dataclass(eq=False)
class BadProgramKey(ProgramProblem):
    """Nothing can be called so."""

    key: str

    def __str__(self) -> str:
        return f"{self.key!r} is no key of a program or an organisation; write letters, digits, '.', '-' and '_', such as tutoring"


@dataclass(eq=False)
class ProgramIsThere(ProgramProblem):
    """The organisation has a program of this key."""

    key: str

    def __str__(self) -> str:
        return f"there is a program {self.key!r} already; give another key, or change that one"


def organisation_called(db: DbSession, key: str) -> Organisation:
    """The organisation of a key, made where it is not there.

    Raises
    ------
    BadProgramKey
        Nothing can be called so.
    """
    wanted = unicodedata.normalize("NFC", key)
    if not KEY.fullmatch(wanted):
        raise BadProgramKey(key)
    found = db.scalars(select(Organisation).where(Organisation.key == wanted)).first() or Organisation(id=new_id(), key=wanted)
    db.add(found)
    db.flush()
    return found


def make_program(
    db: DbSession,
    organisation: Organisation,
    key: str,
    *,
    name: str = "",
    settings: Mapping[str, object] | None = None,
    owner: UUID | None = None,
    by: str,
    now: dt.datetime,
) -> Program:
    """Makes a program of an organisation, with settings that are otherwise than usual; `owner` is the account that owns it from now on.

    Raises
    ------
    BadProgramKey, BadSettings
        What is given cannot be.
    BadText
        The name is longer than any may be.
    ProgramIsThere
        There is such a program.
    """
    wanted = unicodedata.normalize("NFC", key)
    if not KEY.fullmatch(wanted):
        raise BadProgramKey(key)
    given = dict(settings or {})
    kept = read_settings(given).model_dump(mode="json", include=set(given))
    db.refresh(organisation, with_for_update=True)  # of two who make the same, the second is told
    if db.scalars(select(Program.id).where(Program.organisation_id == organisation.id, Program.key == wanted)).first():
        raise ProgramIsThere(wanted)
    called = bounded(unicodedata.normalize("NFC", name), "the name of a program")
    program = Program(id=new_id(), organisation_id=organisation.id, key=wanted, name=called, settings=kept)
    db.add(program)
    db.flush()
    if owner is not None:
        db.add(Grant(account_id=owner, organisation_id=organisation.id, program_id=program.id, role=Role.OWNER))
    write_down(db, at=now, by=by, what="program made", whom=f"program {wanted}", ids={"program": program.id})
    db.flush()
    return program
