"""Speaks with identity providers (OpenID Connect Core, authorization code flow): where a browser is sent, and who came back.

Authlib makes the requests and judges what is claimed; they go the way of `scheduler.fetch`, to the public internet only and bounded.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from data.single_sign_on import Claims, Trip
from scheduler.fetch import Hosts, NoAddress, NotFetched, body_of, read_address
from scheduler.outside import NotOutside, pinned
from scheduler.patience import aside

HOSTS = "DURE_SSO_HOSTS"
PATIENCE_SECONDS = 15.0
"""For all that is asked of a provider when somebody comes."""

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that the provider alone has."""

SCOPE = "openid email"
LEEWAY_SECONDS = 60
MOST_AGE = dt.timedelta(days=7)
"""So long ago people may have shown the provider who they are; that it is asked for this has it say when."""
HEADERS = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "Dure"}
Document = Mapping[str, Any]
Result = TypeVar("Result")


class ProviderError(Exception):
    """The root of what can be wrong with what a provider says."""


@dataclass(eq=False)
class ProviderAway(ProviderError):
    """The identity provider does not answer as one."""

    host: str
    problem: str

    def __str__(self) -> str:
        return f"the identity provider {self.host} {self.problem}; try again later, or sign in by another way"


@dataclass(eq=False)
class ProviderRefused(ProviderError):
    """The identity provider lets nobody in; `error` is its word for it."""

    error: str

    def __str__(self) -> str:
        return f"the identity provider let nobody in ({self.error}); begin again"


@dataclass(eq=False)
class BadIdentity(ProviderError):
    """What was shown of who signed in does not hold."""

    problem: str

    def __str__(self) -> str:
        return f"what the identity provider says does not hold: {self.problem}; begin again"


@dataclass(frozen=True, slots=True)
class Registered:
    """How the service is known to a provider, to which people come back at `back`; it may lie on machines that are `near`."""

    issuer: str
    client: str
    secret: str
    back: str
    near: Hosts


def near_providers(environment: Mapping[str, str] = os.environ) -> Hosts:
    """The machines of one's own network on which providers may be, also without encryption: `DURE_SSO_HOSTS`, with commas."""
    return frozenset(host.strip().lower() for host in environment.get(HOSTS, "").split(",") if host.strip())


def sent_to(registered: Registered, trip: Trip, *, again: bool = False) -> str:
    """The address to which a browser is sent; `again` where whoever is known there is to show who they are anew.

    Raises
    ------
    ProviderAway
        The provider does not say where that is.
    """

    async def asked() -> str:
        found = await _discovered(registered)
        at = _address(registered, found, "authorization_endpoint")
        return str(
            prepare_grant_uri(
                str(at),
                registered.client,
                "code",
                redirect_uri=registered.back,
                scope=SCOPE,
                state=trip.state,
                nonce=trip.nonce,
                code_challenge=create_s256_code_challenge(trip.verifier),  # type: ignore[no-untyped-call] # its stubs say nothing of it
                code_challenge_method="S256",
                max_age=str(int(MOST_AGE.total_seconds())),
                prompt="login" if again else None,
            )
        )

    return asyncio.run(_in_time(registered, asked))


def who_came(registered: Registered, trip: Trip, code: str, issuer: str | None, *, now: dt.datetime) -> Claims:
    """Who came back with a code; `issuer` is what the address says besides (RFC 9207), None where it says nothing.

    Raises
    ------
    ProviderAway
        The provider does not answer as one.
    ProviderRefused
        It does not take the code.
    BadIdentity
        What it says is not said by it, to this service, now, of this sign-in.
    """

    async def asked() -> Claims:
        found = await _discovered(registered)
        needed = found.get("authorization_response_iss_parameter_supported") is True
        if (issuer is not None or needed) and issuer != registered.issuer:
            raise BadIdentity("another provider sent the browser")
        said = await _redeemed(registered, found, trip, code)
        keys = await _ask(registered, "GET", _address(registered, found, "jwks_uri"))
        claims = _judged(registered, said, keys, trip, now)
        if "email" not in claims and "userinfo_endpoint" in found:
            bearer = {"authorization": f"Bearer {said.get('access_token', '')}"}
            more = await _ask(registered, "GET", _address(registered, found, "userinfo_endpoint"), bearer)
            if more.get("sub") != claims["sub"]:
                raise BadIdentity("it tells of two people")
            claims = {**more, **claims}
        email = str(claims.get("email", "")).strip().lower() if claims.get("email_verified") is True else ""
        return Claims(registered.issuer, str(claims["sub"]), email, _signed_in(claims, now), _is_by_two(claims))

    return asyncio.run(_in_time(registered, asked))


async def _in_time(registered: Registered, work: Callable[[], Awaitable[Result]]) -> Result:
    host = httpx.URL(registered.issuer).host
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await work()
    except TimeoutError:
        raise ProviderAway(host, f"has not answered within {PATIENCE_SECONDS:.0f} seconds") from None


async def _discovered(registered: Registered) -> Document:
    """What a provider says of itself (OpenID Connect Discovery 4.3): that it is this one, too."""
    found = await _ask(registered, "GET", _read(registered, get_well_known_url(registered.issuer, external=True)))
    if found.get("issuer") != registered.issuer:
        raise ProviderAway(httpx.URL(registered.issuer).host, "says that it is another")
    return found


async def _redeemed(registered: Registered, found: Document, trip: Trip, code: str) -> Document:
    """What is given for a code."""
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
    at = _address(registered, found, "token_endpoint")
    body = prepare_token_request("authorization_code", redirect_uri=registered.back, code=code, code_verifier=trip.verifier)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    _, headers, body = ClientAuth(registered.client, registered.secret, method).prepare("POST", str(at), kind, body)  # type: ignore[no-untyped-call] # nor of this
    return await _ask(registered, "POST", at, headers, str(body))


def _judged(registered: Registered, said: Document, keys: Document, trip: Trip, now: dt.datetime) -> dict[str, Any]:
    """What an ID token claims (OpenID Connect Core 3.1.3.7)."""
    try:
        token = jwt.decode(str(said.get("id_token", "")), KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type] # a document of JSON
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"essential": True, "value": registered.issuer}, "aud": {"essential": True, "value": registered.client}},
            {"nonce": trip.nonce, "client_id": registered.client, "access_token": str(said.get("access_token", ""))},
        )
        claims.validate(int(now.timestamp()), LEEWAY_SECONDS)
    except JoseError as error:
        raise BadIdentity(" ".join(str(error).split())[:200]) from None
    except (ValueError, KeyError, TypeError, AttributeError):  # of tokens and keys that are none
        raise BadIdentity("it cannot be read") from None
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise BadIdentity("it names nobody")
    return dict(claims)


def _signed_in(claims: Document, now: dt.datetime) -> dt.datetime | None:
    """When they showed the provider who they are; None where it does not say."""
    said = claims.get("auth_time")
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise BadIdentity("when they signed in is no time")
    if not said <= now.timestamp() + LEEWAY_SECONDS:  # nor is there such a number
        raise BadIdentity("they signed in in the future")
    if said < (now - MOST_AGE).timestamp() - LEEWAY_SECONDS:
        raise BadIdentity(f"they signed in there more than {MOST_AGE.days} days ago, and were not asked again")
    return min(dt.datetime.fromtimestamp(said, dt.UTC), now)


def _is_by_two(claims: Document) -> bool:
    """Whether it says that they showed two factors (RFC 8176)."""
    said = claims.get("amr")
    return isinstance(said, list) and "mfa" in said


def _address(registered: Registered, found: Document, name: str) -> httpx.URL:
    return _read(registered, str(found.get(name, "")))


def _read(registered: Registered, text: str) -> httpx.URL:
    try:
        return read_address(text, registered.near)
    except NoAddress as bad:
        raise ProviderAway(httpx.URL(registered.issuer).host, f"has an address that {bad.problem}") from None


async def _ask(registered: Registered, method: str, at: httpx.URL, headers: Mapping[str, str] | None = None, body: str = "") -> Document:
    """A document of JSON; redirects are not followed."""
    private = at.host in registered.near
    try:
        request = await aside(partial(pinned, method, at, private=private, headers={**HEADERS, **(headers or {})}, content=body))
        request.extensions["timeout"] = httpx.Timeout(PATIENCE_SECONDS).as_dict()
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
            answer = await transport.handle_async_request(request)
            try:
                said = json.loads(await body_of(at.host, answer)) if answer.status_code in {200, 400, 401, 403} else None
            finally:
                await answer.aclose()
    except NotOutside as error:
        raise ProviderAway(at.host, f"cannot be asked: {error}") from None
    except NotFetched as error:
        raise ProviderAway(error.host, error.problem) from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        raise ProviderAway(at.host, "cannot be spoken with") from None
    except (ValueError, RecursionError):
        raise ProviderAway(at.host, "does not answer with JSON") from None
    if not isinstance(said, dict):
        raise ProviderAway(at.host, f"answered {answer.status_code}")
    if answer.status_code != 200:
        raise ProviderRefused(plain(str(said.get("error", answer.status_code))))
    return said


def plain(error: str) -> str:
    """A provider's word for what is wrong, which anybody may have written into an address."""
    return "".join(sign for sign in error if sign.isascii() and (sign.isalnum() or sign in "_-"))[:60] or "unknown"
