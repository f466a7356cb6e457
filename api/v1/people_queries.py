"""What operations on mentors and on mentees have in common: filters, options, and what their bodies are in the documentation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from api.v1.door import Call
from api.v1.fields import PLAIN
from data.people import Mentee, Mentor, Person
from data.programs import Term
from data.terms import day_in

Within = Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="Only who is of this region, or of one within it.")]
Left = Annotated[bool | None, Query(description="Only who has left, or only who has not; all where nothing is said.")]
AllowReturns = Annotated[bool, Query(description="Also where somebody would be back who was said to leave.")]
Atomic = Annotated[bool, Query(description="Take all lines, or none; else those that are right are taken, and each of the others is told.")]


def lies_in(column: InstrumentedAttribute[str], region: str) -> ColumnElement[bool]:
    """That a column's region is this one, or lies within it: regions are paths, widest part first."""
    return or_(column == region, column.startswith(f"{region.rstrip('/')}/", autoescape=True))


def has_left(call: Call, term: Term, table: type[Mentor | Mentee], left: bool) -> ColumnElement[bool]:
    """That somebody has left a term by today, or that they have not."""
    today = day_in(term, call.now)
    return table.left_on <= today if left else or_(table.left_on.is_(None), table.left_on > today)


def person_of(call: Call, row: Mentor | Mentee) -> Person:
    """Who somebody of a term is over the years."""
    return call.db.get_one(Person, row.person_id)


def lines_body(line: type[BaseModel]) -> dict[str, Any]:
    """What the documentation says of a body of many lines."""
    one = {"$ref": f"#/components/schemas/{line.__name__}"}
    content = {
        "application/json": {"schema": {"type": "array", "items": one, "maxItems": 10_000}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "One such value in each line."}},
    }
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def made(answer: type[BaseModel]) -> dict[str, Any]:
    """What the documentation says of a `PUT` that makes what is not there."""
    return {"responses": {201: {"description": "It was made.", "model": answer}}}
