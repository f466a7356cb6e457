"""Asks the web app as a client does, without a network between them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Web:
    """A client of an app."""

    app: ASGIApp

    def ask(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", body: bytes | None = None) -> httpx.Response:
        """One request and its answer; fields that a client would add by itself are not sent."""

        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://dure.example") as client:
                client.headers.clear()
                return await client.request(method, path, headers=headers, content=body)

        return asyncio.run(asked())
