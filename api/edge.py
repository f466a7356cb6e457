"""Where a command meets the database: opened, brought up to date, and left with one line where something is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from api.exits import Exit, complain

if TYPE_CHECKING:
    from sqlalchemy import Engine

BY = "command line"
"""Who does what commands do, as the audit says it."""


class BadWord(Exception):
    """A word of the command line is not what it must be."""

    def __init__(self, name: str, problem: str, mend: str) -> None:
        super().__init__(f"{name}: {problem}; {mend}")


def now() -> dt.datetime:
    """The moment: commands read the clock here, and tell it to whatever they call."""
    return dt.datetime.now(dt.UTC)


def day(text: str, name: str) -> dt.date:
    """The date that somebody typed for an argument or option of this name.

    Raises
    ------
    BadWord
        It is none.
    """
    from matching.faults import BadCell
    from matching.kinds import DATE

    try:
        return DATE.read(text)
    except BadCell as bad:
        raise BadWord(name, bad.problem, f"write {DATE.right}") from None


@contextmanager
def opened(*, migrated: bool = True) -> Iterator[Engine]:
    """The database that `DURE_DATABASE_URL` names, for as long as a command works on it.

    An SQLite database is brought up to date first; one of PostgreSQL that is not up to date is refused, unless it need not be
    `migrated`. Whatever is wrong with what the command was given, with files or with the database ends it: one line for each fault,
    and status 2.
    """
    from data.database import NotUpToDate, address, migrate, open_database, refuse_other_version

    with told():
        engine = open_database(address())
        try:
            try:
                if migrated:
                    refuse_other_version(engine)
            except NotUpToDate:
                if engine.dialect.name != "sqlite":
                    raise
                migrate(engine)
            yield engine
        finally:
            engine.dispose()


@contextmanager
def told() -> Iterator[None]:
    """Ends a command in whose work something is found wrong: with one line for each fault, and status 2."""
    try:
        yield
    except _refusals() as error:
        lines = _lines(error)
        if not lines:
            raise
        complain(lines)
        raise typer.Exit(Exit.BAD_INPUT) from None


def _refusals() -> tuple[type[Exception], ...]:
    """The roots of all errors that are people's to mend; only a command that fails waits for them to be loaded."""
    from sqlalchemy.exc import DBAPIError

    from data.database import DatabaseError
    from data.settings import BadSettings
    from data.terms import TermProblem
    from matching.faults import BadFiles
    from scheduler.term import TermError

    return (BadWord, BadFiles, BadSettings, DatabaseError, TermError, TermProblem, DBAPIError, OSError)


def _lines(error: Exception) -> list[str]:
    """What is told of an error; nothing where it is a fault of the program."""
    from sqlalchemy.exc import DatabaseError as Driver, DBAPIError, OperationalError

    from matching.faults import BadFiles, one_line

    match error:
        case BadFiles():
            return error.lines()
        case DBAPIError():
            if type(error) not in {Driver, OperationalError}:  # others mean that a statement is wrong
                return []
            return [f"the database cannot be used: {one_line(str(error.orig).partition(chr(10))[0])}"]
        case OSError():
            return [f"{one_line(str(error.filename))}: {error.strerror}"] if error.filename else []
    return [one_line(line) for line in str(error).split("\n")]
