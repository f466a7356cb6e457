"""Matches: the door for platforms that keep their own data. They send a round, follow how it is solved, and fetch what comes out.

Nothing of a match is kept: it goes when its owner takes it away, ten minutes after its result was fetched first, and at the latest a day
after it was asked for. Only who asked for it sees it.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field
from sqlalchemy import select

from api.problems import no_such
from api.v1.asked import media_of
from api.v1.door import Call, Routes
from api.v1.finding import Key, id_or_none
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.progress import EVENTS, LastEvent, progress_of
from api.v1.results import (
    ZIP,
    AdviceOut,
    ChangeOut,
    PlacedGroupOut,
    UnplacedOut,
    advice_page,
    changes_page,
    files_of,
    groups_page,
    read,
    unplaced_page,
)
from api.v1.round_json import round_of_json
from api.v1.round_zip import round_of_zip
from api.v1.runs import Solving, Wish, asked_of, standing_of
from data.access import Right
from data.matches import FETCHED_KEPT_FOR, KEPT_FOR, ask_match, is_over, own_match, take_away, was_fetched
from data.rounds import Match, Run
from data.runs import ask_to_stop, result_of

routes = Routes("matches")

JSON_MEDIA, ZIP_MEDIA = "application/json", "application/zip"
BODY: dict[str, Any] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                JSON_MEDIA: {"schema": {"$ref": "#/components/schemas/MatchIn"}},
                ZIP_MEDIA: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
}


class MatchOut(Solving):
    """One solving of a round that is not kept."""

    kept_until: dt.datetime = Field(description="Nothing of it is there afterwards.")


@routes.post("/match", Right.MATCH, 202, **BODY)
def ask_for_match(call: Call, wish: Annotated[Wish, Query()]) -> MatchOut:
    """Takes a round and has it solved: a worker begins with it as soon as one is free. It is sent as JSON, or as a ZIP of the contract's
    files, with those of a result that is to be repaired in a folder `previous`."""
    round, previous = round_of_json(call.body) if media_of(call.request) == JSON_MEDIA else round_of_zip(call.body)
    run = ask_match(call.db, round, asked_of(wish, None), owner=call.by, now=call.now, previous=previous)
    call.made(f"/matches/{run.id}")
    return _shown(call, run)


@routes.get("/matches", Right.MATCH)
def list_matches(call: Call, after: After = None, limit: Limit = USUAL) -> Page[MatchOut]:
    """The matches of the caller that are there still."""
    asked = select(Match, Run).join(Run, Run.id == Match.id).where(Match.owner == call.by, ~is_over(call.now))
    return paged(call, asked, [Match.id], lambda rows: [_match_out(call, match, run) for match, run in rows], after, limit)


@routes.get("/matches/{match}", Right.MATCH)
def read_match(call: Call, match: Key) -> MatchOut:
    """One of them, and how far it is."""
    return _shown(call, _own(call, match))


@routes.get("/matches/{match}/progress", Right.MATCH, **EVENTS)
def follow_match(call: Call, match: Key, last_event_id: LastEvent = None) -> Response:
    """How a match goes, as it goes: server-sent events until it has ended."""
    return progress_of(call, _own(call, match), last_event_id)


@routes.post("/matches/{match}/stop", Right.MATCH, 202)
def stop_match(call: Call, match: Key) -> MatchOut:
    """Asks a match to end with the best it has; one that no worker has begun with ends at once, with nothing."""
    run = _own(call, match)
    call.refuse_stale(lambda: _shown(call, run))
    ask_to_stop(call.db, run, by=call.by, now=call.now)
    return _shown(call, run)


@routes.delete("/matches/{match}", Right.MATCH)
def take_match_away(call: Call, match: Key) -> None:
    """Removes a match and all that is known of it at once; where it is being solved, that ends."""
    run = _own(call, match)
    call.refuse_stale(lambda: _shown(call, run))
    take_away(call.db, run.id, by=call.by, now=call.now)


@routes.get("/matches/{match}/groups", Right.MATCH, noted=True)
def list_match_groups(call: Call, match: Key, after: After = None, limit: Limit = USUAL) -> Page[PlacedGroupOut]:
    """The groups that were found."""
    return groups_page(call, read(_fetched(call, match)), after, limit)


@routes.get("/matches/{match}/unplaced", Right.MATCH, noted=True)
def list_match_unplaced(call: Call, match: Key, after: After = None, limit: Limit = USUAL) -> Page[UnplacedOut]:
    """The requests without a place, each with the reason and what would change it."""
    return unplaced_page(call, read(_fetched(call, match)), after, limit)


@routes.get("/matches/{match}/advice", Right.MATCH, noted=True)
def list_match_advice(call: Call, match: Key, after: After = None, limit: Limit = USUAL) -> Page[AdviceOut]:
    """What would place more requests, the best first."""
    return advice_page(call, read(_fetched(call, match)), after, limit)


@routes.get("/matches/{match}/changes", Right.MATCH, noted=True)
def list_match_changes(call: Call, match: Key, after: After = None, limit: Limit = USUAL) -> Page[ChangeOut]:
    """What is otherwise than in the result that was to be repaired."""
    return changes_page(call, read(_fetched(call, match)), after, limit)


@routes.get("/matches/{match}/files", Right.MATCH, noted=True, **ZIP)
def read_match_files(call: Call, match: Key) -> Response:
    """All of the result: the files of its folder as one ZIP."""
    return files_of(_fetched(call, match), "result")


def _own(call: Call, key: str) -> Run:
    """The run of a match of the caller's."""
    id = id_or_none(key)  # noqa: A001  what it is
    run = own_match(call.db, call.by, id, call.now) if id else None
    if run is None:
        raise no_such("match")
    return run


def _fetched(call: Call, key: str) -> bytes:
    """The result's folder as a ZIP, which is not kept for long now."""
    run = _own(call, key)
    result = result_of(call.db, run)
    was_fetched(call.db, run.id, call.now)
    return result


def _shown(call: Call, run: Run) -> MatchOut:
    return _match_out(call, call.db.get_one(Match, run.id), run)


def _match_out(call: Call, match: Match, run: Run) -> MatchOut:
    latest = match.asked_at + KEPT_FOR
    kept_until = min(latest, match.fetched_at + FETCHED_KEPT_FOR) if match.fetched_at else latest
    return MatchOut(id=run.id, time_seconds=run.seconds, kept_until=kept_until, **standing_of(run, call.now))
