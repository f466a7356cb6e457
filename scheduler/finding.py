"""Groups, sessions and people of a term by the names that people type.

A session is its group's key and its day, `g-0001@2026-03-03`, with its time, `g-0001@2026-03-03T19:00`, where the group has several on
that day. They are those of the clock in the term's zone, as they are now. Where the group has none then, a session is found by the day
that it was to be on at first, too, as long as only one is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.groups import Group
from data.people import Mentee, Mentor
from data.programs import Term
from data.sessions import Session, State
from scheduler.circle import Circle, circle_of, sessions_of
from scheduler.refusals import MentorOrMentee, NotASessionName, SeveralHaveMoved, SeveralSessions, Unknown

Row = TypeVar("Row", Group, Mentor, Mentee)


def group_named(db: DbSession, term: Term, key: str) -> Group:
    """The group of a key; raises `Unknown`."""
    return _named(db, Group, "group", term, key)


def group_keys(db: DbSession, term: Term) -> frozenset[str]:
    """The keys of all groups of a term."""
    return frozenset(db.scalars(select(Group.key).where(Group.term_id == term.id)))


def mentor_named(db: DbSession, term: Term, key: str) -> Mentor:
    """The mentor of a key; raises `Unknown`."""
    return _named(db, Mentor, "mentor", term, key)


def mentee_named(db: DbSession, term: Term, key: str) -> Mentee:
    """The mentee of a key; raises `Unknown`."""
    return _named(db, Mentee, "mentee", term, key)


def person_named(db: DbSession, term: Term, key: str, role: str = "") -> Mentor | Mentee:
    """The mentor or the mentee of a key; where there are both, it is to be said which.

    Raises
    ------
    Unknown
        There is neither, or none of the role.
    MentorOrMentee
        There are both.
    """
    if role:
        return mentor_named(db, term, key) if role == "mentor" else mentee_named(db, term, key)
    rows: list[Mentor | Mentee] = list(db.scalars(select(Mentor).where(Mentor.term_id == term.id, Mentor.key == key)))
    rows += db.scalars(select(Mentee).where(Mentee.term_id == term.id, Mentee.key == key))
    if not rows:
        raise Unknown("mentor or mentee", key, _near(db, term, key, Mentor, Mentee))
    if len(rows) > 1:
        raise MentorOrMentee(key)
    return rows[0]


def session_named(db: DbSession, term: Term, name: str) -> Session:
    """The session of a name. Of two at one time, one of which is cancelled, it is the other.

    Raises
    ------
    NotASessionName
        The name is of another form.
    Unknown
        There is no such group or session.
    SeveralSessions, SeveralHaveMoved
        There are several on that day; or none, and several were to be.
    """
    key, _, when = name.rpartition("@")
    on = _time(when[:10], "%Y-%m-%d")
    at = _time(when, "%Y-%m-%dT%H:%M") if len(when) > 10 else None
    if not key or on is None or (at is None and len(when) > 10):
        raise NotASessionName(name)
    circle = circle_of(db, group_named(db, term, key))
    found: dict[str, Session] = {}
    sessions = sessions_of(db, circle.group)
    for session in sessions:
        wall = circle.wall(session.starts_at)
        if wall[:10] == when[:10] and (at is None or wall[11:] == when[11:]) and (wall not in found or session.state != State.CANCELLED):
            found[wall] = session
    if not found:
        return _by_its_first_day(circle, sessions, name, when)
    if len(found) > 1:
        raise SeveralSessions(name, tuple(wall[11:] for wall in sorted(found)))
    return next(iter(found.values()))


def _by_its_first_day(circle: Circle, sessions: Sequence[Session], name: str, when: str) -> Session:
    """The session that was to be on a day, or at a time of it, at first; of several, the only one that is not cancelled."""
    were = [session for session in sessions if circle.wall(session.original_start).replace(" ", "T").startswith(when)]
    found = [session for session in were if session.state != State.CANCELLED] or were
    if not found:
        raise Unknown("session", name)
    if len(found) > 1:
        raise SeveralHaveMoved(name, tuple(circle.name(session) for session in found))
    return found[0]


def _time(text: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, form)  # noqa: DTZ007  it is only looked whether it is one
    except ValueError:
        return None


def _named(db: DbSession, table: type[Row], what: str, term: Term, key: str) -> Row:
    found = db.scalars(select(table).where(table.term_id == term.id, table.key == key)).first()
    if found is None:
        raise Unknown(what, key, _near(db, term, key, table))
    return found


def _near(db: DbSession, term: Term, key: str, *tables: type[Group | Mentor | Mentee]) -> tuple[str, ...]:
    """The keys of a term that are like one that is not there."""
    keys = {there for table in tables for there in db.scalars(select(table.key).where(table.term_id == term.id))}
    return tuple(get_close_matches(key, keys))
