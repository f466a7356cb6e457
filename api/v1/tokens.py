"""Tokens: an API client shows its id and a secret, and gets what it shows with each request (OAuth 2.0, RFC 6749 4.4)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Literal
from urllib.parse import unquote_plus

from anyio import to_thread
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Engine

from api.security_log import note
from api.v1.door import ROOT, Door
from api.v1.limits import Limits
from api.v1.refusals import PROBLEM
from data.access import Right
from data.attempts import network_of
from data.clients import TOKEN_LIVES, NoScopeLeft, UnknownScopes, issue, scopes_in, written
from data.database import transaction

NO_STORE = {"Cache-Control": "no-store"}
FAILURES_A_MINUTE = 60
"""So many wrong secrets one address may show before it is told to wait."""


class TokenOut(BaseModel):
    """A token, and for how many seconds it holds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  its kind
    expires_in: int
    scope: str


class TokenFault(BaseModel):
    """Why there is none (RFC 6749 5.2)."""

    error: str
    error_description: str


def add_tokens(app: FastAPI, door: Door) -> None:
    """Adds the one route that takes no token."""
    failed = Limits(FAILURES_A_MINUTE)

    async def token(
        request: Request,
        grant_type: Annotated[str, Form(description="`client_credentials`, and no other.")] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        scope: Annotated[
            str | None, Form(description="Scopes with spaces between them; all of the client's where nothing is said.")
        ] = None,
    ) -> Response:
        """Gives a token to an API client that shows its secret, by HTTP Basic or in the form."""
        shown = _basic(request.headers.get("authorization", "")) or (client_id, client_secret)
        if not grant_type or request.url.query:
            return _refused(400, "invalid_request", "write grant_type=client_credentials and the rest into the form, not the address")
        if grant_type != "client_credentials":
            return _refused(400, "unsupported_grant_type", "write grant_type=client_credentials")
        try:
            wanted = None if scope is None else scopes_in(scope)
        except UnknownScopes as error:
            return _refused(400, "invalid_scope", str(error))
        now, source = door.clock(), request.client.host if request.client else ""
        try:
            given = await to_thread.run_sync(_issued, door.engine, shown, wanted, now, limiter=door.writers)
        except NoScopeLeft as error:
            return _refused(400, "invalid_scope", str(error))
        if given is None:
            failed.count(network_of(source), now)
            note(request, "token refused", 401)
            return _refused(401, "invalid_client", "the client is not known, or this is no secret of it")
        text, scopes = given
        request.state.who = f"client {shown[0]}"
        door.limits.count(request.state.who, now)
        note(request, "token given", 200)
        answer = TokenOut(access_token=text, expires_in=int(TOKEN_LIVES.total_seconds()), scope=written(scopes))
        return JSONResponse(answer.model_dump(), headers=NO_STORE)

    app.add_api_route(
        f"{ROOT}/tokens",
        token,
        methods=["POST"],
        tags=["tokens"],
        operation_id="get_token",
        response_model=TokenOut,
        responses={
            400: {"model": TokenFault},
            401: {"model": TokenFault},
            403: {**PROBLEM, "description": "A page of another site asks."},
            429: {**PROBLEM, "description": "There were too many wrong secrets, or requests of the client."},
        },
    )


def _issued(
    engine: Engine, shown: tuple[str, str], wanted: frozenset[Right] | None, now: dt.datetime
) -> tuple[str, frozenset[Right]] | None:
    with transaction(engine) as db:
        return issue(db, *shown, wanted, now=now)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(name), unquote_plus(secret)


def _refused(status: int, error: str, description: str) -> JSONResponse:
    headers = {**NO_STORE, "WWW-Authenticate": 'Basic realm="dure"'} if status == 401 else NO_STORE
    return JSONResponse(TokenFault(error=error, error_description=description).model_dump(), status, headers)
