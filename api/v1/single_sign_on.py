"""Signing in with an organisation's identity provider: a browser is sent there, and comes back with who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from api.access import clear_cookie, set_cookie, shown_cookie
from api.links import service_address
from api.problems import MEDIA
from api.v1.door import ROOT, Wire
from api.v1.fields import PLAIN
from data.database import transaction
from data.identities import IdentityProvider
from data.sealing import unseal
from data.signed_in import Shown
from data.single_sign_on import AWAY, DepartureIsOver, Trip, account_of, come_back, depart, provider_of
from scheduler.identity import ProviderRefused, Registered, near_providers, plain, sent_to, who_came

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DbSession

    from api.v1.sign_in import Gate

AWAY_COOKIE = "-away"
"""What the name of the cookie ends in by which a browser is known when it comes back."""

Asked = Annotated[str, Query(max_length=4_000, pattern=PLAIN)]


class OrganisationIn(Wire):
    """With whose provider somebody signs in."""

    organisation: Annotated[str, Field(max_length=200, description="The organisation's key.", examples=["campus"])]
    again: bool = Field(
        False, description="Has the provider ask who it is also where it knows: for what is done only right after signing in."
    )


class SentToOut(Wire):
    """Where the browser is to go."""

    address: str


def add_single_sign_on(gate: Gate) -> None:
    """Adds both routes."""
    engine = gate.door.engine

    @gate.post("/sso", operation_id="begin_single_sign_on", responses=_told(404, 502))
    def begin_single_sign_on(request: Request, response: Response, body: OrganisationIn) -> SentToOut:
        """Gives the address of the organisation's identity provider, to which the browser is to go."""
        now, _ = gate.arrive(request)
        with transaction(engine) as db:
            provider = provider_of(db, body.organisation)
            registered, trip = _registered(db, provider), depart(db, provider, now=now)
        address = sent_to(registered, trip, again=body.again)
        set_cookie(request, response, trip.browser, int(AWAY.total_seconds()), suffix=AWAY_COOKIE)
        response.headers["Cache-Control"] = "no-store"
        return SentToOut(address=address)

    @gate.get("/sso/return", operation_id="end_single_sign_on", status_code=303, response_class=Response, responses=_told(303, 502))
    def end_single_sign_on(request: Request, state: Asked = "", code: Asked = "", iss: Asked | None = None, error: Asked = "") -> Response:
        """Signs in whoever comes back from the provider."""
        now, source = gate.arrive(request)
        trip = Trip(state, shown_cookie(request, suffix=AWAY_COOKIE) or "")
        with transaction(engine) as db:
            sent = come_back(db, trip.state, trip.browser, now=now)
            registered = _registered(db, sent)
        if error or not code:
            raise ProviderRefused(plain(error))
        claims = who_came(registered, trip, code, iss, now=now)
        with transaction(engine) as db:
            db.info["source"] = source
            provider = db.get(IdentityProvider, sent.organisation_id)
            if provider is None or provider.issuer != claims.issuer:
                raise DepartureIsOver
            account = account_of(db, provider, claims, now=now)
            answer = RedirectResponse(f"{service_address()}/", 303, {"Cache-Control": "no-store"})
            shown = Shown(claims.signed_in_at, provider.two_factors or claims.two_factors)
            gate.enter(db, request, answer, account, "single sign-on", shown, now=now)
        clear_cookie(request, answer, suffix=AWAY_COOKIE)
        return answer


def _registered(db: DbSession, provider: IdentityProvider) -> Registered:
    back = f"{service_address()}{ROOT}/auth/sso/return"
    return Registered(provider.issuer, provider.client, unseal(db, provider.secret), back, near_providers())


def _told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What is answered besides what all routes of those answer who are not known yet."""
    texts = {404: "The organisation has no identity provider.", 502: "The identity provider does not answer as one."}
    problem = {"content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
    return {status: {"description": texts[status], **problem} if status in texts else SIGNED_IN for status in statuses}


SIGNED_IN = {"description": "They are signed in, and sent to the first page."}
