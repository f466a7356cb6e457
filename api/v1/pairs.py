"""What is said of a mentor and a mentee together (pairs) and of two mentees (peers) of a term: read, and said anew as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import Field
from sqlalchemy import select

from api.problems import Flaw, Problem
from api.v1.door import Call, Routes, Wire
from api.v1.finding import Key
from api.v1.meant import term_meant
from api.v1.noting import note_reading
from api.v1.round_json import WIRE, PairIn, PeersIn
from data.access import NotAllowed, Right
from data.amending import set_rules
from data.people import Mentee, Mentor
from data.programs import Term
from data.roster import farthest, round_of
from data.terms import day_in
from matching.columns import pairs, peers
from matching.faults import Faults
from matching.kinds import Known
from matching.round import Pair, PairRule, PeerRule, Peers, Round
from matching.rows import Columns, read_rows

routes = Routes("pairs")

T = TypeVar("T")


class PairsWire(Wire):
    """All that is said of pairs of a term."""

    pairs: list[PairIn] = Field(max_length=100_000)


class PeersWire(Wire):
    """All that is said of peers of a term."""

    peers: list[PeersIn] = Field(max_length=100_000)


@routes.get("/terms/{term}/pairs", Right.PEOPLE_READ)
def read_pairs(call: Call, term: Key) -> PairsWire:
    """What is said of pairs of a term's mentors and mentees."""
    return _pairs(_read(call, term))


@routes.put("/terms/{term}/pairs", Right.PEOPLE_WRITE)
def put_pairs(call: Call, term: Key, body: PairsWire) -> PairsWire:
    """Says anew what is said of pairs; what is left out is said no more."""
    found = term_meant(call, term)
    call.refuse_stale(lambda: _pairs(_round(call, found)))
    columns = pairs(_known(call, found, Mentor), _known(call, found, Mentee))
    set_rules(call.db, found, _taken("pairs", columns, body.pairs), None, by=call.by, now=call.now)
    return _pairs(_round(call, found))


@routes.get("/terms/{term}/peers", Right.PEOPLE_READ)
def read_peers(call: Call, term: Key) -> PeersWire:
    """What is said of two mentees of a term."""
    return _peers(_read(call, term))


@routes.put("/terms/{term}/peers", Right.PEOPLE_WRITE)
def put_peers(call: Call, term: Key, body: PeersWire) -> PeersWire:
    """Says anew what is said of peers; what is left out is said no more."""
    found = term_meant(call, term)
    call.refuse_stale(lambda: _peers(_round(call, found)))
    set_rules(call.db, found, None, _taken("peers", peers(_known(call, found, Mentee)), body.peers), by=call.by, now=call.now)
    return _peers(_round(call, found))


def _read(call: Call, key: str) -> Round:
    """What only those read who see all of a term."""
    found = term_meant(call, key)
    if not call.sight(found.program_id).all:
        raise NotAllowed(call.right)
    round = _round(call, found)
    note_reading(call, found, {pair.mentee for pair in round.pairs} | {one for row in round.peers for one in (row.mentee, row.other)})
    return round


def _round(call: Call, term: Term) -> Round:
    return round_of(call.db, term, farthest(term), on=day_in(term, call.now))


def _known(call: Call, term: Term, table: type[Mentor | Mentee]) -> Known:
    today = day_in(term, call.now)
    there = select(table.key).where(table.term_id == term.id, (table.left_on.is_(None)) | (table.left_on > today))
    name = table.__name__.lower()
    return Known(set(call.db.scalars(there)), f"{name}_id", "the term")


def _taken(table: str, columns: Columns[T], sent: Sequence[Wire]) -> list[T]:
    names, faults = [column.name for column in columns.columns], Faults()
    rows: list[tuple[int, Sequence[object]]] = [(line, _cells(names, dict(one))) for line, one in enumerate(sent)]
    read = read_rows(table, iter([(0, names), *rows]), columns, faults)
    if faults.found:
        flaws = [
            Flaw(pointer=f"/{table}/{one.line}/{WIRE.get(one.column, one.column)}", detail=one.problem, mend=one.mend)
            for one in faults.found
        ]
        raise Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=flaws)
    return read.values


def _cells(names: Sequence[str], sent: Mapping[str, object]) -> list[object]:
    values = (sent[WIRE.get(name, name)] for name in names)
    return ["" if value is None else value for value in values]


def _pairs(round: Round) -> PairsWire:
    return PairsWire.model_construct(pairs=[_pair(row) for row in round.pairs])


def _pair(row: Pair) -> PairIn:
    points = row.points if row.rule is PairRule.POINTS else None
    return PairIn.model_construct(
        mentor_external_id=row.mentor, mentee_external_id=row.mentee, subject=row.subject, rule=row.rule, points=points
    )


def _peers(round: Round) -> PeersWire:
    return PeersWire.model_construct(peers=[_peer(row) for row in round.peers])


def _peer(row: Peers) -> PeersIn:
    points = row.points if row.rule is PeerRule.POINTS else None
    return PeersIn.model_construct(mentee_external_id=row.mentee, other_external_id=row.other, rule=row.rule, points=points)
