"""What is answered where something is wrong: problems of RFC 9457, each of a type that stays, with what would mend it.

Errors of the packages below know no status of HTTP: the table here says which they are.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from api.problem_mends import MENDS, POINTERS
from api.security_log import note_answer
from data.access import AccessError, Foreign, NotAllowed
from data.accounts import AccountError, NoMailAddress, NoSuchAccount, WrongPassword
from data.attempts import AttemptError, TooManyAttempts
from data.bookings import BookingError
from data.clients import ClientError, NoSuchClient, NoSuchSecret
from data.closures import LongerThanTheTerm, NoSuchSchool, OutsideTheTerm
from data.consents import ConsentError, NoSuchBirthDay, NotYetGiven
from data.database import AWAY, may_have_crossed
from data.erasing import AlreadyErased
from data.events import NoSuchEvent
from data.factors import FactorError
from data.feeds import FeedError, LinkRevoked, NoSuchSubscription
from data.intake import IntakeProblem
from data.mailed import LinkError
from data.matches import TooManyMatches
from data.new_programs import BadProgramKey
from data.passkeys import NoSuchPasskey, PasskeyError
from data.passwords import PasswordError
from data.program_settings import NoSuchSetting, ProgramProblem
from data.records import BadMinutes, RecordError, WrongMembers
from data.replies import KeyTaken, ReplyError, StillRunning
from data.roles import NoSuchRole, RoleAboveOwn, RoleError, RoleOfWhom
from data.run_problems import RunError
from data.sealing import SealError
from data.settings import BadSettings
from data.signed_in import NoSuchVisit, VisitError
from data.single_sign_on import BadDomain, DepartureIsOver, NoProvider, NotLetIn, SignOnError
from data.terms import (
    BackwardDays,
    BadTermName,
    BadZone,
    TermProblem,
    TooFarAway,
)
from data.texts import BadText
from data.webhooks import Disabled, NoSuchWebhook, NoSuchWebhookSecret, SecretsLimit, WebhookError
from data.wording import why
from matching.faults import BadFiles, Fault, one_line
from scheduler.fetch import FetchError
from scheduler.ics import TimetableError
from scheduler.identity import ProviderAway, ProviderError
from scheduler.refusals import BadLink, BadMeetings, NotASessionName, Refused, Unknown
from scheduler.term import TermError

MEDIA = "application/problem+json"
RETRY_AFTER_SECONDS, MOMENT_SECONDS = 5, 1
MOST_FLAWS = 200
"""So many faults of files are told at most."""

STATUS: dict[type[Exception], HTTPStatus] = {
    AccountError: HTTPStatus.CONFLICT,
    NoMailAddress: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchAccount: HTTPStatus.NOT_FOUND,
    WrongPassword: HTTPStatus.FORBIDDEN,
    AttemptError: HTTPStatus.TOO_MANY_REQUESTS,
    FactorError: HTTPStatus.CONFLICT,
    LinkError: HTTPStatus.CONFLICT,
    PasskeyError: HTTPStatus.CONFLICT,
    NoSuchPasskey: HTTPStatus.NOT_FOUND,
    PasswordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RoleError: HTTPStatus.CONFLICT,
    RoleAboveOwn: HTTPStatus.FORBIDDEN,
    RoleOfWhom: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchRole: HTTPStatus.NOT_FOUND,
    SignOnError: HTTPStatus.CONFLICT,
    BadDomain: HTTPStatus.UNPROCESSABLE_ENTITY,
    DepartureIsOver: HTTPStatus.CONFLICT,
    NoProvider: HTTPStatus.NOT_FOUND,
    NotLetIn: HTTPStatus.FORBIDDEN,
    ProviderError: HTTPStatus.UNAUTHORIZED,
    ProviderAway: HTTPStatus.BAD_GATEWAY,
    SealError: HTTPStatus.SERVICE_UNAVAILABLE,
    VisitError: HTTPStatus.FORBIDDEN,
    NoSuchVisit: HTTPStatus.NOT_FOUND,
    Foreign: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    AccessError: HTTPStatus.FORBIDDEN,
    NoSuchClient: HTTPStatus.NOT_FOUND,
    NoSuchSecret: HTTPStatus.NOT_FOUND,
    ClientError: HTTPStatus.CONFLICT,
    ConsentError: HTTPStatus.CONFLICT,
    NoSuchBirthDay: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotYetGiven: HTTPStatus.UNPROCESSABLE_ENTITY,
    AlreadyErased: HTTPStatus.CONFLICT,
    NoSuchEvent: HTTPStatus.NOT_FOUND,
    NoSuchWebhook: HTTPStatus.NOT_FOUND,
    NoSuchWebhookSecret: HTTPStatus.NOT_FOUND,
    SecretsLimit: HTTPStatus.CONFLICT,
    Disabled: HTTPStatus.CONFLICT,
    WebhookError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchSubscription: HTTPStatus.NOT_FOUND,
    FeedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    KeyTaken: HTTPStatus.UNPROCESSABLE_ENTITY,
    StillRunning: HTTPStatus.CONFLICT,
    ReplyError: HTTPStatus.CONFLICT,
    BadSettings: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadText: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadFiles: HTTPStatus.UNPROCESSABLE_ENTITY,
    IntakeProblem: HTTPStatus.CONFLICT,
    ProgramProblem: HTTPStatus.CONFLICT,
    NoSuchSetting: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadProgramKey: HTTPStatus.UNPROCESSABLE_ENTITY,
    RecordError: HTTPStatus.CONFLICT,
    TooManyMatches: HTTPStatus.TOO_MANY_REQUESTS,
    RunError: HTTPStatus.CONFLICT,
    BookingError: HTTPStatus.CONFLICT,
    Refused: HTTPStatus.CONFLICT,
    Unknown: HTTPStatus.NOT_FOUND,
    NotASessionName: HTTPStatus.NOT_FOUND,
    BadMeetings: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadLink: HTTPStatus.UNPROCESSABLE_ENTITY,
    FetchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TimetableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    WrongMembers: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadMinutes: HTTPStatus.UNPROCESSABLE_ENTITY,
    LinkRevoked: HTTPStatus.CONFLICT,
    TermError: HTTPStatus.UNPROCESSABLE_ENTITY,
    BackwardDays: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadTermName: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadZone: HTTPStatus.UNPROCESSABLE_ENTITY,
    LongerThanTheTerm: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchSchool: HTTPStatus.UNPROCESSABLE_ENTITY,
    OutsideTheTerm: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooFarAway: HTTPStatus.UNPROCESSABLE_ENTITY,
    TermProblem: HTTPStatus.CONFLICT,
}
"""What is answered for an error: the class of it that comes first among its own and its roots counts."""

def _is_none(value: object) -> bool:
    return value is None


class Flaw(BaseModel):
    """One thing that is wrong in what was sent."""

    pointer: str = Field(
        description="Where in the body, as a JSON pointer (RFC 6901); of other parts `query:name`, `path:name`, `header:name`."
    )
    detail: str
    mend: str = Field(description="What would be right.")
    file: str | None = Field(default=None, exclude_if=_is_none, description="Where files were sent: in which of them.")
    line: int | None = Field(
        default=None, exclude_if=_is_none, description="On which of its lines the row starts, the header being 1; of a whole file 0."
    )
    column: str | None = Field(default=None, exclude_if=_is_none, description="In which column, or under which key.")


class ProblemBody(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str = Field(description="Of which kind it is; stays the same.", examples=["/problems/no-such-thing"])
    title: str
    status: int
    detail: str
    mend: str = Field(default="", description="What would be right.")
    errors: list[Flaw] = []


class Problem(Exception):
    """Something is wrong that only the API knows of; `kind` is a name that stays, in small letters with hyphens."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        mend: str = "",
        *,
        errors: Sequence[Flaw] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.body = ProblemBody(
            type=f"/problems/{kind}", title=HTTPStatus(status).phrase, status=status, detail=detail, mend=mend, errors=list(errors)
        )
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.body.model_dump(), self.body.status, self.headers, MEDIA)


def no_such(what: str) -> Problem:
    """There is none of this name; whoever may not see it is told the same."""
    return Problem(404, "no-such-thing", f"there is no such {what}", "look at what you listed before; a key of your own begins with ext:")


def problem_of(error: Exception) -> Problem:
    """What is answered for an error of the packages below."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BadFiles):
        return bad_files(error, lambda _: "")
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    lines = str(error).split("\n")
    detail, _, mend = lines[0].partition("; ")
    mend = MENDS.get(type(error), mend)
    pointer, listed = POINTERS.get(type(error), ""), len(lines) > 1
    told = [line.partition("; ") for line in lines] if listed else [(detail, "", mend)]
    flaws = [Flaw(pointer=pointer, detail=what, mend=then) for what, _, then in told] if listed or STATUS[kind] == 422 else []
    if STATUS[kind] is HTTPStatus.NOT_FOUND:
        return Problem(404, "no-such-thing", detail, mend)
    wait = error.seconds if isinstance(error, TooManyAttempts) else MOMENT_SECONDS if isinstance(error, StillRunning) else None
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Problem(STATUS[kind], name_of(type(error)), detail, mend, errors=flaws, headers=headers)


def name_of(error: type[Exception]) -> str:
    """The name of a problem that an error of a package below is."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()


def bad_files(error: BadFiles, pointer: Callable[[Fault], str]) -> Problem:
    """What is answered for files, or for what stands for them, at the place in the body that `pointer` gives."""
    flaws = [
        Flaw(
            pointer=pointer(fault),
            detail=one_line(fault.problem),
            mend=one_line(fault.mend),
            file=fault.file,
            line=fault.line,
            column=fault.column,
        )
        for fault in error.faults[:MOST_FLAWS]
    ]
    more = len(error.faults) + error.more - len(flaws)
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    return Problem(422, kind, "the files hold what they must not", f"see the errors{f' and {more:,} more' if more else ''}", errors=flaws)


def add_problems(app: FastAPI) -> None:
    """Has the app answer with problems for whatever goes wrong."""

    def told(request: Request, problem: Problem) -> JSONResponse:
        note_answer(request, problem.body.type, problem.body.status)
        problem.headers |= getattr(request.state, "counted", {})
        return problem.response()

    async def known(request: Request, error: Exception) -> JSONResponse:
        return told(request, problem_of(error))

    async def bad_request(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101  it is registered for these
        return told(request, _bad_request(error.errors(), _taken_by(request)))

    async def other(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  it is registered for these
        headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
        return told(request, _other(error, headers))

    async def away(request: Request, _: Exception) -> JSONResponse:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return told(request, Problem(503, "database-away", "the database does not answer", "try again in a moment", headers=headers))

    async def crossed(request: Request, error: Exception) -> JSONResponse:
        if not may_have_crossed(error):
            raise error
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return told(request, Problem(503, "written-at-once", "others wrote the same at that moment", "try again", headers=headers))

    kinds: tuple[type[Exception], ...] = (Problem, *STATUS)
    for kind in kinds:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, bad_request)
    app.add_exception_handler(HTTPException, other)
    for gone in AWAY:
        app.add_exception_handler(gone, away)
    app.add_exception_handler(IntegrityError, crossed)


def _taken_by(request: Request) -> object:
    """The type of the body that an operation takes; None where it takes none."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return field.field_info.annotation if field else None


def _bad_request(faults: Iterable[Any], body: object) -> Problem:
    listed = list(faults)
    if any(fault["type"] == "json_invalid" for fault in listed):
        return Problem(400, "not-json", "the body is no JSON", "send what the documentation shows")
    flaws = [_flaw(fault, fault["loc"], body) for fault in listed]
    return Problem(422, "bad-request", "what was sent is not what this takes", "see the errors", errors=flaws)


def flaws_of(faults: Iterable[Any], model: type[BaseModel]) -> list[Flaw]:
    """What the library finds wrong with a value of a model, each at its place in that."""
    return [_flaw(fault, ("body", *fault["loc"]), model) for fault in faults]


def _flaw(fault: Any, place: Sequence[str | int], body: object) -> Flaw:  # noqa: ANN401  the library's own type is of no module
    detail, _, mend = why(fault, known=_names_at(body, place[1:-1]) if place[0] == "body" else ()).partition("; ")
    if place[0] == "query" and fault["type"].startswith("datetime") and " " in str(fault["input"]):
        mend = "in an address write %2B for the plus, such as 2027-03-02T19:00:00%2B09:00"
    return Flaw(pointer=_pointer(place), detail=detail, mend=mend)


def _names_at(kind: object, place: Sequence[str | int]) -> set[str]:
    """The names that an object may have at a place in a value of some type."""
    kinds = [kind]
    for part in place:
        if isinstance(part, str):
            kinds = [model.model_fields[part].annotation for one in kinds for model in _models_in(one) if part in model.model_fields]
    return {name for one in kinds for model in _models_in(one) for name in model.model_fields}


def _models_in(kind: object) -> list[type[BaseModel]]:
    """The models that a type names: itself, or those of a list, of a choice."""
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models_in(part)]


def _pointer(place: Sequence[str | int]) -> str:
    root, *inside = place
    if root == "body":
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in inside)
    return f"{root}:{'.'.join(map(str, inside))}"


def _allowed(request: Request) -> str:
    """The methods that an address takes: all routes of it together, where the framework tells those of the first. An address that is
    written out is no other thing's name."""
    routes = [route for route in request.app.routes if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE]
    names = min((len(route.param_convertors) for route in routes), default=0)
    taken = {method for route in routes if len(route.param_convertors) == names for method in route.methods or ()}
    return ", ".join(sorted(taken | ({"HEAD"} if "GET" in taken else set())))


def _other(error: HTTPException, headers: Mapping[str, str]) -> Problem:
    names = {404: "no-such-thing", 405: "no-such-method"}
    mends = {404: "look in /docs for what there is", 405: "take one of the methods that Allow names"}
    said = {**(error.headers or {}), **headers}
    name, mend = names.get(error.status_code, "refused"), mends.get(error.status_code, "look in /docs for what this takes")
    return Problem(error.status_code, name, str(error.detail), mend, headers=said)
