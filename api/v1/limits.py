"""How often a caller may ask: so many requests a minute, told in the header fields `RateLimit` and `RateLimit-Policy`.

Each process counts for itself.
"""

from __future__ import annotations

import datetime as dt
import threading

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.problems import Problem

A_MINUTE = 1200


class Limits:
    """Counts the requests of each caller."""

    def __init__(self, most: int = A_MINUTE) -> None:
        self._rule = RateLimitItemPerMinute(most)
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._alone = threading.Lock()

    def count(self, caller: str, now: dt.datetime) -> dict[str, str]:
        """Counts one request, and gives the fields that tell how many are left.

        Raises
        ------
        Problem
            There were too many: 429.
        """
        with self._alone:
            fine = self._counter.hit(self._rule, caller)
            window = self._counter.get_window_stats(self._rule, caller)
        wait = max(int(window.reset_time - now.timestamp()) + 1, 1)
        fields = {
            "RateLimit-Policy": f'"minute";q={self._rule.amount};w=60',
            "RateLimit": f'"minute";r={window.remaining};t={wait}',
        }
        if not fine:
            headers = {**fields, "Retry-After": str(wait)}
            raise Problem(429, "too-many-requests", "these are too many requests", f"wait {wait} seconds", headers=headers)
        return fields
