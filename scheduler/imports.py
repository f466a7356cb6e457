"""The tables of a round are taken into a term that may run already, and what is planned follows: who is gone is taken out of their
groups, and sessions on days that are none of the term any more are cancelled.

A mentee who is gone was there today where a session of theirs has begun, and has left tomorrow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session as DbSession

from data.amending import changes_of_putting, lock, put_people, take_away
from data.entries import NOT_IN_THE_IMPORT
from data.intake import Changes, take_in
from data.oneroster_people import Users
from data.people import Mentee
from data.programs import Term
from data.terms import people_of
from matching.round import Round
from scheduler.circle import day_of
from scheduler.closures import follow_days
from scheduler.leavers import take_out_of_all
from scheduler.term import DAY
from scheduler.term_days import days_of


def import_round(
    db: DbSession, term: Term, given: Round, *, allow_removals: bool, allow_returns: bool = False, by: str, now: dt.datetime
) -> Changes:
    """Makes a term's people, policy and days those of a round, and tells what has changed.

    Raises
    ------
    TooManyGone, WouldReturn, ZoneIsFixed
        As `data.intake.take_in` does.
    Clash
        Somebody has another session at the time of one that is held after all, since its day is one of the term again.
    """
    was, going = days_of(db, term), _Going(db, term, by, now)
    changes = take_in(db, term, given, allow_removals=allow_removals, allow_returns=allow_returns, by=by, now=now, leaving=going.leaving)
    going.stay_today()
    follow_days(db, term, was, by=by, now=now)
    return changes


def changes_of_users(
    db: DbSession, term: Term, users: Users, *, allow_removals: bool, allow_returns: bool = False, now: dt.datetime
) -> Changes:
    """What `import_users` would change, which it refuses for the same reasons; nothing is changed."""
    putting = changes_of_putting(db, term, users.mentors, users.mentees, allow_returns=allow_returns, now=now)
    gone = {"mentors": tuple(sorted(users.gone_mentors)), "mentees": tuple(sorted(users.gone_mentees))}
    tables = {table: replace(putting.tables[table], gone=keys) for table, keys in gone.items()}
    changes = replace(putting, tables=tables, there=sum(people_of(db, term.id, day_of(term, now))))
    if not allow_removals:
        changes.refuse_too_many_gone()
    return changes


def import_users(
    db: DbSession, term: Term, users: Users, *, allow_removals: bool, allow_returns: bool = False, by: str, now: dt.datetime
) -> Changes:
    """Takes a OneRoster archive's users into a term, has those leave who do, and tells what has changed; all others stay.

    Raises
    ------
    TooManyGone, WouldReturn
        More than a tenth of the term's people would be gone, or somebody would be back, and that is not allowed.
    """
    lock(db, term)
    changes = changes_of_users(db, term, users, allow_removals=allow_removals, allow_returns=allow_returns, now=now)
    put_people(db, term, users.mentors, users.mentees, allow_returns=allow_returns, by=by, now=now)
    remove_people(db, term, users.gone_mentors, users.gone_mentees, by=by, now=now)
    return changes


def remove_people(db: DbSession, term: Term, mentors: Collection[str], mentees: Collection[str], *, by: str, now: dt.datetime) -> None:
    """Takes people of these keys out of a term, as an import in which they are not; who is there again later needs nobody's leave."""
    going = _Going(db, term, by, now)
    take_away(db, term, mentors, mentees, by=by, now=now, leaving=going.leaving)
    going.stay_today()


@dataclass(slots=True)
class _Going:
    """Mentees who are taken out of a term, and of them those who have begun a session today."""

    db: DbSession
    term: Term
    by: str
    now: dt.datetime
    stay: list[Mentee] = field(default_factory=list)

    def leaving(self, keys: Sequence[str]) -> None:
        """Takes them out of their groups."""
        self.stay += take_out_of_all(self.db, self.term, keys, by=self.by, now=self.now, reason=NOT_IN_THE_IMPORT)

    def stay_today(self) -> None:
        """Lets who was there today leave tomorrow: of today's session a record is to be written."""
        for mentee in self.stay:
            self.db.refresh(mentee)
            mentee.left_on = day_of(self.term, self.now) + DAY
        self.db.flush()
