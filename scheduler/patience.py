"""How long work may take that waits for other machines: at most as long as anybody wants it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

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


async def aside(work: Callable[[], Result]) -> Result:
    """What comes of work that blocks for as long as it likes, such as asking for the number of a name: in a thread of its own, for which
    nobody waits once this is cancelled, nor at the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(Result, result))

    def run() -> None:
        result, fault = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  it goes to whoever waits
            fault = error
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, result, fault)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await done
