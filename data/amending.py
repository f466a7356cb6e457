"""Some people of a term become what is said of them, and all others stay as they are: what an import does, for those who are named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.calendars import among
from data.entries import NOT_IN_THE_IMPORT, Difference
from data.intake import Changes, changes_for, counted, named, write_changes
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import farthest, part_of, round_of
from data.terms import day_in, term_name
from matching.round import Mentee as RoundMentee, Mentor as RoundMentor, Pair, Peers, Policy, Round


def lock(db: DbSession, term: Term) -> None:
    """Has whoever else would change the people of a term wait until this transaction ends."""
    db.execute(select(Term.id).where(Term.id == term.id).with_for_update(key_share=True))


def said_to_leave(db: DbSession, term: Term, kind: type[Mentor | Mentee], keys: Collection[str], on: dt.date) -> set[str]:
    """Of these people of a term those who have left by a day since somebody said so; whom an import took away is none of them."""
    asked = select(kind.key).where(kind.term_id == term.id, kind.left_on <= on, kind.left_why != NOT_IN_THE_IMPORT)
    return {key for (key,) in among(db, asked, kind.key, keys)}


def put_people(
    db: DbSession,
    term: Term,
    mentors: Sequence[RoundMentor] = (),
    mentees: Sequence[RoundMentee] = (),
    *,
    allow_returns: bool = False,
    by: str,
    now: dt.datetime,
) -> Changes:
    """Makes these people of a term what is given, whoever is not there yet too.

    What is as it was leaves no trace. Who leaves later does so still.

    Raises
    ------
    WouldReturn
        Somebody would be back who was said to leave, and that is not allowed.
    """
    lock(db, term)
    before = _side(db, term, [one.key for one in mentors], [one.key for one in mentees], now)
    after = replace(before, mentors=tuple(mentors), mentees=tuple(mentees))
    changes = changes_for(db, term, before, after)
    if not allow_returns:
        changes.refuse_returns()
    if any(_others(changes.tables[table]) for table in ("mentors", "mentees")):
        write_changes(db, term, before, after, changes, now)
        _write_down(db, term, changes, by=by, now=now)
    return changes


def changes_of_putting(
    db: DbSession, term: Term, mentors: Sequence[RoundMentor], mentees: Sequence[RoundMentee], *, allow_returns: bool, now: dt.datetime
) -> Changes:
    """What `put_people` would change, which it refuses for the same reasons; nothing is changed."""
    before = _side(db, term, [one.key for one in mentors], [one.key for one in mentees], now)
    changes = changes_for(db, term, before, replace(before, mentors=tuple(mentors), mentees=tuple(mentees)))
    if not allow_returns:
        changes.refuse_returns()
    return changes


def take_away(
    db: DbSession,
    term: Term,
    mentors: Collection[str],
    mentees: Collection[str],
    *,
    by: str,
    now: dt.datetime,
    leaving: Callable[[Sequence[str]], None],
) -> None:
    """Takes people out of a term, as an import does in which they are not; `leaving` is told the keys of the mentees while they are there.

    Who has left already has left.
    """
    lock(db, term)
    before = _side(db, term, mentors, mentees, now)
    after = replace(before, mentors=(), mentees=())
    changes = changes_for(db, term, before, after)
    if changes.gone:
        leaving(changes.tables["mentees"].gone)
        write_changes(db, term, before, after, changes, now)
        _write_down(db, term, changes, by=by, now=now)


def set_policy(db: DbSession, term: Term, policy: Policy, *, by: str, now: dt.datetime) -> None:
    """Makes the policy of a term's rounds another, all but its program."""
    lock(db, term)
    before = part_of(db, term, (), (), on=day_in(term, now))
    after = replace(before, policy=replace(policy, program=before.policy.program))
    if before != after:
        changes = changes_for(db, term, before, after)
        write_changes(db, term, before, after, changes, now)
        details = {key: f"{was} -> {now_is}" for key, (was, now_is) in changes.policy.items()}
        write_down(db, at=now, by=by, what="policy changed", whom=f"term {term_name(db, term)}", term=term.id, details=details)
    db.flush()


def set_rules(db: DbSession, term: Term, pairs: Sequence[Pair] | None, peers: Sequence[Peers] | None, *, by: str, now: dt.datetime) -> None:
    """Makes what is said of pairs, of peers, or of both what is given, all of it; of whom it speaks is there."""
    lock(db, term)
    before = round_of(db, term, farthest(term), on=day_in(term, now))
    after = replace(before, pairs=before.pairs if pairs is None else tuple(pairs), peers=before.peers if peers is None else tuple(peers))
    if before != after:
        changes = changes_for(db, term, before, after)
        write_changes(db, term, before, after, changes, now)
        details = {table: dict(counted(changes.tables[table])) for table in ("pairs", "peers")}
        write_down(db, at=now, by=by, what="pairs changed", whom=f"term {term_name(db, term)}", term=term.id, details=details)


def _side(db: DbSession, term: Term, mentors: Collection[str], mentees: Collection[str], now: dt.datetime) -> Round:
    """What these people of a term are now, but for those whom an import took away, be it from tomorrow on."""
    before = part_of(db, term, set(mentors), set(mentees), on=day_in(term, now))
    gone = [
        {key for (key,) in among(db, select(kind.key).where(kind.term_id == term.id, kind.left_why == NOT_IN_THE_IMPORT), kind.key, keys)}
        for kind, keys in ((Mentor, mentors), (Mentee, mentees))
    ]
    return replace(
        before,
        mentors=tuple(one for one in before.mentors if one.key not in gone[0]),
        mentees=tuple(one for one in before.mentees if one.key not in gone[1]),
    )


def _write_down(db: DbSession, term: Term, changes: Changes, *, by: str, now: dt.datetime) -> None:
    """One row: of the only person who is other, or of all who are."""
    tables = {table: changes.tables[table] for table in ("mentors", "mentees")}
    whom, details = f"term {term_name(db, term)}", {table: named(found) for table, found in tables.items() if _others(found)}
    if len(details) == 1 and len(others := [(table, key) for table, found in tables.items() for key in _others(found)]) == 1:
        ((table, key),) = others
        whom = f"{table.removesuffix('s')} {key}"
    write_down(db, at=now, by=by, what="people changed", whom=whom, term=term.id, details=details)


def _others(found: Difference) -> list[str]:
    return [*found.new, *found.changed, *found.gone, *found.back]


