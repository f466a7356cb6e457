"""Answers HEAD where an operation answers GET: the same head, and nothing after it (RFC 9110, 9.3.2)."""

from __future__ import annotations

import asyncio

from api.limits import App, Message, Receive, Scope, Send


class Heads:
    """Has an app take each HEAD below a root for a GET, and lets its answer go once its head is sent: some go on for as long as they are
    listened to."""

    def __init__(self, app: App, root: str) -> None:
        self.app, self.root = app, f"{root}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not scope["path"].startswith(self.root):
            await self.app(scope, receive, send)
            return
        asked, said = False, asyncio.Event()

        async def received() -> Message:
            nonlocal asked
            if asked:
                await said.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                said.set()

        await self.app({**scope, "method": "GET"}, received, sent)
