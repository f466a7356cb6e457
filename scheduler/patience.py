"""How long work may take that waits for other machines: at most as long as anybody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

Stopped = Callable[[], bool]
"""Says whether something is wanted no more."""

LOOK_SECONDS = 0.2
"""So long it takes at most to see that."""


def never() -> bool:
    """Nobody ever wants it to end."""
    return False


async def unless(stopped: Stopped, work: Coroutine[Any, Any, Result]) -> Result | None:
    """What comes of the work; None where it was cancelled, at a point where it waited, because it was wanted no more."""
    task = asyncio.ensure_future(work)
    while not task.done():
        if stopped():
            task.cancel()
        await asyncio.wait([task], timeout=LOOK_SECONDS)
    return None if task.cancelled() else task.result()
