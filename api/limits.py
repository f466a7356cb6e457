"""Refuses requests whose bodies are too large or come too slowly: the server itself has no limit for either."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from fastapi.responses import JSONResponse

from api.problems import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What ASGI calls an app, and what it gives to one."""

MOST_BYTES = 8 * 1024 * 1024
"""More than a term's workbook has."""

MOST_SECONDS = 20.0
"""For reading a whole body."""


class LimitedBodies:
    """Gives an app whole bodies only, of at most so many bytes and read within so many seconds; else answers 413 or 408 itself."""

    def __init__(self, app: App, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> None:
        self.app, self.most_bytes, self.most_seconds = app, most_bytes, most_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or whatever else there is, which passes."""
        length = _length(scope["headers"]) if scope["type"] == "http" else 0
        if length == 0:
            await self.app(scope, receive, send)
            return
        if length is not None and length > self.most_bytes:
            await _refused(413, "too-large", "the body is too large", "send it in parts")(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.most_seconds):
                body = await self._read(receive)
        except TimeoutError:
            await _refused(408, "too-slow", "the body comes too slowly", "send it again")(scope, receive, send)
            return
        if body is None:
            await _refused(413, "too-large", "the body is too large", "send it in parts")(scope, receive, send)
            return
        given = False

        async def whole() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, whole, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body, as far as it came before the client went away; None where it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.most_bytes:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """The length of a body as its request says; 0 where it has none, None where that is seen only by reading."""
    told = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            told = int(value) if value.isdigit() else 0
    return told


def _refused(status: int, kind: str, why: str, mend: str) -> JSONResponse:
    """An answer after which the connection is closed: what else comes on it is the rest of the body."""
    return Problem(status, kind, why, mend, headers={"Connection": "close"}).response()
