"""Notes whose data was read: minors' are, with who asked, from where, and what for.

What is of people themselves is noted each time, in the transaction that reads it; what tells of them besides, such as groups and sessions,
which clients look at again and again, is by `api.v1.told`. Changes say by their own rows what was done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from api.v1.call import Told
from api.v1.door import Call, Wire
from api.v1.told import write_reading
from data.calendars import parts
from data.people import Mentee
from data.programs import Term

WORDS = re.compile(r"[0-9A-Za-z_-]+")


def note_reading(call: Call, term: Term, keys: Iterable[str], what: str = "mentees read") -> None:
    """Writes down whose data a request read: those of mentees of a term, by their keys; where it read nobody's, nothing."""
    read = sorted(keys)
    if read:
        write_reading(call.db, call, term, read, what)


def note_told(call: Call, term: UUID, keys: Iterable[str], what: str) -> None:
    """Has it written down of which mentees of a term a request told by the way, where it changed nothing."""
    told = frozenset(keys)
    if told and not call.changes:
        call.told.append(Told(term, told, what))


def note_named(call: Call, programs: Collection[UUID], shown: Iterable[Wire], what: str) -> None:
    """The same of all mentees of some programs who are named in what is shown, by a key or an id, each in the last of their terms."""
    words = {word for one in shown for word in words_of(one.model_dump(mode="json"))}
    last: dict[UUID, tuple[UUID, UUID, str]] = {}
    columns = (Mentee.person_id, Mentee.id, Mentee.term_id, Mentee.key)
    of_these = select(*columns).join(Term, Term.id == Mentee.term_id).where(Term.program_id.in_(programs))
    for some in parts(sorted(words)):
        ids = [given for word in some if (given := _id(word))]
        named = or_(Mentee.key.in_(some), Mentee.id.in_(ids), Mentee.person_id.in_(ids))
        for person, mentee, term, key in call.db.execute(of_these.where(named)):
            last[person] = max(last.get(person, (mentee, term, key)), (mentee, term, key))
    for term in {term for _, term, _ in last.values()}:
        note_told(call, term, [key for _, of, key in last.values() if of == term], what)


def words_of(value: Any) -> Iterable[str]:  # noqa: ANN401  a value of JSON
    """All texts in a value of JSON, whole, without their first word, such as a kind, and each word of them."""
    match value:
        case str():
            yield from (value, value.partition(" ")[2], *WORDS.findall(value))
        case Mapping():
            for name, held in value.items():
                yield from (*words_of(name), *words_of(held))
        case list():
            for held in value:
                yield from words_of(held)


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
