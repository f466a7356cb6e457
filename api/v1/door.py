"""How an operation of the API is done: who asks, whether they may, once for each key, in one transaction, and answered after it.

A room declares its operations with `Routes`; each names the right that it takes, so that there is none without a rule. What the
operation does is a plain function of a `Call` and of what the request says.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Annotated, Any, TypeVar, get_type_hints
from urllib.parse import unquote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.orm import Session as DbSession
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from api.access import shown_cookie
from api.feeds import Clock
from api.problems import Problem, ProblemBody
from api.v1.asked import FIELDS, PART, BadRequest, WrongMedia, fields_asked, part_of, queries_of, refuse_body, refuse_media, refuse_unknown
from api.v1.call import ROOT, SAFE, Call, etag_of, tags_of
from api.v1.limits import Limits
from api.v1.refusals import PROBLEM, responses_of
from api.v1.running import Running
from api.v1.told import Telling
from api.v1.whose import refuse_without
from api.v1.wire import Wire
from data.access import Actor, Right
from data.clients import actor_of_token
from data.database import reading, transaction
from data.replies import Answer, Retriable, earlier, keep
from data.signed_in import NOTED_EVERY, Visit, actor_of_visit, note_visit, visit_of

LONGEST_KEY = 255
READERS, WRITERS = 8, 4
"""So many requests read, and write, at once: more threads would take the interpreter from each other. Who writes may wait for others who
do, and keeps nobody from reading."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its place, the right that it takes, and what it does; without a right it is about the caller alone."""

    method: str
    path: str
    right: Right | None
    function: Callable[..., Any]
    status: int
    tag: str
    noted: bool
    docs: Mapping[str, Any]
    answers: type | None
    """The wire model of its answer; none where there is nothing to say, or no JSON."""

    @property
    def reads(self) -> bool:
        """Whether it shows something, of which fields may be asked for."""
        return self.method in SAFE and self.answers is not None

    @property
    def writes(self) -> bool:
        """Whether it changes anything, be it that it is noted what was read."""
        return self.method not in SAFE or self.noted or self.right in OF_MINORS


class Routes:
    """The operations of one room."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.operations: list[Operation] = []

    def get(self, path: str, right: Right | None, *, noted: bool = False, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401  what the framework takes
        """An operation that reads; it may be `noted` what was."""
        return self._add("GET", path, right, 200, docs, noted=noted)

    def post(self, path: str, right: Right | None, status: int = 201, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401
        """One that makes something, or does something."""
        return self._add("POST", path, right, status, docs)

    def put(self, path: str, right: Right | None, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401
        """One that makes or replaces something."""
        return self._add("PUT", path, right, 200, docs)

    def patch(self, path: str, right: Right | None, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401
        """One that changes a part of something."""
        return self._add("PATCH", path, right, 200, docs)

    def delete(self, path: str, right: Right | None, **docs: Any) -> Callable[[F], F]:  # noqa: ANN401
        """One that takes something away."""
        return self._add("DELETE", path, right, 204, docs)

    @cached_property
    def made(self) -> Sequence[BaseRoute]:
        """The operations as the framework has them, made once for all apps."""
        router = APIRouter()
        for operation in self.operations:
            docs = dict(operation.docs)
            router.add_api_route(
                ROOT + operation.path,
                _endpoint(operation),
                methods=[operation.method],
                status_code=operation.status,
                tags=[operation.tag],
                name=operation.function.__name__,
                operation_id=operation.function.__name__,
                response_model=operation.answers,
                responses={**responses_of(operation.method), **docs.pop("responses", {})},
                openapi_extra={**_security(operation.right), **docs.pop("openapi_extra", {})},
                route_class_override=_knocking(operation),
                **docs,
            )
        return router.routes

    def _add(
        self, method: str, path: str, right: Right | None, status: int, docs: Mapping[str, Any], *, noted: bool = False
    ) -> Callable[[F], F]:
        def add(function: F) -> F:
            said: type | None = get_type_hints(function, include_extras=True).get("return")
            empty = said is type(None)
            answers = None if empty or (inspect.isclass(said) and issubclass(said, Response)) else said
            self.operations.append(Operation(method, path, right, function, 204 if empty else status, self.tag, noted, docs, answers))
            return function

        return add


@dataclass(frozen=True, slots=True)
class Door:
    """Through which all operations of an app are done."""

    engine: Engine
    clock: Clock
    limits: Limits
    readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(READERS))
    writers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITERS))
    telling: Telling = field(default_factory=Telling)
    running: Running = field(default_factory=Running)

    def open_for(self, app: FastAPI, *rooms: Routes) -> None:
        """Adds the operations of rooms to the app, of which it is the only door."""
        app.state.door = self
        for room in rooms:
            app.router.routes.extend(room.made)

    def caller(self, db: DbSession, request: Request, now: dt.datetime) -> Actor:
        """Who asks: a client by its token, or else whoever is signed in by a cookie.

        Raises
        ------
        Problem
            They show nothing that holds: 401.
        """
        shown = request.headers.get("authorization")
        if shown is not None:
            scheme, _, token = shown.partition(" ")
            actor = actor_of_token(db, token.strip(), now=now) if scheme.lower() == "bearer" else None
        else:
            visit = self.visit(db, request, now)
            actor = actor_of_visit(db, visit) if visit else None
        if actor is None:
            headers = {"WWW-Authenticate": 'Bearer realm="dure"'}
            raise Problem(401, "not-signed-in", "who asks is not known", "send a token: Authorization: Bearer ...", headers=headers)
        return actor

    def visit(self, db: DbSession, request: Request, now: dt.datetime) -> Visit | None:
        """By what somebody is signed in who sends a cookie; None where that is by nothing."""
        shown = shown_cookie(request)
        visit = visit_of(db, shown, now=now) if shown else None
        request.state.unnoted = visit.id if visit is not None and visit.seen_at <= now - NOTED_EVERY else None
        return visit

    def note(self, request: Request, now: dt.datetime) -> None:
        """Keeps that a visit goes on, where that was not kept of late."""
        unnoted = getattr(request.state, "unnoted", None)
        if unnoted is not None:
            with transaction(self.engine) as db:
                note_visit(db, unnoted, now=now)

    def do(self, operation: Operation, request: Request, key: str | None, given: Mapping[str, Any]) -> Response:
        """Does an operation, with what the request gives it."""
        now = self.clock()
        with (transaction if operation.writes else reading)(self.engine) as db:
            db.info["source"] = request.client.host if request.client else ""
            db.info["reason"] = request.state.reason
            actor = self.caller(db, request, now)
            request.state.who = actor.name
            request.state.counted = counted = self.limits.count(actor.name, now)
            visit = self.visit(db, request, now) if actor.account else None
            call = Call(db, actor, now, operation.right or Right.PROGRAM_READ, request, self.engine, visit)
            if operation.right is not None:
                refuse_without(db, actor, operation.right, request.path_params)
            asked = _retriable(request, actor, key) if key else None
            before = earlier(db, asked, now=now) if asked else None
            done = before or operation.function(call, **given)
            if not before:
                call.refuse_uncompared()
            answer = done if isinstance(done, Answer | StreamingResponse) else _answer(call, operation, done)
            if asked and isinstance(answer, Answer) and not before:
                keep(db, asked, answer, now=now)
        self.note(request, now)
        request.state.untold = call, self.telling.untold(call)
        if isinstance(answer, StreamingResponse):
            answer.headers.update({**counted, "Cache-Control": "no-store"})
            return answer
        replayed = {"Idempotency-Replayed": "true"} if before else {}
        return _said(request, answer, {**counted, **replayed, "Cache-Control": "no-store" if actor.account else "private, no-cache"})

    def knock(self, request: Request, right: Right | None) -> None:
        """Counts a request that is refused for what it says, where whoever asks is known and has the right in some program; else raises
        what they are told of that."""
        now = self.clock()
        with reading(self.engine) as db:
            caller = self.caller(db, request, now)
            request.state.who = caller.name
            request.state.counted = self.limits.count(caller.name, now)
            if right is not None:
                refuse_without(db, caller, right, request.path_params)


def _endpoint(operation: Operation) -> Callable[..., Coroutine[Any, Any, Response]]:
    """What the framework calls, in a thread, with what the request says."""
    function = operation.function

    @wraps(function)
    async def endpoint(request: Request, **given: Any) -> Response:  # noqa: ANN401  as the operation declares it
        door, key = _door_of(request), given.pop("idempotency_key", None)
        request.state.reason = unquote(given.pop("audit_reason", None) or "")
        at_once = door.writers if operation.writes else door.readers
        with door.running.one_of(request, key):
            answer = await to_thread.run_sync(door.do, operation, request, key, given, limiter=at_once)
        call, untold = request.state.untold
        if untold:  # it waits for its turn to write, and others are to read meanwhile
            await to_thread.run_sync(door.telling.keep, door.engine, call, untold, limiter=door.writers)
        return answer

    hints = get_type_hints(function, include_extras=True)
    asked = inspect.signature(function).parameters
    own = [asked[name].replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY) for name in list(asked)[1:]]
    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    extra = [_KEY_PARAMETER, _REASON_PARAMETER] if operation.method not in SAFE else []
    endpoint.__signature__ = inspect.Signature([request, *own, *extra])  # type: ignore[attr-defined] # the framework reads it
    endpoint.__annotations__ = {}
    return endpoint


def _knocking(operation: Operation) -> type[APIRoute]:
    """Routes that look who asks before they complain of what is asked."""

    begins, _, rest = (ROOT + operation.path).partition("{")
    ends = rest.rpartition("}")[2]

    class Knocking(APIRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            # There are so many routes that looking at all their patterns would take longer than many an operation.
            if begins in scope["path"] and scope["path"].endswith(ends):
                return super().matches(scope)
            return Match.NONE, {}

        def get_route_handler(self) -> Callable[[Request], Any]:
            inner = super().get_route_handler()
            extra = (self.openapi_extra or {}).get("requestBody", {}).get("content", {})
            takes = ["application/json"] if self.body_field is not None else list(extra)
            known = queries_of(self.dependant) | ({FIELDS} if operation.reads else set())

            async def handler(request: Request) -> Response:
                body = await request.body()
                try:
                    refuse_unknown(request, known)
                    fields_asked(request, operation.answers)
                    if not takes:
                        refuse_body(body)
                    elif body:
                        refuse_media(request, takes)
                    return await inner(request)
                except (BadRequest, WrongMedia, RequestValidationError):
                    await run_in_threadpool(_door_of(request).knock, request, operation.right)
                    raise

            return handler

    return Knocking


def _door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


OF_MINORS = {Right.PEOPLE_READ, Right.RECORDS_READ, Right.EXPORTS_READ, Right.PRIVACY_READ, Right.CONSENTS_READ}
"""What is read by these is written down in the transaction that reads it; what tells of minors by the way, after it: `api.v1.told`."""


_KEY_PARAMETER = inspect.Parameter(
    "idempotency_key",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=LONGEST_KEY,
            description="A text of your own, new for each request; a retry with it has no second effect.",
        ),
    ],
)


_REASON_PARAMETER = inspect.Parameter(
    "audit_reason",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        Header(
            alias="Audit-Reason",
            max_length=1000,
            pattern="^[ -~]*$",
            description="Why, for the record, as UTF-8 with percent signs (RFC 3986); a `reason` in the body counts more.",
        ),
    ],
)


def _security(right: Right | None) -> dict[str, Any]:
    """What the documentation says of who may."""
    known = {"security": [{"client": [right.value] if right else []}, {"visit": []}]}
    return {**known, "x-right": right.value} if right else known


def _retriable(request: Request, actor: Actor, key: str) -> Retriable:
    asked = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    asked.update(request._body)  # noqa: SLF001  it has been read, and only its coroutine would give it
    home = next(iter(actor.homes)) if len(actor.homes) == 1 else None
    return Retriable(actor.name, key, asked.digest(), home)


def _answer(call: Call, operation: Operation, value: object) -> Answer:
    """What is said of an operation's outcome."""
    if value is None:
        return Answer(204, call.headers, b"")
    if isinstance(value, Response):
        return Answer(value.status_code, {**dict(value.headers), **call.headers}, bytes(value.body))
    assert isinstance(value, BaseModel)  # noqa: S101  operations give nothing else
    body = value.model_dump_json().encode()
    status = 201 if call.created and operation.method == "PUT" else operation.status
    headers = {"ETag": etag_of(body), **call.headers}
    fields = fields_asked(call.request, operation.answers) if operation.reads else ()
    if fields and operation.answers:
        return Answer(status, {"Content-Type": PART, **headers}, part_of(body, fields, operation.answers))
    return Answer(status, {"Content-Type": "application/json", **headers}, body)


def _said(request: Request, answer: Answer, more: Mapping[str, str]) -> Response:
    headers = {**answer.headers, **more}
    seen = request.headers.get("if-none-match")
    if request.method in SAFE and seen and answer.headers.get("ETag") in tags_of(seen):
        return Response(status_code=304, headers={name: value for name, value in headers.items() if name != "Content-Type"})
    return Response(answer.body, answer.status, headers)


__all__ = ["PROBLEM", "ROOT", "Call", "Door", "Operation", "ProblemBody", "Routes", "Wire"]
