"""Where a command meets the database: opened, brought up to date, and left with one line where something is wrong."""

from __future__ import annotations

import datetime as dt
import logging
import unicodedata
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from api.exits import Exit, complain
from data.texts import LONGEST

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

BY = "command line"
"""Who does what commands do, as the audit says it."""
MOST_SIGNS = 300
"""So long may be what somebody says in a line: a reason, a topic, a task."""
MOST_SIGNS_OF_NAMES = 100
"""So long may be what something is called."""
MOST_SIGNS_OF_NOTES = LONGEST
"""So long may be what a mentor notes of a session, and a link."""


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
        It is none, or one of a year in which nothing is planned.
    """
    from data.terms import YEARS
    from matching.faults import BadCell
    from matching.kinds import DATE

    try:
        on = DATE.read(text)
    except BadCell as bad:
        raise BadWord(name, bad.problem, f"write {DATE.right}") from None
    if on.year not in YEARS:
        raise BadWord(name, f"{on} is too far away", f"write a day of the years {YEARS[0]} to {YEARS[-1]}")
    return on


def some_text(text: str, name: str) -> str:
    """The text that somebody typed for an argument or option of this name.

    Raises
    ------
    BadWord
        There is nothing in it that could be read, or it is not `bounded`.
    """
    if not text.strip():
        raise BadWord(name, "is empty", "write some text")
    return bounded(text, name)


def bounded(text: str, name: str, most: int = MOST_SIGNS) -> str:
    """The text that somebody typed for an argument or option of this name, which may be empty; it is shown on one line of its own.

    Raises
    ------
    BadWord
        It is longer than `most` signs, or has line breaks or others in it that a screen would obey.
    """
    if len(text) > most:
        raise BadWord(name, f"has {len(text):,} signs", f"write at most {most:,}")
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in text):
        raise BadWord(name, "has line breaks or other control characters", "write it on one line")
    return text


def reason_of(why: str) -> str:
    """The reason that somebody typed for `--why`, which may be empty; raises `BadWord` where it is not `bounded`."""
    return bounded(why, "--why")


def minutes_of(text: str, name: str) -> list[int]:
    """Minutes that somebody typed for an option of this name; at most nine digits, so that they are numbers that a database holds.

    Raises
    ------
    BadWord
        They are none.
    """
    words = [word.strip() for word in text.split(",")] if text else []
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise BadWord(name, f"{text!r} are no minutes", "write minutes before a session, such as 1440,60")
    return [int(word) for word in words]


class Told(AbstractContextManager[None]):
    """Ends a command in whose work something is found wrong: with one line for each fault, and status 2. Of a database it is told where it
    is, as far as that is known."""

    database: URL | None = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Exception) and isinstance(error, _refusals()):
            lines = _lines(error, self.database)
            if lines:
                complain(lines)
                raise typer.Exit(Exit.BAD_INPUT) from None


class Opened(AbstractContextManager["Engine"]):
    """A database that is open for as long as a command works on it."""

    def __init__(self, *, migrated: bool) -> None:
        self._migrated = migrated
        self._told = Told()

    def __enter__(self) -> Engine:
        from data.database import address, open_database

        logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of follows from a fault that is told
        with self._told, ExitStack() as left:
            self._told.database = address()
            self._engine = open_database(self._told.database)
            left.callback(self._engine.dispose)
            if self._migrated:
                self._bring_up_to_date()
            left.pop_all()
        return self._engine

    def _bring_up_to_date(self) -> None:
        from data.database import NotUpToDate, migrate, refuse_other_version

        try:
            refuse_other_version(self._engine)
        except NotUpToDate:
            if self._engine.dialect.name != "sqlite":
                raise
            migrate(self._engine)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._engine.dispose()
        self._told.__exit__(kind, error, trace)


def opened(*, migrated: bool = True) -> Opened:
    """The database that `DURE_DATABASE_URL` names.

    An SQLite database is brought up to date first; one of PostgreSQL that is not up to date is refused, unless it need not be
    `migrated`. Whatever is wrong with what the command was given, with files or with the database ends it: one line for each fault,
    and status 2.
    """
    return Opened(migrated=migrated)


def _refusals() -> tuple[type[Exception], ...]:
    """The roots of all errors that are people's to mend; only a command that fails waits for them to be loaded."""
    from sqlalchemy.exc import DBAPIError

    from data.accounts import AccountError
    from data.bookings import BookingError
    from data.clients import ClientError
    from data.consents import ConsentError
    from data.database import DatabaseError
    from data.erasing import AlreadyErased
    from data.events import NoSuchEvent
    from data.feeds import FeedError
    from data.intake import IntakeProblem
    from data.program_settings import ProgramProblem
    from data.records import RecordError
    from data.roles import RoleError
    from data.run_problems import RunError
    from data.sealing import SealError
    from data.settings import BadSettings
    from data.single_sign_on import SignOnError
    from data.terms import TermProblem
    from data.texts import BadText
    from data.webhooks import WebhookError
    from matching.faults import BadFiles
    from scheduler.fetch import FetchError
    from scheduler.ics import TimetableError
    from scheduler.mail import PostError
    from scheduler.refusals import Refused
    from scheduler.term import TermError

    return (
        AccountError,
        AlreadyErased,
        BadWord,
        BadFiles,
        BadSettings,
        BadText,
        BookingError,
        ClientError,
        ConsentError,
        DatabaseError,
        IntakeProblem,
        NoSuchEvent,
        FeedError,
        FetchError,
        PostError,
        ProgramProblem,
        RecordError,
        RoleError,
        Refused,
        RunError,
        SealError,
        SignOnError,
        TermError,
        TermProblem,
        WebhookError,
        TimetableError,
        DBAPIError,
        OSError,
        UnicodeEncodeError,
    )


def _lines(error: Exception, database: URL | None) -> list[str]:
    """What is told of an error; nothing where it is a fault of the program."""
    from sqlalchemy.exc import DatabaseError as Driver, DBAPIError, OperationalError

    from data.database import cannot_be_used
    from matching.faults import BadFiles, one_line

    match error:
        case BadFiles():
            return error.lines()
        case DBAPIError():
            if type(error) not in {Driver, OperationalError}:  # others mean that a statement is wrong
                return []
            return [one_line(cannot_be_used(database, error))]
        case OSError():
            return [f"{one_line(str(error.filename))}: {error.strerror}"] if error.filename else []
        case UnicodeEncodeError():
            return [f"{one_line(error.object)}: is not UTF-8; have your terminal write that"]
    return [one_line(line) for line in str(error).split("\n")]
