"""Lists a page at a time: each goes on after the last thing of the one before, whatever came or went meanwhile."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from api.problems import Flaw, Problem
from api.v1.door import Call, Wire
from data.base import Base

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")

USUAL, MOST = 100, 1000
LARGEST = 2**63 - 1
"""No number in a database is larger."""

After = Annotated[str | None, Query(description="Where the page before ended: what its `next` says.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many things on the page.")]


class Page(Wire, Generic[T]):
    """Some things of a list, and where the others are."""

    items: list[T]
    next: str | None = Field(description="The address of the next page; null on the last.")


def paged(
    call: Call,
    asked: Select[*tuple[Any, ...]],
    keys: Sequence[InstrumentedAttribute[Any]],
    shown: Callable[[Sequence[Any]], list[T]],
    after: str | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> Page[T]:
    """A page of what a statement finds, in the order of `keys`, which are columns of what it selects first, or that it selects; no two rows
    have the same. With `newest_first` it is the other way round.

    Raises
    ------
    Problem
        `after` is of no page: 422.
    """
    if after is not None:
        here_ends = tuple_(*_place(after, keys))
        asked = asked.where(tuple_(*keys) < here_ends if newest_first else tuple_(*keys) > here_ends)
    order = [key.desc() for key in keys] if newest_first else keys
    rows = call.db.execute(asked.order_by(*order).limit(limit + 1)).all()
    here = rows[:limit]
    more = len(rows) > limit
    if not more:
        return Page(items=shown(here), next=None)
    last = here[-1][0] if isinstance(here[-1][0], Base) else here[-1]
    return Page(items=shown(here), next=_next(call, [getattr(last, key.key) for key in keys]))


def cut(call: Call, found: Sequence[V], after: str | None, limit: int) -> tuple[Sequence[V], str | None]:
    """A page of things that never change, and the address of the next.

    Raises
    ------
    Problem
        `after` is of no page: 422.
    """
    begin = 0 if after is None else _number(after)
    end = begin + limit
    return found[begin:end], _next(call, [end]) if end < len(found) else None


def _next(call: Call, values: Sequence[Any]) -> str:
    return call.next_page(_cursor(values))


def _cursor(values: Sequence[Any]) -> str:
    said = [value.isoformat() if isinstance(value, dt.datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def _place(after: str, keys: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        return [_READ[key.type.python_type](value) for key, value in zip(keys, _said(after), strict=True)]
    except (ValueError, TypeError, OverflowError, AttributeError):
        raise _no_page() from None


def _number(after: str) -> int:
    """A place in a list."""
    match _said(after):
        case [str(number)] if number.isascii() and number.isdigit() and len(number) < 10:
            return int(number)
    raise _no_page()


def _said(after: str) -> Any:  # noqa: ANN401  any JSON
    try:
        return json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _no_page() from None


def _no_page() -> Problem:
    flaw = Flaw(pointer="query:after", detail="is of no page", mend="take the address that `next` says")
    return Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=[flaw])


def _instant(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(dt.UTC)


def _text(text: str) -> str:
    text.encode()  # half a sign cannot be written
    if "\0" in text:
        raise ValueError(text)
    return text


def _whole(text: str) -> int:
    if abs(number := int(text)) > LARGEST:
        raise ValueError(text)
    return number


_READ: dict[type, Callable[[Any], Any]] = {UUID: UUID, dt.datetime: _instant, str: _text, int: _whole}
