"""Erases somebody: their name, addresses, key and all that was said of them go from wherever they are; what is counted stays right.

Their rows stay, under a word made by chance, so that sessions, minutes, attendance and who was placed add up as before: a mentee's keep the
grade, the region and the school, a mentor's the subjects and regions. In sentences that people wrote, names are struck out. Answers that
are kept for retries, of which nobody but who asked can tell whom they name, are emptied, but for those of other organisations: a retry
then is told that it was done.

Of a round that a platform had solved without keeping it here (`data.matches`) nothing is struck out: it is gone within a day.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, or_, select, union, update
from sqlalchemy.orm import Session as DbSession

from data.access import Role
from data.attempts import forget_tries
from data.audit import Deed, opened_audit, write_down
from data.base import new_id
from data.calendars import parts, touch_groups, touch_program
from data.consents import Consent
from data.erasures import Erasure
from data.feeds import Audience, Calendar, Subscription
from data.grants import Account, Grant
from data.groups import Group, Membership
from data.holdings import rows_of
from data.mailed import MailedLink
from data.outbox import Message
from data.people import CameAs, Mentee, Mentor, PairRow, PeerRow, Person
from data.programs import Program, Term
from data.replies import empty_replies
from data.sessions import Session
from data.striking import Struck
from data.struck_rows import Home, names_in_rounds, strike_history, strike_records, strike_rounds, strike_words
from data.tables import METADATA
from data.timetables import Timetable

ALIAS_BYTES = 8


@dataclass(eq=False)
class AlreadyErased(Exception):
    """Somebody was erased before."""

    key: str

    def __str__(self) -> str:
        return f"{self.key} was erased already; nothing is held of them by name"


def erase(db: DbSession, person: Person, *, near: Iterable[str] = (), by: str, now: dt.datetime) -> Erasure:
    """Erases a person who is in no term any more that still runs; `near` are names by which the records of their own groups may call them,
    such as the given name alone.

    The bytes of what is overwritten are wiped from the database's files by `data.wiping`, once this is committed.

    Raises
    ------
    AlreadyErased
        They were.
    """
    db.flush()
    if person.erased_at is not None:
        raise AlreadyErased(person.key)
    home = _home(db, person)
    who = Struck(person.came_as, person.key, f"erased-{secrets.token_hex(ALIAS_BYTES)}", frozenset()).also((person.name, person.email))
    who = names_in_rounds(db, who, home)
    rows = rows_of(db, person)
    groups = _groups(db, rows)
    _empty_feeds(db, person, home, groups, now)
    strike_records(db, who.also(near), groups)
    strike_words(db, who, home)
    strike_rounds(db, who, home)
    _erase_accounts(db, person, home)
    _erase_rows(db, person, rows, who, now)
    strike_history(db, who, home)
    empty_replies(db, home.organisation)
    made = Erasure(id=new_id(), person_id=person.id, at=now)
    db.add(made)
    db.flush()
    for term, row in _last_of_each_program(db, rows):
        write_down(db, at=now, by=by, what="erased", whom=f"{person.came_as} {who.alias}", term=term, ids={str(person.came_as): row})
    db.flush()
    return made


def _home(db: DbSession, person: Person) -> Home:
    programs = db.scalars(select(Program.id).where(Program.organisation_id == person.organisation_id)).all()
    return Home(person.organisation_id, programs, db.scalars(select(Term.id).where(Term.program_id.in_(programs))).all())


def _groups(db: DbSession, rows: Iterable[Mentor | Mentee]) -> Collection[UUID]:
    """The groups that they are or were in, teach, or have stood in for."""
    ids = [row.id for row in rows]
    held = select(Group.id).where(Group.mentor_id.in_(ids)), select(Session.group_id).where(Session.mentor_id.in_(ids))
    return set(db.scalars(union(select(Membership.group_id).where(Membership.mentee_id.in_(ids)), *held)))


def _empty_feeds(db: DbSession, person: Person, home: Home, groups: Collection[UUID], now: dt.datetime) -> None:
    """Their own links end; whatever is kept of others' calendars is rendered anew, without them."""
    for some in parts(sorted(groups)):
        db.execute(update(Session).where(Session.group_id.in_(some), Session.changed_at < now).values(changed_at=now))
    touch_groups(db, groups, now)
    of = and_(Calendar.owner == str(person.id), Calendar.audience.in_([Audience.MENTOR, Audience.MENTEE]))
    own = Subscription.calendar_id.in_(select(Calendar.id).where(of))
    db.execute(update(Subscription).where(own, Subscription.revoked_at.is_(None)).values(revoked_at=now))
    db.execute(update(Subscription).where(own).values(name="", key=None))
    theirs = Subscription.calendar_id.in_(select(Calendar.id).where(Calendar.program_id.in_(home.programs)))
    nothing = {"rendered": None, "rendered_version": None, "fresh_until": None}
    db.execute(update(Subscription).where(theirs).values(nothing))
    for program in sorted(home.programs):
        touch_program(db, program, now)


def _erase_rows(db: DbSession, person: Person, rows: Iterable[Mentor | Mentee], who: Struck, now: dt.datetime) -> None:
    """What they were stays to be counted, and says no more of them than that."""
    for row in rows:
        row.key, row.preferred, row.left_why = who.alias, "", ""
        if isinstance(row, Mentor):
            row.affiliation = ""
            db.execute(delete(Timetable).where(Timetable.mentor_id == row.id))
            db.execute(delete(PairRow).where(PairRow.mentor_id == row.id))
            same = update(Mentee).where(Mentee.term_id == row.term_id, Mentee.previous_mentor == who.key)
            db.execute(same.values(previous_mentor=who.alias))
        else:
            row.previous_mentor = row.mentor_gender = ""
            db.execute(delete(PairRow).where(PairRow.mentee_id == row.id))
            db.execute(delete(PeerRow).where(or_(PeerRow.mentee_id == row.id, PeerRow.other_id == row.id)))
    db.execute(update(Consent).where(Consent.person_id == person.id).values(guardian=""))
    db.execute(delete(Message).where(Message.person_id == person.id))
    if person.email:
        db.execute(delete(MailedLink).where(func.lower(MailedLink.email) == person.email.lower()))
        forget_tries(db, person.email.lower())
    person.key, person.reminders, person.born_on = who.alias, None, None
    person.name = person.gender = person.email = person.language = ""
    person.erased_at = now
    db.flush()


def _erase_accounts(db: DbSession, person: Person, home: Home) -> None:
    """Roles as them or for them end; an account that had no other is gone, with all that let somebody in by it."""
    held = select(Grant.account_id).where(Grant.person_id == person.id)
    found = {account for account in db.scalars(held) if account} | _accounts_before(db, person, home)
    if person.email:
        found |= set(db.scalars(select(Account.id).where(Account.email == person.email.lower())))
    db.execute(delete(Grant).where(Grant.person_id == person.id))
    remove_accounts(db, found - set(db.scalars(select(Grant.account_id).where(Grant.account_id.in_(found)))))


def _accounts_before(db: DbSession, person: Person, home: Home) -> set[UUID]:
    """The accounts that had a role as them or for them, which was taken away: the audit says of each that it was given."""
    given = select(Deed.whom, Deed.details).where(Deed.what == "role given", Deed.program_id.in_(home.programs))
    as_them = {Role.MENTOR} if person.came_as is CameAs.MENTOR else {Role.MENTEE, Role.GUARDIAN}
    told = [whom for whom, details in db.execute(given) if details.get("for") == person.key and details.get("role") in as_them]
    return {UUID(whom.removeprefix("account ")) for whom in told}


def remove_accounts(db: DbSession, gone: Collection[UUID]) -> None:
    """Removes accounts with all that let somebody in by them, what is mailed to them, and from where they did what they did."""
    for account in db.scalars(select(Account).where(Account.id.in_(gone))).all():
        db.execute(delete(MailedLink).where(MailedLink.email == account.email))
        db.execute(delete(Message).where(Message.person_id.is_(None), func.lower(Message.address) == account.email))
        forget_tries(db, account.email)
        with opened_audit(db):
            db.execute(update(Deed).where(Deed.by == f"account {account.id}").values(source=""))
        for table in reversed(METADATA.sorted_tables):
            for key in table.foreign_keys:
                if key.column is Account.__table__.c.id:
                    db.execute(delete(table).where(key.parent == account.id))
        db.delete(account)
    db.flush()


def _last_of_each_program(db: DbSession, rows: Sequence[Mentor | Mentee]) -> Iterable[tuple[UUID, UUID]]:
    """A term of each program that they were in, and what they were in it."""
    programs: Select[UUID, UUID] = select(Term.id, Term.program_id).where(Term.id.in_([row.term_id for row in rows]))
    of = dict(db.execute(programs).all())
    return {of[row.term_id]: (row.term_id, row.id) for row in rows}.values()
