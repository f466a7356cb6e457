"""The people of a round become those of a term: what is new is added, what has changed is changed, who is gone leaves.

Rows are known by their keys (`mentor_id`, `mentee_id`); whom the organisation knows by a key is the same person in every term.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session as DbSession

from data.base import new_id, rows_of
from data.calendars import among, parts
from data.people import CameAs as Role, Mentee, Mentor, PairRow, PeerRow, Person, Request
from data.programs import Program, Term
from data.roster import PERSONAL, policy_document
from matching.columns import MENTEES, MENTORS
from matching.round import Mentee as RoundMentee, Mentor as RoundMentor, Round
from matching.rows import Columns

T = TypeVar("T")

TABLES: Mapping[Role, type[Mentor | Mentee]] = {Role.MENTOR: Mentor, Role.MENTEE: Mentee}
NOT_IN_THE_IMPORT = "not in the import"
"""Why those have left whom an import takes away."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The keys of one table of a term that an import would add, change (with their columns), leave alone and take away, ascending.

    Who had left and would be there again is in `back`, with the first day without them, and not in `new`.
    """

    new: tuple[str, ...] = ()
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    back: Mapping[str, dt.date] = field(default_factory=dict)


def by_key(round: Round) -> dict[Role, dict[str, RoundMentor | RoundMentee]]:
    """The people of a round."""
    return {Role.MENTOR: {one.key: one for one in round.mentors}, Role.MENTEE: {one.key: one for one in round.mentees}}


def person_row(one: RoundMentor | RoundMentee) -> dict[str, Any]:
    """What the row of a mentor or a mentee and their person's hold, and a mentee's requests, as a cell."""
    return _mentor_row(one) if isinstance(one, RoundMentor) else _mentee_row(one)


def _row_of(columns: Columns[Any]) -> Callable[[object], dict[str, Any]]:
    """What makes rows: texts, numbers and days are as they are, and of lists there is the cell."""
    names = ["key" if column.unique else column.name for column in columns.columns]
    held = attrgetter(*(column.field for column in columns.columns))
    lists = [(name, column) for name, column in zip(names, columns.columns, strict=True) if column.kind.write is not str]

    def row(one: object) -> dict[str, Any]:
        made = dict(zip(names, held(one), strict=True))
        for name, column in lists:
            made[name] = column.written(one)
        return made

    return row


_mentor_row, _mentee_row = _row_of(MENTORS), _row_of(MENTEES)


def difference(before: Mapping[str, T], after: Mapping[str, T], row_of: Callable[[T], Mapping[str, Any]]) -> Difference:
    """What is other in one table, by key, before and after; of what is not the same, the rows are compared."""
    changed: dict[str, tuple[str, ...]] = {}
    for key in sorted(key for key in after.keys() & before.keys() if after[key] != before[key]):
        was, is_now = row_of(before[key]), row_of(after[key])
        if names := tuple(sorted(name for name in is_now if is_now[name] != was.get(name))):
            changed[key] = names
    return Difference(
        new=tuple(sorted(after.keys() - before.keys())),
        changed=changed,
        unchanged=tuple(sorted(key for key in after.keys() & before.keys() if key not in changed)),
        gone=tuple(sorted(before.keys() - after.keys())),
    )


def enter(db: DbSession, term: Term, before: Round | None, after: Round, *, on: dt.date) -> dict[Role, Difference]:
    """Makes a term's people and policy those of the round `after`, where they are those of `before` now. Whoever is in neither stays.

    Who is gone has left `on` that day. The name, zone and days of the policy become the term's too.
    """
    program = after.policy.program
    term.name, term.zone, term.first_on = program.name, program.time_zone, program.term_start
    term.last_on, term.policy = program.term_end, policy_document(after.policy)
    were, are = by_key(before) if before else {role: {} for role in Role}, by_key(after)
    found = {role: difference(were[role], are[role], person_row) for role in Role}
    ids = {role: _enter_all(db, term, role, are[role], found[role], on) for role in Role}
    changed = {key for key, names in found[Role.MENTEE].changed.items() if "requests" in names}
    asking = {*found[Role.MENTEE].new, *changed}
    _ask(db, {ids[Role.MENTEE][one.key]: one for one in after.mentees if one.key in asking})
    if before is None or (before.pairs, before.peers) != (after.pairs, after.peers):
        _write_rules(db, term, after, ids)
    return found


def _enter_all(
    db: DbSession,
    term: Term,
    role: Role,
    people: Mapping[str, RoundMentor | RoundMentee],
    found: Difference,
    on: dt.date,
) -> dict[str, UUID]:
    """Enters the mentors or the mentees, and gives the ids of all by key."""
    table = TABLES[role]
    rows = {key: person_row(people[key]) for key in (*found.new, *found.changed)}
    wanted = {*people, *found.gone}
    of_term = select(table.key, table.id, table.person_id).where(table.term_id == term.id)
    known = {key: (row, person) for key, row, person in among(db, of_term, table.key, wanted)}
    new = {key: _named(rows[key], PERSONAL) for key in found.new}
    persons, known_before = _people(db, db.get_one(Program, term.program_id).organisation_id, role, new)
    fresh, back = [], []
    theirs = [name for name in next(iter(rows.values()), ()) if name not in (*PERSONAL, "requests")]
    for key in found.new:
        row = {**_named(rows[key], theirs), "id": new_id(), "term_id": term.id, "person_id": persons[key], "left_on": None, "left_why": ""}
        if key in known:  # they had left, and are there again
            back.append({**row, "id": known[key][0]})
        else:
            fresh.append(row)
            known[key] = (row["id"], persons[key])
    changes = [
        {"id": known[key][0], **_named(rows[key], [name for name in names if name not in (*PERSONAL, "requests")])}
        for key, names in found.changed.items()
    ]
    personal = [
        {"id": known[key][1], **_named(rows[key], [name for name in names if name in PERSONAL])} for key, names in found.changed.items()
    ]
    personal += [{"id": persons[key], **new[key]} for key in found.new if key in known_before]
    if fresh:
        db.execute(insert(rows_of(table)), fresh)
    _update(db, table, [*back, *changes])
    _update(db, Person, personal)
    gone = [{"id": known[key][0], "left_on": on, "left_why": NOT_IN_THE_IMPORT} for key in found.gone]
    _update(db, table, gone)
    return {key: row for key, (row, _) in known.items()}


def _named(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _update(db: DbSession, table: type[Mentor | Mentee | Person], rows: Iterable[dict[str, Any]]) -> None:
    """Changes rows by their ids, those that change the same columns together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if len(row) > 1:
            alike.setdefault(tuple(sorted(row)), []).append(row)
    for some in alike.values():
        db.execute(update(table), some)


def _people(
    db: DbSession, organisation: UUID, role: Role, wanted: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, UUID], Collection[str]]:
    """The persons of these keys, and the keys of those who were known; who was not becomes so, with what is said of them."""
    known: dict[str, UUID] = dict(
        among(db, select(Person.key, Person.id).where(Person.organisation_id == organisation, Person.came_as == role), Person.key, wanted)
    )
    new: list[dict[str, Any]] = [
        {**wanted[key], "id": new_id(), "organisation_id": organisation, "came_as": role, "key": key}
        for key in sorted(wanted.keys() - known.keys())
    ]
    if new:
        db.execute(insert(rows_of(Person)), new)
    return known | {one["key"]: one["id"] for one in new}, known.keys()


def _ask(db: DbSession, mentees: Mapping[UUID, RoundMentee]) -> None:
    """Makes the requests of these mentees what they are now."""
    for some in parts(mentees):
        db.execute(delete(Request).where(Request.mentee_id.in_(some)))
    rows = [
        {"mentee_id": mentee, "subject": request.subject, "priority": request.priority, "place": place}
        for mentee, one in mentees.items()
        for place, request in enumerate(one.requests)
    ]
    if rows:
        db.execute(insert(rows_of(Request)), rows)


def _write_rules(db: DbSession, term: Term, round: Round, ids: Mapping[Role, Mapping[str, UUID]]) -> None:
    """Makes what is said of pairs and peers what the round says."""
    mentors, mentees = ids[Role.MENTOR], ids[Role.MENTEE]
    db.execute(delete(PairRow).where(PairRow.term_id == term.id))
    db.execute(delete(PeerRow).where(PeerRow.term_id == term.id))
    pairs = [
        {
            "id": new_id(),
            "term_id": term.id,
            "place": place,
            "mentor_id": mentors[row.mentor],
            "mentee_id": mentees[row.mentee],
            "subject": row.subject,
            "rule": row.rule,
            "points": row.points,
        }
        for place, row in enumerate(round.pairs)
    ]
    peers = [
        {
            "id": new_id(),
            "term_id": term.id,
            "place": place,
            "mentee_id": mentees[row.mentee],
            "other_id": mentees[row.other],
            "rule": row.rule,
            "points": row.points,
        }
        for place, row in enumerate(round.peers)
    ]
    if pairs:
        db.execute(insert(PairRow), pairs)
    if peers:
        db.execute(insert(PeerRow), peers)
