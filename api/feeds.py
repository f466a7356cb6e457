"""Calendar feeds under their secret links (FEEDS.md F16 to F22).

A feed that has not changed costs one query by an index, which it shares with whoever else polls just then. No link is ever written to
a log: neither here, nor by the server.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from api.limits import Receive, Scope, Send
from api.polls import Polls
from api.validators import GZIP, http_date, is_unchanged, takes_gzip
from data.database import reading, transaction
from data.feeds import Link, look_up, note_use
from data.polled import Kept
from scheduler.calendars import HasLeft
from scheduler.subscriptions import render_anew

Clock = Callable[[], dt.datetime]
"""Tells the instant, aware."""

LOG = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 300

ROBOTS = "User-agent: *\nAllow: /feeds/\nDisallow: /\n"
"""Google reads a feed only where this allows it."""

PRIVATE = {
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""A feed is its subscriber's own: whoever keeps it asks each time whether it is still right."""

FORGOTTEN = {**PRIVATE, "Cache-Control": "private, no-store"}
"""A link that is of no more use is to be kept nowhere: clients that would keep this answer would keep its link with it."""

INLINE = ((b"content-type", b"text/calendar; charset=utf-8"), (b"content-disposition", b'inline; filename="dure.ics"'))
GZIPPED = (*INLINE, (b"content-encoding", b"gzip"))

PATH = re.compile(r"/feeds/([^/]+)\.ics")
FIELDS = (b"if-none-match", b"if-modified-since", b"accept-encoding")


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


def asked_by(scope: Scope) -> Asked:
    """What a request's header fields say; of a field that is there several times the last counts, of `If-None-Match` all do."""
    given: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in FIELDS:
            text = value.decode("latin-1")
            given[name] = f"{given[name]}, {text}" if name == b"if-none-match" and name in given else text
    return Asked(scope["method"] == "HEAD", *map(given.get, FIELDS))


def add_feeds(app: FastAPI, engine: Engine, clock: Clock) -> None:
    """Adds the routes of feeds, and of the file that tells robots that these may be read."""

    async def feed(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, engine, request.path_params["token"], asked_by(request.scope), clock())
        except (DBAPIError, PoolTimeout) as fault:
            LOG.error("a feed could not be made: %s", type(fault).__name__)  # noqa: TRY400  a statement's values are no one's business
            return PlainTextResponse("Try again later.\n", 503, {**PRIVATE, "Retry-After": str(RETRY_AFTER_SECONDS)})

    async def robots(_: Request) -> Response:
        return PlainTextResponse(ROBOTS)

    app.add_route("/feeds/{token}.ics", feed, ["GET", "HEAD"])
    app.add_route("/robots.txt", robots, ["GET", "HEAD"])


class KeptFeeds:
    """Answers, before the app looks at anything, who polls a feed that is kept and right: nearly all that clients ever ask.

    Everything else is left to the `app`, and so is whatever goes wrong.
    """

    def __init__(self, app: FastAPI, polls: Polls) -> None:
        self.app, self.polls = app, polls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        response = await self._kept(found[1], asked_by(scope)) if found else None
        await (response or self.app)(scope, receive, send)

    async def _kept(self, token: str, asked: Asked) -> Response | None:
        kept = await self.polls.kept(token, whole=not asked.may_have_it)
        return _told(kept, asked) if kept else None


def answer(engine: Engine, token: str, asked: Asked, now: dt.datetime) -> Response:
    """What is said to somebody who asks for the feed of a token.

    404 where nobody ever had it; 410 at once where it was revoked or is of somebody who has left, and for no other cause: some clients
    then end a calendar for good.
    """
    with reading(engine) as db:
        link = look_up(db, token, whole=not asked.may_have_it)
    if link is None:
        return PlainTextResponse("There is no such feed.\n", 404, FORGOTTEN)
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
    told = _of(link, asked)
    if told is None:
        with reading(engine) as db:
            told = _of(look_up(db, token, whole=True), asked)
    return told or _gone()  # revoked between the two


def _of(link: Link | None, asked: Asked) -> Response | None:
    """What is told of a link as it is kept; None where it takes the bytes, and these are not there, or no more."""
    if link is None or link.revoked_at is not None or link.last_modified is None:
        return None
    return _told(Kept(link.etag, link.last_modified, link.rendered), asked)


def _told(kept: Kept, asked: Asked) -> Response | None:
    """The feed, or only that it has not changed, both with the same headers; None where it takes the bytes, and these are not there."""
    compressed = takes_gzip(asked.accept_encoding)
    unchanged = _unchanged(kept.etag, kept.last_modified, compressed)
    if is_unchanged(kept.etag, kept.last_modified, asked.if_none_match, asked.if_modified_since):
        return unchanged
    if kept.rendered is None:
        return None
    body = kept.rendered if compressed else gzip.decompress(kept.rendered)
    whole = Response(b"" if asked.head else body)
    whole.raw_headers = [*unchanged.raw_headers, *(GZIPPED if compressed else INLINE), (b"content-length", b"%d" % len(body))]
    return whole


@lru_cache(maxsize=4096)
def _unchanged(etag: str, last_modified: dt.datetime, compressed: bool) -> Response:
    headers = {
        **PRIVATE,
        "ETag": f'"{etag}{GZIP if compressed else ""}"',
        "Last-Modified": http_date(last_modified),
        "Vary": "Accept-Encoding",
    }
    return Response(status_code=304, headers=headers)


def _gone() -> Response:
    return PlainTextResponse("This feed is no longer there.\n", 410, FORGOTTEN)
