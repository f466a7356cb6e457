"""A program's settings: found, changed one by one, and told to all its calendars."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.calendars import parts, touch_program
from data.groups import Group
from data.outbox import About
from data.programs import Organisation, Program, Term
from data.sessions import Booking, Session, State
from data.settings import Settings, read_settings
from data.telling import NEAR, News, tell
from data.texts import bounded

SHOWN = ("titles", "subjects", "names", "link")
"""What feeds show of a session hangs on these."""


class ProgramProblem(Exception):
    """The root of what can be wrong with the name of a program or of one of its settings."""


@dataclass(eq=False)
class NoSuchProgram(ProgramProblem):
    """No program, or several, are called so."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name!r} is no program; there is {' and '.join(self.known) or 'none'}"


@dataclass(eq=False)
class NoSuchSetting(ProgramProblem):
    """There is no such setting."""

    name: str

    def __str__(self) -> str:
        return f"{self.name!r} is no setting; there is {', '.join(Settings.model_fields)}"


def all_programs(db: DbSession) -> dict[str, Program]:
    """Every program by what people call it: its key, behind its organisation's where several programs have that."""
    rows = db.execute(select(Organisation.key, Program).join(Program, Program.organisation_id == Organisation.id)).all()
    keys = [program.key for _, program in rows]
    return {program.key if keys.count(program.key) == 1 else f"{home}/{program.key}": program for home, program in rows}


def find_program(db: DbSession, name: str) -> Program:
    """The program that somebody means.

    Raises
    ------
    NoSuchProgram
        There is none.
    """
    known = all_programs(db)
    found = known.get(unicodedata.normalize("NFC", name))
    if found is None:
        raise NoSuchProgram(name, tuple(sorted(known)))
    return found


def change_setting(db: DbSession, program: Program, name: str, value: object, *, by: str, now: dt.datetime) -> Settings:
    """Changes one setting, or makes it the usual one where the value is None; all the program's calendars are told.

    Raises
    ------
    NoSuchSetting
        There is none of this name.
    BadSettings
        It cannot have this value.
    """
    if name not in Settings.model_fields:
        raise NoSuchSetting(name)
    db.refresh(program, with_for_update=True)
    given = {key: held for key, held in program.settings.items() if key != name} | ({} if value is None else {name: value})
    settings = read_settings(given)
    program.settings = settings.model_dump(mode="json", include=set(given))
    touch_program(db, program.id, now)
    if name in SHOWN:
        _shown_otherwise(db, program, now, elsewhere=name == "link")
    whom, details = f"program {program.key}", {"setting": name, "value": value}
    write_down(db, at=now, by=by, what="setting changed", whom=whom, ids={"program": program.id}, details=details)
    db.flush()
    return settings


def rename_program(db: DbSession, program: Program, name: str, *, by: str, now: dt.datetime) -> None:
    """Gives a program another name; all its calendars, which are called so, are told.

    Raises
    ------
    BadText
        The name cannot be kept.
    """
    program.name = bounded(unicodedata.normalize("NFC", name), "the name of a program")
    touch_program(db, program.id, now)
    write_down(db, at=now, by=by, what="renamed", whom=f"program {program.key}", ids={"program": program.id})
    db.flush()


def _shown_otherwise(db: DbSession, program: Program, now: dt.datetime, *, elsewhere: bool) -> None:
    """Sessions are shown otherwise from now on (F6); those that meet elsewhere have a higher sequence (F7)."""
    groups = select(Group.id).join(Term).where(Term.program_id == program.id)
    theirs = Session.group_id.in_(groups) & (Session.changed_at < now)
    db.execute(update(Session).where(theirs).values(changed_at=now).execution_options(synchronize_session=False))
    if elsewhere:
        there = Session.group_id.in_(groups.where(Group.link == ""))
        db.execute(update(Session).where(there).values(sequence=Session.sequence + 1).execution_options(synchronize_session=False))
        to_come = there & (Session.state == State.PLANNED) & (Session.starts_at > now)
        _tell_where(db, to_come & ((Session.starts_at <= now + NEAR) | (Session.sequence > 1)), now)


def _tell_where(db: DbSession, which: ColumnElement[bool], now: dt.datetime) -> None:
    """Tells who takes part in some sessions that these meet elsewhere, where that goes by mail."""
    sessions = db.scalars(select(Session).where(which).execution_options(populate_existing=True)).all()
    people: dict[UUID, list[UUID]] = {session.id: [] for session in sessions}
    for some in parts(sorted(people)):
        for session, person in db.execute(select(Booking.session_id, Booking.person_id).where(Booking.session_id.in_(some))):
            people[session].append(person)
    tell(db, [News(session, people[session.id], About.CHANGED) for session in sessions], now=now)
