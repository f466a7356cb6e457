"""People of a term are put: one, a part of one, or up to ten thousand in one call, of whom each line has a result of its own."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import select

from api.problems import Flaw, Problem, flaws_of, no_such
from api.v1.asked import media_of
from api.v1.door import Call, Wire
from api.v1.finding import id_or_external, own_key
from api.v1.people_fields import Taken
from data.amending import lock, put_people, said_to_leave
from data.calendars import among
from data.consents import may_be_born, set_birth_days
from data.entries import Difference
from data.intake import WouldReturn
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.terms import day_in

MOST_LINES = 10_000
NDJSON = "application/x-ndjson"

Row = TypeVar("Row", Mentor, Mentee)
Out = TypeVar("Out", bound=Wire)


@dataclass(frozen=True)
class Sort(Generic[Row, Out]):
    """Mentors or mentees: what they are called, where they are kept, how one is sent, read and shown."""

    name: str
    table: type[Row]
    sent: type[Wire]
    line: type[Wire]
    taken: Callable[[Mapping[int, tuple[str, Any]]], Taken[Any]]
    shown: Callable[[Call, Sequence[tuple[Row, Person]]], list[Out]]

    @cached_property
    def lines(self) -> TypeAdapter[list[Any]]:
        """What reads many lines."""
        return TypeAdapter(list[self.line])  # type: ignore[name-defined] # known only when this is made

    @property
    def plural(self) -> str:
        """What many are called."""
        return f"{self.name}s"


class Result(StrEnum):
    """What became of a line."""

    NEW = "new"
    BACK = "back"  # they had left, and are there again
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class LineOut(Wire):
    """What became of one line."""

    line: int = Field(description="Its place, from 1 on.")
    external_id: str | None
    id: UUID | None
    result: Result
    errors: list[Flaw] = Field(description="What is wrong with it, where it was refused.")


class LinesOut(Wire):
    """What became of many lines, counted and one by one."""

    new: int
    back: int
    changed: int
    unchanged: int
    refused: int
    items: list[LineOut]


def put_one(call: Call, sort: Sort[Row, Out], term: Term, key: str, sent: Wire, *, allow_returns: bool) -> Out:
    """Makes somebody what is sent, whether they are there already or not; a key that is an id must be somebody's."""
    lock(call.db, term)
    found = _found(call, sort, term, key)
    if found is None:
        own = own_key(key, sort.name)
        if call.request.headers.get("if-match"):
            raise Problem(412, "changed-since", f"there is no such {sort.name} now", "send no If-Match to make a new one")
    else:
        own = found[0].key
        call.refuse_stale(lambda: sort.shown(call, [found])[0])
    return _put(call, sort, term, own, sent, allow_returns=allow_returns)


def change_one(
    call: Call,
    sort: Sort[Row, Out],
    term: Term,
    row: Row,
    sent: Mapping[str, object],
    current: Callable[[Call, Row], Wire] | None = None,
) -> Out:
    """Makes some fields of somebody what is sent; `current` is what the caller knows of them, all where nothing is said."""
    lock(call.db, term)
    found = _found(call, sort, term, str(row.id))
    assert found is not None  # noqa: S101  they are there, and the term is locked
    now_is = sort.shown(call, [found])[0]
    call.refuse_stale(lambda: current(call, found[0]) if current else now_is)
    if row.left_on is not None and row.left_on <= day_in(term, call.now):
        raise WouldReturn((row.key,))
    whole = {name: value for name, value in now_is if name in sort.sent.model_fields} | dict(sent)
    return _put(call, sort, term, row.key, sort.sent.model_construct(**whole), allow_returns=False)


def put_lines(call: Call, sort: Sort[Row, Out], term: Term, *, allow_returns: bool, atomic: bool) -> LinesOut:
    """Makes all of whom a line speaks what it says. A line that is wrong is refused, and the others are taken, unless all are to be, or
    none."""
    lines = _lines(call)
    keys = {number: _key_of(line) for number, line in lines.items()}
    read, flaws = _sent(sort, lines)
    taken = sort.taken(read)
    flaws |= taken.flaws | _never_born(call, term, read)
    lock(call.db, term)
    if not allow_returns:
        left = said_to_leave(call.db, term, sort.table, {one.key for one in taken.good.values()}, day_in(term, call.now))
        mend = "send allow_returns=true where they are to be back"
        flaws |= {
            number: [Flaw(pointer="/external_id", detail=f"{one.key} left", mend=mend)]
            for number, one in taken.good.items()
            if one.key in left
        }
    if atomic and flaws:
        raise _none_taken(flaws)
    good = {number: one for number, one in taken.good.items() if number not in flaws}
    found = _changes(call, sort, term, list(good.values()), allow_returns=allow_returns)
    born = _born(call, term, {one.key: read[number][1] for number, one in good.items()})
    return _told(call, sort, term, found, born, {number: one.key for number, one in good.items()}, flaws, keys)


def _put(call: Call, sort: Sort[Row, Out], term: Term, key: str, sent: Wire, *, allow_returns: bool) -> Out:
    taken = sort.taken({1: (key, sent)})
    flaws = taken.flaws | _never_born(call, term, {1: (key, sent)})
    if flaws:
        raise Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=flaws[1])
    changes = _changes(call, sort, term, list(taken.good.values()), allow_returns=allow_returns)
    _born(call, term, {taken.good[1].key: sent})
    call.db.expire_all()
    found = _found(call, sort, term, f"ext:{taken.good[1].key}")
    assert found is not None  # noqa: S101  they were put
    if changes.new:
        call.made(f"/terms/{term.id}/{sort.plural}/{found[0].id}")
    return sort.shown(call, [found])[0]


def _changes(call: Call, sort: Sort[Row, Out], term: Term, people: list[Any], *, allow_returns: bool) -> Difference:
    put = {sort.plural: people}
    return put_people(call.db, term, **put, allow_returns=allow_returns, by=call.by, now=call.now).tables[sort.plural]


def _never_born(call: Call, term: Term, sent: Mapping[int, tuple[str, Any]]) -> dict[int, list[Flaw]]:
    """The lines of whom nobody was born on the day that they say."""
    found, today = dict[int, list[Flaw]](), day_in(term, call.now)
    for number, (_, one) in sent.items():
        if (day := getattr(one, "born_on", None)) is not None and not may_be_born(day, today):
            found[number] = [Flaw(pointer="/born_on", detail=f"{day}: nobody of a term was born then", mend="write the day of birth")]
    return found


def _born(call: Call, term: Term, sent: Mapping[str, Any]) -> set[str]:
    """Keeps when people were born, by their keys, where that is said; gives the keys of those of whom it is new."""
    said = {key: one.born_on for key, one in sent.items() if "born_on" in one.model_fields_set}
    return set_birth_days(call.db, term, said, by=call.by, now=call.now)


def _found(call: Call, sort: Sort[Row, Out], term: Term, key: str) -> tuple[Row, Person] | None:
    """Whoever of a term has a key, whom a caller who may change all of it names."""
    given = id_or_external(key)
    if given is None:
        raise no_such(sort.name)
    if isinstance(given, str):
        given = unicodedata.normalize("NFC", given).strip()
        if "\0" in given:
            raise no_such(sort.name)
    table: Any = sort.table
    asked = select(table, Person).join(Person, Person.id == table.person_id).where(table.term_id == term.id)
    row = call.db.execute(asked.where(table.id == given if isinstance(given, UUID) else table.key == given)).first()
    if row is None and isinstance(given, UUID):
        raise no_such(sort.name)
    return (row[0], row[1]) if row else None


def _lines(call: Call) -> dict[int, Any]:
    """The lines of the body, by their places; one that is no JSON is a flaw.

    Raises
    ------
    Problem
        The body holds no list, or more lines than may be.
    """
    given: Any
    if media_of(call.request) == NDJSON:
        given = [_line(text) for text in call.body.split(b"\n") if text.strip()]
    else:
        try:
            given = json.loads(call.body)
        except (ValueError, RecursionError):
            raise Problem(400, "not-json", "the body is no JSON", f"send a list, or a line for each as {NDJSON}") from None
    if not isinstance(given, list):
        flaw = Flaw(pointer="", detail="is no list", mend=f"send a list, or a line for each as {NDJSON}")
        raise Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=[flaw])
    if len(given) > MOST_LINES:
        raise Problem(422, "too-many-lines", f"{len(given):,} lines are too many", f"send at most {MOST_LINES:,} in one call")
    return dict(enumerate(given, start=1))


def _sent(sort: Sort[Any, Any], lines: Mapping[int, Any]) -> tuple[dict[int, tuple[str, Any]], dict[int, list[Flaw]]]:
    """The lines that are of the form that is taken, each with its key, and what is wrong with the others. All at once are read quicker
    than one by one, which is done where any is wrong."""
    sent: list[Any]
    try:
        sent = sort.lines.validate_python(list(lines.values()))
    except ValidationError:
        pass
    else:
        return {number: (one.external_id, one) for number, one in zip(lines, sent, strict=True)}, {}
    read, flaws = dict[int, tuple[str, Any]](), dict[int, list[Flaw]]()
    for number, line in lines.items():
        if isinstance(line, Flaw):
            flaws[number] = [line]
            continue
        try:
            one: Any = sort.line.model_validate(line)
        except ValidationError as error:
            flaws[number] = flaws_of(error.errors(), sort.line)
        else:
            read[number] = (one.external_id, one)
    return read, flaws


def _line(text: bytes) -> Any:  # noqa: ANN401  whatever JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return Flaw(pointer="", detail="is no JSON", mend="write one value in one line")


def _key_of(line: object) -> str | None:
    """The key that a line says, whatever else is wrong with it."""
    key = line.get("external_id") if isinstance(line, dict) else None
    return key if isinstance(key, str) and key.isprintable() else None


def _none_taken(flaws: Mapping[int, Sequence[Flaw]]) -> Problem:
    told = [
        Flaw(pointer=f"/{number - 1}{flaw.pointer}", detail=flaw.detail, mend=flaw.mend)
        for number in sorted(flaws)
        for flaw in flaws[number]
    ]
    return Problem(422, "bad-request", "what was sent is not what this takes", "see the errors; nothing was taken", errors=told)


def _told(  # noqa: PLR0917  all that is known of the lines
    call: Call,
    sort: Sort[Row, Out],
    term: Term,
    found: Difference,
    born: Collection[str],
    good: Mapping[int, str],
    flaws: Mapping[int, list[Flaw]],
    keys: Mapping[int, str | None],
) -> LinesOut:
    table: Any = sort.table
    asked = select(table.key, table.id).where(table.term_id == term.id)
    ids: dict[str, UUID] = dict(among(call.db, asked, table.key, good.values()))
    results = dict.fromkeys([*born, *found.changed], Result.CHANGED) | dict.fromkeys(found.back, Result.BACK)
    results |= dict.fromkeys(found.new, Result.NEW)
    items = []
    for number in sorted(keys):
        if number in flaws:
            items.append(LineOut(line=number, external_id=keys[number], id=None, result=Result.REFUSED, errors=flaws[number]))
        else:
            key = good[number]
            items.append(LineOut(line=number, external_id=key, id=ids[key], result=results.get(key, Result.UNCHANGED), errors=[]))
    counts = Counter(item.result for item in items)
    return LinesOut(
        new=counts[Result.NEW],
        back=counts[Result.BACK],
        changed=counts[Result.CHANGED],
        unchanged=counts[Result.UNCHANGED],
        refused=counts[Result.REFUSED],
        items=items,
    )
