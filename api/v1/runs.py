"""Runs of a round: started, looked at while they are solved, stopped, and what came out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from api.problems import Problem
from api.v1.door import Call, Routes, Wire
from api.v1.fields import PLAIN, flawed
from api.v1.finding import Key, round_of, run_of
from api.v1.noting import words_of
from api.v1.paging import USUAL, After, Limit, Page, paged
from api.v1.progress import EVENTS, LastEvent, gap_of, progress_of, seconds_of
from api.v1.results import (
    ZIP,
    AdviceOut,
    ChangeOut,
    ComparisonOut,
    Kept,
    PlacedGroupOut,
    UnplacedOut,
    advice_page,
    changes_page,
    comparison_page,
    files_of,
    groups_page,
    unplaced_page,
)
from data.access import Right
from data.audit import write_down
from data.programs import Term
from data.rounds import Round, Run, RunState
from data.runs import Asked, ask_to_stop, number_of, queue_for, result_of
from matching.result import Result

routes = Routes("runs")

KEPT = Kept()

MOST_SECONDS = 86_400.0
"""A day: no round takes longer to be solved well."""

Seconds = Annotated[float, Field(gt=0, le=MOST_SECONDS, allow_inf_nan=False)]
LONGEST = Field(default=None, description="Stop after so long.")
EFFORT = Field(default=None, description="Stop after so much work for the round's size; 1 where neither this nor a time is said.")
EXPLAINING = Field(
    default=None, description="Work out advice for at most so long; 0 leaves it out. By default a quarter of the time, at most 60."
)


class Wish(BaseModel):
    """How a round is to be solved; of a query, whose numbers are texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="What chance begins with.")
    time_seconds: Seconds | None = LONGEST
    effort: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = EFFORT
    explain_seconds: Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)] | None = EXPLAINING
    workers: int = Field(default=2, ge=1, le=64, description="Work on so many shards at once.")


class RunIn(Wire, Wish):
    """How a round of a term is to be solved."""

    previous: Annotated[str, Field(max_length=200)] | None = Field(
        default=None,
        description="The run, by its id or `ext:` and key, whose groups are to be repaired: what stays earns points.",
    )


class Solving(Wire):
    """One solving of a round, and how far it is."""

    id: UUID
    state: RunState
    seed: int
    time_seconds: float | None
    effort: float | None
    explain_seconds: float | None
    workers: int
    queued_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    stop_asked: bool
    seconds: float = Field(description="For so long it is being solved, or was.")
    placed: int | None = Field(description="So many requests have a place.")
    score: int | None
    bound: int | None = Field(description="No result has a higher score.")
    gap: float | None = Field(description="(bound - score) / |bound|: so far from the best it is at most.")
    ended_by: str
    problem: str = Field(description="Why there is no result, where there is none.")
    solver: str


class RunOut(Solving):
    """One solving of a round of a term."""

    external_id: str = Field(description="TERM:ROUND.RUN, such as 2027-spring:1.2.")
    round_id: UUID
    number: int
    previous_id: UUID | None
    published_at: dt.datetime | None
    undone_at: dt.datetime | None


@routes.get("/rounds/{round}/runs", Right.ROUNDS_READ)
def list_runs(call: Call, round: Key, state: RunState | None = None, after: After = None, limit: Limit = USUAL) -> Page[RunOut]:
    """The runs of a round."""
    found, term = round_of(call, round)
    asked = select(Run).where(Run.round_id == found.id)
    if state is not None:
        asked = asked.where(Run.state == state)
    return paged(call, asked, [Run.number], lambda rows: [run_out(call, row[0], found, term) for row in rows], after, limit)


@routes.post("/rounds/{round}/runs", Right.ROUNDS_WRITE, 202)
def start_run(call: Call, round: Key, body: RunIn | None = None) -> RunOut:
    """Has a round solved that is closed: a worker begins with it as soon as one is free."""
    found, term = round_of(call, round)
    wish = body or RunIn()
    run = queue_for(call.db, term, found, asked_of(wish, _previous(call, wish)), by=call.by, now=call.now)
    call.made(f"/runs/{run.id}")
    return run_out(call, run, found, term)


@routes.get("/runs/{run}", Right.ROUNDS_READ)
def read_run(call: Call, run: Key) -> RunOut:
    """One run, and how far it is."""
    return shown_run(call, *run_of(call, run))


@routes.get("/runs/{run}/progress", Right.ROUNDS_READ, **EVENTS)
def follow_run(call: Call, run: Key, last_event_id: LastEvent = None) -> Response:
    """How a run goes, as it goes: server-sent events until it has ended."""
    return progress_of(call, run_of(call, run)[0], last_event_id)


@routes.post("/runs/{run}/stop", Right.ROUNDS_WRITE, 202)
def stop_run(call: Call, run: Key) -> RunOut:
    """Asks a run to end with the best it has; one that no worker has begun with ends at once, with nothing."""
    found, term = run_of(call, run)
    call.refuse_stale(lambda: shown_run(call, found, term))
    ask_to_stop(call.db, found, by=call.by, now=call.now)
    return shown_run(call, found, term)


@routes.get("/runs/{run}/groups", Right.ROUNDS_READ, noted=True)
def list_placed_groups(call: Call, run: Key, after: After = None, limit: Limit = USUAL) -> Page[PlacedGroupOut]:
    """The groups that a run has found, which are the term's only when it is published."""
    return _page(call, run, "groups", lambda result: groups_page(call, result, after, limit))


@routes.get("/runs/{run}/unplaced", Right.ROUNDS_READ, noted=True)
def list_unplaced(call: Call, run: Key, after: After = None, limit: Limit = USUAL) -> Page[UnplacedOut]:
    """The requests without a place, each with the reason and what would change it."""
    return _page(call, run, "unplaced", lambda result: unplaced_page(call, result, after, limit))


@routes.get("/runs/{run}/advice", Right.ROUNDS_READ, noted=True)
def list_advice(call: Call, run: Key, after: After = None, limit: Limit = USUAL) -> Page[AdviceOut]:
    """What would place more requests, the best first."""
    return _page(call, run, "advice", lambda result: advice_page(call, result, after, limit))


@routes.get("/runs/{run}/changes", Right.ROUNDS_READ, noted=True)
def list_changes(call: Call, run: Key, after: After = None, limit: Limit = USUAL) -> Page[ChangeOut]:
    """What a repair makes otherwise than it was; of other runs nothing."""
    return _page(call, run, "changes", lambda result: changes_page(call, result, after, limit))


@routes.get("/runs/{run}/files", Right.ROUNDS_READ, noted=True, **ZIP)
def read_files(call: Call, run: Key) -> Response:
    """All of a run's result: the files of its folder as one ZIP."""
    found, term, result = _read(call, run)
    _note(call, found, term, "files", result.mentees)
    return files_of(result_of(call.db, found), "result")


@routes.get("/runs/{run}/comparison", Right.ROUNDS_READ, noted=True)
def compare_runs(
    call: Call,
    run: Key,
    other: Annotated[str, Query(alias="with", max_length=200, pattern=PLAIN, description="The other run: its id, or `ext:` and its key.")],
    after: After = None,
    limit: Limit = USUAL,
) -> ComparisonOut:
    """What is other in another run than in this one, request by request."""
    first, second = _read(call, run), _read(call, other)
    shown = comparison_page(call, first[2], second[2], after, limit)
    for found, term, _ in (first, second):
        _note(call, found, term, "comparison", {one.mentee_external_id for one in shown.items})
    return shown


def _previous(call: Call, wish: RunIn) -> UUID | None:
    """The run that is repaired, where one is named."""
    if not wish.previous:
        return None
    try:
        return run_of(call, wish.previous)[0].id
    except Problem as unknown:
        raise flawed("/previous", unknown.body.detail, unknown.body.mend) from None


def asked_of(wish: Wish, previous: UUID | None) -> Asked:
    """A wish as those who solve know it."""
    return Asked(
        seed=wish.seed,
        seconds=wish.time_seconds,
        effort=wish.effort,
        explain_seconds=wish.explain_seconds,
        workers=wish.workers,
        previous=previous,
    )


def run_out(call: Call, run: Run, round: Round, term: Term) -> RunOut:
    """What is told of a run."""
    return RunOut(
        id=run.id,
        external_id=f"{term.key}:{round.number}.{run.number}",
        round_id=run.round_id,
        number=run.number,
        time_seconds=run.seconds,
        previous_id=run.previous_id,
        published_at=run.published_at,
        undone_at=run.undone_at,
        **standing_of(run, call.now),
    )


def standing_of(run: Run, now: dt.datetime) -> dict[str, Any]:
    """What runs and matches tell alike: how they are solved, and how far they are."""
    alike = ("state", "seed", "effort", "explain_seconds", "workers", "queued_at", "started_at", "ended_at", "stop_asked", "placed")
    more = ("score", "bound", "ended_by", "problem", "solver")
    return {name: getattr(run, name) for name in (*alike, *more)} | {"seconds": seconds_of(run, now), "gap": gap_of(run.score, run.bound)}


def shown_run(call: Call, run: Run, term: Term) -> RunOut:
    """What is told of a run of a term."""
    return run_out(call, run, call.db.get_one(Round, run.round_id), term)


def _page(call: Call, key: str, what: str, shown: Callable[[Result], Page[Any]]) -> Page[Any]:
    """A page of the result of the run that is meant; it is written down who reads it, and of whom it tells."""
    run, term, result = _read(call, key)
    page = shown(result)
    _note(call, run, term, what, result.mentees.intersection(words_of(page.model_dump(mode="json"))))
    return page


def _read(call: Call, key: str) -> tuple[Run, Term, Result]:
    """The run that is meant, its term, and what its result says."""
    run, term = run_of(call, key)
    return run, term, KEPT.read(result_of(call.db, run))


def _note(call: Call, run: Run, term: Term, what: str, mentees: Collection[str]) -> None:
    details = {"what": what, "mentees": sorted(mentees), "path": call.request.url.path}
    write_down(call.db, at=call.now, by=call.by, what="read", whom=f"run {number_of(call.db, run)}", term=term.id, details=details)
