"""Events: what has happened, in the order in which it did, for whoever follows it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api.v1.door import Call, Routes, Wire
from api.v1.fields import flawed
from api.v1.finding import Key, program_of
from api.v1.noting import note_named
from api.v1.paging import USUAL, Limit, Page
from data.access import Right
from data.event_types import EVENT_TYPES
from data.events import Event, event_of, events_after

routes = Routes("events")

Types = Annotated[
    str,
    Query(
        max_length=4000,
        description=f"Only of these types, with commas between them; all where none is named. There is {', '.join(EVENT_TYPES)}.",
        examples=["session.changed,run.published"],
    ),
]


class EventOut(Wire):
    """One change: what it was done to by its ids, and by the words of the audit (`whom`); what holds now is asked for by these."""

    id: UUID
    program_id: UUID
    type: str = Field(examples=["session.moved"])
    at: dt.datetime
    data: dict[str, Any]


@routes.get("/events", Right.EVENTS_READ)
def list_events(
    call: Call,
    after: Annotated[UUID | None, Query(description="The id of the last event that was read; the oldest are first without it.")] = None,
    types: Types = "",
    program: Annotated[Key | None, Query(description="Only of this program: its id, or `ext:` and its key.")] = None,
    limit: Limit = USUAL,
) -> Page[EventOut]:
    """The events of all programs of the caller, or of one, the oldest first. Whoever has read up to one misses none by asking for those
    after it, whatever was going on meanwhile; events are kept for 90 days, and 404 says that `after` is not kept any more."""
    programs = call.actor.programs(call.right)
    place = event_of(call.db, programs, after).place if after else None
    followed = [program_of(call, program).id] if program is not None else programs
    found = events_after(call.db, followed, place, types_in(types), most=limit + 1)
    here = found[:limit]
    address = call.next_page(str(here[-1].id)) if len(found) > limit else None
    shown = [event_out(one) for one in here]
    note_named(call, programs, shown, "events read")
    return Page(items=shown, next=address)


def event_out(event: Event) -> EventOut:
    """What is told of an event."""
    return EventOut(id=event.id, program_id=event.program_id, type=event.type, at=event.at, data=event.data)


def types_in(text: str) -> list[str]:
    """The types that are written with commas between them.

    Raises
    ------
    Problem
        Some are none: 422.
    """
    types = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [one for one in types if one not in EVENT_TYPES]
    if unknown:
        raise flawed("query:types", f"{unknown[0]!r} is no type of event", "write such as session.changed,run.published")
    return types
