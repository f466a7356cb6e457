"""Bodies that are too large or come too slowly are refused before the app sees anything of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.limits import LimitedBodies


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how much it was sent."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def post(body: bytes | AsyncIterator[bytes] | None) -> httpx.Response:
    """What is answered to a body, sent with its length where that is known."""

    async def asked() -> httpx.Response:
        limited = LimitedBodies(app, most_bytes=1000, most_seconds=0.2)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://dure.example") as client:
            return await client.post("/", content=body)

    return asyncio.run(asked())


async def parts(number: int, size: int, pause: float = 0.0) -> AsyncIterator[bytes]:
    """A body whose length nobody tells."""
    for _ in range(number):
        await asyncio.sleep(pause)
        yield b"x" * size


TOO_LARGE = json.dumps(
    {
        "type": "/problems/too-large",
        "title": "Request Entity Too Large",
        "status": 413,
        "detail": "the body is too large",
        "mend": "send it in parts",
        "errors": [],
    },
    separators=(",", ":"),
)


@pytest.mark.parametrize(("size", "status", "told"), [(0, 200, "0"), (1000, 200, "1000"), (1001, 413, TOO_LARGE)])
@pytest.mark.parametrize("length_told", [True, False])
def test_a_body_is_whole_or_refused(size: int, status: int, told: str, length_told: bool) -> None:
    answer = post(b"x" * size if length_told else parts(1, size))
    assert (answer.status_code, answer.text) == (status, told)


def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    assert post(parts(50, 20)).text == "1000"
    refused = post(parts(51, 20))
    assert (refused.status_code, refused.headers["connection"]) == (413, "close")


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    assert post(parts(50, 1, pause=0.05)).status_code == 408


def test_a_request_without_a_body_passes() -> None:
    assert post(None).text == "0"
