"""What an audience's calendar shows now: sessions become the entries of a feed, in the subscriber's language, with names as the
program's settings allow.

Which sessions these are:

* of a mentor: those they hold. One of their groups' that a substitute is to hold is theirs no more: it stays in their calendar as
  cancelled for as long as cancelled ones do, but not after it is over, and is then dropped.
* of a mentee: those of groups in which they are on the session's day; of a group: its own.
* of a school: those with at least one of its mentees; mentees of other schools are neither counted nor named.
* of a program: all.

A session is shown until its day lies more than the subscriber's `days_back` back; a cancelled one only for the settings'
`cancelled_days` after it was cancelled. Days are those of the term's zone.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, bindparam, or_, select
from sqlalchemy.orm import Session as DbSession

from data.feeds import Audience, Calendar, Subscription
from data.groups import Group, Membership
from data.people import Mentee, Mentor, Person
from data.programs import Program, Term
from data.sessions import Kind, Series, Session, State
from data.settings import Language, Names, Settings, settings_of
from scheduler.feed import Entry, Feed
from scheduler.feed_words import WORDS, given_name
from scheduler.term import instant

DAY = dt.timedelta(days=1)

LOOKED_AT_AGAIN_AFTER = DAY
"""So long what is shown is taken for right at most: then also what nobody has told the calendar of is seen."""

OF_MANY = (Audience.SCHOOL, Audience.PROGRAM)
"""Who sees groups that meet at one time, and has to tell them apart: so do clients that know sessions by what is said of them."""

SESSIONS: Select[*tuple[Any, ...]] = (
    select(
        Session.id,
        Session.group_id,
        Session.starts_at,
        Session.ends_at,
        Session.mentor_id,
        Session.state,
        Session.sequence,
        Session.changed_at,
        Session.cancelled_at,
        Session.makes_up_id,
        Series.kind,
        Group.term_id,
        Group.key,
        Group.subject,
        Group.link,
        Person.name,
    )
    .join(Series, Session.series_id == Series.id)
    .join(Group, Session.group_id == Group.id)
    .join(Mentor, Session.mentor_id == Mentor.id)
    .join(Person, Mentor.person_id == Person.id)
    .order_by(Session.starts_at, Session.id)
)
"""What is told of sessions, in order of time; made once, as is the next: that takes longer than asking."""

MEMBERS = (
    select(Membership.group_id, Person.id, Person.name, Mentee.school, Membership.from_on, Membership.until_on)
    .join(Mentee, Membership.mentee_id == Mentee.id)
    .join(Person, Mentee.person_id == Person.id)
    .order_by(Mentee.key, Membership.from_on)
)

AS_MENTOR = (
    select(Mentor.id, Mentor.term_id, Mentor.left_on, Group.id)
    .join(Group, Group.mentor_id == Mentor.id, isouter=True)
    .where(Mentor.person_id == bindparam("person"))
)
AS_MENTEE = (
    select(Mentee.id, Mentee.term_id, Mentee.left_on, Membership.group_id)
    .join(Membership, Membership.mentee_id == Mentee.id, isouter=True)
    .where(Mentee.person_id == bindparam("person"))
)
"""What a person is in some terms, and each of their groups."""


class HasLeft(Exception):
    """The calendar is of somebody who has left the program."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A feed as it is now, and the moment at which time alone changes it."""

    feed: Feed
    fresh_until: dt.datetime


@dataclass(frozen=True, slots=True)
class _Member:
    """A mentee's time in a group, [from_on, until_on)."""

    person_id: UUID
    name: str
    school: str
    from_on: dt.date
    until_on: dt.date | None

    def is_there(self, on: dt.date) -> bool:
        return self.from_on <= on and (self.until_on is None or on < self.until_on)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose calendar it is, in rows: a mentor's, and all groups of which sessions may be shown; None where all of the program's may.

    `leaves_at` is when they are of the program no more.
    """

    mentors: frozenset[UUID] = frozenset()
    groups: frozenset[UUID] | None = None
    leaves_at: dt.datetime | None = None


def shown(db: DbSession, subscription: Subscription, calendar: Calendar, now: dt.datetime) -> Shown:
    """What one subscriber sees now, in five statements at most, whatever the number of sessions.

    Raises
    ------
    HasLeft
        The calendar is of a mentor or a mentee who is so no more in any term of the program.
    """
    program = db.get_one(Program, calendar.program_id)
    settings = settings_of(program.settings)
    language = Language(subscription.language)
    zones = _zones(db, program.id)
    owner = _owner(db, calendar, zones)
    if owner.leaves_at is not None and owner.leaves_at <= now:
        raise HasLeft
    since = now - (subscription.days_back + 2) * DAY  # early enough for any zone; days are looked at below
    rows = db.execute(_sessions(owner, zones).where(Session.starts_at >= since)).all()
    members = _members(db, owner, rows) if rows else {}
    entries: list[Entry] = []
    changes_at = [now + LOOKED_AT_AGAIN_AFTER]
    if owner.leaves_at is not None:
        changes_at.append(owner.leaves_at)
    for row in rows:
        zone = zones[row.term_id]
        on = row.starts_at.astimezone(ZoneInfo(zone)).date()
        there = [member for member in members.get(row.group_id, ()) if member.is_there(on)]
        if calendar.audience == Audience.SCHOOL:
            there = [member for member in there if member.school == calendar.owner]
        if not _is_theirs(calendar, there):
            continue
        given_away = calendar.audience == Audience.MENTOR and row.mentor_id not in owner.mentors
        cancelled = given_away or row.state == State.CANCELLED
        leaves_at = _midnight(zone, on + (subscription.days_back + 1) * DAY)
        if cancelled:
            leaves_at = min(leaves_at, (row.cancelled_at or row.changed_at) + settings.cancelled_days * DAY)
        if given_away:
            leaves_at = min(leaves_at, row.ends_at)
        if leaves_at > now:
            changes_at.append(leaves_at)
            entries.append(_entry(row, there, settings, language, cancelled=cancelled, of_many=calendar.audience in OF_MANY))
    feed = Feed(
        name=_name(db, program, calendar),
        zone=next(reversed(zones.values()), "UTC"),
        language=language,
        entries=tuple(entries),
        alarms=tuple(subscription.alarms),
    )
    return Shown(feed, min(changes_at))


def _zones(db: DbSession, program: UUID) -> dict[UUID, str]:
    """The zones of a program's terms, in the order in which they begin."""
    asked = select(Term.id, Term.zone).where(Term.program_id == program).order_by(Term.first_on, Term.id)
    return {row.id: row.zone for row in db.execute(asked)}


def _owner(db: DbSession, calendar: Calendar, zones: Mapping[UUID, str]) -> _Owner:
    match calendar.audience:
        case Audience.PROGRAM:
            return _Owner()
        case Audience.GROUP:
            return _Owner(groups=frozenset([UUID(calendar.owner)]))
        case Audience.SCHOOL:
            asked = select(Membership.group_id).join(Mentee).where(Mentee.term_id.in_(zones), Mentee.school == calendar.owner)
            return _Owner(groups=frozenset(db.scalars(asked)))
        case Audience.MENTOR:
            return _person(db, AS_MENTOR, UUID(calendar.owner), zones)
        case Audience.MENTEE:
            return replace(_person(db, AS_MENTEE, UUID(calendar.owner), zones), mentors=frozenset())
    assert_never(calendar.audience)


def _person(db: DbSession, kind: Select[*tuple[Any, ...]], person: UUID, zones: Mapping[UUID, str]) -> _Owner:
    """What a person is in the terms of a program, their groups, and when they are so no more, where that is known."""
    rows = [row for row in db.execute(kind, {"person": person}) if row.term_id in zones]
    if not rows:
        raise HasLeft
    left = [_midnight(zones[row.term_id], row.left_on) for row in rows if row.left_on is not None]
    return _Owner(
        mentors=frozenset(row[0] for row in rows),
        groups=frozenset(row[3] for row in rows if row[3]),
        leaves_at=max(left) if len(left) == len(rows) else None,
    )


def _sessions(owner: _Owner, zones: Mapping[UUID, str]) -> Select[*tuple[Any, ...]]:
    """The sessions that may be shown, with what is told of them, in order of time."""
    asked = SESSIONS.where(Group.term_id.in_(zones))
    if owner.groups is None:
        return asked
    if not owner.mentors:
        return asked.where(Session.group_id.in_(owner.groups))
    return asked.where(or_(Session.mentor_id.in_(owner.mentors), Session.group_id.in_(owner.groups)))


def _members(db: DbSession, owner: _Owner, rows: Sequence[Row[Any]]) -> Mapping[UUID, Sequence[_Member]]:
    """Who is in the groups of these sessions, by group, in the order of their keys."""
    if owner.groups is None:
        terms = {row.term_id for row in rows}
        asked = MEMBERS.where(Mentee.term_id.in_(terms))
    else:
        asked = MEMBERS.where(Membership.group_id.in_({row.group_id for row in rows}))
    found: dict[UUID, list[_Member]] = defaultdict(list)
    for group, person, name, school, from_on, until_on in db.execute(asked):
        found[group].append(_Member(person, name, school, from_on, until_on))
    return found


def _is_theirs(calendar: Calendar, there: Sequence[_Member]) -> bool:
    """Whether a session with these mentees belongs into the calendar."""
    match calendar.audience:
        case Audience.MENTEE:
            return any(str(member.person_id) == calendar.owner for member in there)
        case Audience.SCHOOL:
            return bool(there)
    return True


def _entry(row: Row[Any], there: Sequence[_Member], settings: Settings, language: Language, *, cancelled: bool, of_many: bool) -> Entry:
    words = WORDS[language]
    lines = [words.group.format(row.key)] if of_many else []
    if row.makes_up_id:
        lines.append(words.makes_up)
    if settings.names == Names.GIVEN:
        lines.append(words.mentor.format(row.name))
        lines += [name for name in [", ".join(filter(None, (given_name(member.name) for member in there)))] if name]
    lines.append(words.one_mentee if len(there) == 1 else words.mentees.format(len(there)))
    return Entry(
        uid=f"{row.id}@dure",
        sequence=row.sequence,
        changed_at=row.changed_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        title=title_of(row.kind, row.subject, row.name, settings, language),
        lines=tuple(lines),
        link=row.link or settings.link.format(group=row.key),
        cancelled=cancelled,
    )


def title_of(kind: Kind, subject: str, mentor: str, settings: Settings, language: Language) -> str:
    """What a session is called: of tutoring the settings say it."""
    if kind in WORDS[language].titles:
        return WORDS[language].titles[kind]
    return settings.titles[language].format(subject=settings.subject_in(language, subject), mentor=mentor)


def _name(db: DbSession, program: Program, calendar: Calendar) -> str:
    """The calendar's name, which is copied to other firms: it names no person."""
    name = program.name or program.key
    match calendar.audience:
        case Audience.GROUP:
            group = db.get(Group, UUID(calendar.owner))  # none where what was published is taken back
            return f"{name} · {group.key}" if group else name
        case Audience.SCHOOL:
            return f"{name} · {calendar.owner}"
    return name


@lru_cache(maxsize=4096)
def _midnight(zone: str, on: dt.date) -> dt.datetime:
    return instant(zone, on, 0)
