"""What every change of a group's sessions brings with it, in the transaction of the change.

Sessions that look other than before have a higher sequence and a new time of change (F6, F7), and what is cancelled knows since when;
people's time is taken and given back; the calendars of all concerned are touched, of those who were concerned before too; the audit has
one row; and each of these people is told of a change by mail where it lies within 48 hours, or was invited by mail before (F25), once for
each session.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.base import Document
from data.bookings import take
from data.calendars import parts, touch
from data.groups import Group
from data.outbox import About
from data.people import Mentor
from data.programs import Term
from data.sessions import Session, State
from data.telling import News, tell
from scheduler.circle import Circle, Look, looks_of

NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is done, to whom (as the audit calls them), by whom, when and why; `ids` are theirs."""

    what: str
    whom: str
    by: str
    now: dt.datetime
    reason: str = ""
    ids: Mapping[str, UUID] = field(default_factory=dict)
    details: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Altered:
    """A session, as it looked before, None where it is new, and as it looks now."""

    session: Session
    before: Look | None
    after: Look

    @property
    def before_persons(self) -> frozenset[UUID]:
        """Who took part: nobody where it was cancelled or not there."""
        return self.before.persons if self.before and self.before.state != State.CANCELLED else NOBODY

    @property
    def persons(self) -> frozenset[UUID]:
        """All whose calendars show or showed it."""
        return self.after.persons | (self.before.persons if self.before else NOBODY)

    @property
    def schools(self) -> frozenset[str]:
        """Theirs."""
        members = self.after.members | (self.before.members if self.before else frozenset())
        return frozenset(member.school for member in members)


def ids_of(session: Session) -> dict[str, UUID]:
    """What an event of a session names."""
    return {"session": session.id, "group": session.group_id}


def altered(db: DbSession, circle: Circle, before: Mapping[UUID, Look], sessions: Iterable[Session]) -> list[Altered]:
    """Those of a group's sessions that look other than before, or are new."""
    rows = list(sessions)
    after = looks_of(db, circle, rows)
    return [Altered(one, before.get(one.id), after[one.id]) for one in rows if before.get(one.id) != after[one.id]]


def carry_out(
    db: DbSession, term: Term, deed: Deed, changes: Collection[Altered], *, groups: Iterable[UUID] = (), people: Iterable[UUID] = ()
) -> None:
    """Brings about whatever follows from changes to a term's sessions; `groups` and `people` are concerned besides.

    Raises
    ------
    Clash
        Somebody would be in two sessions at once.
    """
    for one in changes:
        if one.before is not None:
            one.session.sequence += 1
        one.session.changed_at = max(deed.now, one.session.changed_at)
        if one.after.state != State.CANCELLED:
            one.session.cancelled_at = None
        elif one.before is None or one.before.state != State.CANCELLED:
            one.session.cancelled_at = deed.now
    take(db, [one.session.id for one in changes])
    held_in = {one.session.group_id for one in changes}
    touch(
        db,
        term.program_id,
        deed.now,
        people=set(people).union(_mentors(db, held_in), *(one.persons for one in changes)),
        groups={*groups, *held_in},
        schools=set[str]().union(*(one.schools for one in changes)),
    )
    tell(db, [news for one in changes for news in _news(one)], now=deed.now)
    details = {**deed.details, "sessions": len(changes)}
    write_down(db, at=deed.now, by=deed.by, what=deed.what, whom=deed.whom, term=term.id, ids=deed.ids, reason=deed.reason, details=details)
    db.flush()


def _mentors(db: DbSession, groups: Collection[UUID]) -> set[UUID]:
    """The groups' own mentors: they see what a substitute holds, too."""
    asked = select(Mentor.person_id).join(Group, Group.mentor_id == Mentor.id)
    return {person for some in parts(sorted(groups)) for person in db.scalars(asked.where(Group.id.in_(some)))}


def _news(one: Altered) -> list[News]:
    """What a change is for each who took or takes part: a session that is held again is as good as a new one."""
    after_persons = one.after.persons if one.after.state != State.CANCELLED else NOBODY
    was = one.before.starts_at if one.before and one.before.starts_at != one.after.starts_at else None
    gone = About.CANCELLED if one.after.state == State.CANCELLED else About.LEFT
    stay = About.MOVED if was else About.CHANGED
    parted = ((after_persons - one.before_persons, About.ADDED, None), (after_persons & one.before_persons, stay, was))
    told = [part for part in (*parted, (one.before_persons - after_persons, gone, was)) if part[0]]
    # Webhooks hear of what concerns nobody, too.
    return [News(one.session, people, about, before) for people, about, before in told or [(NOBODY, stay, was)]]
