"""Sentences for people that another language can say too: what is said, and what stands in its places.

A sentence is its English text, and that is what the tables of a result hold. What each was made from is kept beside them in
sentences.json, one sentence a line, so that a page in another language can be made from the folder alone. A text of the
tables that no line there comes to was written by somebody else, and stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self, TypeAlias

from matching.faults import BadResult, Fault
from matching.result import Result
from matching.week import WEEK_MINUTES, Meetings, Stretch, write_meetings

FILE = "sentences.json"
MEND = "write the result again with dure match"

_PLACE = re.compile(r"%\((\w+)\)s")


class Sentence(str):
    """An English sentence, or a part of one, that knows its `template` and the `values` of its places, which look like `%(mentee)s`.

    Raises
    ------
    ValueError
        A place is there twice, or has no value, or a value has none.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, **values: Value) -> Self:
        """The sentence that a template makes with these values."""
        if sorted(_PLACE.findall(template)) != sorted(values):
            raise ValueError(f"{template!r} has other places than {sorted(values)}")
        self = super().__new__(cls, filled(template, {name: _written(value) for name, value in values.items()}))
        self.template, self.values = template, values
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        return (self.template,), dict(self.values)


Value: TypeAlias = str | int | Stretch | Meetings
"""What stands in a place: a name or another text, which may be a sentence; a number; or a weekly time."""


def filled(template: str, texts: Mapping[str, str]) -> str:
    """A template with these texts in its places."""
    return _PLACE.sub(lambda place: texts[place[1]], template)


def all_of(items: Sequence[Value]) -> Value:
    """One or several things that are all meant: commas between them, and one `and`."""
    first, *rest = items
    if len(rest) > 1:
        return Sentence("%(first)s, %(rest)s", first=first, rest=all_of(rest))
    return Sentence("%(first)s and %(last)s", first=first, last=rest[0]) if rest else first


def in_turn(items: Sequence[Value]) -> Value:
    """One or several things in a list."""
    first, *rest = items
    return Sentence("%(first)s; %(rest)s", first=first, rest=in_turn(rest)) if rest else first


def _written(value: Value) -> str:
    match value:
        case int():
            return f"{value:,}"
        case tuple():
            return write_meetings(value)
    return str(value)


def with_sentences(result: Result, known: Mapping[str, Sentence]) -> Result:
    """A result whose texts are sentences again, as far as they are known."""

    def said(text: str) -> str:
        return known.get(text, text)

    return replace(
        result,
        unplaced=tuple(replace(row, detail=said(row.detail)) for row in result.unplaced),
        advice=tuple(replace(row, sentence=said(row.sentence)) for row in result.advice),
        changes=tuple(replace(row, why=said(row.why)) for row in result.changes),
    )


def write_sentences(result: Result) -> str:
    """The sentences of a result as JSON, each once; nothing where it has none. The same text for the same sentences."""
    texts = (
        *(row.detail for row in result.unplaced),
        *(row.sentence for row in result.advice),
        *(row.why for row in result.changes),
    )
    told = dict.fromkeys(json.dumps(_told(text), ensure_ascii=False) for text in texts if isinstance(text, Sentence))
    return "[\n  {}\n]\n".format(",\n  ".join(told)) if told else ""


def _told(value: Value) -> object:
    match value:
        case Sentence():
            return {"template": value.template, "values": {name: _told(one) for name, one in value.values.items()}}
        case Stretch():
            return {"start": value.start, "end": value.end}
    return value


def read_sentences(text: str) -> dict[str, Sentence]:
    """Reads what `write_sentences` wrote: sentences by their English text.

    Raises
    ------
    BadResult
        The text is something else.
    """
    try:
        found = [_read(told) for told in json.loads(text)]
        return {str(one): one for one in found if isinstance(one, Sentence)}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadResult((Fault(FILE, 0, "", f"holds no sentences ({error!r})", MEND),)) from error


def _read(told: object) -> Value:
    match told:
        case str() | int():
            return told
        case {"template": str(template), "values": dict(values)}:
            return Sentence(template, **{name: _read(value) for name, value in values.items()})
        case {"start": int(start), "end": int(end)}:
            return Stretch(start, end)
        case [*starts]:
            return tuple(_start(one) for one in starts)
    raise TypeError(f"{told!r} stands in no sentence")


def _start(told: object) -> int:
    if not isinstance(told, int) or not 0 <= told < WEEK_MINUTES:
        raise TypeError(f"{told!r} is no start")
    return told
