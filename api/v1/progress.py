"""How a run or a match goes, as server-sent events: each is a moment of it, numbered so that a broken line is taken up where it broke.

A stream looks at the run's row again and again, and holds no connection to the database between two looks. It says that it is still there
where nothing happens, ends with the run, and else after a while, so that tokens are asked for again: who follows comes back with the
number of the last event (`Last-Event-ID`), and misses nothing. Whoever has heard the end is answered 204: there is nothing to come.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Engine
from starlette.types import Receive, Scope, Send

from api.problems import Problem
from api.v1.door import Call, Wire
from data.database import AWAY, reading
from data.rounds import Run, RunState

ENDED = {RunState.DONE, RunState.FAILED}
END = "end"
MOST_STREAMS = 50
"""So many one caller may have open at once."""
RETRY_MS = 2000
"""So long who follows waits before they come back."""

LastEvent = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100, description="The number of the last event that was heard.")]


class ProgressOut(Wire):
    """How far a run was at a moment; of moments that are told later, `placed` is not known any more."""

    state: RunState
    seconds: float = Field(description="Since it was begun; where a worker was killed, it is begun anew.")
    placed: int | None
    score: int | None
    bound: int | None
    gap: float | None
    ended_by: str
    problem: str


TEXT = {"type": "string"}
EVENT = {"type": "object", "properties": {"id": TEXT, "event": TEXT, "data": TEXT}, "required": ["data"]}
"""One event of a stream, as the document shows it."""

EVENTS: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "Events `progress`, and `end` as the last; the data of each is a ProgressOut.",
            "content": {"text/event-stream": {"schema": EVENT}},
        },
        204: {"description": "The end was heard already."},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a stream looks, after how much silence it says that it is still there, and how long it lasts."""

    look_seconds: float = 0.5
    beat_seconds: float = 15.0
    longest_seconds: float = 600.0


USUAL = Pace()


@dataclass(slots=True)
class Heard:
    """What whoever follows has heard: moments of the run's beginning number `claims`, up to some milliseconds of it."""

    claims: int = -1
    until_ms: int = -1
    state: RunState | None = None


def progress_of(call: Call, run: Run, last_event: str | None) -> Response:
    """The stream of a run, from after the last event that was heard."""
    read = re.fullmatch(rf"(\d{{1,9}})-(\d{{1,15}}|{END})", last_event or "", re.ASCII)
    if read and read[2] == END and int(read[1]) == run.claims and run.state in ENDED:
        return Response(status_code=204)
    heard = Heard(int(read[1]), int(read[2])) if read and read[2] != END else Heard()
    return Stream(call.by, events(call.engine, run.id, heard))


class Streams:
    """How many streams are open, of each caller: each is a connection that is held, and a look at the database again and again."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._open = Counter[str]()

    @contextmanager
    def one_of(self, caller: str) -> Iterator[None]:
        """Counts one while this lasts.

        Raises
        ------
        Problem
            The caller has as many as it may: 429.
        """
        if self._open[caller] >= self._most:
            wait, mend = {"Retry-After": str(RETRY_MS // 1000)}, "close one, or ask for the run itself now and then"
            raise Problem(429, "too-many-requests", f"{self._most} streams are open", mend, headers=wait)
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]


STREAMS = Streams()
"""Those of this process."""


class Stream(StreamingResponse):
    """Events on their way to a caller; it ends when who follows goes away, or the server does."""

    def __init__(self, caller: str, content: AsyncIterator[str], streams: Streams = STREAMS) -> None:
        super().__init__(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self.caller, self.streams = caller, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer."""
        with ExitStack() as open_:
            try:
                open_.enter_context(self.streams.one_of(self.caller))
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
            await super().__call__(scope, receive, send)

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Waits until nobody listens any more."""
        try:
            await super().listen_for_disconnect(receive)
        except asyncio.CancelledError:  # a server that ends cancels what is waited for, and not who waits
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise


async def events(engine: Engine, run: UUID, heard: Heard, pace: Pace = USUAL) -> AsyncIterator[str]:
    """What is sent, event by event."""
    began = said = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n"
    while time.monotonic() < began + pace.longest_seconds:
        with suppress(*AWAY):  # the database may be there again at the next look
            seen = await run_in_threadpool(_look, engine, run)
            if seen is None:
                return
            for event in _news(seen, heard):
                said = time.monotonic()
                yield event
        if heard.state in ENDED:
            return
        if time.monotonic() >= said + pace.beat_seconds:
            said = time.monotonic()
            yield ": still there\n\n"
        await asyncio.sleep(pace.look_seconds)


def gap_of(score: int | None, bound: int | None) -> float | None:
    """How far a score is from its bound, as a share of that."""
    return None if score is None or bound is None else (bound - score) / max(abs(bound), 1)


def seconds_of(run: Run, now: dt.datetime) -> float:
    """For so long a run is being solved, or was."""
    if run.started_at is None or run.state is RunState.QUEUED:
        return 0.0
    return round(max(((run.ended_at or now) - run.started_at).total_seconds(), 0.0), 3)


def _look(engine: Engine, run: UUID) -> Run | None:
    with reading(engine) as db:
        return db.get(Run, run)


def _news(run: Run, heard: Heard) -> Iterator[str]:
    """What whoever follows has not heard yet."""
    if heard.claims != run.claims:
        heard.claims, heard.until_ms = run.claims, -1
    fresh = [(round(seconds * 1000), score, bound) for seconds, score, bound in run.history if round(seconds * 1000) > heard.until_ms]
    for at_ms, score, bound in fresh:
        now_at = run.placed if (at_ms, score, bound) == fresh[-1] and run.state is RunState.RUNNING else None
        heard.until_ms = at_ms
        yield _event(run, f"{run.claims}-{at_ms}", (at_ms / 1000, now_at, score, bound))
    if run.state in ENDED:
        seconds = seconds_of(run, run.ended_at or run.queued_at)
        yield _event(run, f"{run.claims}-{END}", (seconds, run.placed, run.score, run.bound), name=END)
    elif heard.state is not run.state and not fresh:
        yield _event(run, "", (max(heard.until_ms, 0) / 1000, run.placed, run.score, run.bound))
    heard.state = run.state


def _event(run: Run, number: str, at: tuple[float, int | None, int | None, int | None], name: str = "progress") -> str:
    seconds, placed, score, bound = at
    ended = run.state in ENDED and name == END
    told = ProgressOut(
        state=run.state if ended or run.state not in ENDED else RunState.RUNNING,
        seconds=seconds,
        placed=placed,
        score=score,
        bound=bound,
        gap=gap_of(score, bound),
        ended_by=run.ended_by if ended else "",
        problem=run.problem if ended else "",
    )
    return f"{f'id: {number}{chr(10)}' if number else ''}event: {name}\ndata: {told.model_dump_json()}\n\n"
