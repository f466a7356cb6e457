"""How browsers are let in: the cookie by which somebody is signed in, requests that other sites make in their name, and the header fields
that keep pages to themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders

from api.limits import App, Message, Receive, Scope, Send
from api.links import VARIABLE, service_address
from api.security_log import note
from data.passkeys import Site
from data.signed_in import WHOLE

COOKIE, NEAR_COOKIE = "__Host-dure", "dure"
"""The latter for browsers on the machine itself, which reach it without TLS: there no cookie may have the name of the first."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}

POLICY = "; ".join((
    "default-src 'none'",
    *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect", "manifest")),
    *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
))  # fmt: skip
FIELDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TLS_FIELDS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def shown_cookie(request: Request, *, suffix: str = "") -> str | None:
    """What a browser shows to say who is signed in, or what else it was given with a suffix; without TLS that counts on the machine itself
    only."""
    shown = request.cookies.get(COOKIE + suffix)
    return shown or (request.cookies.get(NEAR_COOKIE + suffix) if _is_near(request) else None)


def set_cookie(request: Request, response: Response, token: str, seconds: int = int(WHOLE.total_seconds()), *, suffix: str = "") -> None:
    """Has a browser show a token from now on: with each request to this host, never to scripts, nor with what other sites post."""
    near = _is_near(request)
    cookie = (NEAR_COOKIE if near else COOKIE) + suffix
    response.set_cookie(cookie, token, max_age=seconds, path="/", secure=not near, httponly=True, samesite="lax")


def clear_cookie(request: Request, response: Response, *, suffix: str = "") -> None:
    """Has a browser forget it."""
    set_cookie(request, response, "", 0, suffix=suffix)


def site_of(request: Request, environment: Mapping[str, str] = os.environ) -> Site:
    """Where a browser is: at the address that `DURE_URL` says, else at the one that it asks at."""
    base = service_address(environment) if environment.get(VARIABLE) else f"{request.url.scheme}://{request.url.netloc}"
    parts = urlsplit(base)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def _is_near(request: Request) -> bool:
    return request.url.scheme == "http" and request.url.hostname in LOOPBACK


class OwnSiteOnly:
    """Refuses what a browser sends to change something where a page of another site has it do so: its cookies would come along.

    A browser says of each request from where it is (Fetch Metadata: `Sec-Fetch-Site`), an older one of which origin (RFC 6454). Programs
    that say neither have no cookies of somebody else's, and who shows a token is not known by a cookie.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] not in SAFE and _is_foreign(Headers(raw=scope["headers"])):
            note(Request(scope), "/problems/other-site", 403)
            told = {"type": "/problems/other-site", "title": "Forbidden", "status": 403, "errors": []}
            told |= {"detail": "a page of another site asks for this", "mend": "send a token: Authorization: Bearer ..."}
            await JSONResponse(told, 403, media_type="application/problem+json")(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    if "authorization" in headers:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class SafeHeaders:
    """Adds to each answer the fields that keep pages from what others would do with them, where it has not its own. Feeds are no pages:
    calendar programs read them, and are told the same however they are answered."""

    def __init__(self, app: App) -> None:
        self.app = app
        tls = os.environ.get(VARIABLE, "").startswith("https://")
        self.fields = {**FIELDS, **(TLS_FIELDS if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fields.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sent if scope["type"] == "http" and not scope["path"].startswith("/feeds/") else send)
