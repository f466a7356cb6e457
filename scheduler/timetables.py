"""Mentors' timetables through a term: handed in, looked at again each day, taken away; and sessions that meet what they say.

A weekly time that is busy often enough is taken out of the availability of which rounds are made (`scheduler.timetable.weekly`). What is
busy once is not: a session that is planned then is listed as a clash, for somebody to move it or not.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, Select, delete, or_, select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.calendars import parts
from data.database import reading, transaction
from data.groups import Group
from data.people import Mentor
from data.programs import Term
from data.runs import OPEN_ENDED_DAYS
from data.sessions import Session, State
from data.timetables import Timetable, timetables_of
from matching.kinds import STRETCHES
from scheduler.circle import day_of
from scheduler.fetch import NOBODY, FetchError, Hosts, fetch, read_address
from scheduler.ics import TimetableError
from scheduler.patience import Stopped, never
from scheduler.refusals import NotThere, Refused
from scheduler.term import DAY
from scheduler.ticker import Clock
from scheduler.timetable import Busy, busy_times, weekly

AGAIN = dt.timedelta(days=1)
AFTER_A_FAULT = dt.timedelta(hours=4)
KEPT_FOR = dt.timedelta(days=90)
"""So long after the end of its term a timetable is kept."""

AT_ONCE = 5
"""So many are looked at in one go, so that who ends the ticker need not wait for long."""

YEAR_DAYS = 366
"""So far an open-ended term is read; its weeks are those of the next half year."""

NOT_READ_YET = "it has not been read yet"
BY = "ticker"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@dataclass(eq=False)
class TermIsOver(Refused):
    """Nothing of a term is left for a timetable to say anything of."""

    last_on: dt.date

    def __str__(self) -> str:
        return f"the term has ended on {self.last_on}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a timetable says of what is left of a term: when its mentor is busy, and the weekly times that this takes."""

    busy: Busy
    weekly: str


def read(term: Term, content: bytes, now: dt.datetime) -> Reading:
    """Reads a calendar.

    Raises
    ------
    TermIsOver
        Nothing of the term is left.
    TimetableError
        It is none, or one that cannot be read.
    """
    first_on = max(term.first_on, day_of(term, now))
    if term.last_on is not None and term.last_on < first_on:
        raise TermIsOver(term.last_on)
    busy = busy_times(content, term.zone, first_on, term.last_on or first_on + YEAR_DAYS * DAY)
    return Reading(busy, _weekly(term, busy, now))


def _weekly(term: Term, busy: Busy, now: dt.datetime) -> str:
    first_on = max(term.first_on, day_of(term, now))
    return STRETCHES.write(weekly(busy, term.zone, first_on, term.last_on or first_on + OPEN_ENDED_DAYS * DAY))


def put(db: DbSession, mentor: Mentor, found: Reading, *, address: str, by: str, now: dt.datetime) -> None:
    """Keeps what a timetable says, in the place of the mentor's earlier one; without an address it is that of a file."""
    values = {"address": address, "busy": _packed(found.busy), "weekly": found.weekly, "read_at": now, "due_at": now + AGAIN, "fault": ""}
    db.merge(Timetable(mentor_id=mentor.id, **values))
    details = {"from": "an address" if address else "a file", "busy": found.weekly}
    write_down(
        db,
        at=now,
        by=by,
        what="timetable handed in",
        whom=f"mentor {mentor.key}",
        term=mentor.term_id,
        ids={"mentor": mentor.id},
        details=details,
    )
    db.flush()


def follow(db: DbSession, mentor: Mentor, address: str, near: Hosts = NOBODY, *, by: str, now: dt.datetime) -> None:
    """Keeps the address of a mentor's timetable, in the place of their earlier one: the ticker reads it soon, and until then they are never
    busy by it.

    Raises
    ------
    NoAddress
        It is no address that may be read.
    """
    read_address(address, near)
    values = {"address": address, "busy": [], "weekly": "", "read_at": now, "due_at": now, "fault": NOT_READ_YET}
    db.merge(Timetable(mentor_id=mentor.id, **values))
    details = {"from": "an address"}
    write_down(
        db,
        at=now,
        by=by,
        what="timetable handed in",
        whom=f"mentor {mentor.key}",
        term=mentor.term_id,
        ids={"mentor": mentor.id},
        details=details,
    )
    db.flush()


def hasten(db: DbSession, mentor: Mentor, now: dt.datetime) -> None:
    """Has the ticker look at a mentor's timetable soon, and not wait for the day to come round.

    Raises
    ------
    NotThere
        They have none.
    """
    timetable_of(db, mentor).due_at = now
    db.flush()


def take_away(db: DbSession, mentor: Mentor, *, by: str, now: dt.datetime) -> None:
    """Forgets a mentor's timetable; their availability is what they gave.

    Raises
    ------
    NotThere
        They have none.
    """
    db.delete(timetable_of(db, mentor))
    write_down(db, at=now, by=by, what="timetable removed", whom=f"mentor {mentor.key}", term=mentor.term_id, ids={"mentor": mentor.id})
    db.flush()


def look_again(engine: Engine, clock: Clock, near: Hosts = NOBODY, stopped: Stopped = never) -> int:
    """Looks at timetables that are due, at some of them in one go, and tells how many: what their addresses hold now, and what files say
    of the weeks that are left. Late: then. Twice: it is the same. Never: what was read last stays.

    A fault is kept beside what was read before, and looked into again after four hours. Once it is `stopped`, the rest waits.
    """
    with reading(engine) as db:
        rows = db.execute(_due(clock())).all()
    for one, term in rows:
        look_at(engine, term, one, clock(), near, stopped)
    return len(rows)


def look_at(engine: Engine, term: Term, one: Timetable, now: dt.datetime, near: Hosts = NOBODY, stopped: Stopped = never) -> None:
    """Reads a timetable anew and keeps what it says, or its fault, unless another was handed in meanwhile."""
    busy, fault = _unpacked(one.busy), ""
    try:
        if one.address and not stopped():
            busy = read(term, fetch(one.address, near, stopped), now).busy
    except (FetchError, TimetableError, TermIsOver) as error:
        fault = str(error)
    if stopped():
        return
    weekly_now = _weekly(term, busy, now)
    with transaction(engine) as db:
        kept = db.get(Timetable, one.mentor_id, with_for_update=True)
        if kept is None or (kept.address, kept.read_at) != (one.address, one.read_at):
            return
        if kept.weekly != weekly_now:
            whom = f"mentor {db.get_one(Mentor, one.mentor_id).key}"
            write_down(
                db,
                at=now,
                by=BY,
                what="timetable changed",
                whom=whom,
                term=term.id,
                ids={"mentor": one.mentor_id},
                details={"busy": weekly_now},
            )
        kept.busy, kept.weekly, kept.fault = _packed(busy), weekly_now, fault
        kept.due_at = now + (AFTER_A_FAULT if fault else AGAIN)
        if one.address and not fault:
            kept.read_at = now


def forget_over(engine: Engine, clock: Clock) -> int:
    """Forgets the timetables, and their addresses, of terms that ended 90 days ago, and tells how many. Late, twice: all the same. Never:
    they stay, and nobody reads them."""
    over = select(Mentor.id).join(Term, Term.id == Mentor.term_id).where(Term.last_on < (clock() - KEPT_FOR).date())
    with transaction(engine) as db:
        gone = db.scalars(delete(Timetable).where(Timetable.mentor_id.in_(over)).returning(Timetable.mentor_id)).all()
    return len(gone)


def timetable_of(db: DbSession, mentor: Mentor) -> Timetable:
    """A mentor's timetable.

    Raises
    ------
    NotThere
        They have none.
    """
    found = db.get(Timetable, mentor.id)
    if found is None:
        raise NotThere(mentor.key, "has no timetable")
    return found


def clashes(db: DbSession, term: Term, now: dt.datetime) -> list[UUID]:
    """The planned sessions to come at which the timetable of whoever holds them says that they are busy."""
    busy = {mentor.id: _unpacked(one.busy) for mentor, one in timetables_of(db, term.id, day_of(term, now))}
    found = []
    for some in parts(sorted(busy)):
        planned = select(Session).where(Session.mentor_id.in_(some), Session.state == State.PLANNED, Session.starts_at > now)
        for session in db.scalars(planned.join(Group, Group.id == Session.group_id).where(Group.term_id == term.id)):
            before = bisect_right(busy[session.mentor_id], session.ends_at - MINUTE, key=lambda span: span[0])
            if before and busy[session.mentor_id][before - 1][1] > session.starts_at:
                found.append(session.id)
    return found


def _due(now: dt.datetime) -> Select[Timetable, Term]:
    """What is to be looked at, the longest due first; also where the clock was set back since it was last."""
    asked = select(Timetable, Term).join(Mentor, Mentor.id == Timetable.mentor_id).join(Term, Term.id == Mentor.term_id)
    due = or_(Timetable.due_at <= now, Timetable.due_at > now + AGAIN)
    goes_on = or_(Term.last_on.is_(None), Term.last_on > (now + DAY).date())
    still = or_(Mentor.left_on.is_(None), Mentor.left_on > (now - DAY).date())  # in any zone
    return asked.where(due, goes_on, still).order_by(Timetable.due_at, Timetable.mentor_id).limit(AT_ONCE)


def _packed(busy: Busy) -> list[list[int]]:
    return [[(instant - EPOCH) // MINUTE for instant in span] for span in busy]


def _unpacked(spans: Sequence[Sequence[int]]) -> Busy:
    return tuple((EPOCH + start * MINUTE, EPOCH + end * MINUTE) for start, end in spans)
