"""A term's people and policy as a round of `matching`, and back: two forms in which the same is said.

A row of the database holds a mentor or mentee cell by cell as the files of ROUND.md write them; what belongs to the person over the
years (name, gender, e-mail, language) stands in `Person`, and what a mentee asks for in `Request`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session as DbSession

from data.base import Document
from data.calendars import among
from data.people import Mentee, Mentor, PairRow, PeerRow, Person, Request
from data.programs import Term
from matching.columns import MENTEES, MENTORS
from matching.faults import BadRound, Faults
from matching.kinds import REQUESTS
from matching.round import (
    GroupPolicy,
    MemberRegions,
    Mentee as RoundMentee,
    Mentor as RoundMentor,
    MentorPolicy,
    Pair,
    PairRule,
    PeerRule,
    Peers,
    Points,
    Policy,
    Program,
    Request as RoundRequest,
    Round,
)
from matching.rows import Columns, read_rows

PERSONAL = ("name", "gender", "email", "language")
"""What belongs to the person."""

T = TypeVar("T")


def policy_document(policy: Policy) -> Document:
    """What a term keeps of a policy: all but its program."""
    return {"group": asdict(policy.group), "mentor": asdict(policy.mentor), "points": asdict(policy.points)}


def policy_of(term: Term, last_on: dt.date) -> Policy:
    """The policy of a term's rounds; an open-ended term is planned until `last_on`."""
    group = {**term.policy.get("group", {})}
    if "member_regions" in group:
        group["member_regions"] = MemberRegions(group["member_regions"])
    return Policy(
        program=Program(time_zone=term.zone, term_start=term.first_on, term_end=term.last_on or last_on, name=term.name),
        group=GroupPolicy(**group),
        mentor=MentorPolicy(**term.policy.get("mentor", {})),
        points=Points(**term.policy.get("points", {})),
    )


def mentor_cells(mentor: RoundMentor) -> dict[str, str]:
    """A mentor of a round, cell by cell."""
    return {column.name: column.written(mentor) for column in MENTORS.columns}


def mentee_cells(mentee: RoundMentee) -> dict[str, str]:
    """A mentee of a round, cell by cell."""
    return {column.name: column.written(mentee) for column in MENTEES.columns}


def round_of(db: DbSession, term: Term, last_on: dt.date, *, on: dt.date) -> Round:
    """The round that a term's people make, without those who have left by a day; keys are in ascending order.

    Who leaves later is in it as their row says: `until_they_leave` limits them.

    Raises
    ------
    BadRound
        A row holds what no file could bring there.
    """
    mentors = {mentor.id: (mentor, person) for mentor, person in _in_order(db.execute(_people(Mentor, term.id, on)))}
    mentees = {mentee.id: (mentee, person) for mentee, person in _in_order(db.execute(_people(Mentee, term.id, on)))}
    pairs = db.scalars(select(PairRow).where(PairRow.term_id == term.id).order_by(PairRow.place))
    peers = db.scalars(select(PeerRow).where(PeerRow.term_id == term.id).order_by(PeerRow.place))
    return Round(
        policy=policy_of(term, last_on),
        mentors=_read_mentors(mentors.values()),
        mentees=_read_mentees(mentees.values(), requests_of(db, select(Mentee.id).where(Mentee.term_id == term.id))),
        pairs=tuple(
            Pair(
                mentor=mentors[row.mentor_id][0].key,
                mentee=mentees[row.mentee_id][0].key,
                subject=row.subject,
                rule=PairRule(row.rule),
                points=row.points,
            )
            for row in pairs
            if row.mentor_id in mentors and row.mentee_id in mentees
        ),
        peers=tuple(
            Peers(mentee=mentees[row.mentee_id][0].key, other=mentees[row.other_id][0].key, rule=PeerRule(row.rule), points=row.points)
            for row in peers
            if row.mentee_id in mentees and row.other_id in mentees
        ),
    )


def part_of(db: DbSession, term: Term, mentors: Collection[str], mentees: Collection[str], *, on: dt.date) -> Round:
    """Of the round that a term's people of a day make, those of these keys, with nothing that is said of pairs; an open-ended term is
    planned as far as a policy may say."""
    teach = _in_order(among(db, _people(Mentor, term.id, on), Mentor.key, mentors))
    learn = _in_order(among(db, _people(Mentee, term.id, on), Mentee.key, mentees))
    return Round(
        policy=policy_of(term, farthest(term)),
        mentors=_read_mentors(teach),
        mentees=_read_mentees(learn, requests_of(db, [mentee.id for mentee, _ in learn])),
    )


def farthest(term: Term) -> dt.date:
    """The day that is named as the last of an open-ended term: the farthest that a policy may name."""
    return term.first_on + dt.timedelta(days=3 * 365)


def requests_of(db: DbSession, mentees: Select[UUID] | Sequence[UUID]) -> dict[UUID, list[RoundRequest]]:
    """What mentees ask for, by their ids."""
    all_of = select(Request.mentee_id, Request.subject, Request.priority).order_by(Request.mentee_id, Request.place)
    if isinstance(mentees, Select):
        rows: Iterable[Row[UUID, str, int]] = db.execute(all_of.where(Request.mentee_id.in_(mentees)))
    else:
        rows = among(db, all_of, Request.mentee_id, mentees)
    asked: dict[UUID, list[RoundRequest]] = defaultdict(list)
    for mentee, subject, priority in rows:
        asked[mentee].append(RoundRequest(subject, priority))
    return asked


def leaving_days(db: DbSession, term: Term, kind: type[Mentor | Mentee], after: dt.date) -> dict[str, dt.date]:
    """The first days without those of a term who leave after a day, by their keys."""
    leaves = select(kind.key, kind.left_on).where(kind.term_id == term.id, kind.left_on > after)
    return {key: left_on for key, left_on in db.execute(leaves) if left_on is not None}


def last_day(mentor: RoundMentor, left_on: dt.date) -> dt.date:
    """The last day on which a mentor who leaves can be planned with."""
    return min(mentor.available_until or dt.date.max, left_on - dt.timedelta(days=1))


def until_they_leave(db: DbSession, term: Term, round: Round, *, on: dt.date) -> Round:
    """The round of a term's people of a day, in which mentors who leave after it are available until then.

    Mentors who leave before they are available are not in it, nor what is said of pairs with them.
    """
    leaves = leaving_days(db, term, Mentor, on)
    if not leaves:
        return round
    limited = [replace(one, available_until=last_day(one, leaves[one.key])) if one.key in leaves else one for one in round.mentors]
    mentors = tuple(one for one in limited if (one.available_from or dt.date.min) <= (one.available_until or dt.date.max))
    keys = {mentor.key for mentor in mentors}
    return replace(round, mentors=mentors, pairs=tuple(pair for pair in round.pairs if pair.mentor in keys))


def without_people(round: Round, mentors: Collection[str], mentees: Collection[str]) -> Round:
    """The round without these people, and what is said of them."""
    return replace(
        round,
        mentors=tuple(one for one in round.mentors if one.key not in mentors),
        mentees=tuple(one for one in round.mentees if one.key not in mentees),
        pairs=tuple(one for one in round.pairs if one.mentor not in mentors and one.mentee not in mentees),
        peers=tuple(one for one in round.peers if one.mentee not in mentees and one.other not in mentees),
    )


def _read_mentors(rows: Iterable[tuple[Mentor, Person]]) -> tuple[RoundMentor, ...]:
    return _read("mentors", MENTORS, (_cells(MENTORS, mentor, person, "mentor_id", "") for mentor, person in rows))


def _read_mentees(rows: Iterable[tuple[Mentee, Person]], asked: Mapping[UUID, Sequence[RoundRequest]]) -> tuple[RoundMentee, ...]:
    cells = (_cells(MENTEES, one, person, "mentee_id", REQUESTS.write(tuple(asked.get(one.id, ())))) for one, person in rows)
    return _read("mentees", MENTEES, cells)


def _people(kind: type[Mentor | Mentee], term: UUID, on: dt.date) -> Any:  # noqa: ANN401  the type of the statement takes longer to say
    return select(kind, Person).join(Person).where(kind.term_id == term, or_(kind.left_on.is_(None), kind.left_on > on))


def _in_order(rows: Iterable[Any]) -> list[Any]:
    """Rows of somebody and their person by key, in the one order that every database's own way of sorting text may differ from."""
    return sorted(rows, key=lambda row: row[0].key)


def _cells(columns: Columns[T], row: Mentor | Mentee, person: Person, key: str, requests: str) -> list[str]:
    """The cells of a row, in the order of the columns."""
    held: dict[str, Any] = {key: row.key, "requests": requests}
    for column in columns.columns:
        if column.name not in held:
            value = getattr(person if column.name in PERSONAL else row, column.name)
            held[column.name] = "" if value is None else str(value)
    return [held[column.name] for column in columns.columns]


def _read(name: str, columns: Columns[T], rows: Iterator[Sequence[str]]) -> tuple[T, ...]:
    faults = Faults()
    header = (1, [column.name for column in columns.columns])
    read = read_rows(name, iter([header, *((number, list(cells)) for number, cells in enumerate(rows, start=2))]), columns, faults)
    if faults.found:
        raise BadRound(tuple(faults.found))
    return tuple(read.values)
