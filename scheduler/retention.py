"""The jobs that keep retention periods: of each program's data they remove what is older than the program keeps it."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Engine, delete, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from data.audit import Deed, opened_audit
from data.database import reading, transaction
from data.deliveries import forget_deliveries
from data.erasing import remove_accounts
from data.event_types import READING
from data.events import forget_events
from data.feeds import forget_revoked
from data.forgetting import forget_files
from data.grants import Account, Grant
from data.groups import Group
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.retention import ACCOUNTS_KEPT, PERIODS, Kept, days_of
from data.sessions import Session, Task
from data.settings import settings_of
from scheduler.erasure import erase_person
from scheduler.ticker import Clock

BY = "retention"
FOR_SECONDS = 30
"""So long people are erased each time, each in a transaction of its own."""


def forget_links(engine: Engine, clock: Clock) -> int:
    """Removes links of feeds that were revoked longer ago than a program keeps them, and tells how many. Late, twice: all the same. Never:
    they stay, and who asks by them is told that they are gone."""
    return _of_each(engine, clock, Kept.LINKS, forget_revoked)


def forget_results(engine: Engine, clock: Clock) -> int:
    """Removes what rounds asked and what came of it, longer after anything was done with it, and after the term that is taught by it, than
    a program keeps it; tells of how many rounds. Late, twice: all the same. Never: it stays."""
    return _of_each(engine, clock, Kept.RESULTS, forget_files)


def forget_old_events(engine: Engine, clock: Clock) -> int:
    """Removes events, and what became of telling them, that are older than a program keeps them; tells how many. Late, twice: all the same.
    Never: they stay, and can be read."""

    def forget(db: DbSession, before: dt.datetime, program: UUID) -> int:
        forget_deliveries(db, before, program)
        return forget_events(db, before, program)

    return _of_each(engine, clock, Kept.EVENTS, forget)


def forget_records(engine: Engine, clock: Clock) -> int:
    """Empties what was written of sessions in words, longer after their term than a program keeps it, and tells of how many; who came, and
    for how long, stays. Late, twice: all the same. Never: it stays."""
    return _of_each(engine, clock, Kept.RECORDS, _forget_words)


def forget_audit(engine: Engine, clock: Clock) -> int:
    """Removes rows of the audit, and of what was read, that are older than a program keeps them, and tells how many; those of no program
    are kept as is usual. Late, twice: all the same. Never: they stay."""
    now = clock()
    with transaction(engine) as db:
        known, count = select(Program.id), 0
        of_none = or_(Deed.program_id.is_(None), Deed.program_id.not_in(known))
        for kept in (Kept.READING, Kept.AUDIT):
            old = Deed.at < now - dt.timedelta(days=PERIODS[kept].days)
            count += _forget_some(db, of_none, old, _is_of(kept))
    return count + sum(_of_each(engine, clock, kept, _forget_deeds(kept)) for kept in (Kept.READING, Kept.AUDIT))


def forget_people(engine: Engine, clock: Clock) -> int:
    """Erases people who were in no term for longer than all their programs keep them, for some time, and tells how many. Whoever cannot be
    is no reason to keep others. Late: the rest the next times. Twice: nothing. Never: they stay by name.

    Raises
    ------
    ExceptionGroup
        Some could not be, for these reasons.
    """
    now, count, wrong, until = clock(), 0, list[Exception](), time.monotonic() + FOR_SECONDS
    with reading(engine) as db:
        due = _people_due(db, now)
    random.shuffle(due)  # who cannot be erased is not the first each time
    for person in due:
        if time.monotonic() > until:
            break
        try:
            with transaction(engine) as db:
                found = db.get_one(Person, person, with_for_update=True)
                if found.erased_at is None:
                    erase_person(db, found, by=BY, now=now)
                    count += 1
        except Exception as error:  # noqa: BLE001  all are told below
            wrong.append(error)
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} of {len(due)} people could not be erased", wrong)
    return count


def forget_accounts(engine: Engine, clock: Clock) -> int:
    """Removes accounts that were closed long ago, or had no role for as long, with their addresses; tells how many. Late, twice: all the
    same. Never: they stay, and let nobody see anything."""
    before = clock() - ACCOUNTS_KEPT
    with transaction(engine) as db:
        asked = select(Account.id).where(Account.made_at <= before, or_(Account.closed_at.is_(None), Account.closed_at <= before))
        asked = asked.where(Account.id.not_in(select(Grant.account_id).where(Grant.account_id.is_not(None)))).order_by(Account.id)
        db.execute(asked.with_for_update()).all()
        idle = db.scalars(asked).all()  # whoever was about to give one a role has done so
        used = set(db.scalars(select(Deed.whom).where(Deed.whom.startswith("account "), Deed.at > before)))
        gone = [account for account in idle if f"account {account}" not in used]
        remove_accounts(db, gone)
    return len(gone)


def _of_each(engine: Engine, clock: Clock, kept: Kept, forget: Callable[[DbSession, dt.datetime, UUID], int]) -> int:
    now = clock()
    with transaction(engine) as db:
        programs = db.execute(select(Program.id, Program.settings)).all()
        periods = {program: dt.timedelta(days=days_of(settings_of(settings).retention, kept)) for program, settings in programs}
        return sum(forget(db, now - period, program) for program, period in sorted(periods.items()))


def _forget_words(db: DbSession, before: dt.datetime, program: UUID) -> int:
    over = select(Group.id).join(Term, Term.id == Group.term_id).where(Term.program_id == program, Term.last_on < before.date())
    theirs = Session.group_id.in_(over)
    told = or_(Session.topic != "", Session.note != "", Session.cancelled_why != "")
    count = _count(db.execute(update(Session).where(theirs, told).values(topic="", note="", cancelled_why="")))
    db.execute(delete(Task).where(Task.session_id.in_(select(Session.id).where(theirs))))
    return count


def _forget_deeds(kept: Kept) -> Callable[[DbSession, dt.datetime, UUID], int]:
    def forget(db: DbSession, before: dt.datetime, program: UUID) -> int:
        return _forget_some(db, Deed.program_id == program, Deed.at < before, _is_of(kept))

    return forget


def _forget_some(db: DbSession, *which: ColumnElement[bool]) -> int:
    with opened_audit(db):
        return _count(db.execute(delete(Deed).where(*which)))


def _is_of(kept: Kept) -> Any:  # noqa: ANN401  a condition
    read = or_(*(Deed.what.endswith(word) for word in READING))
    return read if kept is Kept.READING else ~read


def _people_due(db: DbSession, now: dt.datetime) -> list[UUID]:
    """Those of whom each term is over for longer than its program keeps people; whoever is in none is not known to be anybody's."""
    last: dict[UUID, bool] = {}
    keeps = {program.id: days_of(settings_of(program.settings).retention, Kept.PEOPLE) for program in db.scalars(select(Program))}
    for kind in (Mentor, Mentee):
        asked = select(kind.person_id, Term.program_id, func.max(func.coalesce(kind.left_on, Term.last_on, dt.date.max)))
        asked = asked.join(Term, Term.id == kind.term_id).join(Person, Person.id == kind.person_id)
        rows = db.execute(asked.where(Person.erased_at.is_(None)).group_by(kind.person_id, Term.program_id)).all()
        for person, program, on in rows:
            last[person] = last.get(person, True) and on < now.date() - dt.timedelta(days=keeps[program])
    return sorted(person for person, over in last.items() if over)


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount
