"""Calendar feeds under their secret links (FEEDS.md F16 to F22).

A feed that has not changed costs one query by an index. No link is ever written to a log: neither here, nor by the server.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import logging
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from api.validators import GZIP, http_date, is_unchanged, takes_gzip
from data.database import reading, transaction
from data.feeds import Link, look_up, note_use, rendered_bytes
from scheduler.calendars import HasLeft
from scheduler.subscriptions import render_anew

Clock = Callable[[], dt.datetime]
"""Tells the instant, aware."""

LOG = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 300

ROBOTS = "User-agent: *\nAllow: /feeds/\nDisallow: /\n"
"""Google reads a feed only where this allows it."""

PRIVATE = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
"""A feed is its subscriber's own: whoever keeps it asks each time whether it is still right."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says besides its link: header fields, None where they are not there."""

    head: bool = False
    if_none_match: str | None = None
    if_modified_since: str | None = None
    accept_encoding: str | None = None

    @property
    def may_have_it(self) -> bool:
        """The client says what it has already."""
        return self.if_none_match is not None or self.if_modified_since is not None


def add_feeds(app: FastAPI, engine: Engine, clock: Clock) -> None:
    """Adds the routes of feeds, and of the file that tells robots that these may be read."""

    async def feed(request: Request) -> Response:
        headers = request.headers
        asked = Asked(
            head=request.method == "HEAD",
            if_none_match=", ".join(headers.getlist("if-none-match")) if "if-none-match" in headers else None,
            if_modified_since=headers.get("if-modified-since"),
            accept_encoding=headers.get("accept-encoding"),
        )
        try:
            return await run_in_threadpool(answer, engine, request.path_params["token"], asked, clock())
        except (DBAPIError, PoolTimeout) as fault:
            LOG.error("a feed could not be made: %s", type(fault).__name__)  # noqa: TRY400  a statement's values are no one's business
            return PlainTextResponse("Try again later.\n", 503, {**PRIVATE, "Retry-After": str(RETRY_AFTER_SECONDS)})

    async def robots(_: Request) -> Response:
        return PlainTextResponse(ROBOTS)

    app.add_route("/feeds/{token}.ics", feed, ["GET", "HEAD"])
    app.add_route("/robots.txt", robots, ["GET", "HEAD"])


def answer(engine: Engine, token: str, asked: Asked, now: dt.datetime) -> Response:
    """What is said to somebody who asks for the feed of a token.

    404 where nobody ever had it; 410 at once where it was revoked or is of somebody who has left, and for no other cause: some clients
    then end a calendar for good.
    """
    with reading(engine) as db:
        link = look_up(db, token, whole=not asked.may_have_it)
    if link is None:
        return PlainTextResponse("There is no such feed.\n", 404, PRIVATE)
    if link.revoked_at is not None:
        return _gone()
    if not link.is_right(now):
        try:
            with transaction(engine) as db:
                link = render_anew(db, link.id, now)
        except HasLeft:
            return _gone()
        if link.revoked_at is not None:  # between the two
            return _gone()
    elif link.use_is_to_be_noted(now):
        with contextlib.suppress(DBAPIError, PoolTimeout), transaction(engine) as db:  # what is right is told, whether or not that is kept
            note_use(db, link.id, now)
    return _told(engine, link, asked)


def _told(engine: Engine, link: Link, asked: Asked) -> Response:
    """The feed that is kept, or only that it has not changed; both with the same headers."""
    assert link.last_modified is not None  # noqa: S101  it has been rendered
    compressed = takes_gzip(asked.accept_encoding)
    headers = {
        **PRIVATE,
        "ETag": f'"{link.etag}{GZIP if compressed else ""}"',
        "Last-Modified": http_date(link.last_modified),
        "Vary": "Accept-Encoding",
    }
    if is_unchanged(link.etag, link.last_modified, asked.if_none_match, asked.if_modified_since):
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = "text/calendar; charset=utf-8"
    headers["Content-Disposition"] = 'inline; filename="dure.ics"'
    kept = link.rendered
    if kept is None:
        with reading(engine) as db:
            kept = rendered_bytes(db, link.id)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    body = kept if compressed else gzip.decompress(kept)
    return Response(b"" if asked.head else body, headers={**headers, "Content-Length": str(len(body))})


def _gone() -> Response:
    return PlainTextResponse("This feed is no longer there.\n", 410, PRIVATE)
