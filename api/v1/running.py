"""Requests with a key of their own that are under way in this process: a retry of one is told so at once, and waits for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from api.access import shown_cookie
from data.replies import StillRunning


class Running:
    """Which are, by what their callers show and by their keys. Of those of other processes the database knows."""

    def __init__(self) -> None:
        self._now: set[tuple[str, str]] = set()

    @contextmanager
    def one_of(self, request: Request, key: str | None) -> Iterator[None]:
        """Counts one while this lasts; one without a key is none.

        Raises
        ------
        StillRunning
            One with this key is under way.
        """
        if key is None:
            yield
            return
        one = request.headers.get("authorization") or shown_cookie(request) or "", key
        if one in self._now:
            raise StillRunning
        self._now.add(one)
        try:
            yield
        finally:
            self._now.discard(one)
