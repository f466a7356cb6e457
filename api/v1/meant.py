"""What of a term is meant by keys: groups, sessions, mentors and mentees that the operation's right reaches.

A key is an id, or `ext:` and what people call it. One of a group, a mentor or a mentee is of a term: where several terms of the caller's
have it, it is to be said of which. A session is `ext:GROUP@DAY` to them, with `THH:MM` where its group has several on that day. What a
right does not reach is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from api.problems import Problem, no_such
from api.v1.door import Call
from api.v1.fields import flawed
from api.v1.finding import EXTERNAL, id_or_external, is_called
from data.access import Right, Sight
from data.groups import Group
from data.own import groups_seen, mentees_seen, mentors_seen, sessions_seen
from data.people import Mentee, Mentor
from data.programs import Program, Term
from data.sessions import Session
from scheduler.circle import lock
from scheduler.finding import session_named

T = TypeVar("T")
Row = TypeVar("Row", Group, Mentor, Mentee)


def program_meant(call: Call, key: str) -> Program:
    """A program in which the caller has the right."""
    return only(
        call.db.scalars(select(Program).where(is_called(Program, key), Program.id.in_(call.actor.programs(call.right)))).all(),
        "program",
        key,
    )


def term_meant(call: Call, key: str) -> Term:
    """A term in whose program the caller has the right."""
    found = call.db.scalars(select(Term).where(is_called(Term, key), Term.program_id.in_(call.actor.programs(call.right)))).all()
    return only(found, "term", key)


def readable_term(call: Call, key: str) -> Term:
    """The same, where the caller may read its people, too.

    Raises
    ------
    NotAllowed
        They may not.
    """
    found = term_meant(call, key)
    call.actor.sight(Right.PEOPLE_READ, found.program_id)
    return found


def group_meant(call: Call, key: str, term: str | None = None) -> Group:
    """A group; held where the request may change it."""
    found = _found(call, Group, "group", key, groups_seen, term)
    return lock(call.db, found.id) if call.changes else found


def mentor_meant(call: Call, key: str, term: str) -> Mentor:
    """A mentor of a term."""
    return _found(call, Mentor, "mentor", key, mentors_seen, term)


def mentee_meant(call: Call, key: str, term: str, which: Callable[[Sight], ColumnElement[bool]] = mentees_seen) -> Mentee:
    """A mentee of a term, by default one of all whom the caller sees."""
    return _found(call, Mentee, "mentee", key, which, term)


def session_meant(
    call: Call, key: str, term: str | None = None, which: Callable[[Sight, UUID], ColumnElement[bool]] | None = None
) -> Session:
    """A session, by default one of all that the caller sees; held with its group where the request may change it."""
    session, of = _session(call, key, term)
    sight = call.actor.sight(call.right, of.program_id)
    if not sight.all:
        seen = which(sight, of.program_id) if which else sessions_seen(call.db, sight, of.program_id)
        if call.db.scalars(select(Session.id).where(Session.id == session.id, seen)).first() is None:
            raise no_such("session")
    if call.changes:
        call.kept += of, lock(call.db, session.group_id, session)
    return session


def named_in(call: Call, table: type[Row], term: Term, key: str, pointer: str) -> Row:
    """A row of a term that a body names, wherever the caller may change all of it.

    Raises
    ------
    Problem
        There is none: 422, with its place.
    """
    what = table.__name__.lower()
    found = call.db.scalars(select(table).where(table.term_id == term.id, is_called(table, key))).first()
    if found is None:
        raise flawed(pointer, f"{key!r}: there is no such {what} in the term", "write an id, or ext: and its key")
    return found


def _session(call: Call, key: str, term: str | None) -> tuple[Session, Term]:
    given = id_or_external(key)
    if isinstance(given, str):
        group, _, _ = given.rpartition("@")
        of = call.db.get_one(Term, _found(call, Group, "session", EXTERNAL + group, groups_seen, term).term_id)
        return session_named(call.db, of, given), of
    asked = select(Session, Term).join(Group, Group.id == Session.group_id).join(Term, Term.id == Group.term_id)
    row = call.db.execute(asked.where(Session.id == given, Term.program_id.in_(call.actor.programs(call.right)))).first()
    if row is None:
        raise no_such("session")
    return row[0], row[1]


def _found(call: Call, table: type[Row], what: str, key: str, seen: Callable[[Sight], ColumnElement[bool]], term: str | None) -> Row:
    asked = select(table).join(Term, Term.id == table.term_id).where(is_called(table, key), reached(call, seen))
    if term is not None:
        asked = asked.where(table.term_id == term_meant(call, term).id)
    return only(call.db.scalars(asked.limit(2)).all(), what, key)


def reached(call: Call, seen: Callable[[Sight], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Of rows that are joined to their `Term`: that the operation's right reaches them, in whichever program they are."""
    whole, parts = set[UUID](), []
    for program in call.actor.programs(call.right):
        sight = call.actor.sight(call.right, program)
        if sight.all:
            whole.add(program)
        else:
            parts.append(and_(Term.program_id == program, seen(sight)))
    return or_(Term.program_id.in_(whole), *parts)


def only(found: Sequence[T], what: str, key: str) -> T:
    """The only one that a key means.

    Raises
    ------
    Problem
        There is none: 404; or there are several: 409.
    """
    if not found:
        raise no_such(what)
    if len(found) > 1:
        raise Problem(409, "several", f"several of yours are called {what} {key}", "say of which term, or write its id")
    return found[0]
